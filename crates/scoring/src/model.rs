//! A checked model: what is left when a model document has passed every check.
//!
//! These types can hold no model that could fail; they are made by [`crate::document`] only.

use jiff::tz::TimeZone;
use leads::{CalendarDuration, Duration, Points, Value};
use regex::Regex;

/// A scoring model.
#[derive(Clone, Debug)]
pub struct Model {
    /// The model's name.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// Lowest and highest score, in whole points.
    pub scale: Scale,
    /// Where calendar periods, calendar months and dates without a zone are counted.
    pub time_zone: TimeZone,
    /// Criteria, group by group.
    pub groups: Vec<Group>,
    /// What overrides the points.
    pub gates: Vec<Gate>,
    /// Named ranges of the score, by rising `from`.
    pub brackets: Vec<Bracket>,
    /// Letters for fit and numbers for engagement.
    pub grid: Option<Grid>,
    /// The stages in the order of the funnel.
    pub stages: Vec<Stage>,
    /// The model's own tests.
    pub tests: Vec<ModelTest>,
}

/// Winning customers or keeping them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Is this person worth approaching, and how?
    Acquisition,
    /// When will a customer buy again, or something more?
    Loyalty,
}

/// The range of the score, in whole points; `bottom < top`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// The lowest score.
    pub bottom: i64,
    /// The highest score.
    pub top: i64,
}

/// Criteria that are capped together and belong to one dimension.
#[derive(Clone, Debug)]
pub struct Group {
    /// The group's name.
    pub name: String,
    /// Which of the two sums it counts in.
    pub dimension: Dimension,
    /// Bounds of the sum of its criteria.
    pub limit: Option<Limit>,
    /// At least one.
    pub criteria: Vec<Criterion>,
}

/// Who the lead is, or what the lead does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dimension {
    /// Explicit: who they are.
    Fit,
    /// Implicit: what they do.
    Engagement,
}

/// A two-sided bound; `low <= high`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// No less than this.
    pub low: Points,
    /// No more than this.
    pub high: Points,
}

/// One line of the score card.
#[derive(Clone, PartialEq, Debug)]
pub struct Criterion {
    /// Its name, unique within the model.
    pub name: String,
    /// What it gives points for.
    pub rule: Rule,
    /// Bounds of what it gives.
    pub limit: Option<Limit>,
}

/// What a criterion gives points for.
#[derive(Clone, PartialEq, Debug)]
pub enum Rule {
    /// Points by the truth of a condition.
    Condition {
        /// The condition: one trait (`trait:`) or any (`when:`).
        when: Condition,
        /// Where it is true.
        points: Points,
        /// Where it is false.
        otherwise: Points,
        /// Where it cannot be known.
        unknown: Points,
    },
    /// Points by the range that a numeric trait falls into. A trait that is there but is no number
    /// is unknown; a number that no band takes gives nothing.
    Bands {
        /// The trait's dotted path.
        path: String,
        /// The first band that takes the number counts.
        bands: Vec<Band>,
        /// Where the trait is not there.
        unknown: Points,
    },
    /// Points for each counted event.
    Events {
        /// Which events, counted how.
        counting: Counting,
        /// What an event's points become with age.
        decay: Decay,
        /// Points for each.
        points: Points,
    },
    /// Points by the number of counted events.
    Tiers {
        /// Which events, counted how.
        counting: Counting,
        /// The first tier that takes the number counts; none gives nothing. Bounds are whole.
        tiers: Vec<Band>,
    },
    /// Points by the time since the latest matching event; nothing where there is none.
    Curve {
        /// Which events.
        since: EventPattern,
        /// At least one knot, in rising order whatever the length of the months.
        curve: Vec<Knot>,
    },
}

/// Which events count, and how often.
#[derive(Clone, PartialEq, Debug)]
pub struct Counting {
    /// Which events match.
    pub pattern: EventPattern,
    /// Only events with `0 <= t - at < within`, after `cap` has chosen among all.
    pub within: Option<Duration>,
    /// How many of the matching events are kept per calendar period: the first by (`at`, id).
    pub cap: Option<CountCap>,
}

