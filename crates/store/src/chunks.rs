//! Many keys or rows in one statement, in a few sizes so that few statements have to be prepared.

use std::fmt::Write as _;

use crate::db::Param;

/// Keys per statement. More gain nothing: a key is a search in an index either way.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// Calls `run` with a list of placeholders for `IN (..)` and the keys that belong there, as often
/// as it takes. The first placeholder is `$first`. A list that is not full repeats its last key.
pub(crate) fn keys<'k, E>(
    keys: &[&'k str],
    first: usize,
    mut run: impl FnMut(&str, &[Param<'k>]) -> Result<(), E>,
) -> Result<(), E> {
    let mut rest = keys;
    while let Some(last) = rest.last() {
        let size = SIZES.into_iter().rev().find(|size| *size >= rest.len()).unwrap_or(SIZES[0]);
        let (now, later) = rest.split_at(size.min(rest.len()));
        let mut params: Vec<Param<'k>> = now.iter().map(|key| Param::Text(key)).collect();
        params.resize(size, Param::Text(last));
        run(&placeholders(first, size), &params)?;
        rest = later;
    }
    Ok(())
}

/// `$first, $first+1, ..`
fn placeholders(first: usize, count: usize) -> String {
    let mut list = String::with_capacity(count * 5);
    for number in first..first + count {
        let comma = if number == first { "" } else { ", " };
        // Writing to a text does not fail.
        let _ = write!(list, "{comma}${number}");
    }
    list
}

/// Runs statements for all rows, `at_most` at a time. `statement` makes one of groups
/// `($1, .., $width), (..)` for `VALUES`, and is asked once for each size; `run` is given it with the
/// parameters that belong there.
pub(crate) fn rows<'p, E>(
    params: &[Param<'p>],
    width: usize,
    at_most: usize,
    statement: impl Fn(&str) -> String,
    mut run: impl FnMut(&str, &[Param<'p>]) -> Result<(), E>,
) -> Result<(), E> {
    let mut rest = params;
    let (mut made_for, mut sql) = (0, String::new());
    while !rest.is_empty() {
        let rows = rest.len() / width;
        let size = SIZES.into_iter().find(|size| *size <= rows && *size <= at_most).unwrap_or(1);
        let (now, later) = rest.split_at(size * width);
        if size != made_for {
            let groups: Vec<String> = (0..size)
                .map(|row| format!("({})", placeholders(1 + row * width, width)))
                .collect();
            (made_for, sql) = (size, statement(&groups.join(", ")));
        }
        run(&sql, now)?;
        rest = later;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_asked_for_once_whatever_their_number() {
        for count in [0, 1, 2, 4, 5, 16, 17, 64, 65, 200] {
            let texts: Vec<String> = (0..count).map(|number| format!("k{number}")).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let mut asked = Vec::new();
            let run = |list: &str, params: &[Param<'_>]| {
                assert_eq!(list.split(", ").count(), params.len());
                assert!(list.starts_with("$2"));
                for param in params {
                    let Param::Text(key) = param else { panic!("a text") };
                    if asked.last() != Some(&(*key).to_owned()) {
                        asked.push((*key).to_owned());
                    }
                }
                Ok::<(), ()>(())
            };
            assert_eq!(keys(&texts, 2, run), Ok(()));
            assert_eq!(asked, texts);
        }
    }

    #[test]
    fn every_row_is_written_once_whatever_their_number() {
        for count in [0, 1, 3, 63, 64, 99] {
            let params: Vec<Param<'_>> = (0..count * 3).map(Param::Int).collect();
            let mut written = Vec::new();
            let run = |groups: &str, now: &[Param<'_>]| {
                assert_eq!(groups.matches('$').count(), now.len());
                assert!(now.len() <= 16 * 3);
                written.extend(now.iter().map(|param| format!("{param:?}")));
                Ok::<(), ()>(())
            };
            assert_eq!(rows(&params, 3, 16, str::to_owned, run), Ok(()));
            let expected: Vec<String> = params.iter().map(|param| format!("{param:?}")).collect();
            assert_eq!(written, expected);
        }
    }
}
