//! What was typed about the columns, laid over what the server proposes.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value as Json, json};

use super::preview::Looked;
use crate::exit::{Failure, Result};

/// What the columns mean.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Columns")]
pub(super) struct MappingArgs {
    /// What columns are: `email=Correo,at=ts`. Roles are lead, email, user, anonymous, `created_at`,
    /// at, event, id, ignore, trait.PATH, property.PATH and deal.id, .stage, .name, .amount,
    /// .currency, .owner
    #[arg(long, value_name = "ROLE=COLUMN,...", value_delimiter = ',')]
    map: Vec<String>,

    /// The event that every row is, where no column says so
    #[arg(long, value_name = "NAME")]
    event: Option<String>,

    /// The time zone of instants that name none, as in `Europe/Madrid`
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,

    /// How dates such as 01/03/2026 are written: day-first or month-first
    #[arg(long, value_name = "ORDER", hide_possible_values = true)]
    date_order: Option<DateOrder>,

    /// Amounts are written as 1.234,56
    #[arg(long)]
    decimal_comma: bool,

    /// What separates the cells of CSV: one character, or `tab`. By default the header tells
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<String>,

    /// The sheet of a workbook; by default the first
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum DateOrder {
    DayFirst,
    MonthFirst,
}

const ROLES: [&str; 9] =
    ["lead", "email", "user", "anonymous", "created_at", "at", "event", "id", "ignore"];

const DEAL_FIELDS: [&str; 6] = ["id", "stage", "name", "amount", "currency", "owner"];

impl MappingArgs {
    /// Whether it is another table that is meant, with other columns perhaps.
    pub(super) fn changes_the_table(&self) -> bool {
        self.sheet.is_some() || self.delimiter.is_some()
    }

    /// Which table, and nothing of its columns.
    pub(super) fn table(&self) -> Json {
        let mut table = Map::new();
        table.insert("columns".to_owned(), json!({}));
        self.lay_table(&mut table);
        Json::Object(table)
    }

    /// What was typed, over `base`.
    pub(super) fn apply(&self, base: &Json, looked: &Looked) -> Result<Json> {
        let mut mapping = base.as_object().cloned().unwrap_or_default();
        self.lay_table(&mut mapping);
        if let Some(event) = &self.event {
            mapping.insert("event".to_owned(), json!(event));
        }
        if let Some(zone) = &self.zone {
            mapping.insert("zone".to_owned(), json!(zone));
        }
        if let Some(order) = self.date_order {
            let order = match order {
                DateOrder::DayFirst => "day_first",
                DateOrder::MonthFirst => "month_first",
            };
            mapping.insert("date_order".to_owned(), json!(order));
        }
        if self.decimal_comma {
            mapping.insert("decimal_comma".to_owned(), json!(true));
        }
        let columns = mapping.entry("columns").or_insert_with(|| json!({}));
        let Some(columns) = columns.as_object_mut() else {
            return Err(Failure::system("the server's mapping is not of the form expected"));
        };
        for pair in &self.map {
            lay(columns, pair, looked)?;
        }
        Ok(Json::Object(mapping))
    }

    fn lay_table(&self, mapping: &mut Map<String, Json>) {
        if let Some(sheet) = &self.sheet {
            mapping.insert("sheet".to_owned(), json!(sheet));
        }
        if let Some(delimiter) = &self.delimiter {
            let delimiter = if delimiter == "tab" { "\t" } else { delimiter };
            mapping.insert("delimiter".to_owned(), json!(delimiter));
        }
    }
}

/// One `ROLE=COLUMN`.
fn lay(columns: &mut Map<String, Json>, pair: &str, looked: &Looked) -> Result<()> {
    let Some((role, column)) = pair.split_once('=') else {
        return Err(Failure::usage(format_args!("--map: `{pair}` is not of the form ROLE=COLUMN"))
            .hint("as in --map email=Correo,at=ts"));
    };
    if !looked.columns.iter().any(|known| known.name == column) {
        let names: Vec<&str> = looked.columns.iter().map(|known| known.name.as_str()).collect();
        return Err(Failure::usage(format_args!("--map: the file has no column `{column}`"))
            .hint(format_args!("its columns are {}", names.join(", "))));
    }
    let usage = usage(role).ok_or_else(|| {
        Failure::usage(format_args!("--map: `{role}` is no role of a column")).hint(format_args!(
            "there are {}, trait.PATH, property.PATH and deal.FIELD ({})",
            ROLES.join(", "),
            DEAL_FIELDS.join(", ")
        ))
    })?;
    // An address or an id stands in one column: the one that was proposed gives way.
    let is_one = usage.get("path").is_none() && role != "ignore";
    if is_one {
        columns.retain(|_, known| *known != usage);
    }
    columns.insert(column.to_owned(), usage);
    Ok(())
}

fn usage(role: &str) -> Option<Json> {
    match role.split_once('.') {
        None if ROLES.contains(&role) => Some(json!({"as": role})),
        Some((kind @ ("trait" | "property"), path)) if !path.is_empty() => {
            Some(json!({"as": kind, "path": path}))
        }
        Some(("deal", field)) if DEAL_FIELDS.contains(&field) => {
            Some(json!({"as": "deal", "field": field}))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(names: &[&str]) -> Looked {
        let columns: Vec<Json> = names
            .iter()
            .map(|name| json!({"name": name, "usage": {"as": "ignore"}, "reason": "", "confidence": 0}))
            .collect();
        let value = json!({"format": "csv", "sheets": [], "columns": columns, "rows": [],
            "rejects": [], "mapping": {}, "needs_zone": false, "needs_date_order": false});
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_typed_is_laid_over_what_is_proposed() {
        let args = MappingArgs {
            map: vec!["email=Correo".into(), "trait.company.name=Firma".into()],
            zone: Some("Europe/Madrid".into()),
            ..MappingArgs::default()
        };
        let base = json!({"columns": {"E-mail": {"as": "email"}, "Land": {"as": "trait", "path": "country"}}});
        let mapping = args.apply(&base, &looked(&["E-mail", "Correo", "Firma", "Land"])).unwrap();
        let expected = json!({"zone": "Europe/Madrid", "columns": {
            "Land": {"as": "trait", "path": "country"},
            "Correo": {"as": "email"},
            "Firma": {"as": "trait", "path": "company.name"},
        }});
        assert_eq!(mapping, expected);
    }

    #[test]
    fn a_role_or_a_column_that_is_not_there_is_refused() {
        for pair in ["mail=a", "email=b", "email", "trait.=a", "deal.size=a"] {
            let args = MappingArgs { map: vec![pair.into()], ..MappingArgs::default() };
            assert!(args.apply(&json!({"columns": {}}), &looked(&["a"])).is_err(), "{pair}");
        }
    }
}
