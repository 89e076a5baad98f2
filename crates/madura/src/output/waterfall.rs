//! The middle of a score card: every step from nothing to the score, each bar beginning where the
//! one before it ended, with what stands behind it.

use console::measure_text_width;
use scoring::{Amount, CriterionCard, EventSeen, GroupCard, Model, ScoreCard};

use super::card::{Look, plain, signed};
use super::grid::{Align, Grid, fit};
use super::when;
use crate::ui::Paint;

/// All lines.
pub(crate) fn lines(card: &ScoreCard, model: &Model, look: &Look) -> Vec<String> {
    let waterfall = Waterfall { card, model, look };
    let parts = waterfall.parts();
    layout(&parts, look)
}

/// A line before it is put in columns.
enum Part {
    /// Name, value, bar (each with its colours) and words.
    Step { name: String, value: String, bar: String, said: String, dimmed: bool },
    /// An event under its criterion.
    Event(String),
}

struct Waterfall<'a> {
    card: &'a ScoreCard,
    model: &'a Model,
    look: &'a Look,
}

const NAME_MAX: usize = 34;
/// The bars are as wide as this.
const CELLS: usize = 24;
/// Narrower words would be hard to read; rather let the terminal break the line.
const WORDS_MIN: usize = 24;

impl Waterfall<'_> {
    fn parts(&self) -> Vec<Part> {
        let scale = Scale::of(self.card);
        let paint = self.look.paint;
        let mut parts = Vec::new();
        let mut sum = Amount::ZERO;
        for group in &self.card.groups {
            parts.push(Part::Step {
                name: format!(
                    "{} {}",
                    paint.bold(&group.group),
                    paint.dim(format_args!("({})", group.dimension))
                ),
                value: paint.bold(plain(group.value)),
                bar: String::new(),
                said: String::new(),
                dimmed: false,
            });
            let told =
                |criterion: &&CriterionCard| self.look.all || criterion.value != Amount::ZERO;
            for criterion in group.criteria.iter().filter(told) {
                let name = format!("  {}", fit(&criterion.criterion, NAME_MAX));
                parts.push(self.step(&name, criterion.value, sum, &scale, self.said_of(criterion)));
                parts.extend(self.events(criterion).into_iter().map(Part::Event));
                sum += criterion.value;
            }
            parts.extend(self.untold(group).into_iter().map(Part::Event));
            if group.cut != Amount::ZERO {
                let said = self.limit_of(group);
                parts.push(self.step("  limit of the group", group.cut, sum, &scale, said));
                sum += group.cut;
            }
        }
        if self.card.held != Amount::ZERO {
            let (bottom, top) = (self.model.scale.bottom, self.model.scale.top);
            let said = format!("held to the scale from {bottom} to {top}");
            parts.push(self.step("Scale", self.card.held, sum, &scale, said));
            sum += self.card.held;
        }
        if self.card.rounding != Amount::ZERO {
            let said = "to a whole number".to_owned();
            parts.push(self.step("Rounding", self.card.rounding, sum, &scale, said));
            sum += self.card.rounding;
        }
        if let Some(gate) = &self.card.disqualified {
            let said = format!("{gate}: the score is the bottom of the scale");
            parts.push(self.step("Disqualified", self.card.disqualification, sum, &scale, said));
        }
        parts.push(Part::Step {
            name: paint.bold("Score"),
            value: paint.bold(self.card.score),
            bar: paint.cyan(scale.bar(Amount::ZERO, Amount::whole(self.card.score))),
            said: String::new(),
            dimmed: false,
        });
        parts
    }

    fn step(&self, name: &str, value: Amount, sum: Amount, scale: &Scale, said: String) -> Part {
        let paint = self.look.paint;
        let bar = scale.bar(sum, sum + value);
        let (name, value, bar, dimmed) = match value.cmp(&Amount::ZERO) {
            std::cmp::Ordering::Less => {
                (name.to_owned(), paint.red(signed(value)), paint.red(bar), false)
            }
            std::cmp::Ordering::Equal => (paint.dim(name), paint.dim("0"), bar, true),
            std::cmp::Ordering::Greater => {
                (name.to_owned(), paint.green(signed(value)), paint.green(bar), false)
            }
        };
        Part::Step { name, value, bar, said, dimmed }
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
        if let Some(counted) = criterion.counted {
            said.push(crate::inputs::counted(counted, "event", "events"));
            let ignored =
                |why: &str| criterion.events.iter().filter(|e| e.ignored == Some(why)).count();
            for (count, words) in
                [(ignored("over_count"), "over the count"), (ignored("too_old"), "too old")]
            {
                if count > 0 {
                    said.push(format!("{count} {words}"));
                }
            }
        } else if criterion.answer.is_none() {
            said.push(match criterion.events.last() {
                None => "no such event".to_owned(),
                Some(latest) => {
                    let ago = when::ago(latest.at, self.card.at).unwrap_or_default();
                    format!("{ago} since {}", latest.event)
                }
            });
        }
        if criterion.too_young {
            said.push("not known for the whole window yet".to_owned());
        }
        if criterion.decayed != Amount::ZERO {
            let taken = plain(absolute(criterion.decayed));
            said.push(format!("age took {taken} of {}", plain(criterion.raw)));
        }
        if criterion.cut != Amount::ZERO {
            let size = plain(absolute(criterion.cut));
            let did = if criterion.cut < Amount::ZERO { "cut" } else { "added" };
            said.push(format!("its limit {did} {size}"));
        }
        said.join(", ")
    }

    /// The names of those that gave nothing, unless each of them is told.
    fn untold(&self, group: &GroupCard) -> Vec<String> {
        let nothing = |criterion: &&CriterionCard| criterion.value == Amount::ZERO;
        let names =
            group.criteria.iter().filter(nothing).map(|criterion| criterion.criterion.as_str());
        let names: Vec<&str> = names.collect();
        if self.look.all || names.is_empty() {
            return Vec::new();
        }
        let said = format!("nothing from {}", names.join(", "));
        wrapped(&said, self.look.width - 2).into_iter().map(|line| format!("  {line}")).collect()
    }

    fn limit_of(&self, group: &GroupCard) -> String {
        let known = self.model.groups.iter().find(|known| known.name == group.group);
        match known.and_then(|known| known.limit) {
            Some(limit) => format!("held between {} and {}", limit.low, limit.high),
            None => String::new(),
        }
    }

    /// The events that count, latest first.
    fn events(&self, criterion: &CriterionCard) -> Vec<String> {
        let counting: Vec<&EventSeen> =
            criterion.events.iter().filter(|e| e.ignored.is_none()).collect();
        if criterion.value == Amount::ZERO || counting.is_empty() || self.look.events == 0 {
            return Vec::new();
        }
        let columns = [
            ("", Align::Left),
            ("", Align::Left),
            ("", Align::Left),
            ("", Align::Right),
            ("", Align::Left),
        ];
        let mut grid = Grid::new(&columns);
        for event in counting.iter().rev().take(self.look.events) {
            let gave = event.points != Amount::ZERO;
            let weight = format!("{:.1} % left", f64::from(event.weight) / 10_000.0);
            let faded = gave && event.weight < scoring::FULL_WEIGHT;
            grid.row(vec![
                when::local(event.at, &self.model.time_zone),
                event.event.clone(),
                event.id.as_deref().map(|id| fit(id, 36)).unwrap_or_default(),
                if gave { signed(event.points) } else { String::new() },
                if faded { weight } else { String::new() },
            ]);
        }
        let mut lines = grid.lines(6);
        let rest = counting.len().saturating_sub(self.look.events);
        if rest > 0 {
            lines.push(format!("      and {rest} before"));
        }
        lines
    }
}

