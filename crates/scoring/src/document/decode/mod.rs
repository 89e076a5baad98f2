//! The checked tree -> [`Model`], and the rules that span several values.
//!
//! Every function here returns `None` where something beneath it cannot be read; what that is has
//! been reported by the checker or is reported on the way.

mod condition;
mod criterion;
mod outcome;
mod test;

use std::collections::HashMap;

use jiff::tz::TimeZone;
use leads::Points;

use super::diagnostic::{Diagnostic, code, nearest, one_of};
use super::read;
use super::tree::{Mark, Node, shorten};
use crate::model::{Dimension, Group, Kind, Limit, Model, Rule, Scale};

/// The model of a document, and what is wrong with it beyond single values.
pub(super) fn decode(root: &Node) -> (Option<Model>, Vec<Diagnostic>) {
    let mut decoder = Decoder { names: Names::of(root), diagnostics: Vec::new() };
    let model = decoder.model(root);
    (model, decoder.diagnostics)
}

struct Decoder<'n> {
    names: Names<'n>,
    diagnostics: Vec<Diagnostic>,
}

/// What other parts of the document refer to. Taken from the tree, so that a mistake inside a
/// stage does not make every mention of the stage a second mistake.
struct Names<'n> {
    criteria: Vec<&'n str>,
    brackets: Vec<&'n str>,
    stages: Vec<&'n str>,
    grades: Vec<String>,
}

impl<'n> Names<'n> {
    fn of(root: &'n Node) -> Self {
        let named = |list: &'n str, key: &'static str| {
            root.list(list).iter().filter_map(|item| item.name(key)).collect()
        };
        let letters = |dimension: &'static str| {
            let pairs = root.get("grid").map_or(&[][..], |grid| grid.list(dimension));
            pairs.iter().flat_map(Node::entries).map(|entry| entry.key.trim())
        };
        let groups = root.list("groups").iter();
        Self {
            criteria: groups
                .flat_map(|group| group.list("criteria"))
                .filter_map(|criterion| criterion.name("name"))
                .collect(),
            brackets: named("brackets", "name"),
            stages: named("stages", "stage"),
            grades: letters("fit")
                .flat_map(|fit| letters("engagement").map(move |number| format!("{fit}{number}")))
                .collect(),
        }
    }
}

