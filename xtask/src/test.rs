//! `cargo xtask test`: every test, on a machine that has Rust and nothing else of ours.

use anyhow::{Result, bail};

use crate::ci::Scope;
use crate::shell::{self, cargo};
use crate::steps::Steps;
use crate::{bench, clients, codegen, others, web};

/// Where the example models lie, each with its own tests in it.
const MODELS: &str = "models";

pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    add_to(&mut steps, Scope::Everything);
    steps.finish()
}

/// The test runner comes last, so that its summary ends the output.
pub(crate) fn add_to(steps: &mut Steps, scope: Scope) {
    if clients::is_there() {
        steps.run("clients", clients::run);
    }
    others::add_missing(steps);
    web::add_tests(steps);
    steps.run("models", test_models);
    steps.run("codegen", || codegen::run(codegen::Mode::Check));
    if scope == Scope::Everything {
        // About a minute: kill -9 under load, a full disk, slow clients, PostgreSQL gone and back. It
        // says what this machine does not have, and leaves that out.
        steps.run("faults", || bench::live("dev", "faults", &[]));
    }
    steps.run("doc tests", || shell::run(&cargo(), &["test", "--workspace", "--doc", "--quiet"]));
    if shell::has_cargo("nextest") {
        steps.run("tests", || shell::run(&cargo(), &["nextest", "run", "--workspace"]));
    } else {
        println!("cargo-nextest is not installed: cargo's own runner will do");
        steps.run("tests", || shell::run(&cargo(), &["test", "--workspace", "--tests"]));
    }
}

fn test_models() -> Result<()> {
    let models = models()?;
    if models.is_empty() {
        bail!("there are no models in {MODELS}/");
    }
    let madura = shell::build_madura("dev")?;
    let mut arguments = vec!["test"];
    arguments.extend(models.iter().map(String::as_str));
    shell::run(&madura, &arguments)
}

/// The models' paths from the root, in the order of their names.
fn models() -> Result<Vec<String>> {
    let mut models = Vec::new();
    for entry in std::fs::read_dir(shell::root().join(MODELS))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            models.push(format!("{MODELS}/{name}"));
        }
    }
    models.sort();
    Ok(models)
}
