//! Reads small files from memory and prints their facts.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Mutex;

use ingest::{EventPlan, LeadPlan, ReadError, ReadSummary, Reject, Source, Watch};
use leads::Value;
use leads::batch::FactId;

/// What came of a file: a line for each row, the rejects, and the summary or the error.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) rows: Vec<String>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) result: Result<ReadSummary, ReadError>,
}

impl Outcome {
    /// Why the file could not be read to its end.
    pub(crate) fn error(&self) -> String {
        self.result.as_ref().unwrap_err().to_string()
    }

    /// The rejects as a person reads them.
    pub(crate) fn rejects(&self) -> Vec<String> {
        self.rejects.iter().map(ToString::to_string).collect()
    }
}

pub(crate) fn source(name: &str, bytes: impl AsRef<[u8]>) -> Source {
    Source::from_bytes(name, bytes.as_ref().to_vec(), None).unwrap()
}

/// `lead event at property=value ...` for each row.
pub(crate) fn events(source: &Source, plan: &EventPlan) -> Outcome {
    let (rows, rejects) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let take = |reject| {
        rejects.lock().unwrap().push(reject);
        ControlFlow::Continue(())
    };
    let watch = Watch { rejects: &take, ..Watch::default() };
    let result = ingest::read_events(source, plan, watch, &|sequence, batch| {
        let count = batch.leads.len();
        assert_eq!(batch.at.len(), count);
        assert_eq!(batch.names.codes.len(), count);
        assert!(batch.ids.as_ref().is_none_or(|ids| ids.len() == count));
        let lines: Vec<String> = (0..count)
            .map(|row| {
                let name = batch.names.get(row).unwrap();
                let mut line = format!("{} {name} {}", batch.leads.text(row), batch.at[row]);
                for (path, column) in plan.properties.iter().zip(&batch.properties) {
                    assert_eq!(column.codes.len(), count);
                    if let Some(value) = column.get(row) {
                        write!(line, " {path}={}", show(value)).unwrap();
                    }
                }
                if let Some(ids) = &batch.ids {
                    write!(line, " #{:x}", ids[row].id as u16).unwrap();
                }
                line
            })
            .collect();
        rows.lock().unwrap().push((sequence, lines));
    });
    outcome(rows, rejects, result)
}

/// `lead created_at trait=value ...` for each row.
pub(crate) fn leads(source: &Source, plan: &LeadPlan) -> Outcome {
    let (rows, rejects) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let take = |reject| {
        rejects.lock().unwrap().push(reject);
        ControlFlow::Continue(())
    };
    let watch = Watch { rejects: &take, ..Watch::default() };
    let result = ingest::read_leads(source, plan, watch, &|sequence, batch| {
        let count = batch.leads.len();
        assert_eq!(batch.created_at.len(), count);
        let lines: Vec<String> = (0..count)
            .map(|row| {
                let created =
                    batch.created_at[row].map_or_else(|| "-".to_owned(), |at| at.to_string());
                let mut line = format!("{} {created}", batch.leads.text(row));
                for (path, column) in plan.traits.iter().zip(&batch.traits) {
                    assert_eq!(column.codes.len(), count);
                    if let Some(value) = column.get(row) {
                        write!(line, " {path}={}", show(value)).unwrap();
                    }
                }
                line
            })
            .collect();
        rows.lock().unwrap().push((sequence, lines));
    });
    outcome(rows, rejects, result)
}

/// A value with its type.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Instant(instant) => format!("@{instant}"),
        Value::List(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" "))
        }
        other => other.to_string(),
    }
}

fn outcome(
    rows: Mutex<Vec<(u64, Vec<String>)>>,
    rejects: Mutex<Vec<Reject>>,
    result: Result<ReadSummary, ReadError>,
) -> Outcome {
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    let rows: Vec<String> = rows.into_iter().flat_map(|(_, lines)| lines).collect();
    let rejects = rejects.into_inner().unwrap();
    if let Ok(summary) = &result {
        assert_eq!(summary.rows, rows.len() as u64);
        assert_eq!(summary.rejected, rejects.len() as u64);
    }
    Outcome { rows, rejects, result }
}

pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A fact as every format gives it: values as they would be written, without their types.
pub(crate) type PlainFact = (String, String, i64, Vec<Option<String>>, Option<FactId>);

pub(crate) fn plain_facts(source: &Source, plan: &EventPlan) -> Vec<PlainFact> {
    let found = Mutex::new(Vec::new());
    let stop = |reject: Reject| panic!("{reject}");
    let watch = Watch { rejects: &stop, ..Watch::default() };
    ingest::read_events(source, plan, watch, &|sequence, batch| {
        let facts: Vec<PlainFact> = (0..batch.leads.len())
            .map(|row| {
                let values = batch.properties.iter().map(|column| column.get(row));
                (
                    batch.leads.text(row),
                    batch.names.get(row).unwrap().to_string(),
                    batch.at[row].as_millis(),
                    values.map(|value| value.map(ToString::to_string)).collect(),
                    batch.ids.as_ref().map(|ids| ids[row]),
                )
            })
            .collect();
        found.lock().unwrap().push((sequence, facts));
    })
    .unwrap();
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|(sequence, _)| *sequence);
    found.into_iter().flat_map(|(_, facts)| facts).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