impl Decoder<'_> {
    fn model(&mut self, root: &Node) -> Option<Model> {
        self.no_name_twice("the group", root.list("groups"), "group");
        let criteria = root.list("groups").iter().flat_map(|group| group.list("criteria"));
        self.no_name_twice("the criterion", criteria, "name");
        self.no_name_twice("the gate", root.list("gates"), "name");
        self.no_name_twice("the test", root.list("tests"), "name");

        let name = root.name("model").map(str::to_owned);
        let scale = given(root.get("scale"), |node| self.scale(node));
        let time_zone = given(root.get("time_zone"), |node| self.time_zone(node));
        let groups = every(root.list("groups"), |node| self.group(node));
        let gates = every(root.list("gates"), |node| self.gate(node));
        let brackets = self.brackets(root.list("brackets"));
        let grid = given(root.get("grid"), |node| self.grid(node));
        let stages = self.stages(root.list("stages"));
        let tests = every(root.list("tests"), |node| self.test(node));
        Some(Model {
            name: name?,
            kind: match root.name("kind") {
                Some("loyalty") => Kind::Loyalty,
                _ => Kind::Acquisition,
            },
            scale: scale?.unwrap_or(Scale { bottom: 0, top: 100 }),
            time_zone: time_zone?.unwrap_or(TimeZone::UTC),
            groups: groups?,
            gates: gates?,
            brackets: brackets?,
            grid: grid?,
            stages: stages?,
            tests: tests?,
        })
    }

    fn scale(&mut self, node: &Node) -> Option<Scale> {
        let [bottom, top] = node.items() else { return None };
        let whole = |node: &Node| read::whole(node, -1_000_000, 1_000_000).ok();
        let (bottom, top) = (whole(bottom)?, whole(top)?);
        if bottom >= top {
            let message = format!("the scale runs from {bottom} to {top}, which does not rise");
            let remedy = if bottom > top {
                format!("write [{top}, {bottom}]")
            } else {
                "write the lowest and the highest score, such as [0, 100]".to_owned()
            };
            self.error(code::BOUNDS, node.start, format!("[{bottom}, {top}]"), message, remedy);
        }
        Some(Scale { bottom, top })
    }

    fn time_zone(&mut self, node: &Node) -> Option<TimeZone> {
        let name = read::name(node).ok()?;
        if let Ok(zone) = TimeZone::get(name) {
            return Some(zone);
        }
        let known: Vec<String> =
            jiff::tz::db().available().map(|known| known.as_str().to_owned()).collect();
        let remedy = match nearest_zone(name, &known) {
            Some(near) => format!("write {near}"),
            None => "write a name of the IANA list, such as Europe/Madrid".to_owned(),
        };
        let message = format!("`{}` is not a time zone", shorten(name));
        self.error(code::TIME_ZONE, node.start, shorten(name), message, remedy);
        None
    }

    fn group(&mut self, node: &Node) -> Option<Group> {
        let limit = given(node.get("limit"), |node| self.limit(node));
        let criteria = every(node.list("criteria"), |node| self.criterion(node))?;
        let looks_at_traits_only = |rule: &Rule| match rule {
            Rule::Condition { when, .. } => condition::looks_at_traits_only(when),
            Rule::Bands { .. } => true,
            Rule::Events { .. } | Rule::Tiers { .. } | Rule::Curve { .. } => false,
        };
        let dimension = match node.name("dimension") {
            Some("fit") => Dimension::Fit,
            None if criteria.iter().all(|one| looks_at_traits_only(&one.rule)) => Dimension::Fit,
            _ => Dimension::Engagement,
        };
        Some(Group { name: node.name("group")?.to_owned(), dimension, limit: limit?, criteria })
    }

    fn limit(&mut self, node: &Node) -> Option<Limit> {
        let [low, high] = node.items() else { return None };
        let (low, high) = (points(low)?, points(high)?);
        if low > high {
            let message = format!("the limit [{low}, {high}] lets nothing through");
            let remedy = format!("write [{high}, {low}]");
            self.error(code::BOUNDS, node.start, format!("[{low}, {high}]"), message, remedy);
        }
        Some(Limit { low, high })
    }

    /// Reports each name that stands under `key` a second time.
    fn no_name_twice<'n>(
        &mut self,
        what: &str,
        nodes: impl IntoIterator<Item = &'n Node>,
        key: &str,
    ) {
        let named =
            nodes.into_iter().filter_map(|node| Some((node.name(key)?, node.get(key)?.start)));
        self.no_text_twice(what, named);
    }

    fn no_text_twice<'n>(&mut self, what: &str, named: impl IntoIterator<Item = (&'n str, Mark)>) {
        let mut first: HashMap<&str, Mark> = HashMap::new();
        for (name, start) in named {
            let Some(earlier) = first.get(name) else {
                first.insert(name, start);
                continue;
            };
            let message =
                format!("{what} `{}` stands twice; first on line {}", shorten(name), earlier.line);
            self.error(
                code::NAME_TWICE,
                start,
                shorten(name),
                message,
                "give one of them another name",
            );
        }
    }

    /// Reports a name that refers to nothing.
    fn must_be_known(&mut self, what: &str, name: &str, at: Mark, known: &[&str]) {
        if known.contains(&name) {
            return;
        }
        let message = format!("there is no {what} `{}`", shorten(name));
        let remedy = match (nearest(name, known.iter().copied()), known.is_empty()) {
            (_, true) => "the model has none: add it, or remove this line".to_owned(),
            (Some(near), _) => format!("write `{near}`"),
            (None, _) => format!("write {}", one_of(known.iter().copied().take(12))),
        };
        self.error(code::UNKNOWN_NAME, at, shorten(name), message, remedy);
    }

    fn error(
        &mut self,
        code: &'static str,
        at: Mark,
        text: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.diagnostics.push(Diagnostic::error(code, at, text, message).remedy(remedy));
    }
}

/// Reads every node, also after one that cannot be read, so that each is reported.
fn every<T>(nodes: &[Node], read: impl FnMut(&Node) -> Option<T>) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = nodes.iter().map(read).collect();
    read.into_iter().collect()
}

/// `Some(None)` where nothing is given, `None` where what is given cannot be read.
#[expect(
    clippy::option_option,
    reason = "three answers: unreadable, not given, given; `?` tells the first"
)]
fn given<T>(node: Option<&Node>, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    match node {
        None => Some(None),
        Some(node) => read(node).map(Some),
    }
}

fn points(node: &Node) -> Option<Points> {
    read::points(node).ok()
}

/// Points that may be left out: 0 then.
fn points_or_none(node: Option<&Node>) -> Option<Points> {
    node.map_or(Some(Points::ZERO), points)
}

/// `Madrid` is as near to `Europe/Madrid` as a slip of the finger.
fn nearest_zone<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let city = |zone: &'a str| zone.rsplit('/').next().unwrap_or(zone);
    let said = name.replace(' ', "_");
    let same_city = known.iter().find(|zone| city(zone).eq_ignore_ascii_case(&said));
    same_city.map(String::as_str).or_else(|| nearest(&said, known.iter().map(String::as_str)))
}
