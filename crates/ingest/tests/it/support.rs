//! Reads small files from memory and prints their facts.

use std::ops::ControlFlow;
use std::sync::Mutex;

use ingest::{EventPlan, LeadPlan, ReadError, ReadSummary, Reject, Source, Watch};
use leads::Value;

/// What came of a file: a line for each row, the rejects, and the summary or the error.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) rows: Vec<String>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) result: Result<ReadSummary, ReadError>,
}

impl Outcome {
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
                        line += &format!(" {path}={}", show(value));
                    }
                }
                if let Some(ids) = &batch.ids {
                    line += &format!(" #{:x}", ids[row].id as u16);
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
                let created = batch.created_at[row].map_or("-".to_owned(), |at| at.to_string());
                let mut line = format!("{} {created}", batch.leads.text(row));
                for (path, column) in plan.traits.iter().zip(&batch.traits) {
                    assert_eq!(column.codes.len(), count);
                    if let Some(value) = column.get(row) {
                        line += &format!(" {path}={}", show(value));
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
