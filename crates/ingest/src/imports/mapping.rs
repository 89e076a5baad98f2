//! What the columns of a table are, kept as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::ImportError;

/// How a table becomes facts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportMapping {
    /// What each column is; nested fields of NDJSON and Parquet have dotted names.
    pub columns: BTreeMap<String, ColumnUse>,
    /// What happens to columns that are not named.
    #[serde(default)]
    pub others: OtherColumns,
    /// The event that every row is, where no column says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Traits that everybody in the table gets.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub traits: Map<String, Json>,
    /// The IANA name of the zone of instants that name none, such as `Europe/Madrid`. Without it
    /// rows with such instants are rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How dates such as `01/03/2026` are written. Without it those that can be read both ways are
    /// rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// Whether amounts are written as `1.234,56`.
    #[serde(default)]
    pub decimal_comma: bool,
    /// What separates the cells of CSV; none: found out from the first line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The sheet of a workbook; none: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

/// What a column is for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case", deny_unknown_fields)]
pub enum ColumnUse {
    /// The id that we gave the lead.
    Lead,
    /// The person's address.
    Email,
    /// The customer's own id for the person.
    User,
    /// A visitor's id.
    Anonymous,
    /// Since when the person is known.
    CreatedAt,
    /// When it happened, or from when on it is so.
    At,
    /// What happened.
    Event,
    /// What identifies the row.
    Id,
    /// A trait, by its dotted path.
    Trait {
        /// Such as `company.name`.
        path: String,
    },
    /// A property of the event or of the deal.
    Property {
        /// Its dotted path.
        path: String,
    },
    /// Something of a deal.
    Deal {
        /// What.
        field: DealField,
    },
    /// Nothing.
    Ignore,
}

/// What a column says of a deal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DealField {
    /// The customer's id for it.
    Id,
    /// Where it stands.
    Stage,
    /// What it is called.
    Name,
    /// What it is worth, in units of the currency.
    Amount,
    /// ISO 4217.
    Currency,
    /// Who works on it.
    Owner,
}

/// How dates with slashes, dots or dashes are written when the year comes last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `31/12/2026`, as in Spain and Romania.
    DayFirst,
    /// `12/31/2026`, as in the United States.
    MonthFirst,
}

/// What happens to columns that a mapping does not name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherColumns {
    /// They are left out.
    #[default]
    Ignore,
    /// They are properties of the event or the deal, or else traits, under their own names.
    Keep,
}

impl ImportMapping {
    /// Whether rows are events: a column names them, or the mapping does.
    pub fn has_events(&self) -> bool {
        self.event.is_some() || self.has(&ColumnUse::Event)
    }

    pub(super) fn has(&self, usage: &ColumnUse) -> bool {
        self.columns.values().any(|there| there == usage)
    }

    /// Whether rows can be read by it at all.
    pub(super) fn check(&self) -> Result<(), ImportError> {
        let fault = |reason: &str| Err(ImportError::Mapping { reason: reason.to_owned() });
        let who = [ColumnUse::Lead, ColumnUse::Email, ColumnUse::User, ColumnUse::Anonymous];
        if !who.iter().any(|usage| self.has(usage)) {
            return fault("names nobody: map a column as lead, email, user or anonymous");
        }
        if self.has_events() && !self.has(&ColumnUse::At) {
            return fault("has events without instants: map a column as at");
        }
        if self.event.as_deref().is_some_and(|event| event.trim().is_empty()) {
            return fault("has an event without a name: write one, or leave the event out");
        }
        for (column, usage) in &self.columns {
            let single = !matches!(
                usage,
                ColumnUse::Ignore | ColumnUse::Trait { .. } | ColumnUse::Property { .. }
            );
            let again =
                self.columns.iter().find(|(other, use_)| *other != column && *use_ == usage);
            if let (true, Some((other, _))) = (single, again) {
                let reason =
                    format!("uses the columns {column:?} and {other:?} for the same: drop one");
                return Err(ImportError::Mapping { reason });
            }
        }
        let deal = |field| self.has(&ColumnUse::Deal { field });
        let any_deal = self.columns.values().any(|usage| matches!(usage, ColumnUse::Deal { .. }));
        if any_deal && !(deal(DealField::Id) && deal(DealField::Stage)) {
            return fault("has deals that lack an id or a stage: map columns as both");
        }
        match self.delimiter {
            Some(delimiter) if !delimiter.is_ascii() || matches!(delimiter, '"' | '\n' | '\r') => {
                fault("has a separator of cells that cannot be one: use , ; | or a tab")
            }
            _ => Ok(()),
        }
    }
}
