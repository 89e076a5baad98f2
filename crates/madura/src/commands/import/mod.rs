//! `madura import`: a file into a running server, looked at first, watched to its end, and taken back
//! as a whole where it was wrong.

mod course;
mod digest;
mod mapping;
mod preview;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::client::{Call, Connection, ServerArgs, body, connect, each_of, legible, read};
use crate::exit::{Failure, Outcome, Result};
use crate::progress::Progress;
use crate::ui::Ui;

/// Import a file into a running server: leads, events or deals
///
/// Uploads CSV, NDJSON, Parquet or a workbook (xlsx, ods), shows what each column seems to mean, and asks
/// before anything is taken. Rows that cannot be read are told one by one; the others are taken. An
/// import that broke off goes on where it was, and any import can be taken back as a whole.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that can be typed")]
pub(crate) struct ImportArgs {
    /// The file
    #[arg(value_name = "FILE", required_unless_present_any = ["resume", "undo"])]
    file: Option<PathBuf>,

    #[command(flatten)]
    mapping: mapping::MappingArgs,

    /// Show what the columns would mean, and take nothing yet
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    /// Import it although the same file was imported before: events without ids count twice then
    #[arg(long)]
    again: bool,

    /// Write the rows that were refused to this CSV file
    #[arg(long, value_name = "FILE")]
    rejects: Option<String>,

    /// Exit with 1 where a row was refused
    #[arg(long)]
    strict: bool,

    /// Go on with an import that waits, was halted, or failed
    #[arg(long, value_name = "ID", conflicts_with_all = ["file", "undo"])]
    resume: Option<String>,

    /// Take back everything that an import brought: scores are what they were without it
    #[arg(long, value_name = "ID", conflicts_with_all = ["file", "dry_run"])]
    undo: Option<String>,

    #[command(flatten)]
    server: ServerArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura import crm.csv                          look at it, be asked, watch it
  madura import crm.csv --dry-run                only look at it
  madura import log.ndjson --map user=customer_id,at=ts --zone Europe/Madrid --yes
  madura import fair.xlsx --map email=Correo,trait.company.name=Empresa,ignore=Notas --yes
  madura import visits.csv --event fair_visited --rejects rejects.csv --yes
  madura import --resume 0197a3c2-6a5e-7c11-b0f4-2f8e6d3c9a10
  madura import --undo 0197a3c2-6a5e-7c11-b0f4-2f8e6d3c9a10";

/// An import as the server tells it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Import {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) format: String,
    #[serde(default)]
    pub(crate) mapping: Json,
    pub(crate) total: Option<u64>,
    pub(crate) settled: u64,
    pub(crate) taken: u64,
    pub(crate) rejected: u64,
    pub(crate) repeated: u64,
    pub(crate) failure: Option<String>,
    pub(crate) created_at: String,
}

impl Import {
    /// What the number of a row counts: the lines of a text file, the rows of others.
    fn place(&self) -> &'static str {
        if matches!(self.format.as_str(), "csv" | "ndjson") { "line" } else { "row" }
    }
}

const IMPORTS: [&str; 3] = ["api", "v1", "imports"];

pub(crate) fn run(args: &ImportArgs, ui: &Ui) -> Result {
    let connection = connect(&args.server, ui)?;
    if let Some(id) = &args.undo {
        return undo(&connection, id);
    }
    let import = match (&args.resume, &args.file) {
        (Some(id), _) => find(&connection, id)?,
        (None, Some(file)) => match before(&connection, file, args)? {
            Some(import) => import,
            None => upload(&connection, file)?,
        },
        (None, None) => return Err(Failure::usage("there is no file to import")),
    };
    match import.state.as_str() {
        "previewed" => start(&connection, import, args),
        "running" => course::follow(&connection, import, args),
        "paused" | "failed" => {
            ui.say(format_args!("Import {} goes on after {} rows", import.id, import.settled));
            let path = [&IMPORTS[..], &[&import.id, "resume"]].concat();
            let import = read(connection.json(&Call::post(&path))?)?;
            course::follow(&connection, import, args)
        }
        "done" => course::tell(&connection, &import, args),
        state => Err(Failure::usage(format_args!("import {} is {}", import.id, legible(state)))
            .hint("import the file anew")),
    }
}

