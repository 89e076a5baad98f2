//! Any bytes are Segment's calls, or are refused; what is taken can be kept.
#![no_main]

use ingest::Envelope;
use ingest::segment::{Call, parse};
use leads::{Report, Timestamp, Trust};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let received_at = Timestamp::saturating_from_millis(1_772_366_400_000);
    for trust in [Trust::Public, Trust::Trusted] {
        let envelope = Envelope {
            received_at,
            source: "key:fuzz".to_owned(),
            trust,
            ip: None,
            user_agent: None,
            machine: None,
        };
        for name in ["identify", "track", "page", "screen", "group", "alias", "batch"] {
            let Some(call) = Call::from_name(name) else { return };
            let Ok(calls) = parse(call, bytes, &envelope, &mut || "fresh".to_owned()) else { continue };
            for report in calls.into_reports() {
                assert!(!report.who.is_nobody());
                assert!(!report.id.is_empty() && report.id.len() <= Report::ID_MAX);
                assert!(report.at <= received_at);
            }
        }
    }
});
