//! Where SQL may stand: in `store`, which knows its tables. Tests may look behind it, and break it.

use super::{Finding, SourceFile};

/// By what a statement is known. We write them in capitals.
const PHRASES: [&[&str]; 9] = [
    &["SELECT"],
    &["INSERT", "INTO"],
    &["UPDATE"],
    &["DELETE", "FROM"],
    &["CREATE", "TABLE"],
    &["ALTER", "TABLE"],
    &["DROP", "TABLE"],
    &["SAVEPOINT"],
    &["PRAGMA"],
];

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    if !is_outside(file) {
        return Vec::new();
    }
    file.lines()
        .filter(|(_, text)| has_statement(text))
        .map(|(line, _)| file.finding(line, "no SQL outside `store`: give it a function there"))
        .collect()
}

fn is_outside(file: &SourceFile) -> bool {
    let mut parts = file.path.split('/');
    let (of_crates, package, of_source) = (parts.next(), parts.next(), parts.next());
    let is_source = of_crates == Some("crates") && of_source == Some("src");
    is_source && package != Some("store") && file.has_extension("rs")
}

fn has_statement(text: &str) -> bool {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    PHRASES.iter().any(|phrase| words.windows(phrase.len()).any(|part| part == *phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(path: &str, text: &str, findings: usize) {
        assert_eq!(check(&SourceFile::new(path, text)).len(), findings, "{path}: {text}");
    }

    #[test]
    fn a_statement_outside_of_the_store_is_found() {
        for text in [
            "tx.value(\"SELECT count(*) FROM lead\", &[])",
            "let sql = \"\n    SELECT\n    1\";",
            "let insert = \"INSERT INTO person (id) VALUES ($1)\";",
            "format!(\"DELETE FROM {table}\")",
            "tx.execute(\"UPDATE lead SET name = $1\", &[])",
            "tx.execute(\"SAVEPOINT part\", &[])",
        ] {
            check_line("crates/live/src/tick.rs", text, 1);
            check_line("crates/store/src/marks.rs", text, 0);
            check_line("crates/server/tests/it/trail.rs", text, 0);
            check_line("bench/live/src/house.rs", text, 0);
        }
    }

    #[test]
    fn what_only_looks_like_a_statement_is_none() {
        for text in [
            "// Select one of them, and update it.",
            "request(\"DELETE\", \"/api/v1/keys\")",
            "const SELECT_MAX: usize = 1;",
        ] {
            check_line("crates/server/src/keys.rs", text, 0);
        }
    }
}
