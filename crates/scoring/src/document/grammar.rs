//! The document's grammar, in one table.
//!
//! The checker ([`super::check`]), the JSON Schema ([`super::schema`]) and the formatter
//! ([`super::format`]) all read this table: a key that is not here is known to none of them.

/// What may stand at a place of the document.
pub(super) enum Shape {
    /// Text that is not empty.
    Name,
    /// A name, or nothing for "none".
    NameOrNone,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Text, a number or a boolean, as values are compared with.
    Operand,
    /// Text that is not empty; numbers and booleans as they are written.
    Text,
    /// A regular expression.
    Pattern,
    /// `true` or `false`.
    Flag,
    /// `true`, which is the only thing to say.
    True,
    /// A finite number.
    Number,
    /// A number with at most two decimals.
    Points,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// A share such as `25%`.
    Percent,
    /// A fixed length of time of at least so many milliseconds.
    Duration(i64),
    /// A length of time that may count in calendar months.
    Age,
    /// A list of at least and at most so many.
    List(&'static Self, usize, usize),
    /// A mapping with one freely chosen key.
    Pair(&'static Self),
    /// A mapping from freely chosen keys (said in the plural), at least one.
    Keyed(&'static str, &'static Self),
    /// Traits or properties: any mapping of values, lists and further mappings.
    Facts,
    /// A mapping with these keys.
    Record(&'static Record),
    /// A mapping that is one of several records.
    Choice(&'static Choice),
    /// One of these, told apart by their form: single value, list or mapping.
    Either(&'static [Self]),
}

/// A mapping with known keys.
pub(super) struct Record {
    /// Its name in the JSON Schema.
    pub(super) id: &'static str,
    /// What it is, with its article: "a group".
    pub(super) what: &'static str,
    /// A sentence about it.
    pub(super) about: &'static str,
    /// Whether the formatter always gives it a line per key.
    pub(super) layout: Layout,
    /// Its keys, in the order in which the formatter writes them.
    pub(super) fields: &'static [&'static [Field]],
    /// At least one of these is needed; empty where that does not matter.
    pub(super) needs_one_of: &'static [Field],
}

/// How the formatter writes a mapping.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A line per key; in a list, a blank line before each.
    Spaced,
    /// A line per key.
    Block,
    /// `{on: one, line: true}`, where it fits.
    Inline,
}

/// A key of a record.
pub(super) struct Field {
    /// The key.
    pub(super) key: &'static str,
    /// Whether it must be there.
    pub(super) required: bool,
    /// What its value may be.
    pub(super) shape: Shape,
    /// A sentence about it.
    pub(super) about: &'static str,
}

/// A mapping that is one of several records, told apart by the keys it has.
pub(super) struct Choice {
    /// What it is, with its article: "a criterion".
    pub(super) what: &'static str,
    /// Its records; the first whose signs are all there is meant.
    pub(super) alternatives: &'static [Alternative],
}

/// One record of a choice.
pub(super) struct Alternative {
    /// The keys by which it is told.
    pub(super) signs: &'static [&'static str],
    /// What it is then.
    pub(super) record: &'static Record,
}

impl Record {
    /// All keys in the order of the formatter.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.fields.iter().copied().flatten()
    }

    /// The field of this key.
    pub(super) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.key == key)
    }
}

impl Choice {
    /// The record that a mapping is, by the keys it has.
    pub(super) fn select(&self, has: impl Fn(&str) -> bool) -> Option<&'static Record> {
        let meant = |one: &&Alternative| one.signs.iter().all(|sign| has(sign));
        self.alternatives.iter().find(meant).map(|one| one.record)
    }

    /// The keys of which one is needed to tell what is meant.
    pub(super) fn subjects(&self) -> Vec<&'static str> {
        let mut subjects: Vec<&str> = Vec::new();
        for one in self.alternatives {
            if !subjects.contains(&one.signs[0]) {
                subjects.push(one.signs[0]);
            }
        }
        subjects
    }

    /// The first field of this key in any of the records.
    pub(super) fn field(&self, key: &str) -> Option<&'static Field> {
        self.alternatives.iter().find_map(|one| one.record.field(key))
    }
}

const fn must(key: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { key, required: true, shape, about }
}

const fn may(key: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { key, required: false, shape, about }
}

const fn list(of: &'static Shape) -> Shape {
    Shape::List(of, 1, usize::MAX)
}

