//! The servers that were logged in to, kept in the user's own configuration.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Address, Key};
use crate::exit::{Failure, Result};

/// The servers that are known, with a key for each.
#[derive(Debug)]
pub(crate) struct Profiles {
    path: PathBuf,
    default: Option<String>,
    servers: Vec<Profile>,
}

/// A server and the key for it.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) address: Address,
    /// What its user calls it.
    pub(crate) name: Option<String>,
    pub(crate) key: Key,
}

/// The file. Servers stand under their addresses.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(default)]
    servers: BTreeMap<String, KeptServer>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptServer {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl Profiles {
    /// Reads them. `environment` gives the value of a variable.
    pub(crate) fn read(environment: impl Fn(&'static str) -> Option<String>) -> Result<Self> {
        let path = path(environment)?;
        let nobody = Self { path: path.clone(), default: None, servers: Vec::new() };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(nobody),
            Err(error) => return Err(cannot("read", &path, error)),
        };
        refuse_if_others_can_read(&path)?;
        let damaged = |why: &str| {
            let place = path.display();
            Failure::usage(format_args!("{place} cannot be read: {why}"))
                .hint("put it right, or remove it and log in again")
        };
        // The reader's own message would quote the line, and with it perhaps a key.
        let kept: Kept = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count()) + 1;
            damaged(&format!("line {line} is not as `madura login` writes it"))
        })?;
        let mut servers = Vec::new();
        for (address, server) in kept.servers {
            // Whether plain http is fine was decided when it was written.
            let address = Address::parse(&address, true).map_err(|_| damaged("an address"))?;
            let key = Key::parse(&server.key).map_err(|_| damaged("a key"))?;
            servers.push(Profile { address, name: server.name, key });
        }
        Ok(Self { default: kept.default, servers, ..nobody })
    }

    /// All of them, in the order of their addresses.
    pub(crate) fn all(&self) -> &[Profile] {
        &self.servers
    }

    /// The one that is meant where none is named.
    pub(crate) fn default(&self) -> Option<&Profile> {
        let wanted = self.default.as_deref()?;
        self.servers.iter().find(|server| server.address.to_string() == wanted)
    }

    /// By what its user calls it, or by its address.
    pub(crate) fn find(&self, text: &str) -> Option<&Profile> {
        let named = self.servers.iter().find(|server| server.name.as_deref() == Some(text));
        let address = Address::parse(text, true).ok();
        named.or_else(|| {
            self.servers.iter().find(|server| Some(&server.address) == address.as_ref())
        })
    }

    /// Adds a server, in place of one with the same address or name.
    pub(crate) fn put(&mut self, profile: Profile) {
        self.servers.retain(|known| {
            known.address != profile.address && (known.name.is_none() || known.name != profile.name)
        });
        if self.default().is_none() {
            self.default = Some(profile.address.to_string());
        }
        self.servers.push(profile);
    }

    /// Makes a server the one that is meant where none is named.
    pub(crate) fn make_default(&mut self, address: &Address) {
        self.default = Some(address.to_string());
    }

    /// Forgets a server.
    pub(crate) fn remove(&mut self, address: &Address) {
        self.servers.retain(|known| known.address != *address);
        if self.default().is_none() {
            self.default = self.servers.first().map(|first| first.address.to_string());
        }
    }

    /// Keeps them, in a file that nobody else can read.
    pub(crate) fn write(&self) -> Result<()> {
        let servers = self.servers.iter().map(|server| {
            let kept =
                KeptServer { key: server.key.reveal().to_owned(), name: server.name.clone() };
            (server.address.to_string(), kept)
        });
        let kept = Kept { default: self.default.clone(), servers: servers.collect() };
        let text = toml::to_string(&kept)
            .map_err(|_| Failure::system("the servers cannot be written down"))?;
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let fail = |error| cannot("write", &self.path, error);
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(fail)?;
        // Made with mode 0600, and put in place as a whole.
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(fail)?;
        file.write_all(text.as_bytes()).map_err(fail)?;
        file.as_file().sync_all().map_err(fail)?;
        file.persist(&self.path).map_err(|error| fail(error.error))?;
        Ok(())
    }

    /// Where they are kept.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// As the XDG base directories have it.
fn path(environment: impl Fn(&'static str) -> Option<String>) -> Result<PathBuf> {
    let set = |name| environment(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    let directory = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let directory = directory.or_else(|| set("HOME").map(|home| home.join(".config")));
    let directory = directory.ok_or_else(|| {
        Failure::usage("there is no place for the user's own settings: HOME is not set")
            .hint("set HOME, or MADURA_SERVER and MADURA_KEY")
    })?;
    Ok(directory.join("madura").join("servers.toml"))
}

#[expect(clippy::verbose_bit_mask, reason = "modes are written in octal")]
fn refuse_if_others_can_read(path: &Path) -> Result<()> {
    let mode =
        fs::metadata(path).map_err(|error| cannot("read", path, error))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let place = path.display();
    Err(Failure::usage(format_args!("{place} has keys in it, and others can read it"))
        .hint(format_args!("chmod 600 {place}")))
}

fn cannot(what: &str, path: &Path, error: std::io::Error) -> Failure {
    Failure::file(format_args!("cannot {what} {}", path.display()), error)
}
