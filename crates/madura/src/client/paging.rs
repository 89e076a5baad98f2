//! Lists that come in pages: asked for until they end, or until there are enough.

use serde_json::Value as Json;

use super::{Call, Connection, read};
use crate::exit::Result;

/// The most that a page has.
const PAGE_MAX: usize = 200;

/// Hands over the entries of a list in their order, `wanted` at most. `member` names the list in a
/// page. Answers whether there are more.
pub(crate) fn each_of(
    connection: &Connection<'_>,
    names: &[&str],
    query: &[(&str, String)],
    member: &str,
    wanted: usize,
    mut take: impl FnMut(Json) -> Result<()>,
) -> Result<bool> {
    let mut cursor: Option<String> = None;
    let mut left = wanted;
    while left > 0 {
        let mut asked = query.to_vec();
        asked.push(("limit", left.min(PAGE_MAX).to_string()));
        asked.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let mut page = connection.json(&Call::get(names, &asked))?;
        let entries: Vec<Json> = read(page[member].take())?;
        let next: Option<String> = read(page["next"].take())?;
        for entry in entries.into_iter().take(left) {
            take(entry)?;
            left -= 1;
        }
        match next {
            Some(next) => cursor = Some(next),
            None => return Ok(false),
        }
    }
    Ok(cursor.is_some())
}
