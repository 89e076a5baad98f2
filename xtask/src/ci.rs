//! `cargo xtask ci`: what a change must pass. Whatever runs it elsewhere only calls it.

use anyhow::Result;

use crate::shell::{self, cargo};
use crate::steps::Steps;
use crate::{test, tidy};

/// How much of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of it.
    Everything,
    /// What a person waits for before a commit: no documentation, no look at the dependencies, nothing
    /// broken from outside.
    Fast,
}

pub(crate) fn run(scope: Scope) -> Result<()> {
    let mut steps = Steps::default();
    steps.run("fmt", || shell::run(&cargo(), &["fmt", "--all", "--check"]));
    steps.run("clippy", || {
        let arguments =
            ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
        shell::run(&cargo(), &arguments)
    });
    steps.run("tidy", tidy::run);
    if scope == Scope::Everything {
        steps.run("doc", || {
            let arguments =
                ["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"];
            shell::run_with(&cargo(), &arguments, &[("RUSTDOCFLAGS", "-D warnings")])
        });
        if_installed(&mut steps, "deny", &["check", "bans", "licenses", "sources"]);
        if_installed(&mut steps, "machete", &[]);
    }
    test::add_to(&mut steps, scope);
    steps.print();
    steps.finish()
}

fn if_installed(steps: &mut Steps, subcommand: &'static str, arguments: &[&str]) {
    if shell::has_cargo(subcommand) {
        let mut words = vec![subcommand];
        words.extend_from_slice(arguments);
        steps.run(subcommand, || shell::run(&cargo(), &words));
    } else {
        steps.skip(subcommand, &format!("`cargo install cargo-{subcommand}` would add it"));
    }
}
