//! Programs of others that are tested with. `cargo xtask clients` puts them into `target/clients`, in the
//! versions that `crates/server/tests/clients` names. Without them there is nothing to test, unless
//! `MADURA_NEED_CLIENTS` says that they have to be there; `MADURA_NEED_BROWSER` says so of a browser, and of the page
//! that is looked at in it.

use std::path::{Path, PathBuf};

/// Where they are.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("target").join("clients")
}

/// Whether something that a test needs is there.
#[expect(clippy::print_stdout, reason = "who runs the tests is told what was left out")]
pub(crate) fn has(wanted: &Path) -> bool {
    let is_there = wanted.exists();
    if !is_there {
        let (variable, remedy) = if wanted.starts_with(directory()) {
            ("MADURA_NEED_CLIENTS", "run `cargo xtask clients`")
        } else {
            ("MADURA_NEED_BROWSER", "install Chromium, and run `cargo xtask web`")
        };
        let is_needed = std::env::var_os(variable).is_some();
        assert!(!is_needed, "{} is not there: {remedy}", wanted.display());
        println!("{} is not there: nothing is tested with it", wanted.display());
    }
    is_there
}

/// Whether a module of Python is there.
pub(crate) fn pip(module: &str) -> bool {
    has(&directory().join("python").join(module))
}
