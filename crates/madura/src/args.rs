//! What can be typed.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

use crate::commands::{
    accounts, api, apply, backtest, backup, check, completions, config, demo, diff, doctor,
    erasures, explain, export, fmt, generate, health, history, import, imports, lead, leads, login,
    logout, man, models, new, restore, schema, score, send, serve, test, verify, watch,
};
use crate::ui::ColorChoice;

/// Lead scoring: exact, explained scores from two files and a model
///
/// A model is a YAML file that says what earns points. From it, a file of leads and a file of
/// events, madura says who is worth a call, why, since when, and whether it would have been right.
#[derive(Parser, Debug)]
#[command(
    name = "madura",
    version,
    styles = STYLES,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = FIRST_STEPS
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    #[arg(help = "Colours: auto, always or never")]
    pub(crate) color: ColorChoice,

    /// Say nothing on standard error but errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// The commands, in the order in which a new user meets them.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Score everyone, best first
    Score(score::ScoreArgs),
    /// Show why one lead has its score, line by line
    Explain(explain::ExplainArgs),
    /// Show what another model would change: who moves, and because of what
    Diff(diff::DiffArgs),
    /// Show how the score of one lead came to be what it is
    History(history::HistoryArgs),
    /// Test a model against what really happened
    Backtest(backtest::BacktestArgs),
    /// Check a model and report every mistake at once
    Check(check::CheckArgs),
    /// Run the tests that a model brings along
    Test(test::TestArgs),
    /// Write a model in its canonical form
    Fmt(fmt::FmtArgs),
    /// Print the JSON Schema of the model document, for editors
    Schema(schema::SchemaArgs),
    /// Begin a model of your own
    New(new::NewArgs),
    /// Make the files of a believable company, to try things on
    Generate(generate::GenerateArgs),
    /// Run the live system: facts in, scores out
    Serve(serve::ServeArgs),
    /// Run the live system on a company that is made up, with visitors on its site
    Demo(demo::DemoArgs),
    /// See who may log in, and let somebody in again who forgot the password
    Accounts(accounts::AccountsArgs),
    /// Put model files in force
    Apply(apply::ApplyArgs),
    /// Copy everything that is kept into a directory, while the system runs or not
    Backup(backup::BackupArgs),
    /// Bring a backup back
    Restore(restore::RestoreArgs),
    /// Print whom to erase again, should an older backup be brought back
    Erasures(erasures::ErasuresArgs),
    /// Look whether what is kept is whole
    Verify(verify::VerifyArgs),
    /// Look whether the system has what it needs
    Doctor(doctor::DoctorArgs),
    /// Ask a running system whether it can take facts
    Health(health::HealthArgs),
    /// Check the settings, and show what decided each
    Config(config::ConfigArgs),
    /// Log in to a running server with an API key
    Login(login::LoginArgs),
    /// Forget the key for a server
    Logout(logout::LogoutArgs),
    /// List the leads of a running server, the best first
    Leads(leads::LeadsArgs),
    /// Show why one lead of a running server has its score, line by line
    Lead(lead::LeadArgs),
    /// Watch scores and stages change, as they happen
    Watch(watch::WatchArgs),
    /// See and change the models of a running server
    Models(models::ModelsArgs),
    /// Import a file into a running server: leads, events or deals
    Import(import::ImportArgs),
    /// List the imports of a running server, the newest first
    Imports(imports::ImportsArgs),
    /// Send facts to a running server: one JSON object a line
    Send(send::SendArgs),
    /// Take leads, companies, deals, transitions or recent facts out of a running server
    Export(export::ExportArgs),
    /// Call the API of a running server: everything that has no command of its own
    Api(api::ApiArgs),
    /// Print completions for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(man::ManArgs),
}

/// Where the facts come from: the same words in every command that reads them.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Facts")]
pub(crate) struct InputArgs {
    /// Leads: one row each, every column a trait. CSV, NDJSON or Parquet, also gzip or zstd; `-` is
    /// standard input. May be given several times
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) leads: Vec<String>,

    /// Events: `lead`, `event`, `at`, and what else is known. May be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Vec<String>,

    /// Changes of traits: `lead`, `trait`, `value`, `at`. May be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) changes: Vec<String>,

    /// What columns are called in your files: `lead=customer_id,at=ts`. `events.at=ts` concerns
    /// the files of events only (likewise `leads.` and `changes.`)
    #[arg(long, value_name = "ROLE=COLUMN,...", value_delimiter = ',')]
    pub(crate) map: Vec<String>,

    /// The time zone of instants that name none, as in `Europe/Madrid`. Without it such rows are
    /// rejected
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,

    /// What separates the cells of CSV: one character, or `tab`. By default the header tells
    #[arg(long, value_name = "CHARACTER")]
    pub(crate) delimiter: Option<String>,

    /// Write rows that cannot be read to this CSV file, each with its place and the reason
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<String>,

    /// Stop at the first row that cannot be read, with exit code 1
    #[arg(long)]
    pub(crate) strict: bool,

    /// How many threads to use; by default one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

/// The instant of a score.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AsOfArgs {
    /// The instant to score at: RFC 3339, or a date for its midnight in the model's time zone. By
    /// default now
    #[arg(long, value_name = "INSTANT")]
    pub(crate) as_of: Option<String>,
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const FIRST_STEPS: &str = "\
First steps:
  madura generate --out company                 a company to try things on
  madura new model.yaml                         a model to begin with
  madura score model.yaml --leads company/leads.csv --events company/events.csv
  madura explain model.yaml 17 --leads company/leads.csv --events company/events.csv
  madura login https://leads.example.com        a server that runs already; then `madura leads`

Exit codes: 0 fine; 1 findings (a failed test, a rejected row under --strict); 2 a wrong command
line or model, or a server that refuses; 3 a file that cannot be read or written; 4 the store, the
network or the server could not.";
