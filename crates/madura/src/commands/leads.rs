//! `madura leads`: leads of a running server, the best first.

use std::io::Write as _;

use clap::{Args, ValueEnum};
use ingest::cells::neutralized;
use leads::{Duration, Timestamp};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::client::{ServerArgs, connect, each_of, legible, read};
use crate::clock;
use crate::exit::{Failure, Outcome, Result};
use crate::output::csv;
use crate::output::grid::{Align, Grid, fit};
use crate::output::when;
use crate::ui::Ui;

/// List the leads of a running server, the best first
///
/// On a terminal the best twenty as a table; into a file or a pipe goes everyone as CSV.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LeadsArgs {
    #[command(flatten)]
    filter: FilterArgs,

    /// What decides who comes first: score, or priority (who should be called first)
    #[arg(long, value_name = "ORDER", default_value = "score", hide_possible_values = true)]
    sort: Order,

    /// The smallest first
    #[arg(long)]
    ascending: bool,

    /// Only the first N. A table has 20 unless told otherwise
    #[arg(long, value_name = "N")]
    top: Option<usize>,

    /// The form of the output: table, csv or ndjson. By default a table on a terminal and CSV
    /// elsewhere
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    format: Option<Format>,

    #[command(flatten)]
    server: ServerArgs,
}

/// Which leads: the same words wherever leads are chosen. Several values are separated by commas.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Which leads")]
pub(crate) struct FilterArgs {
    /// The model whose scores are meant; by default the one that people look at first
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// In one of these brackets
    #[arg(long, value_name = "NAME,...")]
    bracket: Option<String>,

    /// In one of these stages; `none`: in no stage
    #[arg(long, value_name = "NAME,...")]
    stage: Option<String>,

    /// With one of these grades, as A1
    #[arg(long, value_name = "GRADE,...")]
    grade: Option<String>,

    /// Worked on by this one; `none`: by nobody
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// In one of these countries
    #[arg(long, value_name = "CODE,...")]
    country: Option<String>,

    /// Of the company with this id
    #[arg(long, value_name = "ID")]
    company: Option<String>,

    /// In this saved segment
    #[arg(long, value_name = "ID")]
    segment: Option<String>,

    /// Whose name, address or company has this in it
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// With at least this score
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    score_min: Option<i64>,

    /// With at most this score
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    score_max: Option<i64>,

    /// Seen since then: an instant, or how long ago, as in `7d`
    #[arg(long, value_name = "WHEN")]
    seen_since: Option<String>,

