//! Which crate may depend on which. A crate exists to forbid a dependency; here it is forbidden.

use anyhow::Result;

use super::Finding;
use crate::shell;

/// Everything of ours that a crate may reach, directly or through another crate.
const ALLOWED: [(&str, &[&str]); 13] = [
    ("leads", &[]),
    ("scoring", &["leads"]),
    ("ingest", &["leads"]),
    ("history", &["leads", "scoring"]),
    ("store", &["leads"]),
    ("live", &["history", "leads", "scoring", "store"]),
    ("deliver", &["leads"]),
    ("server", &["deliver", "history", "ingest", "leads", "live", "scoring", "store"]),
    ("testkit", &["leads"]),
    (
        "madura",
        &["deliver", "history", "ingest", "leads", "live", "scoring", "server", "store", "testkit"],
    ),
    ("bench", &["history", "ingest", "leads", "scoring", "testkit"]),
    ("bench-live", &["leads"]),
    ("xtask", &[]),
];

/// A package of the workspace.
pub(crate) struct Package {
    name: String,
    /// The other packages of the workspace that its normal build needs.
    reaches: Vec<String>,
}

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
            let message = "say in xtask/src/tidy/arrows.rs what this crate may depend on";
            findings.push(package.finding(message.to_owned()));
            continue;
        };
        for reached in &package.reaches {
            if !allowed.contains(&reached.as_str()) {
                findings.push(package.finding(format!("must not depend on {reached}")));
            }
        }
    }
    findings
}

/// Asks cargo. (The exit status of `cargo tree --invert` would be shorter, and wrong: it counts
/// dev-dependencies.)
pub(super) fn packages() -> Result<Vec<Package>> {
    let tree = |words: &[&str]| {
        let form = ["--edges", "normal", "--prefix", "none", "--format", "{p}"];
        shell::read(&shell::cargo(), &[&["tree"], words, &form[..]].concat())
    };
    let members = ours(&tree(&["--workspace", "--depth", "0"])?);
    let mut packages = Vec::new();
    for name in members {
        let mut reaches = ours(&tree(&["--package", &name])?);
        reaches.retain(|reached| *reached != name);
        packages.push(Package { name, reaches });
    }
    Ok(packages)
}

/// The packages in the tree that lie in a directory instead of coming from a registry:
/// `leads v0.1.0 (/where/it/lies)`.
fn ours(tree: &str) -> Vec<String> {
    let local = tree.lines().filter(|line| line.contains(" (/") || line.contains(":\\"));
    let mut names: Vec<String> =
        local.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect();
    names.sort();
    names.dedup();
    names
}

impl Package {
    fn finding(&self, message: String) -> Finding {
        Finding { path: format!("package {}", self.name), line: 0, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, reaches: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            reaches: reaches.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    #[test]
    fn an_arrow_that_is_not_in_the_picture_is_found() {
        let findings = check(&[package("scoring", &["leads", "history"])]);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "must not depend on history");
        assert_eq!(check(&[package("history", &["leads", "scoring"])]), []);
    }

    #[test]
    fn a_new_crate_must_be_put_in_the_picture() {
        assert_eq!(check(&[package("nurture", &[])]).len(), 1);
    }

    #[test]
    fn our_packages_are_told_from_those_of_a_registry() {
        let tree = "history v0.1.0 (/src/crates/history)\nserde v1.0.2\n\
                    leads v0.1.0 (/src/crates/leads)\nserde_derive v1.0.2 (proc-macro)\n\
                    leads v0.1.0 (/src/crates/leads) (*)\n";
        assert_eq!(ours(tree), ["history", "leads"]);
    }
}
