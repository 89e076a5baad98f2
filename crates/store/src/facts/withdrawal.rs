//! Facts that several imports bring: one of them may be undone, and the others still say them.

use std::collections::HashSet;

use crate::chunks;
use crate::db::{DbError, Param, Tx};

/// That another import than `$1`, which was not undone, says a fact, too.
fn is_said_by_another(fact: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM also_imported a JOIN import_job j ON j.id = a.import_id
            WHERE a.fact = {fact} AND a.is_origin = 0 AND a.import_id <> $1 AND j.state <> 'undone')"
    )
}

/// Notes that an import says a fact again that another one brought.
pub(super) fn also_imported(tx: &mut Tx<'_>, fact: &str, import: &str) -> Result<(), DbError> {
    let insert = "INSERT INTO also_imported (fact, import_id, is_origin) VALUES ($1, $2, 0)
        ON CONFLICT (fact, import_id) DO NOTHING";
    tx.execute(insert, &[fact.into(), import.into()]).map(|_| ())
}

/// Of these facts, which an import brought that is being undone, those that no other import says. Of the others it is
/// noted that they have lost whoever brought them.
pub(super) fn said_by_no_other(
    tx: &mut Tx<'_>,
    import: &str,
    ids: &[String],
) -> Result<Vec<String>, DbError> {
    let mut kept: HashSet<String> = HashSet::new();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    chunks::keys(&ids, 2, |list, keys| {
        let sql = format!(
            "SELECT DISTINCT s.fact FROM also_imported s WHERE s.fact IN ({list}) AND {}",
            is_said_by_another("s.fact")
        );
        let mut params: Vec<Param<'_>> = vec![import.into()];
        params.extend_from_slice(keys);
        tx.each(&sql, &params, |row| {
            kept.insert(row.get(0)?);
            Ok(())
        })
    })?;
    for id in &kept {
        let insert = "INSERT INTO also_imported (fact, import_id, is_origin) VALUES ($1, $2, 1)
            ON CONFLICT (fact, import_id) DO UPDATE SET is_origin = 1";
        tx.execute(insert, &[id.into(), import.into()])?;
    }
    Ok(ids.into_iter().filter(|id| !kept.contains(*id)).map(str::to_owned).collect())
}

/// Facts that stood only because this import, which is being undone, says them: whatever brought them was undone before.
pub(super) fn kept_for(tx: &mut Tx<'_>, import: &str) -> Result<Vec<String>, DbError> {
    let sql = format!(
        "SELECT s.fact FROM also_imported s WHERE s.import_id = $1 AND s.is_origin = 0
            AND EXISTS (SELECT 1 FROM also_imported o WHERE o.fact = s.fact AND o.is_origin = 1)
            AND NOT {}",
        is_said_by_another("s.fact")
    );
    tx.query(&sql, &[import.into()], |row| row.get(0))
}

/// The import that brought facts brings them again.
pub(super) fn brought_again(tx: &mut Tx<'_>, import: &str) -> Result<(), DbError> {
    let delete = "DELETE FROM also_imported WHERE import_id = $1 AND is_origin = 1";
    tx.execute(delete, &[import.into()]).map(|_| ())
}
