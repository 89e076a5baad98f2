//! One file per command: its arguments, its examples and what it does.

pub(crate) mod accounts;
pub(crate) mod api;
pub(crate) mod apply;
pub(crate) mod backtest;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod erasures;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod fmt;
pub(crate) mod generate;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod imports;
pub(crate) mod lead;
pub(crate) mod leads;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod man;
pub(crate) mod models;
pub(crate) mod new;
pub(crate) mod restore;
pub(crate) mod schema;
pub(crate) mod score;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod test;
pub(crate) mod verify;
pub(crate) mod watch;

use crate::args::Command;
use crate::exit::Result;
use crate::ui::Ui;

/// Does what was asked for.
pub(crate) fn run(command: Command, ui: &Ui) -> Result {
    match command {
        Command::Score(args) => score::run(&args, ui),
        Command::Explain(args) => explain::run(&args, ui),
        Command::Diff(args) => diff::run(&args, ui),
        Command::History(args) => history::run(&args, ui),
        Command::Backtest(args) => backtest::run(&args, ui),
        Command::Check(args) => check::run(&args, ui),
        Command::Test(args) => test::run(&args, ui),
        Command::Fmt(args) => fmt::run(&args, ui),
        Command::Schema(args) => schema::run(&args, ui),
        Command::New(args) => new::run(&args, ui),
        Command::Generate(args) => generate::run(&args, ui),
        Command::Serve(args) => serve::run(&args, ui),
        Command::Demo(args) => demo::run(&args, ui),
        Command::Accounts(args) => accounts::run(&args, ui),
        Command::Apply(args) => apply::run(&args, ui),
        Command::Backup(args) => backup::run(&args, ui),
        Command::Restore(args) => restore::run(&args, ui),
        Command::Erasures(args) => erasures::run(&args, ui),
        Command::Verify(args) => verify::run(&args, ui),
        Command::Doctor(args) => doctor::run(&args, ui),
        Command::Health(args) => health::run(&args, ui),
        Command::Config(args) => config::run(&args, ui),
        Command::Login(args) => login::run(&args, ui),
        Command::Logout(args) => logout::run(&args, ui),
        Command::Leads(args) => leads::run(&args, ui),
        Command::Lead(args) => lead::run(&args, ui),
        Command::Watch(args) => watch::run(&args, ui),
        Command::Models(args) => models::run(&args, ui),
        Command::Import(args) => import::run(&args, ui),
        Command::Imports(args) => imports::run(&args, ui),
        Command::Send(args) => send::run(&args, ui),
        Command::Export(args) => export::run(&args, ui),
        Command::Api(args) => api::run(&args, ui),
        Command::Completions(args) => completions::run(&args, ui),
        Command::Man(args) => man::run(&args, ui),
    }
}
