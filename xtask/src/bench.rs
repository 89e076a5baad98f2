//! `cargo xtask bench`: us and a peer in turn, over the same data.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::shell::{self, cargo};

const SCRIPT: &str = "bench/run.py";
const REQUIREMENTS: &str = "bench/requirements.txt";

/// Builds our two programs, makes the peer's environment, and measures.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    if let ["live", rest @ ..] = arguments {
        live("release", "speed", rest)?;
        return if rest.contains(&"--full") { live("release", "large", &[]) } else { Ok(()) };
    }
    let madura = shell::build_madura("release")?;
    shell::run(&cargo(), &["build", "--quiet", "--package", "bench", "--release"])?;
    let target = shell::target();
    let bench = text(&target.join("release/bench"));
    let python = text(&environment(&target)?);
    let words = [&[SCRIPT], arguments].concat();
    let target = text(&target);
    shell::run_with(&python, &words, &[("MADURA", &madura), ("BENCH", &bench), ("TARGET", &target)])
}

/// The running system: `speed`, or `faults` where it is broken on purpose. The program that measures is
/// built with the product, so that both share what they are built from.
pub(crate) fn live(profile: &str, what: &str, arguments: &[&str]) -> Result<()> {
    let build = ["build", "--quiet", "--workspace", "--bin", "madura", "--bin", "bench-live"];
    shell::run(&cargo(), &[&build[..], &["--profile", profile]].concat())?;
    let directory = shell::target().join(if profile == "dev" { "debug" } else { profile });
    let program = |name: &str| text(&directory.join(name));
    let data = text(&shell::target().join("bench-live-data"));
    let madura = program("madura");
    let words = [&[what, &madura, &data], arguments].concat();
    shell::run(&program("bench-live"), &words)
}

/// A Python of our own with the peer in it; made anew when the requirements change.
fn environment(target: &Path) -> Result<PathBuf> {
    let directory = target.join("bench-venv");
    let python = directory.join("bin/python");
    let installed = directory.join("requirements.txt");
    let wanted = fs::read(shell::root().join(REQUIREMENTS))?;
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    println!("Installing the peer into {} ...", directory.display());
    shell::run("python3", &["-m", "venv", &text(&directory)])?;
    let install = ["-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS];
    shell::run(&text(&python), &install)?;
    fs::write(&installed, wanted).with_context(|| installed.display().to_string())?;
    Ok(python)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
