//! What gives points.

use super::condition::{CONDITION, EXACT, OPERATORS, PROPERTY};
use super::{Alternative, Choice, Field, LIMIT, Layout, Record, Shape, list, may, must};

pub(super) static CRITERION: Choice = Choice {
    what: "a criterion",
    alternatives: &[
        Alternative { signs: &["trait", "bands"], record: &BANDS },
        Alternative { signs: &["trait"], record: &TRAIT_POINTS },
        Alternative { signs: &["event", "tiers"], record: &TIERS },
        Alternative { signs: &["event"], record: &EVENT_POINTS },
        Alternative { signs: &["when"], record: &CONDITION_POINTS },
        Alternative { signs: &["since"], record: &CURVE },
    ],
};

const NAME: Field =
    must("name", Shape::Name, "The criterion's name, once in the model; shown on the score card.");
pub(super) const TRAIT: Field =
    must("trait", Shape::Name, "The trait's dotted path, such as `company.employees`.");
const UNKNOWN: Field =
    may("unknown", Shape::Points, "Points where the answer is not known; 0 unless said.");

/// What a true, a false and an unknown condition give.
const OUTCOMES: &[Field] = &[
    must("points", Shape::Points, "Points where it is true."),
    may("otherwise", Shape::Points, "Points where it is false; 0 unless said."),
    UNKNOWN,
];

static TRAIT_POINTS: Record = Record {
    id: "trait_criterion",
    what: "a criterion with `trait` and a test",
    about: "Points by the answer of a test of one trait.",
    layout: Layout::Block,
    fields: &[&[NAME, TRAIT], OPERATORS, EXACT, OUTCOMES, &[LIMIT]],
    needs_one_of: OPERATORS,
};

static BANDS: Record = Record {
    id: "bands_criterion",
    what: "a criterion with `trait` and `bands`",
    about: "Points by the range that a number falls into.",
    layout: Layout::Block,
    fields: &[&[
        NAME,
        TRAIT,
        must(
            "bands",
            list(&Shape::Record(&BAND)),
            "The first row that takes the number counts; one without bounds takes every number.",
        ),
        UNKNOWN,
        LIMIT,
    ]],
    needs_one_of: &[],
};

static BAND: Record = Record {
    id: "band",
    what: "a band",
    about: "A range of a number and its points.",
    layout: Layout::Inline,
    fields: &[&[
        may("at_least", Shape::Number, "From this number on."),
        may("below", Shape::Number, "Up to this number, without it."),
        must("points", Shape::Points, "The points of the range."),
    ]],
    needs_one_of: &[],
};

static CONDITION_POINTS: Record = Record {
    id: "condition_criterion",
    what: "a criterion with `when`",
    about: "Points by the truth of a condition.",
    layout: Layout::Block,
    fields: &[
        &[NAME, must("when", Shape::Choice(&CONDITION), "The condition.")],
        OUTCOMES,
        &[LIMIT],
    ],
    needs_one_of: &[],
};

pub(super) const EVENT: Field = must(
    "event",
    Shape::Either(&[Shape::Name, list(&Shape::Name)]),
    "The event's name, or a list of names of which any counts.",
);
pub(super) const WHERE: Field = may(
    "where",
    Shape::Keyed("properties", &PROPERTY),
    "Tests of the event's properties; all must be true.",
);
pub(super) const WITHIN: Field =
    may("within", Shape::Duration(1), "Only events younger than this, such as `30d`.");
const COUNT: Field =
    may("count", Shape::Record(&COUNT_CAP), "How many events count in each calendar period.");

static EVENT_POINTS: Record = Record {
    id: "event_criterion",
    what: "a criterion with `event` and `points`",
    about: "Points for each event.",
    layout: Layout::Block,
    fields: &[&[
        NAME,
        EVENT,
        WHERE,
        WITHIN,
        must("points", Shape::Points, "Points for each event."),
        COUNT,
        may(
            "decay",
            Shape::Either(&[Shape::Word(&["none"]), Shape::Choice(&DECAY)]),
            "What becomes of the points as the event grows old; `none` unless said.",
        ),
        LIMIT,
    ]],
    needs_one_of: &[],
};

static TIERS: Record = Record {
    id: "tiers_criterion",
    what: "a criterion with `event` and `tiers`",
    about: "Points by the number of events.",
    layout: Layout::Block,
    fields: &[&[
        NAME,
        EVENT,
        WHERE,
        WITHIN,
        COUNT,
        must(
            "tiers",
            list(&Shape::Record(&TIER)),
            "The first row that takes the number of events counts; one without bounds takes every number.",
        ),
        LIMIT,
    ]],
    needs_one_of: &[],
};

