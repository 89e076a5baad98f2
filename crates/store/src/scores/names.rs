//! What leads are called.

use std::collections::BTreeMap;

use crate::chunks;
use crate::db::{DbError, Tx};

/// What a lead is called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeadName {
    /// Its address.
    pub email: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The id of its company.
    pub company: Option<String>,
    /// What its company is called, where a fact said so.
    pub company_name: Option<String>,
}

/// What these leads are called, by id. Those that nobody knows anything of yet are left out.
pub fn lead_names(tx: &mut Tx<'_>, leads: &[&str]) -> Result<BTreeMap<String, LeadName>, DbError> {
    let mut names = BTreeMap::new();
    chunks::keys(leads, 1, |places, params| {
        let sql = format!(
            "SELECT l.lead, l.email, l.name, l.company, c.name FROM lead l
             LEFT JOIN company c ON c.id = l.company WHERE l.lead IN ({places})"
        );
        tx.each(&sql, params, |row| {
            let name = LeadName {
                email: row.get(1)?,
                name: row.get(2)?,
                company: row.get(3)?,
                company_name: row.get(4)?,
            };
            names.insert(row.get(0)?, name);
            Ok(())
        })
    })?;
    Ok(names)
}
