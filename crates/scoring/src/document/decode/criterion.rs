//! Criteria: what gives points.

use leads::{CalendarDuration, Duration};

use super::super::diagnostic::code;
use super::super::read;
use super::super::tree::{Node, shorten};
use super::condition::whole_count;
use super::{Decoder, every, given, points, points_or_none};
use crate::model::{Band, Condition, CountCap, Counting, Criterion, Decay, Knot, Period, Rule};

impl Decoder<'_> {
    pub(super) fn criterion(&mut self, node: &Node) -> Option<Criterion> {
        let limit = given(node.get("limit"), |node| self.limit(node));
        let rule = self.rule(node);
        Some(Criterion { name: node.name("name")?.to_owned(), rule: rule?, limit: limit? })
    }

    /// Tells the kinds apart as the grammar does.
    fn rule(&mut self, node: &Node) -> Option<Rule> {
        let has = |key: &str| node.entry(key).is_some();
        if has("trait") && has("bands") {
            self.bands_rule(node)
        } else if has("trait") {
            let when = self.trait_tests(node).map(Condition::Trait);
            outcomes(node, when)
        } else if has("event") && has("tiers") {
            self.tiers_rule(node)
        } else if has("event") {
            self.events_rule(node)
        } else if let Some(when) = node.get("when") {
            let when = self.condition(when);
            outcomes(node, when)
        } else {
            self.curve_rule(node)
        }
    }

    fn bands_rule(&mut self, node: &Node) -> Option<Rule> {
        let bands = every(node.list("bands"), |node| self.band(node))?;
        let unknown = points_or_none(node.get("unknown"))?;
        Some(Rule::Bands { path: node.name("trait")?.to_owned(), bands, unknown })
    }

    /// A band or a tier; that a tier's bounds are whole is for the checker to say.
    fn band(&mut self, node: &Node) -> Option<Band> {
        let bound = |key| given(node.get(key), |node| read::number(node).ok());
        let (at_least, below) = (bound("at_least")?, bound("below")?);
        if let (Some(low), Some(high)) = (at_least, below)
            && low >= high
        {
            let at = node.get("below").map_or(node.start, |below| below.start);
            let message = format!("no number is at least {low} and below {high}");
            let remedy = if low > high {
                format!("write {{at_least: {high}, below: {low}, …}}")
            } else {
                "`below` must be greater than `at_least`".to_owned()
            };
            self.error(code::BOUNDS, at, high.to_string(), message, remedy);
        }
        Some(Band { at_least, below, points: points(node.get("points")?)? })
    }

    fn events_rule(&mut self, node: &Node) -> Option<Rule> {
        let counting = self.counting(node);
        let decay = node.get("decay").map_or(Some(Decay::None), decay)?;
        Some(Rule::Events { counting: counting?, decay, points: points(node.get("points")?)? })
    }

    fn tiers_rule(&mut self, node: &Node) -> Option<Rule> {
        let counting = self.counting(node);
        let tiers = every(node.list("tiers"), |node| self.band(node))?;
        Some(Rule::Tiers { counting: counting?, tiers })
    }

    fn counting(&mut self, node: &Node) -> Option<Counting> {
        let pattern = self.event_pattern(node);
        let within = given(node.get("within"), |node| read::duration(node, 1).ok())?;
        let cap = given(node.get("count"), count_cap)?;
        Some(Counting { pattern: pattern?, within, cap })
    }

    fn curve_rule(&mut self, node: &Node) -> Option<Rule> {
        let since = node.get("since").and_then(|since| self.event_pattern(since));
        let nodes = node.list("curve");
        let knots: Vec<Option<Knot>> = nodes.iter().map(|node| self.knot(node)).collect();
        let times: Vec<Option<CalendarDuration>> =
            nodes.iter().map(|node| node.get("at").and_then(|at| read::age(at).ok())).collect();
        for index in 1..nodes.len() {
            if let (Some(earlier), Some(later)) = (times[index - 1], times[index]) {
                self.knots_must_rise(earlier, later, &nodes[index]);
            }
        }
        let curve: Option<Vec<Knot>> = knots.into_iter().collect();
        Some(Rule::Curve { since: since?, curve: curve.filter(|curve| !curve.is_empty())? })
    }

    fn knot(&mut self, node: &Node) -> Option<Knot> {
        let at_node = node.get("at")?;
        let at = read::age(at_node).ok()?;
        if let CalendarDuration::Fixed(length) = at
            && length.as_millis() % Duration::HOUR.as_millis() != 0
        {
            let hours = length.as_millis() / Duration::HOUR.as_millis();
            let message = format!("a curve counts whole hours, and `{}` is not", at_node.excerpt());
            let remedy = format!("write {hours}h or {}h", hours + 1);
            self.error(code::CURVE, at_node.start, at_node.excerpt(), message, remedy);
        }
        Some(Knot { at, points: points(node.get("points")?)? })
    }

    fn knots_must_rise(&mut self, earlier: CalendarDuration, later: CalendarDuration, node: &Node) {
        let ((least, most), (least_later, _)) = (hours(earlier), hours(later));
        if most < least_later {
            return;
        }
        let at = node.get("at").unwrap_or(node);
        let text = shorten(&at.excerpt());
        let (message, remedy) = if earlier == later {
            (format!("`{text}` stands twice in the curve"), "keep one of the two")
        } else if least < least_later {
            let message = format!(
                "`{text}` need not be later than `{earlier}`: a month may be as short as 28 days \
                 (27 where clocks are changed) or as long as 31"
            );
            (message, "leave more room between the two, or count both in months or both in days")
        } else {
            (
                format!("the curve goes backwards: `{text}` stands after `{earlier}`"),
                "write the points of a curve in the order of time",
            )
        };
        self.error(code::CURVE, at.start, text, message, remedy);
    }
}