/// The whole document.
pub(super) static MODEL: Shape = Shape::Record(&Record {
    id: "model",
    what: "a model",
    about: "A lead-scoring model: what gives points, and what the points mean.",
    layout: Layout::Block,
    fields: &[&[
        must("model", Shape::Name, "The model's name."),
        may(
            "kind",
            Shape::Word(&["acquisition", "loyalty"]),
            "Winning customers (`acquisition`, the default) or keeping them (`loyalty`).",
        ),
        may(
            "scale",
            Shape::List(&Shape::Whole(-1_000_000, 1_000_000), 2, 2),
            "The lowest and the highest score, two whole numbers: `[0, 100]` unless said otherwise.",
        ),
        may(
            "time_zone",
            Shape::Name,
            "Where days, weeks and months are counted, such as `Europe/Madrid`; `UTC` unless said otherwise.",
        ),
        must("groups", list(&Shape::Record(&GROUP)), "The criteria, group by group."),
        may("gates", list(&Shape::Choice(&GATE)), "What overrides the points."),
        may(
            "brackets",
            list(&Shape::Record(&BRACKET)),
            "Named ranges of the score, each from its `from` to the next.",
        ),
        may(
            "grid",
            Shape::Record(&GRID),
            "Grades such as `A1`: a letter for fit, a number for engagement.",
        ),
        may(
            "stages",
            list(&Shape::Record(&STAGE)),
            "The stages of the funnel, the earliest first.",
        ),
        may("tests", list(&Shape::Record(&TEST)), "The model's own tests."),
    ]],
    needs_one_of: &[],
});

static GROUP: Record = Record {
    id: "group",
    what: "a group",
    about: "Criteria that are held to one limit together.",
    layout: Layout::Spaced,
    fields: &[&[
        must("group", Shape::Name, "The group's name, once in the model."),
        may(
            "dimension",
            Shape::Word(&["fit", "engagement"]),
            "Which sum it counts in: who they are (`fit`) or what they do (`engagement`). Unless said: `fit` where all criteria look at traits only.",
        ),
        LIMIT,
        must("criteria", list(&Shape::Choice(&CRITERION)), "The criteria of the group."),
    ]],
    needs_one_of: &[],
};

/// `limit: [low, high]`
const LIMIT: Field = may(
    "limit",
    Shape::List(&Shape::Points, 2, 2),
    "No fewer points than the first number, no more than the second.",
);

