//! The parts of the web that Node's tools build and test, where there are any.

use anyhow::{Result, bail};

use crate::shell;
use crate::steps::Steps;

/// The page, which is built into the program.
const PAGE: &str = "web/app";

/// Packages of ours that Node's tools build and test.
const PACKAGES: [&str; 2] = ["web/snippet", PAGE];

/// `cargo xtask web`: builds the page.
pub(crate) fn run() -> Result<()> {
    if !has_npm() {
        bail!("npm builds the page: install Node.js");
    }
    install(PAGE)?;
    npm(PAGE, &["run", "--silent", "build"])
}

/// Builds the page where that can be done; says so where it cannot.
pub(crate) fn build_if_possible() -> Result<()> {
    if has_npm() {
        return run();
    }
    println!("Without Node.js the program is built without its page; the API works.");
    Ok(())
}

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
    let root = shell::root().join(package);
    let written = |path: &str| std::fs::metadata(root.join(path)).and_then(|file| file.modified());
    let is_done = match (written("node_modules/.package-lock.json"), written("package-lock.json")) {
        (Ok(installed), Ok(wanted)) => installed >= wanted,
        _ => false,
    };
    if is_done {
        return Ok(());
    }
    npm(package, &["ci", "--no-audit", "--no-fund", "--silent"])
}

fn npm(package: &str, words: &[&str]) -> Result<()> {
    let directory = shell::root().join(package);
    let directory = directory.to_string_lossy();
    shell::run("npm", &[&["--prefix", &directory], words].concat())
}
