//! What is allowed but probably not meant.
//!
//! Each warning is a proof: it is given only where no lead whatever could make it untrue.

use leads::Points;

use super::diagnostic::{Diagnostic, code};
use super::reach::{self, Reach};
use super::tree::Node;
use crate::model::{
    Band, Bracket, Criterion, Decay, Dimension, GateEffect, Group, Limit, Model, Rule, Stage,
};

/// Everything suspicious about a model that was decoded from `root`.
pub(super) fn warnings(model: &Model, root: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (group, node) in model.groups.iter().zip(root.list("groups")) {
        for (index, (criterion, node)) in
            group.criteria.iter().zip(node.list("criteria")).enumerate()
        {
            never_anything(criterion, node, &mut found);
            unreachable_rows(criterion, node, &mut found);
            always_cut(group, index, node, &mut found);
        }
    }
    unreachable_brackets(model, root.list("brackets"), &mut found);
    if let (Some(grid), Some(node)) = (&model.grid, root.get("grid")) {
        let fit = reach::dimension(model, Dimension::Fit);
        unreachable_grades("fit", &grid.fit, fit, node, &mut found);
        let engagement = reach::dimension(model, Dimension::Engagement);
        unreachable_grades("engagement", &grid.engagement, engagement, node, &mut found);
    }
    for (index, (stage, node)) in model.stages.iter().zip(root.list("stages")).enumerate() {
        let is_target = |effect| effect == GateEffect::FastTrack(index);
        if !model.gates.iter().any(|gate| is_target(gate.effect)) {
            unreachable_stage(model, stage, node, &mut found);
        }
    }
    found
}

fn never_anything(criterion: &Criterion, node: &Node, found: &mut Vec<Diagnostic>) {
    let Reach { low: 0, high: 0 } = reach::criterion(criterion) else { return };
    let at = node.get("name").map_or(node.start, |name| name.start);
    let message = format!("the criterion `{}` never gives anything but 0", criterion.name);
    found.push(
        Diagnostic::warning(code::NEVER_ANYTHING, at, &criterion.name, message)
            .remedy("give it points, or remove it"),
    );
}

fn unreachable_rows(criterion: &Criterion, node: &Node, found: &mut Vec<Diagnostic>) {
    let (rows, nodes, lowest, most) = match &criterion.rule {
        Rule::Bands { bands, .. } => (bands, node.list("bands"), f64::NEG_INFINITY, None),
        Rule::Tiers { tiers, counting } => {
            (tiers, node.list("tiers"), 0.0, reach::most_counted(counting, Decay::None))
        }
        _ => return,
    };
    for (index, node) in nodes.iter().enumerate() {
        let text = node.excerpt();
        let Some(first) = first_left(rows, index, lowest) else {
            let message = "no number comes to this row: the rows above take them all";
            found
                .push(Diagnostic::warning(code::UNREACHABLE_TIER, node.start, text, message).remedy(
                "the first row that takes a number counts: put this one further up, or remove it",
            ));
            continue;
        };
        if let Some(most) = most.filter(|most| first > *most as f64) {
            let message = format!(
                "no lead comes to this row: it begins at {first}, and no more than {most} events count"
            );
            found.push(
                Diagnostic::warning(code::BEYOND_THE_CAP, node.start, text, message)
                    .remedy("raise `count`, or begin the row lower"),
            );
        }
    }
}

/// The least number that row `index` takes and no row above it does.
fn first_left(rows: &[Band], index: usize, lowest: f64) -> Option<f64> {
    let ends = |row: &Band| {
        (row.at_least.unwrap_or(lowest).max(lowest), row.below.unwrap_or(f64::INFINITY))
    };
    let (mut first, end) = ends(&rows[index]);
    let mut taken: Vec<(f64, f64)> = rows[..index].iter().map(ends).collect();
    taken.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (from, to) in taken {
        if from <= first && first < to {
            first = to;
        }
    }
    (first < end).then_some(first)
}

fn always_cut(group: &Group, index: usize, node: &Node, found: &mut Vec<Diagnostic>) {
    let criterion = &group.criteria[index];
    let others = group.criteria.iter().enumerate().filter(|(other, _)| *other != index);
    let others = reach::sum(others.map(|(_, criterion)| criterion));
    for (points, node) in points_in(&criterion.rule, node) {
        let hundredths = i128::from(points.hundredths());
        let alone = Reach { low: hundredths, high: hundredths };
        let left = alone.within(criterion.limit);
        let with_others = Reach { low: left.low + others.low, high: left.high + others.high };
        let whose = if left != alone {
            criterion.limit.map(|limit| ("its limit", limit))
        } else if hundredths != 0 && cuts(group.limit, with_others, hundredths > 0) {
            group.limit.map(|limit| ("the limit of its group", limit))
        } else {
            None
        };
        if let Some((whose, Limit { low, high })) = whose {
            let message =
                format!("`{points}` is never given in full: {whose}, [{low}, {high}], cuts it");
            found.push(
                Diagnostic::warning(code::ALWAYS_CUT, node.start, points.to_string(), message)
                    .remedy("widen the limit, or give fewer points"),
            );
        }
    }
}

/// Whether the limit cuts the sum however little the others give.
fn cuts(limit: Option<Limit>, sum: Reach, upwards: bool) -> bool {
    limit.is_some_and(|Limit { low, high }| {
        let (low, high) = (i128::from(low.hundredths()), i128::from(high.hundredths()));
        if upwards { sum.low > high } else { sum.high < low }
    })
}

