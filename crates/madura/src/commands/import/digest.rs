//! The same file by what is in it: its digest goes into the import's name, so that everybody who
//! imports it, from whichever machine, finds that it is there already.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::exit::{Failure, Result};

/// Bytes of the digest in a name: 48 bits, for some thousand files.
const SHOWN: usize = 6;

/// A name has 200 characters at most; the digest and endings need some.
const STEM_MAX: usize = 150;

/// `crm.csv` with its digest before its endings: `crm.3f2a9c1b0d4e.csv`.
pub(super) fn name(file: &Path) -> Result<String> {
    let unreadable =
        |error| Failure::file(format_args!("{} cannot be read", file.display()), error);
    let mut reader = File::open(file).map_err(unreadable)?;
    let mut digest = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        match reader.read(&mut part).map_err(unreadable)? {
            0 => break,
            read => digest.update(&part[..read]),
        }
    }
    let digest = digest.finalize();
    let digest = digest.iter().take(SHOWN).fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    let called = file.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(with(&called.unwrap_or_default(), &digest))
}

fn with(called: &str, digest: &str) -> String {
    let clean: String = called.chars().filter(|character| !character.is_control()).collect();
    // `.csv.gz` is two endings; whatever is long is none.
    let mut cut = clean.len();
    for _ in 0..2 {
        match clean[..cut].rfind('.') {
            Some(dot) if dot > 0 && (2..=8).contains(&(cut - dot)) => cut = dot,
            _ => break,
        }
    }
    let stem: String = clean[..cut].chars().take(STEM_MAX).collect();
    format!("{stem}.{digest}{}", &clean[cut..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_stands_before_the_endings() {
        assert_eq!(with("crm.csv", "3f2a"), "crm.3f2a.csv");
        assert_eq!(with("log.ndjson.gz", "3f2a"), "log.3f2a.ndjson.gz");
        assert_eq!(with("crm", "3f2a"), "crm.3f2a");
        assert_eq!(with(".csv", "3f2a"), ".csv.3f2a");
        assert_eq!(with(&format!("{}.csv", "ș".repeat(300)), "3f2a").chars().count(), 159);
    }
}
