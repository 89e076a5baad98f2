//! The project's own commands. `cargo xtask` lists them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to the person at the terminal is its work"
)]

mod api;
mod bench;
mod ci;
mod clients;
mod codegen;
mod demo;
mod others;
mod shell;
mod steps;
mod test;
mod tidy;
mod tour;
mod web;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask demo               the live product on a made-up company, with visitors on its site
cargo xtask tour               rank, explain and back-test the files of a synthetic company
cargo xtask test               run every test
cargo xtask ci [--fast]        everything a change must pass; --fast leaves out what takes long
cargo xtask bench [NAME ...]   measure us and a peer in turn (--help tells more; --full takes long)
cargo xtask web                build the page, which the next build of the program takes in
cargo xtask api                ask the API everything that its description allows, and more
cargo xtask clients            put the clients of others there that the server is tested with
cargo xtask bench live         measure the running system (--full: for longer, and a large store)
cargo xtask faults [--long]    kill it, fill its disk, take its database away, and judge what is left
cargo xtask tidy               check the arrows between crates, names, sizes, links
cargo xtask codegen [--check]  write the generated files, or only check that they are up to date";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["demo", rest @ ..] => demo::run(rest),
        ["tour"] => tour::run(),
        ["test"] => test::run(),
        ["ci"] => ci::run(ci::Scope::Everything),
        ["ci", "--fast"] => ci::run(ci::Scope::Fast),
        ["bench", rest @ ..] => bench::run(rest),
        ["web"] => web::run(),
        ["api", rest @ ..] => api::run(rest),
        ["clients"] => clients::run(),
        ["faults", rest @ ..] => bench::live("release", "faults", rest),
        ["tidy"] => tidy::run(),
        ["codegen"] => codegen::run(codegen::Mode::Write),
        ["codegen", "--check"] => codegen::run(codegen::Mode::Check),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("there is no such command; these are:\n{USAGE}"),
    }
}