    /// Disqualified ones only (true), or all others (false)
    #[arg(long, value_name = "BOOL")]
    disqualified: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Order {
    Score,
    Priority,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Table,
    Csv,
    Ndjson,
}

const EXAMPLES: &str = "\
Examples:
  madura leads
  madura leads --bracket hot --stage sales_qualified --owner none
  madura leads --search acme --sort priority --top 50
  madura leads --seen-since 7d --format ndjson | jq .email
  madura leads --format csv > leads.csv";

/// What fits on a screen.
const TABLE_ROWS: usize = 20;

const NAME_MAX: usize = 32;

pub(crate) fn run(args: &LeadsArgs, ui: &Ui) -> Result {
    let usual = if ui.stdout_is_terminal { Format::Table } else { Format::Csv };
    let format = args.format.unwrap_or(usual);
    let top = match (args.top, format) {
        (Some(top), _) => top,
        (None, Format::Table) => TABLE_ROWS,
        (None, _) => usize::MAX,
    };
    let mut query = args.filter.query()?;
    if args.sort == Order::Priority {
        query.push(("order", "priority".to_owned()));
    }
    if args.ascending {
        query.push(("direction", "ascending".to_owned()));
    }
    let connection = connect(&args.server, ui)?;
    let mut stdout = Ui::stdout();
    let mut table = Vec::new();
    if format == Format::Csv {
        writeln!(stdout, "{}", COLUMNS.join(","))?;
    }
    let mut count = 0_u64;
    let more = each_of(&connection, &["api", "v1", "leads"], &query, "leads", top, |lead| {
        count += 1;
        match format {
            Format::Table => table.push(read::<Lead>(lead)?),
            Format::Csv => stdout.write_all(&row(&lead))?,
            Format::Ndjson => writeln!(stdout, "{lead}")?,
        }
        Ok(())
    })?;
    if format == Format::Table && !table.is_empty() {
        for line in lines(&table, ui) {
            writeln!(stdout, "{line}")?;
        }
    }
    stdout.flush()?;
    if count == 0 {
        ui.note("no leads are like that");
    } else if more && args.top.is_none() {
        ui.note(format_args!("and more; --top N shows N of them"));
    }
    Ok(Outcome::Fine)
}

impl FilterArgs {
    /// As the API has it.
    pub(crate) fn query(&self) -> Result<Vec<(&'static str, String)>> {
        let seen_since = self.seen_since.as_deref().map(since).transpose()?;
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        let all = [
            ("model", self.model.clone()),
            ("bracket", self.bracket.clone()),
            ("stage", self.stage.clone()),
            ("grade", self.grade.clone()),
            ("owner", self.owner.clone()),
            ("country", self.country.clone()),
            ("company", self.company.clone()),
            ("segment", self.segment.clone()),
            ("q", self.search.clone()),
            ("score_min", number(self.score_min)),
            ("score_max", number(self.score_max)),
            ("seen_since", seen_since.map(|at| at.to_string())),
            ("disqualified", self.disqualified.map(|is| is.to_string())),
        ];
        Ok(all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}

fn since(text: &str) -> Result<Timestamp> {
    if let Ok(ago) = text.parse::<Duration>() {
        return Ok(clock::now().saturating_sub(ago));
    }
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    Timestamp::parse(&text).map_err(|_| {
        Failure::usage(format_args!("--seen-since: `{text}` is no instant"))
            .hint("write 2026-03-01T10:00:00Z, a date, or how long ago, as in 7d or 12h")
    })
}

/// What a table shows of a lead.
#[derive(Debug, Deserialize)]
struct Lead {
    id: String,
    email: Option<String>,
    name: Option<String>,
    last_seen_at: Option<String>,
    score: i64,
    fit: i64,
    engagement: i64,
    grade: Option<String>,
    bracket: Option<String>,
    stage: Option<String>,
    disqualified: Option<String>,
}

fn lines(leads: &[Lead], ui: &Ui) -> Vec<String> {
    let (paint, now) = (ui.paint, clock::now());
    let mut grid = Grid::new(&[
        ("who", Align::Left),
        ("score", Align::Right),
        ("fit", Align::Right),
        ("engagement", Align::Right),
        ("grade", Align::Left),
        ("bracket", Align::Left),
        ("stage", Align::Left),
        ("seen", Align::Left),
        ("lead", Align::Left),
    ])
    .titled(|title| paint.dim(title));
    for lead in leads {
        let text = |text: &Option<String>| fit(&legible(text.as_deref().unwrap_or("")), NAME_MAX);
        let who = lead.name.as_ref().filter(|name| !name.is_empty()).or(lead.email.as_ref());
        let seen = lead.last_seen_at.as_deref().and_then(|at| Timestamp::parse(at).ok());
        let seen = seen.and_then(|at| when::ago(at, now)).unwrap_or_default();
        let stage = match &lead.disqualified {
            Some(_) => paint.red(text(&lead.disqualified)),
            None => paint.cyan(text(&lead.stage)),
        };
        grid.row(vec![
            text(&who.cloned()),
            paint.bold(lead.score),
            lead.fit.to_string(),
            lead.engagement.to_string(),
            text(&lead.grade),
            text(&lead.bracket),
            stage,
            paint.dim(seen),
            legible(&lead.id),
        ]);
    }
    grid.lines(0)
}

const COLUMNS: [&str; 17] = [
    "id",
    "email",
    "name",
    "company",
    "country",
    "owner",
    "created_at",
    "last_seen_at",
    "score",
    "fit",
    "engagement",
    "grade",
    "bracket",
    "stage",
    "disqualified",
    "priority",
    "scored_at",
];

/// A line of CSV. Names come from whoever filled in a form: no cell is a formula to a spreadsheet.
fn row(lead: &Json) -> Vec<u8> {
    let mut line = Vec::new();
    for (index, column) in COLUMNS.iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        match &lead[*column] {
            Json::Null => {}
            Json::String(text) => csv::cell(&neutralized(text), &mut line),
            other => line.extend_from_slice(other.to_string().as_bytes()),
        }
    }
    line.push(b'\n');
    line
}
