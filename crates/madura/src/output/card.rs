//! A score card to read: a waterfall from nothing to the score, and what stands behind each step.

use jiff::tz::TimeZone;
use leads::{LeadFacts, Timestamp};
use scoring::stages::{Reason, Transition};
use scoring::{Amount, CriterionCard, Model, Program, ScoreCard};
use serde::Serialize;

use super::grid::{Align, Grid, bar};
use super::{table, waterfall, when};
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
    /// Whether criteria that gave nothing are told one by one.
    pub(crate) all: bool,
}

/// Enough to recognize a visit; the rest is counted.
pub(crate) const EVENTS_SHOWN: usize = 3;

impl Look {
    pub(crate) fn new(ui: &Ui, paint: Paint) -> Self {
        Self { paint, width: ui.width(), events: EVENTS_SHOWN, all: false }
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
    let numbers =
        format!("score {}, fit {}, engagement {}", score.score, score.fit, score.engagement);
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
    lines.extend(waterfall::lines(&explained.card, model, look));
    for part in [page.gates(), page.stage(), page.worth_asking()] {
        if !part.is_empty() {
            lines.push(String::new());
            lines.extend(part);
        }
    }
    lines
}

struct Page<'a> {
    explained: &'a Explained,
    card: &'a ScoreCard,
    model: &'a Model,
    look: &'a Look,
}

const HEAD_BAR: usize = 40;

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
        let mut second = format!("{} of {}", paint.bold(card.score), self.model.scale.top);
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
                    && criterion
                        .traits
                        .iter()
                        .any(|seen| seen.path == *path && seen.value.is_none())
            };
            let criteria: Vec<&str> = self
                .card
                .criteria()
                .filter(wanted)
                .map(|criterion| criterion.criterion.as_str())
                .collect();
            grid.row(vec![
                format!("  {path}"),
                paint.dim(format_args!("for {}", criteria.join(", "))),
            ]);
        }
        titled(paint.bold("Worth asking"), grid.lines(0))
    }
}

/// At most two decimals: what people read. The JSON form has all of them.
pub(crate) fn plain(amount: Amount) -> String {
    let text = format!("{:.2}", waterfall::points(amount));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" | "0" if amount != Amount::ZERO => {
            if amount < Amount::ZERO { "-0.00" } else { "0.00" }.to_owned()
        }
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// With a `+` where it is more than nothing.
pub(crate) fn signed(amount: Amount) -> String {
    let sign = if amount > Amount::ZERO { "+" } else { "" };
    format!("{sign}{}", plain(amount))
}

fn titled(title: String, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let mut all = vec![title];
    all.extend(lines);
    all
}
