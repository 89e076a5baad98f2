//! The lowest and the highest that parts of a model can give, whatever a lead is and does.
//!
//! The bounds are generous: what lies beyond them is certainly out of reach.

use leads::Points;

use crate::model::{
    Band, Counting, Criterion, Decay, Dimension, Group, Limit, Model, Period, Rule,
};

/// From the lowest to the highest, in hundredths of a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reach {
    pub(super) low: i128,
    pub(super) high: i128,
}

/// More than any bound: points are at most 1e8 hundredths, counts at most 2^32.
const UNBOUNDED: i128 = 1_000_000_000_000_000_000_000_000_000;

impl Reach {
    const NOTHING: Self = Self { low: 0, high: 0 };

    /// From the least to the greatest of the points.
    fn of(points: impl IntoIterator<Item = Points>) -> Option<Self> {
        points.into_iter().map(|points| i128::from(points.hundredths())).fold(None, |reach, one| {
            let Self { low, high } = reach.unwrap_or(Self { low: one, high: one });
            Some(Self { low: low.min(one), high: high.max(one) })
        })
    }

    fn or_nothing(self) -> Self {
        Self { low: self.low.min(0), high: self.high.max(0) }
    }

    fn plus(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }

    /// Held to a limit.
    pub(super) fn within(self, limit: Option<Limit>) -> Self {
        let Some(limit) = limit else { return self };
        let (low, high) = (limit.low.hundredths().into(), limit.high.hundredths().into());
        Self { low: self.low.clamp(low, high), high: self.high.clamp(low, high) }
    }

    /// As the whole numbers that people see, rounded half away from zero.
    pub(super) fn shown(self) -> Self {
        let whole = |hundredths: i128| (hundredths + 50 * hundredths.signum()) / 100;
        Self { low: whole(self.low), high: whole(self.high) }
    }
}

/// The score as people see it.
pub(super) fn score(model: &Model) -> Reach {
    let sum = model.groups.iter().map(group).fold(Reach::NOTHING, Reach::plus);
    let (bottom, top) = (i128::from(model.scale.bottom) * 100, i128::from(model.scale.top) * 100);
    Reach { low: sum.low.clamp(bottom, top), high: sum.high.clamp(bottom, top) }.shown()
}

/// Fit or engagement as people see it.
pub(super) fn dimension(model: &Model, dimension: Dimension) -> Reach {
    let groups = model.groups.iter().filter(|group| group.dimension == dimension);
    groups.map(group).fold(Reach::NOTHING, Reach::plus).shown()
}

/// The sum of a group, held to its limit.
fn group(group: &Group) -> Reach {
    sum(&group.criteria).within(group.limit)
}

/// The sum of criteria, each held to its own limit.
pub(super) fn sum<'c>(criteria: impl IntoIterator<Item = &'c Criterion>) -> Reach {
    criteria.into_iter().map(criterion).fold(Reach::NOTHING, Reach::plus)
}

/// What a criterion gives, held to its limit.
pub(super) fn criterion(criterion: &Criterion) -> Reach {
    rule(&criterion.rule).within(criterion.limit)
}

fn rule(rule: &Rule) -> Reach {
    match rule {
        Rule::Condition { points, otherwise, unknown, .. } => {
            Reach::of([*points, *otherwise, *unknown]).unwrap_or(Reach::NOTHING)
        }
        Rule::Bands { bands, unknown, .. } => {
            let taken = bands.iter().map(|band| band.points).chain([*unknown]);
            let reach = Reach::of(taken).unwrap_or(Reach::NOTHING);
            if takes_everything(bands) { reach } else { reach.or_nothing() }
        }
        Rule::Events { counting, decay, points } => {
            let each = i128::from(points.hundredths());
            let most = match most_counted(counting, *decay) {
                Some(count) => each * i128::from(count),
                None => each.signum() * UNBOUNDED,
            };
            Reach { low: most, high: most }.or_nothing()
        }
        Rule::Tiers { counting, tiers } => {
            let reach = Reach::of(tiers.iter().map(|tier| tier.points)).unwrap_or(Reach::NOTHING);
            // A lead younger than `within` gets nothing for its silence.
            let nothing = counting.within.is_some() || !takes_everything(tiers);
            if nothing { reach.or_nothing() } else { reach }
        }
        Rule::Curve { curve, .. } => {
            let reach = Reach::of(curve.iter().map(|knot| knot.points));
            reach.unwrap_or(Reach::NOTHING).or_nothing()
        }
    }
}

fn takes_everything(bands: &[Band]) -> bool {
    bands.iter().any(|band| band.at_least.is_none() && band.below.is_none())
}

/// How many events can count at one instant; `None` where there is no end to it.
pub(super) fn most_counted(counting: &Counting, decay: Decay) -> Option<u64> {
    let cap = counting.cap?;
    // No period is shorter, wherever clocks are changed and zones are moved.
    let shortest_ms: i64 = match cap.per {
        Period::Ever => return Some(cap.at_most.into()),
        Period::Hour => 1_800_000,
        Period::Day => 12 * 3_600_000,
        Period::Week => 6 * 86_400_000,
        Period::Month => 27 * 86_400_000,
    };
    let lifetime_ms = match decay {
        Decay::None | Decay::HalfLife(_) => None,
        Decay::Linear(time) | Decay::Expires(time) => Some(time.as_millis()),
        Decay::Step { lose_millionths, every } => {
            let steps = i64::from(1_000_000_u32.div_ceil(lose_millionths));
            Some(every.as_millis().saturating_mul(steps))
        }
    };
    let window_ms = counting.within.map(leads::Duration::as_millis).into_iter().chain(lifetime_ms);
    // A window may begin and end within a period; ages count in whole hours, hence one more.
    let periods = window_ms.min()? / shortest_ms + 3;
    Some(periods as u64 * u64::from(cap.at_most))
}