/// `points`, `otherwise` and `unknown` of a condition.
fn outcomes(node: &Node, when: Option<Condition>) -> Option<Rule> {
    Some(Rule::Condition {
        when: when?,
        points: points(node.get("points")?)?,
        otherwise: points_or_none(node.get("otherwise"))?,
        unknown: points_or_none(node.get("unknown"))?,
    })
}

fn count_cap(node: &Node) -> Option<CountCap> {
    let per = match node.name("per")? {
        "hour" => Period::Hour,
        "day" => Period::Day,
        "week" => Period::Week,
        "month" => Period::Month,
        "ever" => Period::Ever,
        _ => return None,
    };
    Some(CountCap { at_most: whole_count(node.get("at_most")?)?, per })
}

fn decay(node: &Node) -> Option<Decay> {
    let time = |node: &Node, key, least| read::duration(node.get(key)?, least).ok();
    if node.text().is_some() {
        return Some(Decay::None);
    }
    if node.entry("half_life").is_some() {
        return time(node, "half_life", 1000).map(Decay::HalfLife);
    }
    if node.entry("linear").is_some() {
        return time(node, "linear", 1000).map(Decay::Linear);
    }
    if let Some(step) = node.get("step") {
        let lose_millionths = read::percent(step.get("lose")?).ok()?;
        return Some(Decay::Step { lose_millionths, every: time(step, "every", 1000)? });
    }
    time(node, "expires", 1).map(Decay::Expires)
}

/// The fewest and the most whole hours that a time can have, whenever it begins.
fn hours(time: CalendarDuration) -> (i64, i64) {
    match time {
        CalendarDuration::Fixed(length) => {
            let hours = length.as_millis() / Duration::HOUR.as_millis();
            (hours, hours)
        }
        CalendarDuration::Months(0) => (0, 0),
        CalendarDuration::Months(months) => {
            let (least, most) = days(months as usize);
            (least * 24 - CLOCK_CHANGE_HOURS, most * 24 + CLOCK_CHANGE_HOURS)
        }
    }
}

/// Zones have moved across the date line (Samoa lost 30 December 2011), and clocks may change
/// twice within a month.
const CLOCK_CHANGE_HOURS: i64 = 24;

/// The fewest and the most days between a date and the date so many months later, held to the last
/// day of its month, over the four hundred years after which the calendar repeats itself.
fn days(months: usize) -> (i64, i64) {
    const CYCLE: usize = 4800;
    const CYCLE_DAYS: i64 = 146_097;
    let length = |month: usize| {
        let (year, month) = (month / 12 % 400, month % 12);
        let leap = year % 4 == 0 && (year % 100 != 0 || year == 0);
        match month {
            1 => 28 + i64::from(leap),
            3 | 5 | 8 | 10 => 30,
            _ => 31,
        }
    };
    let mut firsts = Vec::with_capacity(CYCLE);
    let mut first = 0;
    for month in 0..CYCLE {
        firsts.push(first);
        first += length(month);
    }
    let mut bounds = (i64::MAX, 0);
    for start in 0..CYCLE {
        let end = start + months;
        let whole_cycles = (end / CYCLE) as i64 * CYCLE_DAYS;
        let between_firsts = whole_cycles + firsts[end % CYCLE] - firsts[start];
        for day in 28..=length(start) {
            let days = between_firsts + day.min(length(end)) - day;
            bounds = (bounds.0.min(days), bounds.1.max(days));
        }
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_have_as_many_days_as_the_calendar_lets_them() {
        for (months, least, most) in
            [(1, 28, 31), (2, 59, 62), (12, 365, 366), (48, 1460, 1461), (1200, 36_524, 36_525)]
        {
            assert_eq!(days(months), (least, most), "{months} months");
        }
        assert_eq!(days(4800), (146_097, 146_097));
    }
}