static CRITERION: Choice = Choice {
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
const TRAIT: Field =
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

const EVENT: Field = must(
    "event",
    Shape::Either(&[Shape::Name, list(&Shape::Name)]),
    "The event's name, or a list of names of which any counts.",
);
const WHERE: Field = may(
    "where",
    Shape::Keyed("properties", &PROPERTY),
    "Tests of the event's properties; all must be true.",
);
const WITHIN: Field =
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
const COUNT_MAX: i64 = u32::MAX as i64;

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

static CONDITION: Choice = Choice {
    what: "a condition",
    alternatives: &[
        Alternative { signs: &["trait"], record: &TRAIT_CONDITION },
        Alternative { signs: &["event"], record: &EVENT_CONDITION },
        Alternative { signs: &["all"], record: &ALL },
        Alternative { signs: &["any"], record: &ANY },
        Alternative { signs: &["not"], record: &NOT },
    ],
};

static TRAIT_CONDITION: Record = Record {
    id: "trait_condition",
    what: "a condition on a trait",
    about: "A test of one trait.",
    layout: Layout::Inline,
    fields: &[&[TRAIT], OPERATORS, EXACT],
    needs_one_of: OPERATORS,
};

static EVENT_CONDITION: Record = Record {
    id: "event_condition",
    what: "a condition on events",
    about: "True where there are enough such events.",
    layout: Layout::Inline,
    fields: &[&[
        EVENT,
        WHERE,
        WITHIN,
        may("at_least", Shape::Whole(1, COUNT_MAX), "How many are needed; 1 unless said."),
    ]],
    needs_one_of: &[],
};

static ALL: Record = Record {
    id: "all",
    what: "a condition with `all`",
    about: "True where all conditions are true, false where one is false.",
    layout: Layout::Inline,
    fields: &[&[must("all", list(&Shape::Choice(&CONDITION)), "The conditions.")]],
    needs_one_of: &[],
};

static ANY: Record = Record {
    id: "any",
    what: "a condition with `any`",
    about: "True where one condition is true, false where all are false.",
    layout: Layout::Inline,
    fields: &[&[must("any", list(&Shape::Choice(&CONDITION)), "The conditions.")]],
    needs_one_of: &[],
};

static NOT: Record = Record {
    id: "not",
    what: "a condition with `not`",
    about: "The opposite; what is unknown stays unknown.",
    layout: Layout::Inline,
    fields: &[&[must("not", Shape::Choice(&CONDITION), "The condition.")]],
    needs_one_of: &[],
};

static PROPERTY: Shape = Shape::Record(&VALUE_TEST);

static VALUE_TEST: Record = Record {
    id: "test_of_a_value",
    what: "a test",
    about: "Tests of one value; all must be true.",
    layout: Layout::Inline,
    fields: &[OPERATORS, EXACT],
    needs_one_of: OPERATORS,
};

/// The tests of a value.
pub(super) const OPERATORS: &[Field] = &[
    may("is", Shape::Operand, "Equal to this."),
    may("is_not", Shape::Operand, "Not equal to this."),
    may("in", list(&Shape::Operand), "Equal to one of these."),
    may("not_in", list(&Shape::Operand), "Equal to none of these."),
    may("at_least", Shape::Number, "A number no less than this."),
    may("at_most", Shape::Number, "A number no greater than this."),
    may("above", Shape::Number, "A number greater than this."),
    may("below", Shape::Number, "A number less than this."),
    may(
        "between",
        Shape::List(&Shape::Number, 2, 2),
        "A number from the first to the second, both included.",
    ),
    may("contains", Shape::Text, "Text with this in it."),
    may("starts_with", Shape::Text, "Text that begins with this."),
    may("ends_with", Shape::Text, "Text that ends with this."),
    may("matches", Shape::Pattern, "Text in which this regular expression is found."),
    may("exists", Shape::Flag, "Whether there is a value at all; never unknown."),
    may("within", Shape::Duration(1), "A date less than this long ago."),
    may("older_than", Shape::Duration(0), "A date at least this long ago."),
];

const EXACT: &[Field] = &[may(
    "exact",
    Shape::Flag,
    "Compare text to the letter: upper and lower case differ, spaces around it count.",
)];

static GATE: Choice = Choice {
    what: "a gate",
    alternatives: &[
        Alternative { signs: &["disqualify"], record: &DISQUALIFYING_GATE },
        Alternative { signs: &["fast_track"], record: &FAST_TRACK_GATE },
    ],
};

const GATE_HEAD: &[Field] = &[
    must("name", Shape::Name, "The gate's name, shown as the reason."),
    must("when", Shape::Choice(&CONDITION), "It acts where this is true."),
];

static DISQUALIFYING_GATE: Record = Record {
    id: "disqualifying_gate",
    what: "a gate with `disqualify`",
    about: "The score is the bottom of the scale, and the lead is in no stage.",
    layout: Layout::Block,
    fields: &[
        GATE_HEAD,
        &[must("disqualify", Shape::True, "`true`: the score is the bottom of the scale.")],
    ],
    needs_one_of: &[],
};

static FAST_TRACK_GATE: Record = Record {
    id: "fast_track_gate",
    what: "a gate with `fast_track`",
    about: "The lead enters a stage whatever its score.",
    layout: Layout::Block,
    fields: &[GATE_HEAD, &[must("fast_track", Shape::Name, "The stage that the lead enters.")]],
    needs_one_of: &[],
};

static BRACKET: Record = Record {
    id: "bracket",
    what: "a bracket",
    about: "A named range of the score.",
    layout: Layout::Inline,
    fields: &[&[
        must("name", Shape::Name, "The bracket's name, once in the model."),
        must("from", Shape::Points, "The lowest score in it."),
    ]],
    needs_one_of: &[],
};

static GRID: Record = Record {
    id: "grid",
    what: "a grid",
    about: "Letters for fit and numbers for engagement; the lowest of each takes everything below as well.",
    layout: Layout::Block,
    fields: &[&[
        must(
            "fit",
            list(&Shape::Pair(&Shape::Points)),
            "Letters and the fit they begin at: `[A: 38, B: 25, C: 0]`.",
        ),
        must(
            "engagement",
            list(&Shape::Pair(&Shape::Points)),
            "Numbers and the engagement they begin at: `[1: 50, 2: 30, 3: 0]`.",
        ),
    ]],
    needs_one_of: &[],
};

static STAGE: Record = Record {
    id: "stage",
    what: "a stage",
    about: "A stage of the funnel.",
    layout: Layout::Block,
    fields: &[&[
        must("stage", Shape::Name, "The stage's name, once in the model."),
        must("enter", Shape::Record(&THRESHOLDS), "Entered when all of these are reached."),
        may(
            "leave",
            Shape::Record(&THRESHOLDS),
            "Left when one of these is no longer reached; as `enter` unless said.",
        ),
        may("dwell", Shape::Duration(0), "It is not left by its thresholds sooner than this."),
        may(
            "requalify_after",
            Shape::Duration(0),
            "After a rejection it is not entered again sooner than this.",
        ),
        may(
            "rejected_by",
            Shape::Name,
            "The event by which sales rejects a lead; `sales_rejected` unless said.",
        ),
    ]],
    needs_one_of: &[],
};

static THRESHOLDS: Record = Record {
    id: "thresholds",
    what: "a set of thresholds",
    about: "Lower bounds of the numbers that people see.",
    layout: Layout::Inline,
    fields: &[THRESHOLD],
    needs_one_of: THRESHOLD,
};

const THRESHOLD: &[Field] = &[
    may("score", Shape::Points, "Of the score."),
    may("fit", Shape::Points, "Of fit."),
    may("engagement", Shape::Points, "Of engagement."),
];

static TEST: Record = Record {
    id: "test",
    what: "a test of the model",
    about: "A made-up lead and what the model must say of it.",
    layout: Layout::Block,
    fields: &[&[
        must(
            "name",
            Shape::Name,
            "The test's name, once in the model: a sentence about what holds.",
        ),
        may("lead", Shape::Facts, "The lead's traits."),
        may("created", Shape::Age, "How long ago the lead came to be known; always unless said."),
        may("events", list(&Shape::Record(&TEST_EVENT)), "What the lead did."),
        must("expect", Shape::Record(&EXPECTATION), "What must come of it."),
    ]],
    needs_one_of: &[],
};

static TEST_EVENT: Record = Record {
    id: "test_event",
    what: "an event of a test",
    about: "Something that the lead did.",
    layout: Layout::Inline,
    fields: &[&[
        must("event", Shape::Name, "The event's name."),
        must("ago", Shape::Age, "How long ago it happened."),
        may("props", Shape::Facts, "Its properties."),
        may(
            "times",
            Shape::Whole(1, TIMES_MAX),
            "How many times it happened at that instant; 1 unless said.",
        ),
    ]],
    needs_one_of: &[],
};

/// A test makes each of these events; more would only make it slow.
const TIMES_MAX: i64 = 10_000;

static EXPECTATION: Record = Record {
    id: "expectation",
    what: "an expectation",
    about: "What the model must say of the lead.",
    layout: Layout::Inline,
    fields: &[EXPECTED],
    needs_one_of: EXPECTED,
};

/// What a test may expect.
pub(super) const EXPECTED: &[Field] = &[
    may("stage", Shape::NameOrNone, "The stage; `none` for no stage."),
    may("score", RANGE, "The score: a number, or a range such as `{at_least: 40}`."),
    may("fit", RANGE, "Fit: a number or a range."),
    may("engagement", RANGE, "Engagement: a number or a range."),
    may("grade", Shape::Name, "The grade, such as `A1`."),
    may("bracket", Shape::NameOrNone, "The bracket; `none` for no bracket."),
    may("disqualified", Shape::Flag, "Whether a gate disqualifies the lead."),
    may(
        "criteria",
        Shape::Keyed("criteria", &RANGE),
        "The points of single criteria, by name: a number or a range each.",
    ),
];

const RANGE: Shape = Shape::Either(&[Shape::Points, Shape::Record(&RANGE_RECORD)]);

static RANGE_RECORD: Record = Record {
    id: "range",
    what: "a range",
    about: "From a number to a number, both included.",
    layout: Layout::Inline,
    fields: &[RANGE_BOUNDS],
    needs_one_of: RANGE_BOUNDS,
};

const RANGE_BOUNDS: &[Field] = &[
    may("at_least", Shape::Points, "No less than this."),
    may("at_most", Shape::Points, "No more than this."),
];
