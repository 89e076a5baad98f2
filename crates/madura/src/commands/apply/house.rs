//! In the system's own store.

use live::{Live, ModelProblem};
use store::scores::{VersionState, active_at, versions};

use super::files::ModelFile;
use super::{Place, refused};
use crate::clock::now;
use crate::exit::{Failure, Result};
use crate::service::{House, Opened, Settings};

/// A system that is open here.
pub(super) struct Here<'a> {
    opened: Opened,
    /// Who does it.
    by: &'a str,
}

/// Opens it, unless a process works on it already.
pub(super) fn open<'a>(settings: &Settings, by: &'a str) -> Result<Here<'a>> {
    let opened = House::open(settings).map_err(|failure| {
        if House::is_in_use(settings) {
            failure.hint("`madura apply ... --server URL` tells a running server")
        } else {
            failure
        }
    })?;
    Ok(Here { opened: opened.live()?, by })
}

impl Here<'_> {
    fn live(&self) -> &Live {
        &self.opened.live
    }
}

impl Place for Here<'_> {
    fn in_force(&self, model: &str) -> Result<Option<String>> {
        let active = self.live().store().read(|tx| active_at(tx, model, now()));
        Ok(active.map_err(Failure::system)?.map(|active| active.document))
    }

    fn check(&self, _: &ModelFile) -> Result<()> {
        // It was found good by the very program that would use it.
        Ok(())
    }

    fn moved(&self, file: &ModelFile) -> Result<(u64, u64, u64)> {
        let moved = self.live().what_if(&file.document.text, &file.model, now(), 0);
        let moved = moved.map_err(|problem| failed(file, problem))?;
        Ok((moved.leads, moved.up, moved.down))
    }

    fn put(&self, file: &ModelFile, note: &str) -> Result<i64> {
        let (live, text) = (self.live(), &file.document.text);
        let known = live.store().read(|tx| versions(tx, &file.model)).map_err(Failure::system)?;
        let version = if let Some(again) = known.into_iter().find(|one| one.document == *text) {
            again.version
        } else {
            let drafted = live.add_draft(text, note, self.by, now());
            drafted.map_err(|problem| failed(file, problem))?.version
        };
        live.set_state(&file.model, version, VersionState::Active, self.by, now())
            .map_err(|problem| failed(file, problem))?;
        Ok(version)
    }
}

fn failed(file: &ModelFile, problem: ModelProblem) -> Failure {
    match problem {
        ModelProblem::Document(_) => refused(file, problem),
        other => Failure::system(other),
    }
}
