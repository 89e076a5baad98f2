//! What the points mean: gates, brackets, the grid and the stages.

use leads::{Duration, Points};

use super::super::diagnostic::code;
use super::super::read;
use super::super::tree::{Entry, Node, shorten};
use super::{Decoder, every, given, points};
use crate::model::{Bracket, Gate, GateEffect, Grid, Stage, Thresholds};

impl Decoder<'_> {
    pub(super) fn gate(&mut self, node: &Node) -> Option<Gate> {
        let when = node.get("when").and_then(|when| self.condition(when));
        let effect = if node.entry("disqualify").is_some() {
            Some(GateEffect::Disqualify)
        } else {
            node.get("fast_track").and_then(|stage| self.fast_track(stage))
        };
        Some(Gate { name: node.name("name")?.to_owned(), when: when?, effect: effect? })
    }

    fn fast_track(&mut self, node: &Node) -> Option<GateEffect> {
        let stage = read::name(node).ok()?;
        let stages = self.names.stages.clone();
        self.must_be_known("stage", stage, node.start, &stages);
        stages.iter().position(|known| *known == stage).map(GateEffect::FastTrack)
    }

    pub(super) fn brackets(&mut self, nodes: &[Node]) -> Option<Vec<Bracket>> {
        self.no_name_twice("the bracket", nodes, "name");
        self.no_name_is_none("bracket", nodes, "name");
        let brackets = every(nodes, |node| {
            let name = node.name("name").map(str::to_owned);
            Some(Bracket { name: name?, from: points(node.get("from")?)? })
        });
        self.no_start_twice(nodes.iter().filter_map(|node| node.get("from")));
        let mut brackets = brackets?;
        brackets.sort_by_key(|bracket| bracket.from);
        Some(brackets)
    }

    pub(super) fn grid(&mut self, node: &Node) -> Option<Grid> {
        let fit = self.grades("the letter", node.list("fit"));
        let engagement = self.grades("the number", node.list("engagement"));
        Some(Grid { fit: fit?, engagement: engagement? })
    }

    /// `[A: 38, B: 25]`, by falling points.
    fn grades(&mut self, what: &str, nodes: &[Node]) -> Option<Vec<Bracket>> {
        let entries: Vec<&Entry> = nodes.iter().flat_map(Node::entries).collect();
        self.no_text_twice(what, entries.iter().map(|entry| (entry.key.trim(), entry.start)));
        self.no_start_twice(entries.iter().map(|entry| &entry.value));
        let grades: Option<Vec<Bracket>> = entries
            .iter()
            .map(|Entry { key, value, .. }| {
                Some(Bracket { name: key.trim().to_owned(), from: points(value)? })
            })
            .collect();
        let mut grades = grades.filter(|grades| !grades.is_empty())?;
        grades.sort_by_key(|grade| std::cmp::Reverse(grade.from));
        Some(grades)
    }

    /// Two ranges that begin at one number: nobody could tell which is meant.
    fn no_start_twice<'n>(&mut self, starts: impl IntoIterator<Item = &'n Node>) {
        let mut seen: Vec<(Points, usize)> = Vec::new();
        for node in starts {
            let Some(from) = points(node) else { continue };
            match seen.iter().find(|(earlier, _)| *earlier == from) {
                None => seen.push((from, node.start.line)),
                Some((_, line)) => {
                    let message = format!("two ranges begin at {from}; the first on line {line}");
                    let remedy = "let each begin at a number of its own";
                    self.error(code::NAME_TWICE, node.start, node.excerpt(), message, remedy);
                }
            }
        }
    }

    pub(super) fn stages(&mut self, nodes: &[Node]) -> Option<Vec<Stage>> {
        self.no_name_twice("the stage", nodes, "stage");
        self.no_name_is_none("stage", nodes, "stage");
        every(nodes, |node| self.stage(node))
    }

    fn stage(&mut self, node: &Node) -> Option<Stage> {
        let enter = node.get("enter").map(thresholds);
        let leave = node.get("leave").map(thresholds);
        if let (Some(enter), Some(leave), Some(node)) = (enter, leave, node.get("leave")) {
            for (key, enter, leave) in [
                ("score", enter.score, leave.score),
                ("fit", enter.fit, leave.fit),
                ("engagement", enter.engagement, leave.engagement),
            ] {
                if let (Some(leave), Some(at)) = (leave, node.get(key)) {
                    self.leave_must_lie_below(key, enter, leave, at);
                }
            }
        }
        let time = |key| given(node.get(key), |node| read::duration(node, 0).ok());
        let rejected_by =
            given(node.get("rejected_by"), |node| read::name(node).ok().map(str::to_owned));
        let (dwell, requalify_after) = (time("dwell")?, time("requalify_after")?);
        let enter = enter.filter(|enter| *enter != Thresholds::default())?;
        Some(Stage {
            name: node.name("stage")?.to_owned(),
            enter,
            leave: leave.unwrap_or(enter),
            dwell: dwell.unwrap_or(Duration::ZERO),
            requalify_after: requalify_after.unwrap_or(Duration::ZERO),
            rejected_by: rejected_by?.unwrap_or_else(|| "sales_rejected".to_owned()),
        })
    }

    /// A lead must not be in and out at once: it would flap for ever.
    fn leave_must_lie_below(&mut self, key: &str, enter: Option<Points>, leave: Points, at: &Node) {
        let (message, remedy) = match enter {
            Some(enter) if leave <= enter => return,
            Some(enter) => (
                format!(
                    "the stage is left below a {key} of {leave}, which lies above its enter ({enter})"
                ),
                format!("write {enter} or less"),
            ),
            None => (
                format!("the stage is left below a {key} of {leave}, but entered with any {key}"),
                format!("add `{key}: {leave}` or more to `enter`, or remove it here"),
            ),
        };
        self.error(code::LEAVE_ABOVE_ENTER, at.start, at.excerpt(), message, remedy);
    }

    /// `none` is how tests say that there is no stage or bracket.
    fn no_name_is_none(&mut self, what: &str, nodes: &[Node], key: &str) {
        for node in nodes.iter().filter(|node| node.name(key) == Some("none")) {
            let at = node.get(key).map_or(node.start, |name| name.start);
            let message = format!("a {what} cannot be called `none`: that stands for no {what}");
            self.error(code::RESERVED_NAME, at, shorten("none"), message, "choose another name");
        }
    }
}

fn thresholds(node: &Node) -> Thresholds {
    let threshold = |key| node.get(key).and_then(points);
    Thresholds {
        score: threshold("score"),
        fit: threshold("fit"),
        engagement: threshold("engagement"),
    }
}
