//! Where a page of a list ended. Opaque to whoever holds it; what it holds is only ever compared with,
//! so that a made-up one shows nothing that the list would not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leads::Timestamp;

use crate::problem::Problem;

/// The longest cursor that is looked at, in bytes.
const LONGEST: usize = 1024;

/// A number and an id: what lists are ordered by.
pub(crate) fn write(list: &str, number: i64, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}\n{number}\n{id}"))
}

/// Reads a cursor of this list.
pub(crate) fn read(list: &str, cursor: Option<&str>) -> Result<Option<(i64, String)>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|_| cursor.len() <= LONGEST)?;
        let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))?;
        let mut parts = text.splitn(3, '\n');
        let (of, number, id) = (parts.next()?, parts.next()?, parts.next()?);
        (of == list).then_some(())?;
        Some((number.parse().ok()?, id.to_owned()))
    };
    read().map(Some).ok_or_else(|| {
        Problem::bad("bad_cursor", "the cursor is none of this list: begin without one")
    })
}

/// The same for lists that are ordered by instants.
pub(crate) fn read_at(
    list: &str,
    cursor: Option<&str>,
) -> Result<Option<(Timestamp, String)>, Problem> {
    let read = read(list, cursor)?;
    Ok(read.map(|(millis, id)| (Timestamp::saturating_from_millis(millis), id)))
}

/// The most on a page.
pub(crate) const PAGE_MAX: usize = 200;

/// How many on a page: 1 to [`PAGE_MAX`], 50 where nothing is said.
pub(crate) fn limit(wanted: Option<usize>) -> Result<usize, Problem> {
    match wanted.unwrap_or(50) {
        limit @ 1..=PAGE_MAX => Ok(limit),
        _ => Err(Problem::bad("bad_limit", "a page has 1 to 200 entries")),
    }
}

/// Takes the entry off that shows that there are more, and gives the cursor behind the last.
pub(crate) fn next<T>(
    entries: &mut Vec<T>,
    limit: usize,
    key: impl FnOnce(&T) -> String,
) -> Option<String> {
    if entries.len() <= limit {
        return None;
    }
    entries.truncate(limit);
    entries.last().map(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_by_the_list_that_wrote_it_and_by_no_other() {
        let cursor = write("leads:score", -7, "a\nb");
        assert_eq!(read("leads:score", Some(&cursor)).unwrap(), Some((-7, "a\nb".to_owned())));
        for (list, cursor) in [
            ("leads:priority", cursor.as_str()),
            ("leads:score", "%%%"),
            ("leads:score", ""),
            ("leads:score", &URL_SAFE_NO_PAD.encode("leads:score\n1' OR 1=1\nx")),
            ("leads:score", &URL_SAFE_NO_PAD.encode("leads:score\n1\na\0b")),
            (
                "leads:score",
                &URL_SAFE_NO_PAD.encode(format!("leads:score\n1\n{}", "x".repeat(2000))),
            ),
        ] {
            assert!(read(list, Some(cursor)).is_err(), "{cursor}");
        }
        assert_eq!(read("leads:score", None).unwrap(), None);
    }
}
