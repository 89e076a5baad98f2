//! What is not as it should be, said in plain words: a typing mistake in a model or in a file
//! scores zero for everyone, and silence about it would be the worst of answers.

use history::Gathered;
use scoring::{Model, Needs};

use super::nearest::nearest;
use super::{Seen, Sources};
use crate::clock;
use crate::output::lead_text;
use crate::ui::Ui;

/// Says it all.
pub(super) fn say(
    gathered: &Gathered,
    seen: &Seen,
    models: &[&Model],
    extra_events: &[&str],
    sources: &Sources,
    ui: &Ui,
) {
    let needs = Needs::of(models.iter().copied());
    let remarks = Remarks { gathered, seen, needs: &needs, sources, ui };
    remarks.mapping();
    remarks.leads();
    remarks.traits();
    remarks.events(models, extra_events);
    remarks.properties();
    remarks.numbers();
    remarks.dates();
    remarks.strangers();
}

struct Remarks<'a> {
    gathered: &'a Gathered,
    seen: &'a Seen,
    needs: &'a Needs,
    sources: &'a Sources,
    ui: &'a Ui,
}

impl Remarks<'_> {
    /// A mapped column that one file lacks gives way to the usual name there; one that all files
    /// lack is a slip.
    fn mapping(&self) {
        let seen = self.seen;
        let columns =
            || seen.lead_columns.iter().chain(&seen.event_columns).chain(&seen.change_columns);
        for column in
            self.sources.mapped.iter().filter(|column| !columns().any(|known| known == *column))
        {
            let near = nearest(column, columns().map(String::as_str));
            self.ui.warn(format_args!(
                "--map: no file has a column `{column}`{}",
                near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
            ));
        }
    }

    fn leads(&self) {
        let notes = &self.seen.notes;
        if self.gathered.roster().is_empty() {
            self.ui.warn(format_args!("there are no leads in {}", names(&self.sources.leads)));
            return;
        }
        if notes.repeated > 0 {
            let rows = counted(notes.repeated, "row of leads repeats", "rows of leads repeat");
            self.ui.note(format_args!("{rows} an earlier one and changed nothing"));
        }
        if notes.conflicting > 0 {
            let rows = counted(notes.conflicting, "row says", "rows say");
            self.ui.warn(format_args!(
                "{rows} something else of a lead than an earlier row: taken as a change from its \
                 created_at on; of two of one instant the greater text holds (lead {})",
                some_of(&notes.examples, notes.conflicting)
            ));
        }
    }

    fn traits(&self) {
        // Nobody has anything where there is nobody.
        if self.gathered.roster().is_empty() {
            return;
        }
        let columns = &self.seen.lead_columns;
        let unseen = self.needs.traits.iter().zip(&self.seen.traits).filter(|(_, seen)| !**seen);
        let (empty, missing): (Vec<&String>, Vec<&String>) =
            unseen.map(|(path, _)| path).partition(|path| columns.contains(path));
        for path in empty {
            self.ui.warn(format_args!(
                "the column `{path}` is empty in {}",
                names(&self.sources.leads)
            ));
        }
        let near = |path: &str| nearest(path, columns.iter().map(String::as_str));
        let missing: Vec<(&str, Option<&str>)> =
            missing.into_iter().map(|path| (path.as_str(), near(path))).collect();
        if missing.len() > ONE_BY_ONE_MAX {
            self.ui.warn(many_missing(missing, columns));
            return;
        }
        for (path, near) in missing {
            self.ui.warn(format_args!(
                "the model looks at `{path}`, but no lead has it{}",
                near.map_or_else(|| in_files(columns), |near| format!("; did you mean `{near}`?"))
            ));
        }
    }

    fn events(&self, models: &[&Model], extra: &[&str]) {
        if self.sources.events.is_empty() {
            if self.needs.events.iter().any(|(name, _)| is_looked_at(models, name)) {
                self.ui.note("no events were given: scored by traits alone");
            }
            return;
        }
        let names = &self.seen.event_names;
        let occurs = |event: &str| names.iter().any(|name| name == event);
        let in_models = self.needs.events.iter().map(|(name, _)| name.as_str());
        let wanted =
            in_models.filter(|name| is_looked_at(models, name)).chain(extra.iter().copied());
        for event in wanted.filter(|event| !occurs(event)) {
            let near = nearest(event, names.iter().map(String::as_str));
            self.ui.warn(format_args!(
                "no event is called `{event}`{}",
                near.map_or_else(|| in_files(names), |near| format!("; did you mean `{near}`?"))
            ));
        }
    }

    fn properties(&self) {
        // Only of events that occur: of the others something else was said.
        let occurs = |(name, _): &&(String, Vec<usize>)| self.seen.event_names.contains(name);
        for (index, path) in self.needs.properties.iter().enumerate() {
            let missing = !self.seen.properties[index];
            let event =
                self.needs.events.iter().filter(occurs).find(|(_, wanted)| wanted.contains(&index));
            let Some((event, _)) = event.filter(|_| missing) else { continue };
            let near = self.property_near(path);
            self.ui.warn(format_args!(
                "the model looks at `{path}` of `{event}`, but no event has it{}",
                near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
            ));
        }
    }

    fn property_near(&self, path: &str) -> Option<String> {
        let mut names = self.seen.event_columns.clone();
        for source in &self.sources.events {
            let columns = &self.sources.columns.events;
            names.extend(
                ingest::column_names(source, columns, self.sources.delimiter).unwrap_or_default(),
            );
        }
        nearest(path, names.iter().map(String::as_str)).map(str::to_owned)
    }

    fn numbers(&self) {
        for (path, odd) in &self.seen.odd {
            let told: Vec<String> = odd.iter().map(|value| format!("`{value}`")).collect();
            self.ui.warn(format_args!(
                "the model compares `{path}` with numbers, but some values are none and count as \
                 unknown: {}; write them as 1500 or 1500.5",
                told.join(", ")
            ));
        }
    }

    /// Dates that are hardly meant: a number that was read as seconds since 1970, a slip in the year.
    fn dates(&self) {
        let tomorrow = clock::now().as_millis() + DAY_MS;
        if let Some((first, last)) = self.gathered.span() {
            if first.as_millis() < LONG_AGO_MS {
                self.ui.warn(format_args!(
                    "the first event is of {first}: is that meant? A number is taken for seconds or \
                     milliseconds since 1970, never for a day such as 20260301"
                ));
            }
            if last.as_millis() > tomorrow {
                self.ui.warn(format_args!(
                    "the last event is of {last}, which is yet to come: it counts from then on"
                ));
            }
        }
        let roster = self.gathered.roster();
        let mut odd = (0..roster.len())
            .filter_map(|lead| roster.created_at(lead).map(|created_at| (lead, created_at)))
            .filter(|(_, at)| at.as_millis() < LONG_AGO_MS || at.as_millis() > tomorrow);
        if let Some((lead, created_at)) = odd.next() {
            let leads = counted(1 + odd.count() as u64, "lead has", "leads have");
            self.ui.warn(format_args!(
                "{leads} a created_at long ago or yet to come, before which nothing is known of them \
                 (lead {} {created_at})",
                lead_text(roster.id(lead))
            ));
        }
    }

    fn strangers(&self) {
        let strangers = &self.gathered.strangers;
        if strangers.events > 0 {
            let events = counted(strangers.events, "event is", "events are");
            let share = strangers.events as f64 / self.seen.events.max(1) as f64;
            let share =
                if share >= 0.01 { format!(" ({:.0} %)", share * 100.0) } else { String::new() };
            self.ui.warn(format_args!(
                "{events} about leads that are in no file of leads{share} and had nobody to count \
                 for: {}",
                some_of(&strangers.examples, strangers.events)
            ));
        }
        if self.seen.strange_changes > 0 {
            let changes =
                counted(self.seen.strange_changes, "change of a trait is", "changes of traits are");
            self.ui.warn(format_args!("{changes} about leads that are in no file of leads"));
        }
        if self.gathered.repeated > 0 {
            let events = counted(self.gathered.repeated, "event came", "events came");
            self.ui.note(format_args!(
                "{events} again with an id that was there already; each counts once"
            ));
        }
    }
}

