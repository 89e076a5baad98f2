//! Any bytes are a table or a workbook, or are refused; what is proposed for it can be read.
#![no_main]

use std::ops::ControlFlow;

use ingest::imports::{ImportFile, ImportMapping, ImportRun, preview, read};
use leads::{Report, Timestamp};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["fuzz.csv", "fuzz.ndjson", "fuzz.xlsx"] {
        let Ok(file) = ImportFile::from_bytes(name, bytes.to_vec()) else { continue };
        let Ok(found) = preview(&file, &ImportMapping::default()) else { continue };
        let run = ImportRun {
            scope: "fuzz",
            source: "import:fuzz",
            imported_at: Timestamp::saturating_from_millis(1_772_366_400_000),
            from_row: 0,
            batch_rows: 3,
        };
        let mapping = ImportMapping { zone: Some("Europe/Madrid".to_owned()), ..found.mapping };
        let _ = read(&file, &mapping, &run, &mut |batch| {
            for report in batch.reports {
                assert!(!report.who.is_nobody());
                assert!(!report.id.is_empty() && report.id.len() <= Report::ID_MAX);
            }
            ControlFlow::Continue(())
        });
    }
});
