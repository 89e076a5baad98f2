//! Any text is read as a model or refused with a reason; what is well-formed has one form.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scoring::document::{Severity, Syntax, format, load, to_json};

fuzz_target!(|text: &str| {
    for syntax in [Syntax::Yaml, Syntax::Json] {
        let loaded = load(text, syntax);
        let refused = loaded.diagnostics.iter().any(|found| found.severity == Severity::Error);
        assert_eq!(loaded.model.is_none(), refused);

        let Ok(tidy) = format(text, syntax) else { continue };
        assert_eq!(format(&tidy, syntax).as_ref(), Ok(&tidy), "once is enough");
        assert_eq!(to_json(&tidy, syntax), to_json(text, syntax), "nothing changes its meaning");
    }
});
