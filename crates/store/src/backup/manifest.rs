//! What a backup consists of.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use leads::Timestamp;
use serde_json::{Value as Json, json};

use super::{BackupError, disk};
use crate::segments::{checksum, sync_directory};

/// What a backup consists of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// When it was taken.
    pub made_at: Timestamp,
    /// Its files.
    pub files: Vec<ManifestFile>,
}

/// A file of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManifestFile {
    /// Its path within the backup.
    pub path: String,
    /// Its size.
    pub bytes: i64,
    /// XXH3, 128 bits, in hexadecimal.
    pub checksum: String,
}

const NAME: &str = "manifest.json";
/// The form of a backup. A later one that earlier programs cannot read gets another number.
const FORMAT: i64 = 1;

impl Manifest {
    /// Writes it to the directory of the backup, whole or not at all.
    pub(super) fn write(&self, directory: &Path) -> Result<(), BackupError> {
        let files: Vec<Json> = self
            .files
            .iter()
            .map(|file| json!({"path": file.path, "bytes": file.bytes, "checksum": file.checksum}))
            .collect();
        let json = json!({"format": FORMAT, "made_at": self.made_at, "files": files});
        let (part, path) = (directory.join("manifest.part"), directory.join(NAME));
        let mut file = File::create(&part).map_err(|error| disk(&part, &error))?;
        file.write_all(format!("{json:#}\n").as_bytes()).map_err(|error| disk(&part, &error))?;
        file.sync_all().map_err(|error| disk(&part, &error))?;
        fs::rename(&part, &path).map_err(|error| disk(&path, &error))?;
        Ok(sync_directory(directory)?)
    }

    /// Reads that of a backup.
    pub(super) fn read(directory: &Path) -> Result<Self, BackupError> {
        let no_backup = |reason: String| BackupError::NoBackup {
            path: directory.display().to_string(),
            reason,
        };
        let text = fs::read_to_string(directory.join(NAME))
            .map_err(|error| no_backup(format!("{NAME}: {error}")))?;
        let json: Json = serde_json::from_str(&text)
            .map_err(|error| no_backup(format!("{NAME} cannot be read: {error}")))?;
        if json["format"] != FORMAT {
            return Err(no_backup(format!(
                "its format is {}, this program knows {FORMAT}",
                json["format"]
            )));
        }
        let made_at = json["made_at"].as_str().and_then(|text| Timestamp::parse(text).ok());
        let files: Option<Vec<ManifestFile>> = json["files"].as_array().and_then(|files| {
            let file = |file: &Json| {
                Some(ManifestFile {
                    path: file["path"].as_str()?.to_owned(),
                    bytes: file["bytes"].as_i64()?,
                    checksum: file["checksum"].as_str()?.to_owned(),
                })
            };
            files.iter().map(file).collect()
        });
        let (Some(made_at), Some(files)) = (made_at, files) else {
            return Err(no_backup(format!("{NAME} lacks what it should say")));
        };
        Ok(Self { made_at, files })
    }
}

impl ManifestFile {
    /// Notes a file of a backup as it is.
    pub(super) fn of(directory: &Path, path: &str) -> Result<Self, BackupError> {
        let (bytes, checksum) = checksum(&directory.join(path))?;
        Ok(Self { path: path.to_owned(), bytes, checksum })
    }

    /// Compares the file with what was noted.
    pub(super) fn check(&self, directory: &Path) -> Result<(), BackupError> {
        let damaged = |reason: String| BackupError::Damaged { file: self.path.clone(), reason };
        // A manifest that was tampered with must not lead out of its directory.
        if self.path.split('/').any(|part| part == ".." || part.is_empty()) {
            return Err(damaged("its name leads elsewhere".to_owned()));
        }
        let (bytes, checksum) =
            checksum(&directory.join(&self.path)).map_err(|error| damaged(error.to_string()))?;
        if bytes != self.bytes {
            return Err(damaged(format!("it has {bytes} bytes, not {}", self.bytes)));
        }
        if checksum != self.checksum {
            return Err(damaged("its checksum is not the one that was noted".to_owned()));
        }
        Ok(())
    }
}
