//! The web's halves: the page and the tracking script, with Node's tools where there are any.

use anyhow::Result;

use crate::shell;
use crate::steps::Steps;

/// Packages of ours that Node's tools build and test.
const PACKAGES: [&str; 2] = ["web/app", "web/snippet"];

/// Builds the page into `web/dist`, from where the binary takes it. Without Node the binary serves a
/// page that says how.
pub(crate) fn build() -> Result<()> {
    let page = PACKAGES[0];
    if !there(page) {
        return Ok(());
    }
    if !has_npm() {
        println!("npm is not installed: the page will only say how to build it");
        return Ok(());
    }
    println!("Building the page ...");
    install(page)?;
    npm(page, &["run", "--silent", "build"])
}

/// Adds the tests of both.
pub(crate) fn add_tests(steps: &mut Steps) {
    for package in PACKAGES.into_iter().filter(|package| there(package)) {
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

fn there(package: &str) -> bool {
    shell::root().join(package).join("package.json").exists()
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
