//! Programs that are not ours and that some tests need. Where one is there, its tests have to run; where it is not, that
//! is said before all else, so that nobody takes a run without them for a whole one.

use std::path::{Path, PathBuf};

use crate::shell;
use crate::steps::Steps;

/// A program, and what the tests that need it are told.
struct Other {
    name: &'static str,
    /// Set where it is there: a test that does not find it fails then.
    needed: &'static str,
    is_there: fn() -> bool,
    missing: &'static str,
}

const OTHERS: [Other; 3] = [
    Other {
        name: "PostgreSQL",
        needed: "MADURA_NEED_POSTGRES",
        is_there: has_postgres,
        missing: "nothing is tested on it: `apt-get install postgresql` would add it",
    },
    Other {
        name: "a browser",
        needed: "MADURA_NEED_BROWSER",
        is_there: has_browser,
        missing: "nothing is tested in it: `apt-get install chromium` would add it",
    },
    Other {
        name: "clients of others",
        needed: "MADURA_NEED_CLIENTS",
        is_there: has_clients,
        missing: "the server is tested without them: npm and pip would put them there",
    },
];

/// Says what is not there.
pub(crate) fn add_missing(steps: &mut Steps) {
    for other in OTHERS.iter().filter(|other| !(other.is_there)()) {
        steps.skip(other.name, other.missing);
    }
}

/// Variables for tests, which say what has to be there.
pub(crate) fn needed() -> impl Iterator<Item = (&'static str, &'static str)> {
    OTHERS.iter().filter(|other| (other.is_there)()).map(|other| (other.needed, "1"))
}

fn has_postgres() -> bool {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = installed.map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(versions)
        .any(|place| place.join("initdb").is_file() && place.join("postgres").is_file())
}

fn has_browser() -> bool {
    let place = std::env::var_os("MADURA_CHROMIUM").map(PathBuf::from);
    place.as_deref().unwrap_or(Path::new("/usr/bin/chromium")).is_file()
}

/// Once `cargo xtask clients` has put them there.
fn has_clients() -> bool {
    shell::root().join("target/clients/done").is_file()
}
