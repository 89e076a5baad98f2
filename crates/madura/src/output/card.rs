//! A score card to read: a waterfall from nothing to the score, and what stands behind each step.

use jiff::tz::TimeZone;
use leads::{LeadFacts, Timestamp};
use scoring::stages::{Reason, Transition};
use scoring::{Amount, CriterionCard, EventSeen, GroupCard, Model, Program, ScoreCard};
use serde::Serialize;

use super::grid::{Align, Grid, bar, fit};
use super::{table, when};
use crate::ui::{Paint, Ui};

/// A score card and what belongs beside it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Explained {
    #[serde(flatten)]
    pub(crate) card: ScoreCard,
    /// The stage at that instant.
    pub(crate) stage: Option<StageSeen>,
    /// Traits that are not known and that would decide something.
    pub(crate) worth_asking: Vec<String>,
}

/// The stage that a lead is in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StageSeen {
    pub(crate) stage: String,
    /// Since when; nothing: always.
    pub(crate) since: Option<Timestamp>,
    /// Why it was entered, in words.
    pub(crate) reason: String,
}

/// How a card is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) paint: Paint,
    pub(crate) width: usize,
    /// How many events stand under a criterion.
    pub(crate) events: usize,
}

impl Look {
    pub(crate) fn new(ui: &Ui, paint: Paint) -> Self {
        Self { paint, width: ui.width(), events: 5 }
    }
}

/// Explains a lead's score.
pub(crate) fn explain(program: &Program, facts: &LeadFacts, at: Timestamp) -> Explained {
    let card = program.score(facts, at);
    let model = program.model();
    let walk = program.walk(facts, at);
    let stage = program.stage(facts, at).and_then(|stage| {
        let entered = walk.iter().rfind(|step| step.stage == stage && step.entered)?;
        Some(StageSeen {
            stage: model.stages[stage].name.clone(),
            since: (entered.at > Timestamp::MIN).then_some(entered.at),
            reason: reason(entered, model),
        })
    });
    let worth_asking = card.worth_asking().into_iter().map(str::to_owned).collect();
    Explained { card, stage, worth_asking }
}

/// Why a stage was entered or left, in words.
pub(crate) fn reason(step: &Transition, model: &Model) -> String {
    let score = step.score;
    let numbers = format!("score {}, fit {}, engagement {}", score.score, score.fit, score.engagement);
    match step.reason {
        Reason::Reached => format!("reached its thresholds with {numbers}"),
        Reason::Fell => format!("fell below its thresholds with {numbers}"),
        Reason::FastTrack(gate) => format!("fast track: {}", model.gates[gate].name),
        Reason::Disqualified(gate) => format!("disqualified: {}", model.gates[gate].name),
        Reason::Rejected => "rejected by sales".to_owned(),
    }
}

/// The card as JSON.
pub(crate) fn json(explained: &Explained) -> serde_json::Value {
    // Names and numbers only: there is nothing in it that JSON cannot hold.
    serde_json::to_value(explained).unwrap_or_default()
}

/// The card as lines to read.
pub(crate) fn lines(explained: &Explained, model: &Model, look: &Look) -> Vec<String> {
    let page = Page { explained, card: &explained.card, model, look };
    let mut lines = page.head();
    lines.push(String::new());
    lines.extend(page.waterfall());
    for part in [page.gates(), page.stage(), page.worth_asking()] {
        if !part.is_empty() {
            lines.push(String::new());
            lines.extend(part);
        }
    }
    lines
}

/// The card's groups and criteria only, for a failed test of a model.
pub(crate) fn main_lines(card: &ScoreCard, model: &Model, look: &Look) -> Vec<String> {
    let explained =
        Explained { card: card.clone(), stage: None, worth_asking: Vec::new() };
    Page { explained: &explained, card, model, look }.waterfall()
}

struct Page<'a> {
    explained: &'a Explained,
    card: &'a ScoreCard,
    model: &'a Model,
    look: &'a Look,
}

const HEAD_BAR: usize = 40;
const NAME_MAX: usize = 34;

