//! How long a file may be. A file of more than 600 lines is asking a question.

use super::{Finding, SourceFile};

const LINES_MAX: usize = 600;
const BYTES_MAX: u64 = 1 << 20;

/// Files that answered the question, each with its answer.
const LONGER: [(&str, &str); 0] = [];

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if file.bytes > BYTES_MAX {
        let message =
            format!("{} bytes, more than 1 MiB: data is generated or downloaded", file.bytes);
        findings.push(file.finding(0, message));
    }
    let lines = file.lines().count();
    let has_reason = LONGER.iter().any(|(path, _)| *path == file.path);
    if file.has_extension("rs") && lines > LINES_MAX && !has_reason {
        let message =
            format!("{lines} lines, more than {LINES_MAX}: what in it is a thing of its own?");
        findings.push(file.finding(0, message));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_source_file_and_a_large_file_of_any_kind_are_found() {
        assert_eq!(check(&SourceFile::new("a.rs", &"\n".repeat(600))), []);
        assert_eq!(check(&SourceFile::new("a.rs", &"\n".repeat(601))).len(), 1);
        assert_eq!(check(&SourceFile::new("a.md", &"\n".repeat(601))), []);
        let large = SourceFile { path: "a.parquet".to_owned(), text: None, bytes: BYTES_MAX + 1 };
        assert_eq!(check(&large).len(), 1);
    }
}
