//! The beginning of a table, and what its columns seem to be.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use serde_json::Value as Json;

use super::dates::is_ambiguous;
use super::table::{RawRow, walk};
use super::{ColumnUse, DateOrder, DealField, ImportFile, ImportMapping};
use crate::ReadError;
use crate::field_names::{Guess, Meaning, guess, simplify};
use leads::{Timestamp, TimestampError};

/// What a table looks like.
#[derive(Clone, PartialEq, Debug)]
pub struct Preview {
    /// The format: `csv`, `ndjson`, `parquet`, `xlsx` or `ods`.
    pub format: &'static str,
    /// The sheets of a workbook.
    pub sheets: Vec<String>,
    /// The columns in their order (of NDJSON those of the first rows).
    pub columns: Vec<ColumnPreview>,
    /// The first rows, a cell for each column.
    pub rows: Vec<Vec<Option<String>>>,
    /// What the first rows have wrong with them.
    pub rejects: Vec<crate::Reject>,
    /// A proposal. Columns that nothing is known of are traits or properties under their own names.
    pub mapping: ImportMapping,
    /// Whether there are instants without a zone, so that the mapping needs one.
    pub needs_zone: bool,
    /// Whether there are dates that can be read both ways, so that the mapping needs the order.
    pub needs_date_order: bool,
}

/// A column, and what it seems to be.
#[derive(Clone, PartialEq, Debug)]
pub struct ColumnPreview {
    /// Its name.
    pub name: String,
    /// What is proposed for it.
    pub usage: ColumnUse,
    /// Why.
    pub reason: String,
    /// Why, for programs: `name`, `part_of_name`, `values` or `unknown`.
    pub reason_code: &'static str,
    /// How sure that is, in hundredths; 0 where nothing is known.
    pub confidence: u8,
}

/// Enough to see what a column holds.
const ROWS: usize = 50;

/// Looks at the beginning of a table. Of `settings` the separator and the sheet are used.
pub fn preview(file: &ImportFile, settings: &ImportMapping) -> Result<Preview, ReadError> {
    let mut names: Vec<String> = Vec::new();
    let mut cells: Vec<Vec<(usize, Json)>> = Vec::new();
    let mut rejects = Vec::new();
    walk(file, settings, &mut |row: RawRow<'_>| {
        row.names.clone_into(&mut names);
        match &row.cells {
            Ok(row) => cells.push(row.to_vec()),
            Err(fault) => rejects.push(row.reject(file.name(), fault.clone())),
        }
        if cells.len() + rejects.len() < ROWS {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    let rows: Vec<Vec<Option<String>>> = cells
        .iter()
        .map(|row| {
            let mut texts = vec![None; names.len()];
            for (column, value) in row {
                texts[*column] = Some(plain(value));
            }
            texts
        })
        .collect();
    let columns = columns(&names, &rows);
    let mut mapping = ImportMapping {
        delimiter: settings.delimiter,
        sheet: settings.sheet.clone(),
        ..ImportMapping::default()
    };
    let used = columns.iter().filter(|column| !column.name.is_empty());
    mapping.columns = used.map(|column| (column.name.clone(), column.usage.clone())).collect();
    let instants: Vec<&str> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| matches!(column.usage, ColumnUse::At | ColumnUse::CreatedAt))
        .flat_map(|(at, _)| rows.iter().filter_map(move |row| row[at].as_deref()))
        .collect();
    mapping.date_order = date_order(&instants);
    let needs_date_order =
        mapping.date_order.is_none() && instants.iter().any(|text| is_ambiguous(text));
    let needs_zone = instants.iter().any(|text| {
        super::is_local_date(text) || Timestamp::parse(text) == Err(TimestampError::NoZone)
    });
    Ok(Preview {
        format: file.format(),
        sheets: file.sheets().to_vec(),
        columns,
        rows,
        rejects,
        mapping,
        needs_zone,
        needs_date_order,
    })
}

/// How many rows a table has. Of `settings` the separator and the sheet are used. It reads all of it.
pub fn count_rows(file: &ImportFile, settings: &ImportMapping) -> Result<u64, ReadError> {
    let mut rows = 0;
    walk(file, settings, &mut |_| {
        rows += 1;
        ControlFlow::Continue(())
    })?;
    Ok(rows)
}

fn columns(names: &[String], rows: &[Vec<Option<String>>]) -> Vec<ColumnPreview> {
    let guesses: Vec<Option<Guess>> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let samples: Vec<&str> = rows.iter().filter_map(|row| row[at].as_deref()).collect();
            guess(name, &samples)
        })
        .collect();
    let has = |wanted: Meaning| guesses.iter().flatten().any(|guess| guess.meaning == wanted);
    let table = Table {
        kind: if has(Meaning::Event) {
            Kind::Events
        } else if has(Meaning::Deal("id")) && has(Meaning::Deal("stage")) {
            Kind::Deals
        } else {
            Kind::People
        },
        created_at: has(Meaning::CreatedAt),
        people: has(Meaning::Email) || has(Meaning::User) || has(Meaning::Lead),
    };
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let columns = names.iter().zip(guesses).map(|(name, guess)| {
        let known = guess.and_then(|guess| {
            let usage = table.usage(name, guess.meaning)?;
            // Two columns for one thing: the first has it.
            let key = format!("{usage:?}");
            let free = usage == ColumnUse::Ignore || taken.insert(key);
            free.then_some((usage, guess.reason, guess.code, guess.confidence))
        });
        let (usage, reason, reason_code, confidence) = known.unwrap_or_else(|| {
            let reason = "nothing is known of it; it keeps its name".to_owned();
            (table.other(name), reason, "unknown", 0)
        });
        ColumnPreview { name: name.clone(), usage, reason, reason_code, confidence }
    });
    columns.collect()
}

