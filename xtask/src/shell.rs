//! Running other programs, always from the root of the repository.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::others;

/// Where the repository is.
pub(crate) fn root() -> &'static Path {
    // This package lies one level below it.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a package lies in a directory")
}

/// Runs a program and lets it talk to the terminal; fails where the program fails.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<()> {
    run_with(program, arguments, &[])
}

/// The same, with variables added to its environment.
pub(crate) fn run_with(
    program: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<()> {
    let status = command(program, arguments)
        .envs(environment.iter().copied())
        .status()
        .with_context(|| format!("{program} cannot be started"))?;
    if !status.success() {
        bail!("`{program} {}` failed ({status})", arguments.join(" "));
    }
    Ok(())
}

/// What a program prints. It sees no terminal, and so neither colours nor widths of one.
pub(crate) fn read(program: &str, arguments: &[&str]) -> Result<String> {
    let output = command(program, arguments)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} cannot be started"))?;
    if !output.status.success() {
        let talk = String::from_utf8_lossy(&output.stderr);
        bail!("`{program} {}` failed ({})\n{}", arguments.join(" "), output.status, talk.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{program} printed no UTF-8"))
}

/// Whether a cargo sub-command, such as `nextest`, is installed.
pub(crate) fn has_cargo(subcommand: &str) -> bool {
    read(&cargo(), &[subcommand, "--version"]).is_ok()
}

/// The cargo that runs us.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Builds the binary, in the profile `dev` or `release`, and says where it lies. The whole workspace
/// is named, so that the features of its dependencies are those of the tests and nothing is built twice.
pub(crate) fn build_madura(profile: &str) -> Result<String> {
    let what = ["--workspace", "--bin", "madura", "--profile", profile];
    run(&cargo(), &[&["build", "--quiet"][..], &what].concat())?;
    let directory = if profile == "dev" { "debug" } else { profile };
    let binary = target().join(directory).join("madura");
    Ok(binary.to_string_lossy().into_owned())
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => root().join(directory),
        None => root().join("target"),
    }
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root()).envs(others::needed());
    command
}
