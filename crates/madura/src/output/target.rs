//! Where output goes.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::exit::{Failure, Result};
use crate::ui::Ui;

/// A file or standard output.
pub(crate) enum Target {
    /// A file that takes the place of what was there when all of it is written.
    New(PathBuf, BufWriter<NamedTempFile>),
    /// Something that cannot be replaced: a pipe, a device.
    There(PathBuf, BufWriter<File>),
    Stdout(BufWriter<io::StdoutLock<'static>>),
}

const BUFFER_BYTES: usize = 1 << 18;

impl Target {
    /// Opens the file, or standard output where none is named (or `-`).
    pub(crate) fn open(path: Option<&str>) -> Result<Self> {
        match path {
            None | Some("-") => Ok(Self::Stdout(Ui::stdout())),
            Some(path) => {
                Self::file(Path::new(path)).map_err(|error| cannot_write(Path::new(path), error))
            }
        }
    }

    fn file(path: &Path) -> io::Result<Self> {
        // Where a link leads, so that the link stays.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&path).is_ok_and(|there| !there.is_file()) {
            let file = File::create(&path)?;
            return Ok(Self::There(path, BufWriter::with_capacity(BUFFER_BYTES, file)));
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        // That it is not there is said without the name of a file that nobody knows.
        fs::metadata(directory)?;
        let file = tempfile::Builder::new()
            .prefix(".madura-")
            .suffix(".part")
            // As any program makes a file: the user's mask takes from it.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory)?;
        Ok(Self::New(path, BufWriter::with_capacity(BUFFER_BYTES, file)))
    }

    /// Writes with `write`, and completes the output. Where that fails, what was there before stays.
    pub(crate) fn fill(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        match self {
            Self::New(path, mut file) => {
                let written = write(&mut file).and_then(|()| file.flush());
                let file = written.and_then(|()| file.into_inner().map_err(Into::into));
                file.and_then(|file| file.persist(&path).map_err(|error| error.error))
                    .map(drop)
                    .map_err(|error| cannot_write(&path, error))
            }
            Self::There(path, mut file) => {
                let written = write(&mut file).and_then(|()| file.flush());
                written.map_err(|error| cannot_write(&path, error))
            }
            Self::Stdout(mut stdout) => {
                write(&mut stdout).and_then(|()| stdout.flush()).map_err(Failure::from)
            }
        }
    }
}

fn cannot_write(path: &Path, error: io::Error) -> Failure {
    Failure::file(format_args!("{}: cannot be written", path.display()), error)
}

/// The ending of a file's name, without the dot.
pub(crate) fn ending(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

/// An ending that says no form of output; `forms` are those that do.
pub(crate) fn unknown_ending(path: &Path, forms: &str) -> Failure {
    let is_packed = matches!(ending(path), Some("gz" | "zst"));
    let remedy = if is_packed {
        "leave --out away, and pack what comes: `… --format csv | gzip > file.csv.gz`".to_owned()
    } else {
        format!("let it end in {forms}, or say the form with --format")
    };
    Failure::usage(format_args!("{}: its ending says no form of output", path.display()))
        .hint(remedy)
}
