//! `madura watch`: scores and stages as they change.

use std::collections::HashMap;
use std::io::Write as _;
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::client::{
    Call, Connection, Heard, ServerArgs, Stream, connect, legible, legible_tree, read,
};
use crate::clock;
use crate::exit::{Outcome, Result};
use crate::output::grid::fit;
use crate::ui::Ui;

/// Watch scores and stages change, as they happen
///
/// A line for each lead whose numbers change, and one for each that comes into a stage or out of it, with
/// the reason, until you stop it. When the connection breaks it comes back by itself: transitions of
/// meanwhile are told then, numbers are not, which is said.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WatchArgs {
    /// The model; by default the one that people look at first
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,

    /// The form of the output: table, or ndjson. By default lines for people on a terminal and NDJSON
    /// elsewhere
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    format: Option<Format>,

    /// End after N changes
    #[arg(long, value_name = "N")]
    count: Option<u64>,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Table,
    Ndjson,
}

const EXAMPLES: &str = "\
Examples:
  madura watch
  madura watch --model loyalty
  madura watch --format ndjson | jq 'select(.kind == \"lead\" and .bracket == \"hot\")'

In NDJSON, `kind` is stage_entered, stage_left, bracket, disqualified or requalified (a transition,
as the API has it), lead (new numbers), gone (a lead is no more), everyone (so much changed that
lists are best read anew), models, import, or lagged (some were missed: read lists anew).";

/// From one attempt to the next: longer each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Leads whose names are kept. Beyond them all are forgotten, and asked for anew.
const NAMES_MAX: usize = 10_000;

pub(crate) fn run(args: &WatchArgs, ui: &Ui) -> Result {
    let usual = if ui.stdout_is_terminal { Format::Table } else { Format::Ndjson };
    let connection = connect(&args.server, ui)?;
    let query: Vec<(&str, String)> =
        args.model.iter().map(|model| ("model", model.clone())).collect();
    let mut watcher = Watcher {
        connection: &connection,
        format: args.format.unwrap_or(usual),
        left: args.count,
        seen: HashMap::new(),
    };
    // What is wrong at the beginning, a key for instance, does not get better by itself.
    let mut stream = Stream::open(&connection, &query, None)?;
    loop {
        let mut pause = FIRST_PAUSE;
        while let Some(heard) = stream.hear() {
            pause = FIRST_PAUSE;
            if watcher.tell(heard)? {
                return Ok(Outcome::Fine);
            }
        }
        ui.note("the connection broke; connecting again");
        let place = stream.place();
        stream = loop {
            thread::sleep(pause);
            match Stream::open(&connection, &query, place.clone()) {
                Ok(stream) => break stream,
                Err(failure) if !failure.is_of_the_system() => return Err(failure),
                Err(_) => pause = (pause * 2).min(PAUSE_MAX),
            }
        };
        if watcher.tell(Heard::Lagged)? {
            return Ok(Outcome::Fine);
        }
    }
}

struct Watcher<'a> {
    connection: &'a Connection<'a>,
    format: Format,
    left: Option<u64>,
    /// Who a lead is, and where it was when it was last told.
    seen: HashMap<String, Seen>,
}

#[derive(Clone, Default)]
struct Seen {
    who: String,
    bracket: Option<String>,
    stage: Option<String>,
}

/// A change of a lead.
#[derive(Deserialize)]
struct Moved {
    lead: String,
    score: i64,
    before: Option<i64>,
    bracket: Option<String>,
    stage: Option<String>,
    #[serde(default)]
    disqualified: bool,
}

/// A transition.
#[derive(Deserialize)]
struct Told {
    lead: String,
    kind: String,
    from: Option<String>,
    to: Option<String>,
    reason: String,
    score: i64,
}

/// What the clock on the wall shows.
fn time() -> String {
    clock::now().to_jiff().to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}