/// `count: {at_most: n, per: P}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CountCap {
    /// How many are kept, at least 1.
    pub at_most: u32,
    /// In each what.
    pub per: Period,
}

/// A calendar period in the model's time zone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Period {
    /// An hour as the clock on the wall names it (the hour that is repeated in autumn is one).
    Hour,
    /// A calendar day.
    Day,
    /// A week from Monday.
    Week,
    /// A calendar month.
    Month,
    /// All time.
    Ever,
}

/// A range of a number and its points: `low <= number < high`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Band {
    /// From here on (`at_least`).
    pub at_least: Option<f64>,
    /// Up to, without this (`below`).
    pub below: Option<f64>,
    /// The points of the range.
    pub points: Points,
}

/// What an event's points become with age.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decay {
    /// They stay.
    None,
    /// They halve in this time. At least a second.
    HalfLife(Duration),
    /// They shrink evenly to nothing in this time. At least a second.
    Linear(Duration),
    /// They lose a share of the whole at every step.
    Step {
        /// The share lost at each step, in millionths of the whole: 1 to 1,000,000.
        lose_millionths: u32,
        /// The time from step to step. At least a second.
        every: Duration,
    },
    /// They stay until this age and are gone from it on. At least a millisecond.
    Expires(Duration),
}

/// A point of a curve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Knot {
    /// The time since the event.
    pub at: CalendarDuration,
    /// The points there.
    pub points: Points,
}

/// Which events match: by name, and by properties that must all pass.
#[derive(Clone, PartialEq, Debug)]
pub struct EventPattern {
    /// Any of these names (compared exactly); at least one.
    pub names: Vec<String>,
    /// A test per property, in the order of the document.
    pub properties: Vec<Property>,
}

/// A property or trait and what it must pass.
#[derive(Clone, PartialEq, Debug)]
pub struct Property {
    /// Its dotted path.
    pub path: String,
    /// The tests; all must pass. At least one.
    pub tests: Vec<Test>,
}

/// One test of one value.
#[derive(Clone, PartialEq, Debug)]
pub enum Test {
    /// Equal to this text, number or boolean.
    Is(Operand),
    /// Not equal to it.
    IsNot(Operand),
    /// Equal to one of these.
    In(Vec<Operand>),
    /// Equal to none of these.
    NotIn(Vec<Operand>),
    /// A number no less than this.
    AtLeast(f64),
    /// A number no greater than this.
    AtMost(f64),
    /// A number greater than this.
    Above(f64),
    /// A number less than this.
    Below(f64),
    /// A number from the first to the second, both included.
    Between(f64, f64),
    /// Text with this in it.
    Contains(TextOperand),
    /// Text with this at its beginning.
    StartsWith(TextOperand),
    /// Text with this at its end.
    EndsWith(TextOperand),
    /// Text in which this is found; compiled without regard to case unless `exact`.
    Matches {
        /// The compiled expression.
        regex: Expression,
        /// As it stands in the document.
        source: String,
        /// Whether the value is taken as it is, neither trimmed nor folded.
        exact: bool,
    },
    /// The value is there (`true`) or is not (`false`).
    Exists(bool),
    /// A date with `0 <= t - date < this`.
    Within(Duration),
    /// A date with `t - date >= this`.
    OlderThan(Duration),
}

/// A regular expression. Two are equal that are compiled from the same text; whether case matters is said
/// beside it.
#[derive(Clone, Debug)]
pub struct Expression(pub Regex);

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// A text of the model, made ready for comparing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextOperand {
    /// As it stands in the document.
    pub source: String,
    /// Trimmed and case-folded, or as it is where `exact`.
    pub folded: String,
    /// Whether the value is taken as it is, neither trimmed nor folded.
    pub exact: bool,
}

/// What a value is compared with.
#[derive(Clone, PartialEq, Debug)]
pub enum Operand {
    /// Text.
    Text(TextOperand),
    /// A number; the value is read as a number.
    Number(f64),
    /// A boolean; the value is read as a boolean.
    Bool(bool),
}

/// Something that is true, false or unknown of a lead.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    /// Tests of one trait.
    Trait(Property),
    /// Enough matching events; never unknown.
    Event(EventCondition),
    /// True where all are, false where one is false.
    All(Vec<Self>),
    /// True where one is, false where all are false.
    Any(Vec<Self>),
    /// The opposite; unknown stays unknown.
    Not(Box<Self>),
}

