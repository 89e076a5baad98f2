//! Any bytes are a form, or are refused, under any mapping that is one.
#![no_main]

use ingest::Envelope;
use ingest::forms::{FormMapping, read, read_fields, suggest};
use leads::{Report, Timestamp, Trust};

libfuzzer_sys::fuzz_target!(|input: (&str, &[u8])| {
    let (mapping, bytes) = input;
    let envelope = Envelope {
        received_at: Timestamp::saturating_from_millis(1_772_366_400_000),
        source: "form:fuzz".to_owned(),
        trust: Trust::Trusted,
        ip: None,
        user_agent: None,
        machine: None,
    };
    let fields = read_fields(bytes).unwrap_or_default();
    let suggested = suggest("fuzz", &[fields]).mapping;
    let written = serde_json::from_str::<FormMapping>(mapping).ok();
    for mapping in std::iter::once(suggested).chain(written) {
        let Ok(submission) = read(bytes, &mapping, &envelope, &mut || "fresh".to_owned()) else { continue };
        for report in submission.reports {
            assert!(!report.who.is_nobody());
            assert!(!report.id.is_empty() && report.id.len() <= Report::ID_MAX);
        }
    }
});
