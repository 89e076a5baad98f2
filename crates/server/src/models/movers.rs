//! Comparisons as they are answered: who moves has a name.

use history::Comparison;
use serde::Serialize;
use serde_json::{Value as Any, json};
use store::Tx;
use store::scores::lead_names;
use utoipa::ToSchema;

use crate::problem::{Fault, Problem};

/// Who would move, how far, because of what, and what is suspicious about the document.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Trialled {
    /// Counts, causes, and those who move most: as `madura diff --format json` writes them. Of each of
    /// `movers` there are `email`, `name`, `company` (its id) and `company_name`, too, for those who may
    /// read leads.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub(super) comparison: Any,
    /// What is suspicious about the document, and what it looks at although nobody has it.
    pub(super) warnings: Vec<Fault>,
}

/// A comparison as JSON; its movers have names where `with_names`.
pub(super) fn written(
    tx: &mut Tx<'_>,
    comparison: &Comparison,
    with_names: bool,
) -> Result<Any, Problem> {
    let mut written = serde_json::to_value(comparison).map_err(|_| Problem::internal())?;
    if !with_names {
        return Ok(written);
    }
    let leads: Vec<&str> = comparison.movers.iter().map(|mover| mover.lead.as_str()).collect();
    let names = lead_names(tx, &leads)?;
    for (index, lead) in leads.into_iter().enumerate() {
        let name = names.get(lead).cloned().unwrap_or_default();
        let mover = &mut written["movers"][index];
        mover["email"] = json!(name.email);
        mover["name"] = json!(name.name);
        mover["company"] = json!(name.company);
        mover["company_name"] = json!(name.company_name);
    }
    Ok(written)
}
