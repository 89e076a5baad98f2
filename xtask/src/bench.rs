//! `cargo xtask bench`: us and a peer in turn, over the same data.

use anyhow::{Result, bail};

use crate::shell;

/// Where the scripts lie. They find our binary, built for release, in the variable `MADURA`.
const SCRIPTS: &str = "bench";

/// The script that runs where none is named.
const EVERYTHING: &str = "run";

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let (script, arguments) = match arguments {
        [name, rest @ ..] if script(name).is_some() => (script(name), rest),
        all => (script(EVERYTHING), all),
    };
    let Some((interpreter, path)) = script else {
        bail!("there is no script {SCRIPTS}/{EVERYTHING}.py or {SCRIPTS}/{EVERYTHING}.sh");
    };
    let madura = shell::build_madura("release")?;
    let mut words = vec![path.as_str()];
    words.extend_from_slice(arguments);
    shell::run_with(interpreter, &words, &[("MADURA", &madura)])
}

/// What runs the script of this name, and where it lies.
fn script(name: &str) -> Option<(&'static str, String)> {
    [("python3", "py"), ("bash", "sh")].into_iter().find_map(|(interpreter, extension)| {
        let path = format!("{SCRIPTS}/{name}.{extension}");
        shell::root().join(&path).is_file().then_some((interpreter, path))
    })
}
