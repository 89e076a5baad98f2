//! Words that must not stand in the repository, or not everywhere.

use super::{Finding, SourceFile};

/// Put together here, so that this file does not contain them.
const NOTES_TO_SELF: [&str; 2] = [concat!("FIX", "ME"), concat!("TO", "DO")];
const MACHINE_PATHS: [&str; 3] =
    [concat!("/wo", "rk/"), concat!("/t", "mp/"), concat!("/ro", "ot/")];
const CLOCK_LICENCE: &str = concat!("expect(clippy::disallowed", "_methods");

/// Where a clock may be read: at the edge, and where time is what is measured.
const CLOCKS: [&str; 3] = ["crates/madura/src/clock.rs", "xtask/src/steps.rs", "bench/"];

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in file.lines() {
        for word in NOTES_TO_SELF {
            if contains_word(text, word) {
                findings.push(file.finding(line, format!("{word}: do it, or open an issue")));
            }
        }
        for path in MACHINE_PATHS {
            if contains_path(text, path) {
                findings.push(file.finding(line, format!("`{path}` exists on one machine only")));
            }
        }
        if text.contains(CLOCK_LICENCE) && !may_read_the_clock(&file.path) {
            let message =
                "time is data: take `now: Timestamp`, the one clock is in `madura::clock`";
            findings.push(file.finding(line, message));
        }
    }
    if is_manifest_of_a_crate(file) && !has_workspace_lints(file) {
        findings.push(file.finding(0, "has no `[lints]` with `workspace = true`"));
    }
    findings
}

/// The word, with neither a letter nor a digit beside it.
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

/// The path from its root: neither the end of a longer one nor of an address.
fn contains_path(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '}' | '/'))
    })
}

fn may_read_the_clock(path: &str) -> bool {
    CLOCKS.iter().any(|place| path.starts_with(place)) || path.contains("/examples/")
}

/// Fuzz targets are a workspace of their own, for they need another compiler.
fn is_manifest_of_a_crate(file: &SourceFile) -> bool {
    let name = file.path.rsplit('/').next();
    name == Some("Cargo.toml")
        && !file.path.split('/').any(|part| part == "fuzz")
        && file.lines().any(|(_, line)| line == "[package]")
}

fn has_workspace_lints(file: &SourceFile) -> bool {
    let mut lines = file.lines().map(|(_, text)| text.trim());
    lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(path: &str, text: &str, findings: usize) {
        assert_eq!(check(&SourceFile::new(path, text)).len(), findings, "{text}");
    }

    #[test]
    fn a_note_to_oneself_is_found() {
        let [fix, to_do] = NOTES_TO_SELF;
        check_line("a.rs", &format!("// {fix}: later"), 1);
        check_line("a.py", &format!("# {to_do} later"), 1);
        check_line("a.md", &format!("MASTO{to_do}N, methodo, todo"), 0);
    }

    #[test]
    fn a_path_of_one_machine_is_found_and_an_address_is_not() {
        let [first, second, _] = MACHINE_PATHS;
        check_line("a.md", &format!("see {first}notes.md"), 1);
        check_line("a.sh", &format!("OUT={second}x"), 1);
        check_line("a.md", &format!("https://example.org{first}notes.md"), 0);
        check_line("a.rs", &format!("target{second}x"), 0);
    }

    #[test]
    fn the_clock_is_read_in_its_own_file_only() {
        let text = format!("#[{CLOCK_LICENCE}, reason = \"\")]");
        check_line("crates/madura/src/clock.rs", &text, 0);
        check_line("crates/scoring/src/fold.rs", &text, 1);
    }

    #[test]
    fn a_crate_that_forgets_the_lints_is_found() {
        check_line("crates/leads/Cargo.toml", "[package]\n", 1);
        check_line("fuzz/Cargo.toml", "[package]\n", 0);
        check_line("crates/leads/Cargo.toml", "[package]\n\n[lints]\nworkspace = true\n", 0);
        check_line("Cargo.toml", "[workspace]\n", 0);
    }
}