/// The points that a criterion names, each with its place.
fn points_in<'n>(rule: &Rule, node: &'n Node) -> Vec<(Points, &'n Node)> {
    let own = |key: &str, points: Points| node.get(key).map(|node| (points, node));
    let rows = |key: &str, points: Vec<Points>| {
        let nodes = node.list(key).iter().filter_map(|row| row.get("points"));
        points.into_iter().zip(nodes).collect()
    };
    match rule {
        Rule::Condition { points, otherwise, unknown, .. } => {
            let named = [("points", points), ("otherwise", otherwise), ("unknown", unknown)];
            named.into_iter().filter_map(|(key, points)| own(key, *points)).collect()
        }
        Rule::Bands { bands, unknown, .. } => {
            let mut all: Vec<_> = rows("bands", bands.iter().map(|band| band.points).collect());
            all.extend(own("unknown", *unknown));
            all
        }
        Rule::Events { points, .. } => own("points", *points).into_iter().collect(),
        Rule::Tiers { tiers, .. } => rows("tiers", tiers.iter().map(|tier| tier.points).collect()),
        Rule::Curve { curve, .. } => rows("curve", curve.iter().map(|knot| knot.points).collect()),
    }
}

fn unreachable_brackets(model: &Model, nodes: &[Node], found: &mut Vec<Diagnostic>) {
    let reach = reach::score(model);
    let disqualifies = model.gates.iter().any(|gate| gate.effect == GateEffect::Disqualify);
    let bottom = i128::from(model.scale.bottom);
    for (index, bracket) in model.brackets.iter().enumerate() {
        let next = model.brackets.get(index + 1).map(|next| next.from);
        let holds_bottom =
            disqualifies && holds(bracket.from, next, Reach { low: bottom, high: bottom });
        if holds_bottom || holds(bracket.from, next, reach) {
            continue;
        }
        let Some(node) = nodes.iter().find(|node| node.name("name") == Some(&bracket.name)) else {
            continue;
        };
        let Reach { low, high } = reach;
        let message = format!(
            "no lead comes into the bracket `{}`: scores lie between {low} and {high}",
            bracket.name
        );
        found.push(
            Diagnostic::warning(code::UNREACHABLE_BRACKET, node.start, &bracket.name, message)
                .remedy("move its `from`, or give more points"),
        );
    }
    let lowest = if disqualifies { reach.low.min(bottom) } else { reach.low };
    let Some(first) = model.brackets.first() else { return };
    if i128::from(first.from.hundredths()) > lowest * 100 {
        let node = nodes.iter().find(|node| node.name("name") == Some(&first.name));
        let Some(node) = node else { return };
        let from = first.from;
        let message = format!("scores from {lowest} up to {from} are in no bracket");
        found.push(
            Diagnostic::warning(code::UNCOVERED_BOTTOM, node.start, &first.name, message)
                .remedy(format!("let the lowest bracket begin at {lowest}")),
        );
    }
}

/// Whether some whole number of the reach lies from `from` up to `next`, without it.
fn holds(from: Points, next: Option<Points>, reach: Reach) -> bool {
    let from = i128::from(from.hundredths());
    let least = (from + 99).div_euclid(100).max(reach.low);
    least <= reach.high && next.is_none_or(|next| least * 100 < next.hundredths().into())
}

fn unreachable_grades(
    what: &str,
    grades: &[Bracket],
    reach: Reach,
    node: &Node,
    found: &mut Vec<Diagnostic>,
) {
    for (index, grade) in grades.iter().enumerate() {
        let above = index.checked_sub(1).map(|above| grades[above].from);
        // The lowest takes everything below as well.
        let takes_below =
            index + 1 == grades.len() && i128::from(grade.from.hundredths()) > reach.low * 100;
        if takes_below || holds(grade.from, above, reach) {
            continue;
        }
        let entries = node.list(what).iter().flat_map(Node::entries);
        let Some(entry) = entries.into_iter().find(|entry| entry.key.trim() == grade.name) else {
            continue;
        };
        let Reach { low, high } = reach;
        let name = &grade.name;
        let message =
            format!("no lead gets the grade `{name}`: {what} lies between {low} and {high}");
        found.push(
            Diagnostic::warning(code::UNREACHABLE_GRADE, entry.start, name, message)
                .remedy("move it to where leads are, or give more points"),
        );
    }
}

fn unreachable_stage(model: &Model, stage: &Stage, node: &Node, found: &mut Vec<Diagnostic>) {
    let Some(enter) = node.get("enter") else { return };
    for (key, threshold, high) in [
        ("score", stage.enter.score, reach::score(model).high),
        ("fit", stage.enter.fit, reach::dimension(model, Dimension::Fit).high),
        ("engagement", stage.enter.engagement, reach::dimension(model, Dimension::Engagement).high),
    ] {
        let Some((threshold, node)) = threshold.zip(enter.get(key)) else { continue };
        if i128::from(threshold.hundredths()) <= high * 100 {
            continue;
        }
        let message = format!(
            "no lead enters the stage `{}`: its {key} would have to be {threshold}, and the highest is {high}",
            stage.name
        );
        found.push(
            Diagnostic::warning(
                code::UNREACHABLE_STAGE,
                node.start,
                threshold.to_string(),
                message,
            )
            .remedy(format!("write {high} or less, or give more points")),
        );
    }
}
