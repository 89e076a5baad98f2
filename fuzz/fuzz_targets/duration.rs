//! Any text is a length of time or is not; what is printed can be read.

#![no_main]

use leads::{CalendarDuration, Duration};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(length) = text.parse::<CalendarDuration>() {
        assert_eq!(length.to_string().parse(), Ok(length));
    }
    if let Ok(length) = text.parse::<Duration>() {
        assert_eq!(length.to_string().parse(), Ok(length));
        assert_eq!(text.parse(), Ok(CalendarDuration::Fixed(length)));
    }
});
