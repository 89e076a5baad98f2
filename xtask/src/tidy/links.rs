//! Links from one Markdown file to another file of the repository.

use super::{Finding, SourceFile};

pub(super) fn check(file: &SourceFile, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    if !file.has_extension("md") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut in_code = false;
    for (line, text) in file.lines() {
        if text.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(text) {
            let Some(path) = local_path(&file.path, target) else { continue };
            if !exists(&path) {
                findings.push(file.finding(line, format!("links to {target}, which is not there")));
            }
        }
    }
    findings
}

/// What stands in the brackets of `[text](target)`, outside of code.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    // Every second part between back quotes is code. (The text of a link may be code, too: then the
    // link's target begins the next part.)
    line.split('`').step_by(2).flat_map(|part| {
        part.match_indices("](").filter_map(|(at, _)| part[at + 2..].split([')', ' ']).next())
    })
}

/// The path from the root that the link means; `None` for addresses and places in the same file.
fn local_path(from: &str, target: &str) -> Option<String> {
    let path = target.split('#').next().unwrap_or_default();
    let elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
    if elsewhere {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if path.starts_with('/') {
        parts.clear();
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_text(text: &str, expected: &[&str]) {
        let file = SourceFile::new("docs/user/guide.md", text);
        let there = ["README.md", "docs/user/concepts.md", "docs/dev"];
        let findings = check(&file, |path| there.contains(&path));
        let messages: Vec<String> = findings.into_iter().map(|finding| finding.message).collect();
        assert_eq!(messages, expected);
    }

    #[test]
    fn every_page_for_users_can_be_reached_from_the_first_one() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |path: &str| std::fs::read_to_string(root.join(path)).expect(path);
        let links = |path: &str| {
            let text = read(path);
            let found = text.lines().flat_map(targets);
            found.filter_map(|target| local_path(path, target)).collect::<Vec<_>>()
        };
        let index = "docs/user/index.md";
        assert!(links("README.md").iter().any(|path| path == index));
        let linked = links(index);
        for folder in ["docs/user", "docs/user/guide", "docs/user/reference", "docs/user/studies"] {
            for entry in std::fs::read_dir(root.join(folder)).expect(folder) {
                let file = entry.expect("a file").path();
                let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
                let path = format!("{folder}/{name}");
                let is_page =
                    file.extension().is_some_and(|ending| ending == "md") && path != index;
                assert!(!is_page || linked.contains(&path), "{path} is not linked from {index}");
            }
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        check_text(
            "See [this](concepts.md#score) and [that](missing.md).\n[`code`](../missing.md)",
            &[
                "links to missing.md, which is not there",
                "links to ../missing.md, which is not there",
            ],
        );
    }

    #[test]
    fn links_are_followed_from_the_file_they_stand_in() {
        check_text("[up](../../README.md) [folder](../dev/) [here](#top) [root](/README.md)", &[]);
    }

    #[test]
    fn addresses_and_code_are_no_links() {
        check_text("[web](https://example.org/x.md) `[not](a/link)`\n```\n[nor](this)\n```", &[]);
    }
}
