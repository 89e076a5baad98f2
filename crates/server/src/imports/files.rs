//! How long the files of imports are kept, and what becomes of them when somebody in one is erased.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::UNIX_EPOCH;

use ingest::imports::{ImportFile, ImportMapping, ImportRun, read};
use leads::Report;
use store::identity::{Identifier, IdentifierKind};
use store::imports::{self, Import, ImportState};

use super::discard;
use crate::app::App;
use crate::problem::Problem;

/// A file that was not taken in to its end is kept for so many days after it came.
const KEPT_DAYS: i64 = 30;

/// A file that comes in belongs to no import yet, for a day at most.
const COMING_DAYS: i64 = 1;

const DAY_MS: i64 = 24 * 60 * 60_000;

/// Takes away the files that nobody needs: of imports that are done or undone, of none, and those that have waited
/// for too long. Answers how many.
pub(crate) fn tidy(app: &App) -> Result<usize, Problem> {
    let mut removed = 0;
    for entry in entries(app) {
        let age_days = age_ms(app, &entry) / DAY_MS;
        let import = import_of(app, &entry)?;
        let is_over = match &import {
            None => age_days >= COMING_DAYS,
            Some(import) => is_needless(import) || age_days >= KEPT_DAYS && !is_running(import),
        };
        if is_over {
            take_away(
                app,
                &entry.path(),
                import.as_ref(),
                "the file was not imported for 30 days",
            )?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Takes away the files that hold somebody who is erased, whichever import they are of. One that cannot be read
/// may hold anybody.
pub(crate) fn forget(app: &App, names: &[Identifier]) -> Result<(), Problem> {
    let names: BTreeSet<(IdentifierKind, String)> =
        names.iter().map(|name| (name.kind, name.value.to_lowercase())).collect();
    for entry in entries(app) {
        let Some(import) = import_of(app, &entry)? else { continue };
        if is_needless(&import) || holds(&entry.path(), &import, &names) {
            let reason = "somebody in the file was erased: import it anew without that person";
            take_away(app, &entry.path(), Some(&import), reason)?;
        }
    }
    Ok(())
}

fn entries(app: &App) -> impl Iterator<Item = DirEntry> + use<> {
    fs::read_dir(app.config.data.join("imports")).into_iter().flatten().flatten()
}

fn age_ms(app: &App, entry: &DirEntry) -> i64 {
    let written = entry.metadata().and_then(|found| found.modified());
    let written = written.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let written = written.map_or(0, |since| since.as_millis() as i64);
    app.now().as_millis() - written
}

fn import_of(app: &App, entry: &DirEntry) -> Result<Option<Import>, Problem> {
    let name = entry.file_name().to_string_lossy().into_owned();
    app.live.store().read(|tx| Ok(imports::of_file(tx, &name)?))
}

fn is_running(import: &Import) -> bool {
    import.state == ImportState::Running
}

fn is_needless(import: &Import) -> bool {
    matches!(import.state, ImportState::Done | ImportState::Undone)
}

/// One that is under way reads on in what it has open, and cannot be taken up again.
fn take_away(
    app: &App,
    path: &Path,
    import: Option<&Import>,
    reason: &'static str,
) -> Result<(), Problem> {
    discard(path);
    let Some(import) = import.filter(|import| !is_needless(import) && !is_running(import)) else {
        return Ok(());
    };
    let (id, now) = (import.id.clone(), app.now());
    app.live.store().write(move |tx| {
        match imports::lose_file(tx, &id, reason, now) {
            // It was begun, done or removed meanwhile: then it says by itself that its file is no more.
            Ok(_) | Err(imports::ImportError::State { .. } | imports::ImportError::Unknown) => {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    })
}

fn holds(path: &Path, import: &Import, names: &BTreeSet<(IdentifierKind, String)>) -> bool {
    let mapping = serde_json::from_value::<ImportMapping>(import.mapping.clone());
    let file = ImportFile::open(&path.display().to_string(), &import.name);
    let (Ok(mapping), Ok(file)) = (mapping, file) else { return true };
    let run = ImportRun {
        scope: &import.id,
        source: "import",
        imported_at: import.created_at,
        from_row: 0,
        batch_rows: 1_000,
    };
    let mut holds = false;
    let read = read(&file, &mapping, &run, &mut |batch| {
        holds = batch.reports.iter().any(|report| is_about(report, names));
        if holds { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    holds || read.is_err()
}

fn is_about(report: &Report, names: &BTreeSet<(IdentifierKind, String)>) -> bool {
    let who = &report.who;
    let email = who.email.as_ref().map(|email| (IdentifierKind::Email, email.as_str()));
    let user = who.user.as_deref().map(|user| (IdentifierKind::User, user));
    let anonymous = who.anonymous.as_deref().map(|id| (IdentifierKind::Anonymous, id));
    let shown = email.into_iter().chain(user).chain(anonymous);
    shown.into_iter().any(|(kind, value)| names.contains(&(kind, value.to_lowercase())))
}