/// What is known of a table as a whole.
struct Table {
    kind: Kind,
    /// Whether a column says since when people are known.
    created_at: bool,
    /// Whether a column surely names people.
    people: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    People,
    Events,
    Deals,
}

impl Table {
    fn usage(&self, name: &str, meaning: Meaning) -> Option<ColumnUse> {
        Some(match meaning {
            Meaning::Email => ColumnUse::Email,
            Meaning::Lead => ColumnUse::Lead,
            Meaning::Anonymous => ColumnUse::Anonymous,
            Meaning::At if self.kind != Kind::People || self.created_at => ColumnUse::At,
            Meaning::CreatedAt | Meaning::At => ColumnUse::CreatedAt,
            Meaning::Event => ColumnUse::Event,
            // The id of a row of people is theirs in the other system; so it is where nothing else
            // says whose deal it is.
            Meaning::Id if self.kind == Kind::Events => ColumnUse::Id,
            Meaning::Id if self.kind == Kind::Deals && self.people => ColumnUse::Id,
            Meaning::Id | Meaning::User => ColumnUse::User,
            Meaning::Trait(path) => ColumnUse::Trait { path: path.to_owned() },
            Meaning::Deal(field) if self.kind == Kind::Deals => ColumnUse::Deal {
                field: match field {
                    "id" => DealField::Id,
                    "stage" => DealField::Stage,
                    "amount" => DealField::Amount,
                    "currency" => DealField::Currency,
                    _ => DealField::Owner,
                },
            },
            Meaning::Page if self.kind == Kind::Events => {
                ColumnUse::Property { path: simplify(name) }
            }
            Meaning::Never => ColumnUse::Ignore,
            Meaning::Deal(_) | Meaning::Page | Meaning::Consent | Meaning::Honeypot => return None,
        })
    }

    fn other(&self, name: &str) -> ColumnUse {
        let path = name
            .split('.')
            .map(simplify)
            .filter(|step| !step.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        match path {
            path if path.is_empty() => ColumnUse::Ignore,
            path if self.kind != Kind::People => ColumnUse::Property { path },
            path => ColumnUse::Trait { path },
        }
    }
}

/// The order that dates show by themselves: one of them has a day that no month is.
fn date_order(instants: &[&str]) -> Option<DateOrder> {
    let (mut day, mut month) = (false, false);
    for text in instants.iter().filter(|text| super::is_local_date(text) && !is_ambiguous(text)) {
        let mut numbers = text.split(|letter: char| !letter.is_ascii_digit());
        let mut number = || numbers.next().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
        let (first, second) = (number(), number());
        day |= first > 12;
        month |= second > 12;
    }
    match (day, month) {
        (true, false) => Some(DateOrder::DayFirst),
        (false, true) => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