static TIER: Record = Record {
    id: "tier",
    what: "a tier",
    about: "A range of a number of events and its points.",
    layout: Layout::Inline,
    fields: &[&[
        may("at_least", Shape::Whole(0, COUNT_MAX), "From this number of events on."),
        may("below", Shape::Whole(0, COUNT_MAX), "Up to this number of events, without it."),
        must("points", Shape::Points, "The points of the range."),
    ]],
    needs_one_of: &[],
};

static CURVE: Record = Record {
    id: "curve_criterion",
    what: "a criterion with `since` and `curve`",
    about: "Points by the time since the latest event.",
    layout: Layout::Block,
    fields: &[&[
        NAME,
        must("since", Shape::Record(&EVENT_PATTERN), "The event; the latest one counts."),
        must(
            "curve",
            list(&Shape::Record(&KNOT)),
            "Points at certain times; between them the points lie on a straight line.",
        ),
        LIMIT,
    ]],
    needs_one_of: &[],
};

static EVENT_PATTERN: Record = Record {
    id: "event_pattern",
    what: "an event to look for",
    about: "Which events are meant.",
    layout: Layout::Inline,
    fields: &[&[EVENT, WHERE]],
    needs_one_of: &[],
};

static KNOT: Record = Record {
    id: "knot",
    what: "a point of a curve",
    about: "The points at a certain time.",
    layout: Layout::Inline,
    fields: &[&[
        must(
            "at",
            Shape::Age,
            "The time since the event, in whole hours or calendar months, such as `36h` or `18mo`.",
        ),
        must("points", Shape::Points, "The points at that time."),
    ]],
    needs_one_of: &[],
};

static COUNT_CAP: Record = Record {
    id: "count",
    what: "a count",
    about: "How many events count in each calendar period: the first ones.",
    layout: Layout::Inline,
    fields: &[&[
        must("at_most", Shape::Whole(1, COUNT_MAX), "How many count, at least 1."),
        must(
            "per",
            Shape::Word(&["hour", "day", "week", "month", "ever"]),
            "In each calendar period, or in all time (`ever`).",
        ),
    ]],
    needs_one_of: &[],
};

/// More events than any lead has.
pub(super) const COUNT_MAX: i64 = u32::MAX as i64;

static DECAY: Choice = Choice {
    what: "a decay",
    alternatives: &[
        Alternative { signs: &["half_life"], record: &HALF_LIFE },
        Alternative { signs: &["linear"], record: &LINEAR },
        Alternative { signs: &["step"], record: &STEP },
        Alternative { signs: &["expires"], record: &EXPIRES },
    ],
};

static HALF_LIFE: Record = Record {
    id: "half_life",
    what: "a decay with `half_life`",
    about: "The points halve again and again.",
    layout: Layout::Inline,
    fields: &[&[must("half_life", SOME_TIME, "They halve in this time.")]],
    needs_one_of: &[],
};

static LINEAR: Record = Record {
    id: "linear",
    what: "a decay with `linear`",
    about: "The points shrink evenly.",
    layout: Layout::Inline,
    fields: &[&[must("linear", SOME_TIME, "They shrink to nothing in this time.")]],
    needs_one_of: &[],
};

static STEP: Record = Record {
    id: "step",
    what: "a decay with `step`",
    about: "The points shrink step by step.",
    layout: Layout::Inline,
    fields: &[&[must("step", Shape::Record(&STEPS), "How much is lost, and how often.")]],
    needs_one_of: &[],
};

static STEPS: Record = Record {
    id: "steps",
    what: "a step",
    about: "How much is lost, and how often.",
    layout: Layout::Inline,
    fields: &[&[
        must(
            "lose",
            Shape::Percent,
            "The share of the full points that each step takes, such as `25%`.",
        ),
        must("every", SOME_TIME, "The time from step to step."),
    ]],
    needs_one_of: &[],
};

static EXPIRES: Record = Record {
    id: "expires",
    what: "a decay with `expires`",
    about: "The points stay and then are gone.",
    layout: Layout::Inline,
    fields: &[&[must("expires", Shape::Duration(1), "They are gone from this age on.")]],
    needs_one_of: &[],
};

/// At least a second: anything shorter is a slip of the pen.
const SOME_TIME: Shape = Shape::Duration(1000);
