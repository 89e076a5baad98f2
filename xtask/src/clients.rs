//! `cargo xtask clients`: puts the clients of others, which the server is tested with, into
//! `target/clients`, in the versions that are written down.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell;

/// Where the versions are written down.
const WANTED: &str = "crates/server/tests/clients";
const FILES: [&str; 4] = ["package.json", "package-lock.json", ".npmrc", "requirements.txt"];

/// Does nothing where they are there already, in these versions.
pub(crate) fn run() -> Result<()> {
    let wanted = shell::root().join(WANTED);
    let there = shell::root().join("target/clients");
    let is_done = there.join("done");
    if is_done.exists() && FILES.iter().all(|file| are_equal(&wanted.join(file), &there.join(file)))
    {
        return Ok(());
    }
    fs::create_dir_all(&there)?;
    for file in FILES {
        fs::copy(wanted.join(file), there.join(file)).with_context(|| file.to_owned())?;
    }
    if !is_there() {
        bail!("npm and pip put them there: install Node.js and Python");
    }
    let there = there.to_string_lossy();
    let quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
    shell::run("npm", &[&["ci", "--prefix", &there][..], &quiet].concat())?;
    let (place, list) = (format!("{there}/python"), format!("{there}/requirements.txt"));
    let quiet = ["install", "--quiet", "--upgrade", "--root-user-action=ignore"];
    shell::run("pip", &[&quiet[..], &["--target", &place, "-r", &list]].concat())?;
    fs::write(is_done, "")?;
    Ok(())
}

/// Whether the tools are there that put them there.
pub(crate) fn is_there() -> bool {
    shell::read("npm", &["--version"]).is_ok() && shell::read("pip", &["--version"]).is_ok()
}

fn are_equal(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}