impl Page<'_> {
    fn zone(&self) -> &TimeZone {
        &self.model.time_zone
    }

    fn head(&self) -> Vec<String> {
        let (card, paint) = (self.card, self.look.paint);
        let at = when::local_with_zone(card.at, self.zone());
        let first = format!(
            "{} {}",
            paint.bold(format_args!("Lead {}", card.lead)),
            paint.dim(format_args!("under {} at {at}", card.model))
        );
        let mut second = format!(
            "{} of {}",
            paint.bold(card.score),
            self.model.scale.top
        );
        let names = [&card.bracket, &card.grade].into_iter().flatten();
        for name in names {
            second.push_str("  ");
            second.push_str(name);
        }
        if let Some(stage) = &self.explained.stage {
            second.push_str("  ");
            second.push_str(&paint.cyan(&stage.stage));
        }
        if let Some(gate) = &card.disqualified {
            second.push_str("  ");
            second.push_str(&paint.red(format_args!("disqualified: {gate}")));
        }
        let share = table::share(card.score, self.model);
        let full = bar(share, HEAD_BAR);
        let rest = "·".repeat(HEAD_BAR.saturating_sub(full.chars().count()));
        let third = format!(
            "{}{}  fit {}, engagement {}",
            paint.green(full),
            paint.dim(rest),
            card.fit,
            card.engagement
        );
        vec![first, second, third]
    }

    /// Every step from nothing to the score; each bar begins where the one before it ended.
    fn waterfall(&self) -> Vec<String> {
        let scale = Scale::of(self.card);
        let paint = self.look.paint;
        let mut grid = Grid::new(&[("", Align::Left), ("", Align::Right), ("", Align::Left), ("", Align::Left)]);
        // What follows the line of that index of the grid.
        let mut below: Vec<(usize, Vec<String>)> = Vec::new();
        let mut rows = 0;
        let mut sum = Amount::ZERO;
        let mut add = |grid: &mut Grid, cells: Vec<String>| {
            grid.row(cells);
            rows += 1;
            rows - 1
        };
        for group in &self.card.groups {
            let title = format!("{} {}", paint.bold(&group.group), paint.dim(group.dimension));
            let value = paint.bold(plain(group.value));
            add(&mut grid, vec![title, value, String::new(), String::new()]);
            for criterion in &group.criteria {
                let row = self.criterion(criterion, sum, &scale);
                let index = add(&mut grid, row);
                let events = self.events(criterion);
                if !events.is_empty() {
                    below.push((index, events));
                }
                sum = sum + criterion.value;
            }
            if group.cut != Amount::ZERO {
                let said = self.cut_of(group);
                add(&mut grid, self.step("  limit of the group", group.cut, sum, &scale, &said));
                sum = sum + group.cut;
            }
        }
        let (bottom, top) = (self.model.scale.bottom, self.model.scale.top);
        if self.card.held != Amount::ZERO {
            let said = format!("held to the scale from {bottom} to {top}");
            add(&mut grid, self.step("Scale", self.card.held, sum, &scale, &said));
            sum = sum + self.card.held;
        }
        if self.card.rounding != Amount::ZERO {
            add(&mut grid, self.step("Rounding", self.card.rounding, sum, &scale, "to a whole number"));
            sum = sum + self.card.rounding;
        }
        if let Some(gate) = &self.card.disqualified {
            let said = format!("{gate}: the score is the bottom of the scale");
            add(&mut grid, self.step("Disqualified", self.card.disqualification, sum, &scale, &said));
        }
        let end = paint.cyan(scale.bar(Amount::ZERO, Amount::whole(self.card.score)));
        add(&mut grid, vec![paint.bold("Score"), paint.bold(self.card.score), end, String::new()]);
        self.interleave(grid.lines(0), below)
    }

    fn criterion(&self, criterion: &CriterionCard, sum: Amount, scale: &Scale) -> Vec<String> {
        let paint = self.look.paint;
        let name = format!("  {}", fit(&criterion.criterion, NAME_MAX));
        let said = self.said_of(criterion);
        if criterion.value == Amount::ZERO {
            return vec![paint.dim(name), paint.dim("0"), String::new(), paint.dim(said)];
        }
        self.step(&name, criterion.value, sum, scale, &said)
    }

    fn step(&self, name: &str, value: Amount, sum: Amount, scale: &Scale, said: &str) -> Vec<String> {
        let paint = self.look.paint;
        let bar = scale.bar(sum, sum + value);
        let (value, bar) = if value < Amount::ZERO {
            (paint.red(signed(value)), paint.red(bar))
        } else {
            (paint.green(signed(value)), paint.green(bar))
        };
        vec![name.to_owned(), value, bar, said.to_owned()]
    }

    /// What decided a criterion, in words.
    fn said_of(&self, criterion: &CriterionCard) -> String {
        let mut said: Vec<String> = Vec::new();
        for seen in &criterion.traits {
            said.push(match &seen.value {
                None => format!("{} is not known", seen.path),
                Some(value) => format!("{} = {}", seen.path, fit(&spoken(value), 40)),
            });
        }
        let ignored = |why: &str| criterion.events.iter().filter(|e| e.ignored == Some(why)).count();
        if let Some(counted) = criterion.counted {
            let mut text = match counted {
                0 => "no events".to_owned(),
                1 => "1 event".to_owned(),
                many => format!("{many} events"),
            };
            let over = ignored("over_count");
            if over > 0 {
                text.push_str(&format!(", {over} over the count"));
            }
            let old = ignored("too_old");
            if old > 0 {
                text.push_str(&format!(", {old} too old"));
            }
            said.push(text);
        } else if let Some(latest) = criterion.events.last().filter(|_| criterion.answer.is_none()) {
            let ago = when::ago(latest.at, self.card.at).unwrap_or_default();
            said.push(format!("{ago} since {}", latest.event));
        } else if criterion.answer.is_none() {
            said.push("no such event".to_owned());
        }
        if criterion.too_young {
            said.push("too new for its silence to count".to_owned());
        }
        if criterion.decayed != Amount::ZERO {
            said.push(format!("age took {} of {}", plain(absolute(criterion.decayed)), plain(criterion.raw)));
        }
        if criterion.cut != Amount::ZERO {
            said.push(format!("its limit {}", taken(criterion.cut)));
        }
        said.join(", ")
    }

    fn cut_of(&self, group: &GroupCard) -> String {
        let limit = self.model.groups.iter().find(|known| known.name == group.group);
        match limit.and_then(|known| known.limit) {
            Some(limit) => format!("held between {} and {}", limit.low, limit.high),
            None => String::new(),
        }
    }

    /// The events that count, latest first, under their criterion.
    fn events(&self, criterion: &CriterionCard) -> Vec<String> {
        let counting: Vec<&EventSeen> = criterion.events.iter().filter(|e| e.ignored.is_none()).collect();
        if counting.is_empty() || self.look.events == 0 {
            return Vec::new();
        }
        let paint = self.look.paint;
        let mut grid = Grid::new(&[("", Align::Left), ("", Align::Left), ("", Align::Right), ("", Align::Left)]);
        for event in counting.iter().rev().take(self.look.events) {
            let weight = if event.weight < 1_000_000 && event.points != Amount::ZERO {
                format!("{:.1} % left", f64::from(event.weight) / 10_000.0)
            } else {
                String::new()
            };
            let points = if event.points == Amount::ZERO { String::new() } else { signed(event.points) };
            let id = event.id.as_deref().map(|id| format!("  {}", fit(id, 36))).unwrap_or_default();
            grid.row(vec![when::local(event.at, self.zone()), format!("{}{id}", event.event), points, weight]);
        }
        let mut lines: Vec<String> = grid.lines(6).iter().map(|line| paint.dim(line)).collect();
        let rest = counting.len().saturating_sub(self.look.events);
        if rest > 0 {
            lines.push(paint.dim(format_args!("      and {rest} before")));
        }
        lines
    }

    fn gates(&self) -> Vec<String> {
        let paint = self.look.paint;
        let mut grid = Grid::new(&[("", Align::Left), ("", Align::Left), ("", Align::Left)]);
        for gate in &self.card.gates {
            let effect = match gate.effect.as_str() {
                "disqualify" => "disqualifies".to_owned(),
                stage => format!("leads straight to {stage}"),
            };
            let (answer, effect) = match (gate.answer, gate.effect.as_str()) {
                ("true", "disqualify") => (paint.red("yes"), paint.red(effect)),
                ("true", _) => (paint.green("yes"), paint.green(effect)),
                ("unknown", _) => (paint.yellow("not known"), paint.dim(effect)),
                _ => (paint.dim("no"), paint.dim(effect)),
            };
            grid.row(vec![format!("  {}", gate.gate), answer, effect]);
        }
        titled(paint.bold("Gates"), grid.lines(0))
    }

    fn stage(&self) -> Vec<String> {
        let Some(stage) = &self.explained.stage else { return Vec::new() };
        let paint = self.look.paint;
        let since = match stage.since {
            None => "always".to_owned(),
            Some(since) => {
                let ago = when::ago(since, self.card.at).map(|ago| format!(" ({ago})"));
                format!("{}{}", when::local(since, self.zone()), ago.unwrap_or_default())
            }
        };
        let line = format!("  {} since {since}, {}", paint.cyan(&stage.stage), stage.reason);
        vec![paint.bold("Stage"), line]
    }

    fn worth_asking(&self) -> Vec<String> {
        let paint = self.look.paint;
        let mut grid = Grid::new(&[("", Align::Left), ("", Align::Left)]);
        for path in &self.explained.worth_asking {
            let wanted = |criterion: &&CriterionCard| {
                criterion.answer == Some("unknown")
                    && criterion.traits.iter().any(|seen| seen.path == *path && seen.value.is_none())
            };
            let criteria: Vec<&str> =
                self.card.criteria().filter(wanted).map(|criterion| criterion.criterion.as_str()).collect();
            grid.row(vec![format!("  {path}"), paint.dim(format_args!("for {}", criteria.join(", ")))]);
        }
        titled(paint.bold("Worth asking"), grid.lines(0))
    }

    fn interleave(&self, lines: Vec<String>, below: Vec<(usize, Vec<String>)>) -> Vec<String> {
        let mut below = below.into_iter().peekable();
        let mut all = Vec::new();
        for (index, line) in lines.into_iter().enumerate() {
            all.push(fit(&line, self.look.width.max(60)));
            if let Some((_, more)) = below.next_if(|(after, _)| *after == index) {
                all.extend(more.iter().map(|line| fit(line, self.look.width.max(60))));
            }
        }
        all
    }
}

