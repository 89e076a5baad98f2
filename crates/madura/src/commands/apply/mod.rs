//! `madura apply`: model files in force, as a folder under version control has them.
//!
//! ```text
//! files (which, and are all of them good) -> house: the system's own store, while nothing runs on it
//!                                         or server: a running one, through its API
//! ```

mod files;
mod house;
mod server;

use std::path::PathBuf;

use clap::Args;

use self::files::ModelFile;
use crate::client::{ServerArgs, connect};
use crate::exit::{Failure, Outcome, Result};
use crate::inputs::counted;
use crate::service::{Settings, SettingsArgs};
use crate::ui::Ui;

/// Put model files in force
///
/// Each file becomes the active version of the model that it names, unless it is that already. Nothing
/// is done before all files are read, are models, and pass their own tests; then what would change is
/// shown, and done with `--yes`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ApplyArgs {
    /// Model files, or directories with them, and with directories of them
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Do it
    #[arg(long)]
    yes: bool,

    /// Who does it, for the record; a running server knows whose key it is
    #[arg(long, value_name = "NAME", default_value = "apply")]
    by: String,

    /// A running server that is told through its API: its address, or what it was called at `madura login`
    /// (environment: `MADURA_SERVER`; its key: `MADURA_KEY`). Without it the system of this machine
    #[arg(long, value_name = "URL")]
    server: Option<String>,

    /// Send the key over plain http to another machine, where everybody on the way can read it
    #[arg(long, requires = "server")]
    plain_http: bool,

    #[command(flatten)]
    settings: SettingsArgs,
}

const EXAMPLES: &str = "\
Examples:
  madura apply models/                                       what would change
  madura apply models/ --yes                                 do it
  madura apply models/ --server https://leads.example.com    on a running server, through its API

Without --server the system's own database is changed: an embedded one only while nothing runs on
it; on PostgreSQL running servers notice within seconds.";

/// Where models are put in force.
trait Place {
    /// The document that counts for a model; nothing where none does.
    fn in_force(&self, model: &str) -> Result<Option<String>>;

    /// Refuses a file that this place would not take.
    fn check(&self, file: &ModelFile) -> Result<()>;

    /// How many leads there are, how many would rise and how many fall.
    fn moved(&self, file: &ModelFile) -> Result<(u64, u64, u64)>;

    /// Puts a file in force; answers its version. What was in force before and comes back is the same
    /// version again.
    fn put(&self, file: &ModelFile, note: &str) -> Result<i64>;
}

pub(crate) fn run(args: &ApplyArgs, ui: &Ui) -> Result {
    let files = files::read(&args.paths, ui)?;
    let environment = std::env::var("MADURA_SERVER").is_ok_and(|text| !text.is_empty());
    if args.server.is_some() || environment {
        let server = ServerArgs { server: args.server.clone(), plain_http: args.plain_http };
        let connection = connect(&server, ui)?;
        return apply(&server::Server { connection: &connection }, &files, args.yes, ui);
    }
    let settings = Settings::read(&args.settings, |name| std::env::var(name).ok())?;
    let here = house::open(&settings, &args.by)?;
    apply(&here, &files, args.yes, ui)
}

fn apply(place: &impl Place, files: &[ModelFile], yes: bool, ui: &Ui) -> Result {
    let mut changed = Vec::new();
    for file in files {
        let (name, model) = (&file.document.name, &file.model);
        match place.in_force(model)? {
            Some(document) if document == file.document.text => {
                ui.say(format_args!("{name}: {model} is in force as it is"));
                continue;
            }
            Some(_) => {
                place.check(file)?;
                let (leads, up, down) = place.moved(file)?;
                let leads = counted(leads, "lead", "leads");
                ui.say(format_args!("{name}: {model}: of {leads} {up} rise and {down} fall"));
            }
            None => {
                place.check(file)?;
                ui.say(format_args!("{name}: {model} is not in force yet"));
            }
        }
        changed.push(file);
    }
    if changed.is_empty() {
        return Ok(Outcome::Fine);
    }
    if !yes {
        ui.hint("nothing was changed: say --yes to do it");
        return Ok(Outcome::Findings);
    }
    for (done, file) in changed.iter().enumerate() {
        let name = &file.document.name;
        let version = place.put(file, &format!("from {name}")).map_err(|failure| {
            let left = counted((changed.len() - done) as u64, "file", "files");
            failure.hint(format_args!("{done} were put in force before it, {left} are not"))
        })?;
        ui.say(format_args!("{name}: {} version {version} is in force", file.model));
    }
    Ok(Outcome::Fine)
}

/// A document that was found good and is refused all the same.
fn refused(file: &ModelFile, why: impl std::fmt::Display) -> Failure {
    Failure::usage(format_args!("{} is not taken: {why}", file.document.name))
}