/// Puts steps in columns; words that are too long go on below.
fn layout(parts: &[Part], look: &Look) -> Vec<String> {
    let width = |cell: fn(&Part) -> Option<&str>| {
        parts.iter().filter_map(cell).map(measure_text_width).max().unwrap_or(0)
    };
    let name_width = width(|part| match part {
        Part::Step { name, .. } => Some(name),
        Part::Event(_) => None,
    });
    let value_width = width(|part| match part {
        Part::Step { value, .. } => Some(value),
        Part::Event(_) => None,
    });
    let words_from = name_width + value_width + CELLS + 6;
    let words_width = look.width.saturating_sub(words_from).max(WORDS_MIN);
    let mut lines = Vec::new();
    for part in parts {
        match part {
            Part::Event(line) => lines.push(look.paint.dim(fit(line, look.width))),
            Part::Step { name, value, bar, said, dimmed } => {
                let said = wrapped(said, words_width);
                let mut said = said.into_iter().map(|words| tone(look.paint, words, *dimmed));
                let start =
                    [pad(name, name_width, Align::Left), pad(value, value_width, Align::Right)]
                        .join("  ");
                let line = format!(
                    "{start}  {}  {}",
                    pad(bar, CELLS, Align::Left),
                    said.next().unwrap_or_default()
                );
                lines.push(line.trim_end().to_owned());
                lines.extend(said.map(|words| format!("{}{words}", " ".repeat(words_from))));
            }
        }
    }
    lines
}

fn tone(paint: Paint, words: String, dimmed: bool) -> String {
    if dimmed && !words.is_empty() { paint.dim(words) } else { words }
}

fn pad(cell: &str, width: usize, align: Align) -> String {
    let blanks = " ".repeat(width.saturating_sub(measure_text_width(cell)));
    match align {
        Align::Left => format!("{cell}{blanks}"),
        Align::Right => format!("{blanks}{cell}"),
    }
}

/// Breaks between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 1 + measure_text_width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// From points to cells: all sums on the way from nothing to the score fit in.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(card: &ScoreCard) -> Self {
        let groups = card.groups.iter();
        let steps = groups.flat_map(|group| {
            group.criteria.iter().map(|criterion| criterion.value).chain([group.cut])
        });
        let mut sum = Amount::ZERO;
        let (mut low, mut high) = (Amount::ZERO, Amount::whole(card.score).max(Amount::ZERO));
        for step in steps.chain([card.held, card.rounding, card.disqualification]) {
            sum += step;
            low = low.min(sum);
            high = high.max(sum);
        }
        Self { low: points(low), high: points(high) }
    }

    /// Cells from one sum to the next, at least a thin one.
    fn bar(&self, from: Amount, to: Amount) -> String {
        let width = (self.high - self.low).max(1e-9);
        let share = |amount: Amount| ((points(amount) - self.low) / width).clamp(0.0, 1.0);
        let cell = |amount: Amount| (share(amount) * CELLS as f64).round() as usize;
        let (start, end) = (cell(from.min(to)), cell(from.max(to)));
        let falls = to < from;
        match end - start {
            0 if from == to => String::new(),
            0 => format!("{}{}", " ".repeat(start.min(CELLS - 1)), if falls { "╎" } else { "▏" }),
            cells => {
                format!("{}{}", " ".repeat(start), if falls { "░" } else { "█" }.repeat(cells))
            }
        }
    }
}

/// For drawing only: sums stay exact.
pub(super) fn points(amount: Amount) -> f64 {
    amount.units() as f64 / 1e8
}

fn absolute(amount: Amount) -> Amount {
    if amount < Amount::ZERO { -amount } else { amount }
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