impl Watcher<'_> {
    /// Tells what was heard; answers whether that was enough.
    fn tell(&mut self, heard: Heard) -> Result<bool> {
        let (line, counts) = match (heard, self.format) {
            (Heard::Hello, _) => {
                self.connection.ui.note(format_args!("watching {}", self.connection.address()));
                return Ok(false);
            }
            (Heard::Lagged, Format::Ndjson) => (json!({"kind": "lagged"}).to_string(), false),
            (Heard::Lagged, Format::Table) => {
                self.connection.ui.note("some changes were missed: `madura leads` has them all");
                return Ok(false);
            }
            (Heard::Transition(transition), Format::Ndjson) => (transition.to_string(), false),
            (Heard::Transition(transition), Format::Table) => match self.reason(transition)? {
                Some(line) => (line, false),
                None => return Ok(false),
            },
            (Heard::News(news), Format::Ndjson) => {
                let counts = news["kind"] == "lead";
                (news.to_string(), counts)
            }
            (Heard::News(news), Format::Table) => match self.line(news)? {
                Some(told) => told,
                None => return Ok(false),
            },
        };
        let mut stdout = Ui::stdout();
        writeln!(stdout, "{line}")?;
        stdout.flush()?;
        if counts && let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        Ok(self.left == Some(0))
    }

    /// A line for people, and whether it counts as a change.
    fn line(&mut self, news: Json) -> Result<Option<(String, bool)>> {
        let ui = self.connection.ui;
        let now = time();
        let paint = ui.paint;
        let said = match news["kind"].as_str().unwrap_or_default() {
            "lead" => return Ok(Some((self.moved(&read(legible_tree(news))?, &now), true))),
            "everyone" => {
                format!(
                    "{} leads have new numbers, as time passed or the model changed",
                    news["changed"]
                )
            }
            "models" => "other models are in force".to_owned(),
            "gone" => format!("lead {} is no more", legible(news["lead"].as_str().unwrap_or("?"))),
            "import" => {
                let text = |name: &str| legible(news[name].as_str().unwrap_or("?"));
                format!("import {} is {}", text("import"), text("state"))
            }
            _ => return Ok(None),
        };
        Ok(Some((paint.dim(format_args!("{now}  {said}")), false)))
    }

    /// Why a lead stands in another stage. A bracket is told with the numbers.
    fn reason(&self, transition: Json) -> Result<Option<String>> {
        let Told { lead, kind, from, to, reason, score } = read(legible_tree(transition))?;
        let name = |place: Option<String>| place.unwrap_or_else(|| "?".to_owned());
        let what = match kind.as_str() {
            "stage_entered" => format!("entered {}", name(to)),
            "stage_left" => format!("left {}", name(from)),
            "disqualified" => "is disqualified".to_owned(),
            "requalified" => "is disqualified no more".to_owned(),
            _ => return Ok(None),
        };
        let who = match self.seen.get(&lead) {
            Some(seen) => seen.who.clone(),
            None => self.who(&lead),
        };
        let line = format!("{}  {} {what} with {score}: {reason}", time(), fit(&who, 32));
        Ok(Some(self.connection.ui.paint.dim(line)))
    }

    fn moved(&mut self, moved: &Moved, now: &str) -> String {
        let paint = self.connection.ui.paint;
        let before = self.seen.get(&moved.lead).cloned();
        let who = match &before {
            Some(seen) => seen.who.clone(),
            None => self.who(&moved.lead),
        };
        let change = match moved.before.map(|before| moved.score - before) {
            None => paint.yellow("new"),
            Some(0) => paint.dim("="),
            Some(change @ 1..) => paint.green(format_args!("+{change}")),
            Some(change) => paint.red(change),
        };
        let place = |was: Option<&Option<String>>, is: &Option<String>| {
            let name = is.clone().unwrap_or_else(|| "none".to_owned());
            match was {
                Some(was) if was != is => paint.bold(format_args!("→ {name}")),
                _ if is.is_none() => String::new(),
                _ => name,
            }
        };
        let bracket = place(before.as_ref().map(|seen| &seen.bracket), &moved.bracket);
        let stage = place(before.as_ref().map(|seen| &seen.stage), &moved.stage);
        let away = if moved.disqualified { paint.red("disqualified") } else { String::new() };
        let pad = |text: String, width: usize| {
            let blanks = width.saturating_sub(console::measure_text_width(&text));
            format!("{text}{}", " ".repeat(blanks))
        };
        let line = format!(
            "{}  {:>4} {}  {}  {}  {}  {away}",
            paint.dim(now),
            moved.score,
            pad(change, 4),
            pad(fit(&who, 32), 32),
            pad(bracket, 10),
            pad(paint.cyan(stage), 22),
        );
        if self.seen.len() >= NAMES_MAX {
            self.seen.clear();
        }
        let (bracket, stage) = (moved.bracket.clone(), moved.stage.clone());
        self.seen.insert(moved.lead.clone(), Seen { who, bracket, stage });
        line.trim_end().to_owned()
    }

    /// Who a lead is, as far as that can be found out.
    fn who(&self, lead: &str) -> String {
        let found = self.connection.json(&Call::get(&["api", "v1", "leads", lead], &[]));
        let found = found.unwrap_or_default();
        let text = |name: &str| found[name].as_str().filter(|text| !text.is_empty());
        legible(text("name").or(text("email")).unwrap_or(lead))
    }
}
