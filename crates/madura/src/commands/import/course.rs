//! Watching an import to its end, and telling what came of it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use super::{IMPORTS, Import, ImportArgs, find};
use crate::client::{Call, Connection, legible, read};
use crate::exit::{Failure, Outcome, Result};
use crate::inputs::{counted, grouped};
use crate::output::csv;
use crate::progress::Progress;
use crate::ui::Ui;

/// From one look to the next: soon for a small file, seldom for a large one.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LOOK_MAX: Duration = Duration::from_secs(1);

/// More rows push everything else off the screen.
const SAID_MAX: usize = 5;

/// Refused rows on a page, and as many as the server keeps.
const PAGE: i64 = 200;

/// A row that was refused.
#[derive(Debug, Deserialize)]
struct Reject {
    row: i64,
    code: String,
    message: String,
}

/// Waits until an import is over, and tells what came of it.
pub(super) fn follow(connection: &Connection<'_>, import: Import, args: &ImportArgs) -> Result {
    let ui = connection.ui;
    let mut import = import;
    let mut pause = FIRST_LOOK;
    {
        let progress = Progress::rows(ui, &legible(&import.name));
        while import.state == "running" {
            thread::sleep(pause);
            pause = (pause * 3 / 2).min(LOOK_MAX);
            import = find(connection, &import.id).map_err(|failure| {
                failure.hint(format_args!(
                    "the import itself goes on: `madura import --resume {}` watches it",
                    import.id
                ))
            })?;
            progress.reach(import.settled);
        }
    }
    match import.state.as_str() {
        "failed" => {
            say_rejects(connection, &import, args)?;
            let why = legible(import.failure.as_deref().unwrap_or("it does not say why"));
            Err(Failure::system(format_args!(
                "import {} ended after {}: {why}",
                import.id,
                counted(import.settled, "row", "rows")
            ))
            .hint(format_args!("`madura import --resume {}` goes on there", import.id)))
        }
        "paused" => {
            ui.say(format_args!("Somebody halted import {}", import.id));
            ui.hint(format_args!("`madura import --resume {}` goes on", import.id));
            Ok(Outcome::Findings)
        }
        _ => tell(connection, &import, args),
    }
}

/// What came of an import that is over.
pub(super) fn tell(connection: &Connection<'_>, import: &Import, args: &ImportArgs) -> Result {
    let ui = connection.ui;
    let of = import.total.unwrap_or(import.settled);
    let mut said = format!(
        "Import {}: {} of {} taken",
        import.id,
        grouped(import.taken),
        counted(of, "row", "rows")
    );
    if import.repeated > 0 {
        let _ = write!(said, ", {} there already", grouped(import.repeated));
    }
    if import.rejected > 0 {
        let _ = write!(said, ", {} refused", grouped(import.rejected));
    }
    ui.say(said);
    say_rejects(connection, import, args)?;
    if import.taken > 0 && import.state == "done" {
        ui.note(format_args!("`madura import --undo {}` takes it back", import.id));
    }
    Ok(if args.strict && import.rejected > 0 { Outcome::Findings } else { Outcome::Fine })
}

/// Tells the first rows that were refused, and writes all of them down where that is wanted.
fn say_rejects(connection: &Connection<'_>, import: &Import, args: &ImportArgs) -> Result<()> {
    let ui = connection.ui;
    let mut file = match &args.rejects {
        Some(path) => {
            let begin = || {
                let mut file = BufWriter::new(File::create(path)?);
                file.write_all(b"row,code,reason\n")?;
                Ok(file)
            };
            Some((path, begin().map_err(|error| cannot_write(path, error))?))
        }
        None => None,
    };
    let (mut seen, place) = (0_u64, import.place());
    if import.rejected > 0 {
        ui.warn(format_args!(
            "{} could not be read and left out",
            counted(import.rejected, "row", "rows")
        ));
        let mut after = -1;
        loop {
            let page = page(connection, &import.id, after)?;
            let is_last = (page.len() as i64) < PAGE;
            after = page.last().map_or(after, |last| last.row);
            for reject in page {
                if (seen as usize) < SAID_MAX {
                    ui.more(legible(&format!("{place} {}: {}", reject.row, reject.message)));
                }
                seen += 1;
                if let Some((path, file)) = &mut file {
                    let line = line(&reject);
                    file.write_all(&line).map_err(|error| cannot_write(path, error))?;
                }
            }
            if is_last || (file.is_none() && seen as usize >= SAID_MAX) {
                break;
            }
        }
    }
    if let Some((path, mut file)) = file {
        file.flush().map_err(|error| cannot_write(path, error))?;
        say_rest(import, seen, path, ui);
    } else if import.rejected > SAID_MAX as u64 {
        let rest = grouped(import.rejected - SAID_MAX as u64);
        ui.more(format_args!(
            "and {rest} more; `madura import --resume {} --rejects FILE` writes them all down",
            import.id
        ));
    }
    Ok(())
}

fn say_rest(import: &Import, written: u64, path: &str, ui: &Ui) {
    if written >= import.rejected {
        if written > 0 {
            ui.more(format_args!("all of them are in {path}"));
        }
    } else {
        let (written, all) = (grouped(written), grouped(import.rejected));
        ui.more(format_args!(
            "the first {written} of {all} are in {path}: the server keeps no more"
        ));
    }
}

fn page(connection: &Connection<'_>, id: &str, after: i64) -> Result<Vec<Reject>> {
    let query = [("after", after.to_string()), ("limit", PAGE.to_string())];
    read(connection.json(&Call::get(&[&IMPORTS[..], &[id, "rejects"]].concat(), &query))?)
}

fn line(reject: &Reject) -> Vec<u8> {
    let mut line = format!("{},", reject.row).into_bytes();
    csv::cell(&reject.code, &mut line);
    line.push(b',');
    csv::cell(&reject.message, &mut line);
    line.push(b'\n');
    line
}

fn cannot_write(path: &str, error: std::io::Error) -> Failure {
    Failure::file(format_args!("{path}: cannot be written"), error)
}
