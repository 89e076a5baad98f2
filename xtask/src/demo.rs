//! `cargo xtask demo`: the live product on a made-up company, in a temporary directory.

use anyhow::Result;

use crate::{shell, web};

pub(crate) fn run(words: &[&str]) -> Result<()> {
    web::build_if_possible()?;
    println!("Building madura (the first time takes some minutes) ...");
    let madura = shell::build_madura("dev")?;
    shell::run(&madura, &[&["demo"], words].concat())
}
