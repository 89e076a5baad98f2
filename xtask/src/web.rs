//! The parts of the web that Node's tools build and test, where there are any.

use anyhow::Result;

use crate::shell;
use crate::steps::Steps;

/// Packages of ours that Node's tools build and test.
const PACKAGES: [&str; 1] = ["web/snippet"];

/// Adds their tests.
pub(crate) fn add_tests(steps: &mut Steps) {
    for package in PACKAGES {
        if has_npm() {
            steps.run(package, || {
                install(package)?;
                npm(package, &["test"])
            });
        } else {
            steps.skip(package, "npm would run its tests");
        }
    }
}

fn has_npm() -> bool {
    shell::read("npm", &["--version"]).is_ok()
}

/// Installs what the lock file names, where that is not done yet.
fn install(package: &str) -> Result<()> {
    if shell::root().join(package).join("node_modules").exists() {
        return Ok(());
    }
    npm(package, &["ci", "--no-audit", "--no-fund", "--silent"])
}

fn npm(package: &str, words: &[&str]) -> Result<()> {
    let directory = shell::root().join(package);
    let directory = directory.to_string_lossy();
    shell::run("npm", &[&["--prefix", &directory], words].concat())
}