/// Whether some model looks at the event for more than a rejection by sales, which may well never
/// have happened.
fn is_looked_at(models: &[&Model], event: &str) -> bool {
    let without_stages =
        |model: &&Model| Model { stages: Vec::new(), tests: Vec::new(), ..(**model).clone() };
    let models: Vec<Model> = models.iter().map(without_stages).collect();
    Needs::of(&models).events.iter().any(|(name, _)| name == event)
}

fn names(sources: &[ingest::Source]) -> String {
    let names: Vec<&str> = sources.iter().map(ingest::Source::name).collect();
    names.join(", ")
}

const DAY_MS: i64 = 86_400_000;

/// Nobody had a web site, and few a database of customers, before 1990.
const LONG_AGO_MS: i64 = 631_152_000_000;

/// A longer list helps nobody.
const SAID_MAX: usize = 8;

/// So many traits that no lead has are told one by one; more push everything else off the screen.
const ONE_BY_ONE_MAX: usize = 3;

/// One sentence about all of them: first those with a name that was probably meant.
fn many_missing(mut missing: Vec<(&str, Option<&str>)>, columns: &[String]) -> String {
    missing.sort_by_key(|(_, near)| near.is_none());
    let said = |(path, near): &(&str, Option<&str>)| match near {
        Some(near) => format!("`{path}` (did you mean `{near}`?)"),
        None => format!("`{path}`"),
    };
    let (shown, rest) = missing.split_at(missing.len().min(SAID_MAX));
    let shown: Vec<String> = shown.iter().map(said).collect();
    let rest = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let any_near = missing.iter().any(|(_, near)| near.is_some());
    let there = if any_near { String::new() } else { in_files(columns) };
    let count = missing.len();
    format!("the model looks at {count} traits that no lead has: {}{rest}{there}", shown.join(", "))
}

/// `; there are a, b and c`, where that is short enough to help.
fn in_files(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => format!("; there is only `{only}`"),
        few if few.len() <= SAID_MAX => format!("; there are {}", few.join(", ")),
        many => {
            let (said, rest) = many.split_at(SAID_MAX);
            format!("; there are {}, and {} more", said.join(", "), rest.len())
        }
    }
}

/// `1,234 events are`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(count)) }
}

/// `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn some_of(examples: &[String], of: u64) -> String {
    let mut sorted: Vec<&str> = examples.iter().map(String::as_str).collect();
    sorted.sort_by_key(|id| (id.len(), *id));
    let more = if of > examples.len() as u64 { ", ..." } else { "" };
    format!("{}{more}", sorted.join(", "))
}
