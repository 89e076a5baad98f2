//! `cargo xtask codegen`: the files in the repository that are made from the code.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Result, bail};

use crate::{shell, tour};

/// Only the picture in it is generated.
const README: &str = "README.md";
const PICTURE_BEGINS: &str = "<!-- picture: `cargo xtask codegen` takes it -->\n";
const PICTURE_ENDS: &str = "<!-- end of the picture -->\n";

/// What to do about files that are out of date.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write them.
    Write,
    /// Name them and fail.
    Check,
}

pub(crate) fn run(mode: Mode) -> Result<()> {
    let madura = shell::build_madura("dev")?;
    let mut stale = Vec::new();
    for (path, text) in [
        ("docs/user/reference/model.schema.json", shell::read(&madura, &["schema"])?),
        ("docs/user/reference/cli.md", command_line(&madura)?),
        (README, with_picture(&fs::read_to_string(shell::root().join(README))?, &madura)?),
    ] {
        if text.trim().is_empty() {
            bail!("nothing was generated for {path}");
        }
        let text = format!("{}\n", text.trim_end());
        let file = shell::root().join(path);
        if fs::read_to_string(&file).ok().as_deref() == Some(&text) {
            continue;
        }
        if mode == Mode::Write {
            fs::create_dir_all(file.parent().unwrap_or_else(|| shell::root()))?;
            fs::write(&file, text)?;
            println!("wrote {path}");
        }
        stale.push(path);
    }
    if mode == Mode::Check && !stale.is_empty() {
        bail!("out of date: {} (`cargo xtask codegen` writes them)", stale.join(", "));
    }
    Ok(())
}

/// The help of every command, and of every command of a command, as one page.
fn command_line(madura: &str) -> Result<String> {
    let mut page = String::from(
        "# The command line\n\n\
         This page is generated from the program's own help: `madura --help` and\n\
         `madura COMMAND --help` say the same.\n",
    );
    command(&mut page, madura, &[])?;
    Ok(page)
}

fn command(page: &mut String, madura: &str, words: &[&str]) -> Result<()> {
    let help = shell::read(madura, &[words, &["--help"]].concat())?;
    section(page, &[&["madura"], words].concat().join(" "), &help);
    for next in commands(&help) {
        command(page, madura, &[words, &[next]].concat())?;
    }
    Ok(())
}

/// The README with what the program prints today.
fn with_picture(readme: &str, madura: &str) -> Result<String> {
    let parts = readme.split_once(PICTURE_BEGINS).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(PICTURE_ENDS)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else { bail!("{README} has no place for the picture") };
    let picture = tour::picture(madura)?;
    Ok(format!("{before}{PICTURE_BEGINS}```console\n{picture}\n```\n{PICTURE_ENDS}{after}"))
}

fn section(page: &mut String, title: &str, help: &str) {
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    let help = lines.join("\n");
    write!(page, "\n## {title}\n\n```text\n{help}\n```\n").expect("a String takes everything");
}

/// The names in the section "Commands:" of clap's help.
fn commands(help: &str) -> Vec<&str> {
    help.lines()
        .skip_while(|line| line.trim() != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // A long description goes on in lines that are indented further.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_read_from_the_help() {
        let help = "\
Lead scoring

Usage: madura <COMMAND>

Commands:
  score    Scores everyone
  explain  Explains one lead, and
           goes on
  help     Print this message

Options:
  -h, --help  Print help
";
        assert_eq!(commands(help), ["score", "explain"]);
    }
}
