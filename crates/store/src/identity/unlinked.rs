//! What a report would have said of who is who, had a program not been thought to have made it: said once it turns out
//! that none had.

use std::collections::BTreeSet;

use leads::{Report, Timestamp, Trust, What, Who};
use serde_json::Map;

use super::batch::Leads;
use super::names::{IdentifierKind, Name, Named};
use super::settle;
use crate::db::{DbError, Param, Tx};

/// Keeps the names of a report that links nothing, where it names several.
pub(crate) fn keep_unlinked(
    tx: &mut Tx<'_>,
    report: &Report,
    named: &Named,
) -> Result<(), DbError> {
    if report.machine.is_none() || matches!(report.what, What::Alias { .. }) {
        return Ok(());
    }
    let names: BTreeSet<&Name> = named.strong.iter().chain(&named.visitors).collect();
    if names.len() < 2 {
        return Ok(());
    }
    let insert = "INSERT INTO not_linked (fact, kind, value, source, at, received_at, is_public)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (fact, kind, value) DO NOTHING";
    for name in names {
        let is_public = i64::from(report.trust == Trust::Public);
        let params: [Param<'_>; 7] = [
            (&report.id).into(),
            name.kind.code().into(),
            (&name.value).into(),
            (&report.source).into(),
            report.at.into(),
            report.received_at.into(),
            is_public.into(),
        ];
        tx.execute(insert, &params)?;
    }
    Ok(())
}

/// Makes the links that these facts were kept from making: no program made them. Answers the leads that are others now.
pub(crate) fn link_again(
    tx: &mut Tx<'_>,
    facts: &[&str],
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<BTreeSet<String>, DbError> {
    let mut reports = Vec::new();
    for fact in facts {
        reports.extend(unlinked(tx, fact)?);
    }
    let mut leads = Leads::read(tx, reports.iter().map(|(_, named)| named), fresh_id)?;
    for (report, named) in &reports {
        settle(tx, &mut leads, report, named)?;
    }
    Ok(std::mem::take(&mut leads.changed))
}

fn unlinked(tx: &mut Tx<'_>, fact: &str) -> Result<Option<(Report, Named)>, DbError> {
    // The strongest first, as in every report.
    let sql = "SELECT kind, value, source, at, received_at, is_public FROM not_linked
        WHERE fact = $1 ORDER BY kind, value";
    let mut named = Named::default();
    let mut said = None;
    tx.each(sql, &[fact.into()], |row| {
        let name = Name { kind: IdentifierKind::from_code(row.get(0)?), value: row.get(1)? };
        let of_kind = match name.kind {
            IdentifierKind::Anonymous => &mut named.visitors,
            _ => &mut named.strong,
        };
        of_kind.push(name);
        let instant = |millis: i64| Timestamp::saturating_from_millis(millis);
        let is_public = row.get::<i64>(5)? == 1;
        said = Some(Report {
            id: fact.to_owned(),
            at: instant(row.get(3)?),
            received_at: instant(row.get(4)?),
            source: row.get(2)?,
            trust: if is_public { Trust::Public } else { Trust::Trusted },
            who: Who::default(),
            what: What::Traits(Map::new()),
            machine: None,
        });
        Ok(())
    })?;
    Ok(said.map(|report| (report, named)))
}