/// "At least so many such events, within this time."
#[derive(Clone, PartialEq, Debug)]
pub struct EventCondition {
    /// Which events.
    pub pattern: EventPattern,
    /// Only events with `0 <= t - at < within`.
    pub within: Option<Duration>,
    /// How many; at least 1.
    pub at_least: u32,
}

/// A condition that overrides the points.
#[derive(Clone, PartialEq, Debug)]
pub struct Gate {
    /// Its name, shown as the reason.
    pub name: String,
    /// It acts where this is true.
    pub when: Condition,
    /// What it does.
    pub effect: GateEffect,
}

/// What a gate does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GateEffect {
    /// The score is the bottom of the scale, and the lead is in no stage.
    Disqualify,
    /// The lead enters the stage with this index, whatever its score, and stays while it holds.
    FastTrack(usize),
}

/// A named range of the score, from here to the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bracket {
    /// Its name.
    pub name: String,
    /// The lowest score in it.
    pub from: Points,
}

/// Letters for fit, numbers for engagement: `A1` is the best of both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grid {
    /// By falling `from`; the last takes everything below as well. At least one.
    pub fit: Vec<Bracket>,
    /// By falling `from`; the last takes everything below as well. At least one.
    pub engagement: Vec<Bracket>,
}

/// A stage of the funnel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Entered when all of these are reached.
    pub enter: Thresholds,
    /// Left when one of these is no longer reached; where nothing is given, as `enter`.
    pub leave: Thresholds,
    /// It is not left by its thresholds sooner than this after it was entered.
    pub dwell: Duration,
    /// After a rejection by sales it is not entered again sooner than this.
    pub requalify_after: Duration,
    /// The event by which sales rejects a lead; leaves the stage at once.
    pub rejected_by: String,
}

/// Lower bounds of the numbers that people see. At least one is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Thresholds {
    /// Of the score.
    pub score: Option<Points>,
    /// Of fit.
    pub fit: Option<Points>,
    /// Of engagement.
    pub engagement: Option<Points>,
}

/// A test in the model file: facts and what must come of them.
#[derive(Clone, Debug)]
pub struct ModelTest {
    /// Its name.
    pub name: String,
    /// The lead's traits.
    pub traits: Vec<(String, Value)>,
    /// How long before the instant of the test the lead was created; `None`: always known.
    pub created: Option<CalendarDuration>,
    /// What the lead did.
    pub events: Vec<TestEvent>,
    /// What must come of it.
    pub expect: Vec<Expectation>,
    /// The line of the test in its file, from 1.
    pub line: usize,
}

/// An event of a model's test.
#[derive(Clone, Debug)]
pub struct TestEvent {
    /// Its name.
    pub event: String,
    /// How long before the instant of the test it happened.
    pub ago: CalendarDuration,
    /// Its properties.
    pub properties: Vec<(String, Value)>,
    /// How many times it happened, at the same instant; at least 1.
    pub times: u32,
}

/// What a model's test expects.
#[derive(Clone, PartialEq, Debug)]
pub enum Expectation {
    /// The score lies in this range.
    Score(Range),
    /// Fit lies in this range.
    Fit(Range),
    /// Engagement lies in this range.
    Engagement(Range),
    /// The grade, such as `A1`.
    Grade(String),
    /// The bracket; `None`: in no bracket.
    Bracket(Option<String>),
    /// The stage; `None`: in no stage.
    Stage(Option<String>),
    /// Disqualified or not.
    Disqualified(bool),
    /// The points that this criterion gives lie in this range.
    Criterion(String, Range),
}

/// `low <= number <= high`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Range {
    /// No less than this.
    pub at_least: Option<Points>,
    /// No more than this.
    pub at_most: Option<Points>,
}

impl Model {
    /// All criteria with the index of their group, in the order of the document.
    pub fn criteria(&self) -> impl Iterator<Item = (usize, &Criterion)> {
        self.groups.iter().enumerate().flat_map(|(index, group)| {
            group.criteria.iter().map(move |criterion| (index, criterion))
        })
    }
}
