//! Any bytes are a file of events in NDJSON, or are refused, with ids and without.
#![no_main]

use ingest::{Columns, EventPlan, Format, LeadSources, Source, Watch};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let first = b"{\"lead\":1,\"at\":0,\"event\":\"a\",\"id\":5}\n";
    for text in [[first, bytes].concat(), bytes.to_vec()] {
        let Ok(source) = Source::from_bytes("fuzz", text, Some(Format::Ndjson)) else { return };
        let plan = EventPlan {
            properties: vec!["a".to_owned(), "b.c".to_owned()],
            threads: 1,
            chunk_bytes: 7,
            ..EventPlan::default()
        };
        let _ = ingest::read_events(&source, &plan, Watch::default(), &|_, _| {});
        let _ = ingest::column_names(&source, &Columns::default(), None);
        let sources = LeadSources {
            events: Some((std::slice::from_ref(&source), &plan)),
            ..LeadSources::default()
        };
        let _ = ingest::read_facts("1", sources, Watch::default());
    }
});
