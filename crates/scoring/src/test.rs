//! Tests of one value: the operators.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use leads::{Timestamp, Value, read_bool, read_local, read_number};

use crate::model::{Operand, Property, Test, TextOperand};
use crate::text::fold_text;
use crate::truth::Truth;

/// When and where a value is looked at: dates are compared with `at`, and those without a zone are
/// taken in `zone`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewpoint<'a> {
    pub(crate) at: Timestamp,
    pub(crate) zone: &'a TimeZone,
}

impl Property {
    /// What the value answers to all tests together. A list passes where one of its elements
    /// passes them all.
    pub(crate) fn passes(&self, value: Option<&Value>, view: Viewpoint<'_>) -> Truth {
        let all_of = |element: Option<&Value>| {
            self.tests.iter().map(|test| test.passes(element, view)).fold(Truth::True, Truth::and)
        };
        match value {
            None => all_of(None),
            Some(value @ Value::List(items)) => {
                // `exists` asks about the list itself; an empty list is there.
                let on_list = |test: &Test| matches!(test, Test::Exists(_));
                if self.tests.iter().all(on_list) {
                    return all_of(Some(value));
                }
                items.iter().map(|item| all_of(Some(item))).fold(Truth::False, Truth::or)
            }
            single => all_of(single),
        }
    }

    /// Whether the answer can change by the passing of time alone.
    pub(crate) fn is_dated(&self) -> bool {
        self.tests.iter().any(|test| matches!(test, Test::Within(_) | Test::OlderThan(_)))
    }

    /// The instants at which the answer to a date test of this value changes.
    pub(crate) fn turning_points(&self, value: &Value, zone: &TimeZone, turn: &mut Vec<Timestamp>) {
        for element in value.elements() {
            let Some(date) = read_date(element, zone) else { continue };
            for test in &self.tests {
                if let Test::Within(length) | Test::OlderThan(length) = test {
                    turn.extend([date, date.saturating_add(*length)]);
                }
            }
        }
    }
}

impl Test {
    /// What a single value (never a list, except to `exists`) answers.
    fn passes(&self, value: Option<&Value>, view: Viewpoint<'_>) -> Truth {
        let Some(value) = value else {
            return match self {
                Self::Exists(wanted) => Truth::from(!wanted),
                _ => Truth::Unknown,
            };
        };
        let number = |compare: &dyn Fn(f64) -> bool| number_of(value).map(compare);
        let date = |compare: &dyn Fn(i64) -> bool| {
            let date = read_date(value, view.zone)?;
            Some(compare(view.at.as_millis() - date.as_millis()))
        };
        let text = |operand: &TextOperand, compare: fn(&str, &str) -> bool| {
            Some(compare(&text_of(value, operand.exact), &operand.folded))
        };
        let known = match self {
            Self::Is(operand) => equals(value, operand),
            Self::IsNot(operand) => equals(value, operand).map(|equal| !equal),
            Self::In(operands) => return equals_one(value, operands),
            Self::NotIn(operands) => return !equals_one(value, operands),
            Self::AtLeast(bound) => number(&|n| n >= *bound),
            Self::AtMost(bound) => number(&|n| n <= *bound),
            Self::Above(bound) => number(&|n| n > *bound),
            Self::Below(bound) => number(&|n| n < *bound),
            Self::Between(low, high) => number(&|n| *low <= n && n <= *high),
            Self::Contains(part) => text(part, |text, part| text.contains(part)),
            Self::StartsWith(part) => text(part, |text, part| text.starts_with(part)),
            Self::EndsWith(part) => text(part, |text, part| text.ends_with(part)),
            Self::Matches { regex, exact, .. } => {
                let whole = as_written(value);
                Some(regex.0.is_match(if *exact { &whole } else { whole.trim() }))
            }
            Self::Exists(wanted) => Some(*wanted),
            Self::Within(length) => date(&|age| 0 <= age && age < length.as_millis()),
            Self::OlderThan(length) => date(&|age| age >= length.as_millis()),
        };
        known.map_or(Truth::Unknown, Truth::from)
    }
}

/// The number that a value is or can be read as.
pub(crate) fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => read_number(text),
        Value::Bool(_) | Value::Instant(_) | Value::List(_) => None,
    }
}

/// The instant that a value is or can be read as.
fn read_date(value: &Value, zone: &TimeZone) -> Option<Timestamp> {
    match value {
        Value::Instant(instant) => Some(*instant),
        Value::Text(text) => Timestamp::parse(text).ok().or_else(|| read_local(text, zone)),
        Value::Number(number) => Timestamp::from_epoch_number(*number).ok(),
        Value::Bool(_) | Value::List(_) => None,
    }
}

#[expect(clippy::float_cmp, reason = "equal numbers of a document and of a fact are the same f64")]
fn equals(value: &Value, operand: &Operand) -> Option<bool> {
    match (operand, value) {
        (Operand::Number(wanted), _) => number_of(value).map(|number| number == *wanted),
        (Operand::Bool(wanted), Value::Bool(truth)) => Some(truth == wanted),
        (Operand::Bool(wanted), Value::Text(text)) => read_bool(text).map(|truth| truth == *wanted),
        (Operand::Bool(_), _) => None,
        // The common case is compared where it stands: no text is made for it.
        (Operand::Text(wanted), Value::Text(text)) if !wanted.exact && text.is_ascii() => {
            Some(text.trim().eq_ignore_ascii_case(&wanted.folded))
        }
        (Operand::Text(wanted), _) => Some(text_of(value, wanted.exact) == wanted.folded),
    }
}

fn equals_one(value: &Value, operands: &[Operand]) -> Truth {
    let answer = |operand| equals(value, operand).map_or(Truth::Unknown, Truth::from);
    operands.iter().map(answer).fold(Truth::False, Truth::or)
}

/// The value as text, as it is (`exact`) or trimmed and folded.
fn text_of(value: &Value, exact: bool) -> Cow<'_, str> {
    let whole = as_written(value);
    if exact { whole } else { Cow::Owned(fold_text(&whole)) }
}

fn as_written(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
