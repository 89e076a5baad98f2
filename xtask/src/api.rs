//! `cargo xtask api`: Schemathesis makes requests up out of the description of the API, valid ones
//! and others, and looks whether a running server answers as the description says.

use anyhow::Result;

use crate::shell;

const DRIVER: &str = "xtask/api/check.py";
const REQUIREMENTS: &str = "xtask/api/requirements.txt";

pub(crate) fn run(words: &[&str]) -> Result<()> {
    let madura = shell::build_madura("dev")?;
    let place = shell::target().join("api-venv");
    let python = place.join("bin/python").to_string_lossy().into_owned();
    if !place.exists() {
        shell::run("python3", &["-m", "venv", &place.to_string_lossy()])?;
    }
    shell::run(&python, &["-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS])?;
    shell::run(&python, &[&[DRIVER, &madura][..], words].concat())
}
