//! On a running server, through its API.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::files::ModelFile;
use super::{Place, refused};
use crate::client::{Call, Connection, Fault, body, read};
use crate::commands::models::{MODELS, document, versions_of};
use crate::exit::{Failure, Result};

/// A running server.
pub(super) struct Server<'a> {
    pub(super) connection: &'a Connection<'a>,
}

/// What the server says of a document.
#[derive(Deserialize)]
struct Checked {
    is_valid: bool,
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Moved {
    leads: u64,
    up: u64,
    down: u64,
}

impl Server<'_> {
    fn post(&self, names: &[&str], asked: &Json) -> Result<Json> {
        let asked = body(asked)?;
        self.connection.json(&Call::post_json(&[&MODELS[..], names].concat(), &asked))
    }

    fn is_known(&self, model: &str) -> Result<bool> {
        let models = self.connection.json(&Call::get(&MODELS, &[]))?;
        let mut models = models.as_array().into_iter().flatten();
        Ok(models.any(|known| known["name"].as_str() == Some(model)))
    }

    /// The version that says what the file says, the latest first.
    fn same(&self, file: &ModelFile) -> Result<Option<i64>> {
        if !self.is_known(&file.model)? {
            return Ok(None);
        }
        for version in versions_of(self.connection, &file.model)?.versions {
            let known = document(self.connection, &file.model, version.version)?;
            if known == file.document.text {
                return Ok(Some(version.version));
            }
        }
        Ok(None)
    }
}

impl Place for Server<'_> {
    fn in_force(&self, model: &str) -> Result<Option<String>> {
        if !self.is_known(model)? {
            return Ok(None);
        }
        let Some(active) = versions_of(self.connection, model)?.active() else { return Ok(None) };
        document(self.connection, model, active).map(Some)
    }

    /// A server of another version may know less of models than this program.
    fn check(&self, file: &ModelFile) -> Result<()> {
        let told = self.post(&["check"], &json!({"document": file.document.text}))?;
        let checked: Checked = read(told)?;
        if checked.is_valid {
            return Ok(());
        }
        let said = checked.errors.iter().map(Fault::said).collect::<Vec<_>>();
        Err(refused(file, format_args!("{} finds mistakes in it", self.connection.address()))
            .hint(said.join("\n")))
    }

    fn moved(&self, file: &ModelFile) -> Result<(u64, u64, u64)> {
        let asked = json!({"document": file.document.text});
        let Moved { leads, up, down } = read(self.post(&[&file.model, "what-if"], &asked)?)?;
        Ok((leads, up, down))
    }

    fn put(&self, file: &ModelFile, note: &str) -> Result<i64> {
        let version = if let Some(again) = self.same(file)? {
            again
        } else {
            let made = self.post(&[], &json!({"document": file.document.text, "note": note}))?;
            made["version"].as_i64().ok_or_else(|| Failure::system("the server made no version"))?
        };
        let number = version.to_string();
        let path = [&MODELS[..], &[&file.model, "versions", &number, "diff"]].concat();
        let diff = self.connection.json(&Call::get(&path, &[]))?;
        let asked = json!({"version": version, "confirm": diff["confirm"]});
        self.post(&[&file.model, "activate"], &asked)?;
        Ok(version)
    }
}
