//! The models in force, ready to score, and what money is worth to their priorities.

use std::sync::Arc;

use scoring::document::load;
use scoring::model::Kind;
use scoring::{Model, Needs, Program};
use store::scores::{ModelVersion, VersionState, models, versions};
use store::{DbError, Tx};

use crate::models::syntax_of;
use crate::money::Rates;

/// A version of a model that scores are kept for.
#[derive(Debug)]
pub struct Line {
    /// The name under which its scores are kept: the model's for the active version, `model~version`
    /// for one in shadow.
    pub key: String,
    /// The model.
    pub model: String,
    /// Its version.
    pub version: i64,
    /// `acquisition` or `loyalty`.
    pub kind: String,
    /// Whether it is the one that people look at first.
    pub is_primary: bool,
    /// Whether it scores without any effect: no transitions, no webhooks.
    pub is_shadow: bool,
    /// The model, ready.
    pub program: Program,
}

/// All versions in force.
#[derive(Debug, Default)]
pub struct Lineup {
    lines: Vec<Arc<Line>>,
    needs: Needs,
    rates: Rates,
}

impl Lineup {
    /// Reads which versions are in force. One that this program cannot read (it was checked when it
    /// was added, by an earlier program) is left out and logged.
    pub(crate) fn read(tx: &mut Tx<'_>) -> Result<Self, DbError> {
        let mut found: Vec<(ModelVersion, bool, Model)> = Vec::new();
        for model in models(tx)? {
            for version in versions(tx, &model.name)? {
                if !matches!(version.state, VersionState::Active | VersionState::Shadow) {
                    continue;
                }
                let read = load(&version.document, syntax_of(&version.document)).model;
                if let Some(read) = read {
                    found.push((version, model.is_primary, read));
                } else {
                    tracing::error!(
                        model = version.model,
                        version = version.version,
                        "this version is in force and cannot be read: it does not score"
                    );
                }
            }
        }
        let needs = Needs::of(found.iter().map(|(_, _, model)| model));
        let line = |(version, primary, model): (ModelVersion, bool, Model)| {
            let is_shadow = version.state == VersionState::Shadow;
            let key = if is_shadow {
                format!("{}~{}", version.model, version.version)
            } else {
                version.model.clone()
            };
            let kind = kind_name(model.kind).to_owned();
            let program = Program::with_needs(model, Some(needs.clone()));
            Arc::new(Line {
                key,
                version: version.version,
                kind,
                is_primary: primary && !is_shadow,
                is_shadow,
                model: version.model,
                program,
            })
        };
        let lines = found.into_iter().map(line).collect();
        Ok(Self { lines, needs, rates: Rates::set(tx)? })
    }

    /// Every version in force, by model.
    pub fn lines(&self) -> &[Arc<Line>] {
        &self.lines
    }

    /// The active version of the model that people look at first, where there is one.
    pub fn primary(&self) -> Option<&Arc<Line>> {
        self.lines
            .iter()
            .find(|line| line.is_primary)
            .or_else(|| self.lines.iter().find(|line| !line.is_shadow))
    }

    /// The version whose scores are kept under a name.
    pub fn line(&self, key: &str) -> Option<&Arc<Line>> {
        self.lines.iter().find(|line| line.key == key)
    }

    /// What all of them look at.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// What deals in other currencies are worth.
    pub(crate) fn rates(&self) -> &Rates {
        &self.rates
    }
}

/// As in the document.
pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Acquisition => "acquisition",
        Kind::Loyalty => "loyalty",
    }
}
