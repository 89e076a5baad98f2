//! Models and their versions: from a document to a version in force, and what it would change.

use history::{Backtest, BacktestError, Comparison, Options, backtest, compare_since};
use leads::Timestamp;
use scoring::document::{Diagnostic, Syntax, load};
use scoring::{Model, Needs, Program};
use serde_json::{Value as Json, json};
use store::audit::{self, Change};
use store::scores::{self, ModelError, VersionState};
use store::{DbError, Tx};
use thiserror::Error;

use crate::everyone::union;
use crate::lineup::{Lineup, kind_name};
use crate::news::News;
use crate::place::PlaceError;
use crate::{Live, LiveError};

/// A document that became a version.
#[derive(Clone, PartialEq, Debug)]
pub struct Drafted {
    /// The model, as the document names it.
    pub model: String,
    /// Its version.
    pub version: i64,
    /// What is suspicious about it.
    pub warnings: Vec<Diagnostic>,
}

/// Why something about a model could not be done.
#[derive(Clone, PartialEq, Debug, Error)]
pub enum ModelProblem {
    /// The document is no model: everything that is wrong with it.
    #[error("the document is not a model: {} things are wrong with it", .0.len())]
    Document(Vec<Diagnostic>),
    /// The document names another model.
    #[error("the document is of the model `{found}`, not of `{expected}`")]
    OtherModel {
        /// Whose version it should become.
        expected: String,
        /// What it names.
        found: String,
    },
    /// The store says no.
    #[error(transparent)]
    Version(#[from] ModelError),
    /// A back-test says nothing.
    #[error(transparent)]
    Backtest(#[from] BacktestError),
    /// A condition on a score, a bracket or a stage cannot be understood.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The system could not.
    #[error(transparent)]
    Live(#[from] LiveError),
}

impl From<DbError> for ModelProblem {
    fn from(error: DbError) -> Self {
        Self::Live(error.into())
    }
}

/// JSON where it begins like an object, else YAML.
pub(crate) fn syntax_of(document: &str) -> Syntax {
    if document.trim_start().starts_with('{') { Syntax::Json } else { Syntax::Yaml }
}

/// Reads a document; its warnings come with the model.
pub(crate) fn read(document: &str) -> Result<(Model, Vec<Diagnostic>), ModelProblem> {
    let loaded = load(document, syntax_of(document));
    match loaded.model {
        Some(model) => Ok((model, loaded.diagnostics)),
        None => Err(ModelProblem::Document(loaded.diagnostics)),
    }
}

/// A document that was found to be a model, and may become a version of it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The model, as the document names it.
    pub model: String,
    /// What is suspicious about it.
    pub warnings: Vec<Diagnostic>,
    kind: &'static str,
    document: String,
}

impl Draft {
    /// Checks a document.
    pub fn read(document: &str) -> Result<Self, ModelProblem> {
        let (model, warnings) = read(document)?;
        let kind = kind_name(model.kind);
        Ok(Self { model: model.name, warnings, kind, document: document.to_owned() })
    }

    /// Keeps it as the next version, within the transaction that notes who did it. Answers its number.
    pub fn keep(
        &self,
        tx: &mut Tx<'_>,
        note: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<i64, ModelError> {
        scores::put_model(tx, &self.model, self.kind, now)?;
        scores::add_draft(tx, &self.model, &self.document, note, by, now)
    }
}

/// So many leads are all marked when models change.
const FEW: i64 = 10_000;

impl Live {
    /// The name of the model that a document is of.
    pub fn model_of(&self, document: &str) -> Result<String, ModelProblem> {
        Ok(read(document)?.0.name)
    }

    /// Checks a document and keeps it as a draft of the model that it names.
    pub fn add_draft(
        &self,
        document: &str,
        note: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Drafted, ModelProblem> {
        let draft = Draft::read(document)?;
        let (keeping, note, by) = (draft.clone(), note.to_owned(), by.to_owned());
        let version = self.inner.store.write(move |tx| {
            let version = keeping.keep(tx, &note, &by, now)?;
            let after = json!({"version": version});
            note_change(tx, &by, "model.drafted", &keeping.model, &after, now)?;
            Ok::<_, ModelProblem>(version)
        })?;
        Ok(Drafted { model: draft.model, version, warnings: draft.warnings })
    }

    /// Activates, shadows or retires a version, and scores everyone anew. A version that becomes
    /// active retires the one that was.
    pub fn set_state(
        &self,
        model: &str,
        version: i64,
        state: VersionState,
        by: &str,
        now: Timestamp,
    ) -> Result<(), ModelProblem> {
        let (model, by) = (model.to_owned(), by.to_owned());
        self.inner.store.write(move |tx| {
            scores::set_state(tx, &model, version, state, &by, now)?;
            // Scores of a version that is in force no more are derived, and gone.
            let lineup = Lineup::read(tx)?;
            scores::keep_scores_of(
                tx,
                &lineup.lines().iter().map(|line| line.key.as_str()).collect::<Vec<_>>(),
            )?;
            let after = json!({"version": version, "state": state.name()});
            let action = match state {
                VersionState::Active => "model.activated",
                VersionState::Shadow => "model.shadowed",
                VersionState::Draft | VersionState::Retired => "model.retired",
            };
            note_change(tx, &by, action, &model, &after, now)?;
            Ok::<_, ModelProblem>(())
        })?;
        self.models_changed()?;
        Ok(())
    }

    /// Reads anew which model people look at first: after the store was changed.
    pub fn primary_changed(&self) -> Result<(), LiveError> {
        self.read_lineup()?;
        self.tell(News::Models);
        Ok(())
    }

    /// Reads the models in force anew: after the store was changed by somebody else.
    pub fn models_changed(&self) -> Result<(), LiveError> {
        self.read_lineup()?;
        if self.a_tick_will_do()? {
            self.inner.hurry.notify_one();
        } else {
            self.mark_everyone()?;
        }
        self.tell(News::Models);
        Ok(())
    }

    /// Whether a tick finds whoever is to be scored anew: not those who have no row under a model. The desk
    /// is through a few in no time, and dates each change by itself; a million would keep it busy for ten minutes.
    fn a_tick_will_do(&self) -> Result<bool, LiveError> {
        let lineup = self.lineup();
        self.inner.store.read(|tx| {
            for line in lineup.lines() {
                if scores::count_leads(tx, &line.key, &[])? <= FEW {
                    return Ok(false);
                }
            }
            Ok(!lineup.lines().is_empty())
        })
    }

    /// Comes when a tick has much to find: at once is better than at the next minute.
    pub fn hurried(&self) -> impl Future<Output = ()> + Send + use<> {
        let live = self.clone();
        async move { live.inner.hurry.notified().await }
    }

    pub(crate) fn read_lineup(&self) -> Result<(), LiveError> {
        let lineup = self.inner.store.read(Lineup::read)?;
        let mut current =
            self.inner.lineup.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *current = std::sync::Arc::new(lineup);
        Ok(())
    }

    /// What if this document were in force instead of the active version of `against`: who moves,
    /// how far, because of what. Facts in memory serve, unless the document looks at something new.
    pub fn what_if(
        &self,
        document: &str,
        against: &str,
        now: Timestamp,
        movers: usize,
    ) -> Result<Comparison, ModelProblem> {
        let (model, _) = read(document)?;
        let lineup = self.lineup();
        let line = lineup.line(against).ok_or_else(|| LiveError::NoModel(against.to_owned()))?;
        let needs = union(&Needs::of([&model]), lineup.needs());
        let glance = self.glance(&needs)?;
        let history = &glance.history;
        let program = Program::with_needs(model, Some(history.needs().clone()));
        let threads = self.inner.around.threads;
        let (last, changed) = (self.last_before(&glance), glance.changed());
        let known = last.as_ref().and_then(|last| last.known(line, changed.as_deref()));
        let programs = (&line.program, &program);
        Ok(compare_since(history, programs, now, movers, threads, known))
    }

    /// What this document would have said of the past, against what happened.
    pub fn backtest(&self, document: &str, options: &Options) -> Result<Backtest, ModelProblem> {
        let (model, _) = read(document)?;
        let needs = Needs::of([&model]).with_event(&options.outcome);
        let history = self.everyone(&needs)?;
        let program = Program::with_needs(model, Some(history.needs().clone()));
        Ok(backtest(&history, &program, options, self.inner.around.threads)?)
    }
}

/// Notes in the audit trail what was done to a model.
fn note_change(
    tx: &mut Tx<'_>,
    actor: &str,
    action: &str,
    model: &str,
    after: &Json,
    now: Timestamp,
) -> Result<(), DbError> {
    let object = format!("model:{model}");
    let change = Change { actor, action, object: &object, before: None, after: Some(after) };
    audit::append(tx, &change, now).map(|_| ())
}