/// From points to cells: all sums on the way from nothing to the score fit in.
struct Scale {
    low: f64,
    high: f64,
}

const CELLS: usize = 24;

impl Scale {
    fn of(card: &ScoreCard) -> Self {
        let mut sum = Amount::ZERO;
        let (mut low, mut high) = (Amount::ZERO, Amount::whole(card.score));
        for group in &card.groups {
            let steps = group.criteria.iter().map(|criterion| criterion.value).chain([group.cut]);
            for step in steps {
                sum = sum + step;
                low = low.min(sum);
                high = high.max(sum);
            }
        }
        for step in [card.held, card.rounding, card.disqualification] {
            sum = sum + step;
            low = low.min(sum);
            high = high.max(sum);
        }
        Self { low: points(low), high: points(high) }
    }

    /// Cells from one sum to the next, at least a thin one.
    fn bar(&self, from: Amount, to: Amount) -> String {
        let width = (self.high - self.low).max(1e-9);
        let cell = |amount: Amount| ((points(amount) - self.low) / width * CELLS as f64).round() as usize;
        let (start, end) = (cell(from.min(to)), cell(from.max(to)));
        let filled = if to < from { "░" } else { "█" };
        match end - start {
            0 if from == to => String::new(),
            0 => format!("{}{}", " ".repeat(start.min(CELLS - 1)), if to < from { "╎" } else { "▏" }),
            cells => format!("{}{}", " ".repeat(start), filled.repeat(cells)),
        }
    }
}

fn points(amount: Amount) -> f64 {
    amount.units() as f64 / 1e8
}

fn absolute(amount: Amount) -> Amount {
    if amount < Amount::ZERO { -amount } else { amount }
}

/// At most two decimals: what people read. The JSON form has all of them.
fn plain(amount: Amount) -> String {
    let text = format!("{:.2}", points(amount));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" | "0" if amount != Amount::ZERO => if amount < Amount::ZERO { "-0.00" } else { "0.00" }.to_owned(),
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

fn signed(amount: Amount) -> String {
    let sign = if amount > Amount::ZERO { "+" } else { "" };
    format!("{sign}{}", plain(amount))
}

fn taken(cut: Amount) -> String {
    if cut < Amount::ZERO { format!("cut {}", plain(-cut)) } else { format!("added {}", plain(cut)) }
}

fn spoken(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spoken).collect();
            items.join(", ")
        }
        other => other.to_string(),
    }
}

fn titled(title: String, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let mut all = vec![title];
    all.extend(lines);
    all
}
