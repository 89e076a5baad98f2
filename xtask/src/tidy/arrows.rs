//! Which crate may depend on which. A crate exists to forbid a dependency; here it is forbidden.

use anyhow::Result;

use super::{Finding, SourceFile};
use crate::shell;

/// Everything of ours that a crate may reach, directly or through another crate.
const ALLOWED: [(&str, &[&str]); 7] = [
    ("leads", &[]),
    ("scoring", &["leads"]),
    ("ingest", &["leads"]),
    ("history", &["leads", "scoring"]),
    ("testkit", &["leads"]),
    ("madura", &["history", "ingest", "leads", "scoring", "testkit"]),
    ("xtask", &[]),
];

/// A package of the workspace.
pub(crate) struct Package {
    name: String,
    manifest: String,
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
                let name = &package.name;
                findings.push(package.finding(format!("{name} must not depend on {reached}")));
            }
        }
    }
    findings
}

/// Asks cargo. (The exit status of `cargo tree --invert` would be shorter, and wrong: it counts
/// dev-dependencies.)
pub(super) fn packages(files: &[SourceFile]) -> Result<Vec<Package>> {
    let manifests = files.iter().filter_map(|file| {
        let directory = file.path.strip_suffix("/Cargo.toml")?;
        let is_member = directory == "xtask" || directory.starts_with("crates/");
        is_member.then(|| (directory.rsplit('/').next().unwrap_or(directory), file))
    });
    let manifests: Vec<(&str, &SourceFile)> = manifests.collect();
    let mut packages = Vec::new();
    for (name, file) in &manifests {
        let arguments =
            ["tree", "--package", name, "--edges", "normal", "--prefix", "none", "--format", "{p}"];
        let tree = shell::read(&shell::cargo(), &arguments)?;
        let mut reaches = ours(&tree);
        reaches.retain(|reached| reached != name);
        packages.push(Package { name: (*name).to_owned(), manifest: file.path.clone(), reaches });
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
        Finding { path: self.manifest.clone(), line: 0, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, reaches: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml"),
            reaches: reaches.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    #[test]
    fn an_arrow_that_is_not_in_the_picture_is_found() {
        let findings = check(&[package("scoring", &["leads", "history"])]);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "scoring must not depend on history");
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
