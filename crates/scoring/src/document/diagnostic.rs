//! What is wrong with a document, where, and what to write instead.

use std::fmt;

use serde::Serialize;

use super::tree::Mark;

/// One finding about a model document.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Diagnostic {
    /// Whether it refuses the model.
    pub severity: Severity,
    /// Its number, such as `E003`; `docs/user/reference/model.md` explains each.
    pub code: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The offending text.
    pub text: String,
    /// What is wrong with it.
    pub message: String,
    /// What to write instead, where there is something to say.
    pub remedy: Option<String>,
}

/// Whether a finding refuses the model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The model could fail or means nothing: refused.
    Error,
    /// The model is fine but probably not what was meant.
    Warning,
}

/// The numbers of the findings. A number keeps its meaning for ever; new ones go to the end.
pub(super) mod code {
    pub(crate) const SYNTAX: &str = "E001";
    pub(crate) const KEY_TWICE: &str = "E002";
    pub(crate) const UNKNOWN_KEY: &str = "E003";
    pub(crate) const MISSING_KEY: &str = "E004";
    pub(crate) const WRONG_TYPE: &str = "E005";
    pub(crate) const UNKNOWN_WORD: &str = "E006";
    pub(crate) const DURATION: &str = "E007";
    pub(crate) const POINTS: &str = "E008";
    pub(crate) const NUMBER: &str = "E009";
    pub(crate) const EMPTY: &str = "E010";
    pub(crate) const KEY_OF_ANOTHER_KIND: &str = "E011";
    pub(crate) const NAME_TWICE: &str = "E012";
    pub(crate) const CURVE: &str = "E013";
    pub(crate) const REGEX: &str = "E014";
    pub(crate) const BOUNDS: &str = "E015";
    pub(crate) const UNKNOWN_NAME: &str = "E016";
    pub(crate) const TIME_ZONE: &str = "E017";
    pub(crate) const EXACT: &str = "E018";
    pub(crate) const LEAVE_ABOVE_ENTER: &str = "E019";
    pub(crate) const RESERVED_NAME: &str = "E020";
    pub(crate) const TOO_LARGE: &str = "E021";

    pub(crate) const UNREACHABLE_TIER: &str = "W001";
    pub(crate) const ALWAYS_CUT: &str = "W002";
    pub(crate) const UNREACHABLE_BRACKET: &str = "W003";
    pub(crate) const UNREACHABLE_STAGE: &str = "W004";
    pub(crate) const NEVER_ANYTHING: &str = "W005";
    pub(crate) const UNCOVERED_BOTTOM: &str = "W006";
    pub(crate) const BEYOND_THE_CAP: &str = "W007";
    pub(crate) const UNREACHABLE_GRADE: &str = "W008";
}

impl Diagnostic {
    pub(super) fn error(
        code: &'static str,
        at: Mark,
        text: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code,
            line: at.line,
            column: at.column,
            text: text.into(),
            message: message.into(),
            remedy: None,
        }
    }

    pub(super) fn warning(
        code: &'static str,
        at: Mark,
        text: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, at, text, message) }
    }

    #[must_use]
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    /// One line: where, what, what to write instead, and the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        write!(f, " [{}]", self.code)
    }
}

/// Sorts findings by their place and drops those that an alias makes appear twice.
pub(super) fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by(|a, b| {
        (a.line, a.column, a.severity, a.code).cmp(&(b.line, b.column, b.severity, b.code))
    });
    diagnostics.dedup();
    diagnostics
}

/// The nearest of `names` to `word`, where one is near enough to be what was meant.
pub(super) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is longer is no slip of the finger, and comparing it would take long.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase().replace(['-', ' '], "_");
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance <= (name.len().max(word.len()) / 3).max(1))
        .map(|(_, name)| name)
}

/// Words of other tools and languages, and the keys that mean the same here.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("is", &["equals", "equal", "equal_to", "eq", "=", "=="]),
    ("is_not", &["not_equals", "not_equal", "ne", "neq", "!="]),
    ("in", &["one_of", "any_of", "values"]),
    ("not_in", &["none_of", "nin"]),
    ("at_least", &["gte", "ge", ">=", "min", "minimum", "from"]),
    ("at_most", &["lte", "le", "<=", "max", "maximum", "to"]),
    ("above", &["gt", ">", "greater_than", "more_than", "over"]),
    ("below", &["lt", "<", "less_than", "under"]),
    ("contains", &["includes", "like"]),
    ("starts_with", &["begins_with", "prefix"]),
    ("ends_with", &["suffix"]),
    ("matches", &["regex", "regexp", "pattern"]),
    ("points", &["score", "value", "weight"]),
    ("otherwise", &["else", "default"]),
    ("when", &["if", "condition"]),
    ("trait", &["field", "attribute", "property", "column"]),
    ("event", &["events", "action", "activity"]),
    ("where", &["filter", "properties", "props"]),
    ("within", &["window", "last", "in_last"]),
    ("limit", &["cap", "range"]),
    ("name", &["title", "label", "id"]),
    ("time_zone", &["tz", "timezone"]),
    ("all", &["and"]),
    ("any", &["or"]),
    ("ago", &["at", "when"]),
    ("props", &["properties", "where"]),
    ("lead", &["traits", "profile"]),
    ("expect", &["expected", "then"]),
];

/// The one of `keys` that the author of `word` meant, where that can be guessed.
pub(super) fn meant_key<'a>(word: &str, keys: &[&'a str]) -> Option<&'a str> {
    let same = |key: &&&str| {
        SYNONYMS.iter().any(|(known, others)| known == *key && others.contains(&word))
    };
    keys.iter().find(same).copied().or_else(|| nearest(word, keys.iter().copied()))
}

/// `` `a`, `b` or `c` ``
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    join(words, "or")
}

/// `` `a`, `b` and `c` ``
pub(super) fn all_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    join(words, "and")
}

fn join<'a>(words: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let mut words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match (words.pop(), words.is_empty()) {
        (None, _) => String::new(),
        (Some(only), true) => only,
        (Some(end), false) => format!("{} {last} {end}", words.join(", ")),
    }
}
