//! Names that say nothing. Whatever is put in `helpers` belongs somewhere.

use super::{Finding, SourceFile};

const BANNED: [&str; 9] =
    ["common", "core", "helper", "helpers", "misc", "shared", "types", "util", "utils"];

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    if !file.has_extension("rs") {
        return Vec::new();
    }
    let parts = file.path.trim_end_matches(".rs").split('/');
    let of_path = parts.filter(|part| BANNED.contains(part)).map(|name| (0, name));
    let of_modules = file
        .lines()
        .filter_map(|(line, text)| Some((line, module(text)?)))
        .filter(|(_, name)| BANNED.contains(name));
    of_path
        .chain(of_modules)
        .map(|(line, name)| file.finding(line, format!("`{name}` says nothing: name what it is")))
        .collect()
}

/// The name in `mod name {` or `mod name;`.
fn module(line: &str) -> Option<&str> {
    let line = line.trim();
    let (before, rest) = line.split_once("mod ")?;
    let is_item = before.is_empty() || before.starts_with("pub");
    is_item.then(|| rest.trim_end_matches(['{', ';', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_says_nothing_is_found_by_its_file_and_by_its_line() {
        for path in
            ["crates/utils/src/lib.rs", "crates/leads/src/helpers.rs", "a/tests/common/x.rs"]
        {
            assert_eq!(check(&SourceFile::new(path, "")).len(), 1, "{path}");
        }
        let file = SourceFile::new("crates/leads/src/lib.rs", "mod time;\npub(crate) mod types;\n");
        assert_eq!(check(&file), [file.finding(2, "`types` says nothing: name what it is")]);
    }

    #[test]
    fn longer_names_and_other_files_may_contain_the_word() {
        for path in ["crates/leads/src/core_values.rs", "docs/core.md", "web/src/types.ts"] {
            assert_eq!(check(&SourceFile::new(path, "let core = 1;")), [], "{path}");
        }
    }
}
