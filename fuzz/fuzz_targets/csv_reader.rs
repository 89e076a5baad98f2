//! Any bytes are a file of events in CSV, or are refused; any cut into chunks gives the same rows.
#![no_main]

use std::sync::atomic::{AtomicU64, Ordering};

use ingest::{EventPlan, Format, Source, Watch};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = [b"lead,at,event,id,props\n", bytes].concat();
    for header in [text, bytes.to_vec()] {
        let rows = |chunk_bytes| {
            let source = Source::from_bytes("fuzz", header.clone(), Some(Format::Csv)).ok()?;
            let plan = EventPlan {
                properties: vec!["a".to_owned(), "b.c".to_owned()],
                threads: 1,
                chunk_bytes,
                ..EventPlan::default()
            };
            let rows = AtomicU64::new(0);
            let result = ingest::read_events(&source, &plan, Watch::default(), &|_, batch| {
                rows.fetch_add(batch.at.len() as u64, Ordering::Relaxed);
            });
            result.ok().map(|summary| {
                assert_eq!(summary.rows, rows.into_inner());
                (summary.rows, summary.rejected)
            })
        };
        assert_eq!(rows(1 << 20), rows(7));
    }
});