fn find(connection: &Connection<'_>, id: &str) -> Result<Import> {
    read(connection.json(&Call::get(&[&IMPORTS[..], &[id]].concat(), &[]))?)
}

/// The import of the same file that was there before, unless it was taken back.
fn before(connection: &Connection<'_>, file: &Path, args: &ImportArgs) -> Result<Option<Import>> {
    /// More imports than these are not looked through.
    const LOOKED_AT: usize = 1_000;
    if args.again {
        return Ok(None);
    }
    let name = digest::name(file)?;
    let mut found = None;
    each_of(connection, &IMPORTS, &[], "imports", LOOKED_AT, |import| {
        let import: Import = read(import)?;
        if found.is_none() && import.name == name && import.state != "undone" {
            found = Some(import);
        }
        Ok(())
    })?;
    if let Some(found) = &found {
        let (state, day) = (&found.state, found.created_at.get(..10).unwrap_or_default());
        let state = if state == "previewed" { "waits to be started" } else { state };
        connection.ui.say(format_args!(
            "The same file came as import {} on {day}, which {}{}",
            found.id,
            if state == "waits to be started" { "" } else { "is " },
            legible(state)
        ));
        if found.state == "done" {
            connection.ui.hint("nothing is taken twice; --again imports it once more all the same");
        }
    }
    Ok(found)
}

fn upload(connection: &Connection<'_>, file: &Path) -> Result<Import> {
    let bytes = std::fs::metadata(file)
        .map_err(|error| Failure::file(format_args!("{} cannot be read", file.display()), error))?
        .len();
    let query = [("name", digest::name(file)?)];
    let progress = Progress::bytes(connection.ui, &file.to_string_lossy(), bytes);
    read(connection.json(&Call::post_file(&IMPORTS, &query, file, &progress))?)
}

/// From the upload to the end, with a word in between about what the columns mean.
fn start(connection: &Connection<'_>, import: Import, args: &ImportArgs) -> Result {
    let ui = connection.ui;
    let id = import.id.clone();
    let mut import = import;
    let is_other_table = args.mapping.changes_the_table();
    if is_other_table {
        // Another sheet has other columns: what was proposed for the first is forgotten.
        import = set(connection, &id, &args.mapping.table())?;
    }
    let looked = preview::look(connection, &id)?;
    let base = if is_other_table { &looked.mapping } else { &import.mapping };
    let mapping = args.mapping.apply(base, &looked)?;
    if mapping != import.mapping {
        import = set(connection, &id, &mapping)?;
    }
    preview::show(&import, &looked, ui);
    if let Some(missing) = preview::missing(&import.mapping, &looked) {
        ui.hint(missing);
    }
    if args.dry_run {
        ui.say("Nothing was taken.");
        ui.hint(format_args!("`madura import --resume {id} --yes` takes it as it stands here"));
        return Ok(Outcome::Fine);
    }
    if !args.yes && !ui.agree("Take it?")? {
        ui.hint(format_args!("`madura import --resume {id} --yes` takes it as it stands here"));
        return Ok(Outcome::Findings);
    }
    let path = [&IMPORTS[..], &[&id, "start"]].concat();
    let import = read(connection.json(&Call::post(&path))?)?;
    course::follow(connection, import, args)
}

fn set(connection: &Connection<'_>, id: &str, mapping: &Json) -> Result<Import> {
    let body = body(mapping)?;
    let path = [&IMPORTS[..], &[id, "mapping"]].concat();
    read(connection.json(&Call::put_json(&path, &body))?)
}

fn undo(connection: &Connection<'_>, id: &str) -> Result {
    let path = [&IMPORTS[..], &[id, "undo"]].concat();
    let import: Import = read(connection.json(&Call::post(&path))?)?;
    connection.ui.say(format_args!(
        "Import {} ({}) is taken back: {} rows count no more",
        import.id,
        legible(&import.name),
        import.taken
    ));
    Ok(Outcome::Fine)
}
