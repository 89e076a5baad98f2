//! Reading single values: the checker asks whether they can be read, the decoder for what they say.

use leads::{CalendarDuration, Duration, DurationError, Points};
use regex::{Regex, RegexBuilder};

use super::diagnostic::{code, nearest, one_of};
use super::tree::{Form, Node, Number, shorten};

/// Why a value cannot be read.
pub(super) struct Problem {
    pub(super) code: &'static str,
    /// A sentence.
    pub(super) message: String,
    pub(super) remedy: Option<String>,
}

/// A compiled expression may take this much; the largest sensible one takes a hundredth.
const REGEX_SIZE_MAX: usize = 1 << 20;

/// [`percent`] as the JSON Schema says it.
pub(super) const PERCENT_PATTERN: &str = r"^\s*[0-9]{1,3}(\.[0-9]{0,4})?\s*%\s*$";

/// [`duration`] as the JSON Schema says it.
pub(super) const DURATION_PATTERN: &str = r"^\s*[0-9]+(\.[0-9]+)?\s*(s|min|h|d|w)\s*$";

/// [`age`] as the JSON Schema says it.
pub(super) const AGE_PATTERN: &str = r"^\s*([0-9]+(\.[0-9]+)?\s*(s|min|h|d|w)|[0-9]+\s*(mo|y))\s*$";

/// Text that is not empty, without the spaces around it.
pub(super) fn name(node: &Node) -> Result<&str, Problem> {
    match &node.form {
        Form::Text(text) if text.trim().is_empty() => Err(empty("a name", "write a name")),
        Form::Text(text) => Ok(text.trim()),
        Form::Bool(_) | Form::Number(_) => {
            Err(wrong("a name", node).remedy(&format!("put it in quotes: \"{}\"", node.excerpt())))
        }
        _ => Err(wrong("a name", node)),
    }
}

/// A name; `none` and nothing are none.
pub(super) fn name_or_none(node: &Node) -> Result<Option<&str>, Problem> {
    match &node.form {
        Form::Null => Ok(None),
        _ => Ok(Some(name(node)?).filter(|name| *name != "none")),
    }
}

/// One of `words`.
pub(super) fn word<'w>(node: &Node, words: &[&'w str]) -> Result<&'w str, Problem> {
    let said = node.text().map_or_else(|| node.excerpt(), |text| text.trim().to_owned());
    if let Some(word) = words.iter().find(|word| **word == said) {
        return Ok(word);
    }
    let allowed = one_of(words.iter().copied());
    let (code, message) = match node.form {
        Form::Text(_) => (code::UNKNOWN_WORD, format!("`{}` is not known here", shorten(&said))),
        _ => (code::WRONG_TYPE, format!("{} stands where a word is wanted", node.description())),
    };
    let remedy = match nearest(&said, words.iter().copied()) {
        Some(near) if words.len() > 1 => format!("write `{near}` (known are {allowed})"),
        _ => format!("write {allowed}"),
    };
    Err(Problem { code, message, remedy: Some(remedy) })
}

/// Text as it is; numbers and booleans as they are written.
pub(super) fn text(node: &Node) -> Result<&str, Problem> {
    match &node.form {
        Form::Text(text) if text.trim().is_empty() => {
            Err(empty("text to look for", "write the text to look for"))
        }
        Form::Text(text) => Ok(text),
        Form::Number(number) => Ok(&number.source),
        Form::Bool(truth) => Ok(if *truth { "true" } else { "false" }),
        _ => Err(wrong("text", node)),
    }
}

/// Text, a finite number or a boolean.
pub(super) fn operand(node: &Node) -> Result<(), Problem> {
    match &node.form {
        Form::Text(_) | Form::Bool(_) => Ok(()),
        Form::Number(number) => finite(number).map(|_| ()),
        _ => Err(wrong("text, a number, `true` or `false`", node)),
    }
}

/// `true` or `false`.
pub(super) fn flag(node: &Node) -> Result<bool, Problem> {
    match node.form {
        Form::Bool(truth) => Ok(truth),
        _ => {
            Err(wrong("`true` or `false`", node).remedy("write `true` or `false`, without quotes"))
        }
    }
}

/// A finite number.
pub(super) fn number(node: &Node) -> Result<f64, Problem> {
    match &node.form {
        Form::Number(number) => finite(number),
        Form::Text(text) if leads::read_number(text).is_some() => {
            Err(wrong("a number", node).remedy(&format!("write {} without quotes", text.trim())))
        }
        _ => Err(wrong("a number", node)),
    }
}

/// Points, to the hundredth.
pub(super) fn points(node: &Node) -> Result<Points, Problem> {
    let number = match number(node) {
        Ok(number) => number,
        Err(problem) if problem.code == code::WRONG_TYPE => {
            return Err(Problem {
                message: problem.message.replace("a number", "a number of points"),
                ..problem
            }
            .remedy_unless("write a number with at most two decimals, such as 10 or -2.5"));
        }
        Err(problem) => return Err(problem),
    };
    let points = Points::parse(&number.to_string());
    // `Points` forgives the noise of arithmetic; what a person writes has none.
    let points = points.and_then(|points| {
        let exact = (points.hundredths() as f64 / 100.0).to_bits() == (number + 0.0).to_bits();
        if exact { Ok(points) } else { Err(leads::PointsError::TooFine) }
    });
    points.map_err(|error| {
        let (what, remedy) = split_remedy(&error.to_string());
        let message = format!("`{}` {what}", node.excerpt());
        Problem { code: code::POINTS, message, remedy }
    })
}

/// A whole number in the range.
pub(super) fn whole(node: &Node, least: i64, most: i64) -> Result<i64, Problem> {
    let number = number(node)?;
    let refuse = |message: String, remedy: String| Problem {
        code: code::NUMBER,
        message,
        remedy: Some(remedy),
    };
    if number.fract().abs() > 0.0 {
        let message = format!("`{}` is not a whole number", node.excerpt());
        return Err(refuse(message, format!("write {} or {}", number.floor(), number.ceil())));
    }
    if number < least as f64 || number > most as f64 {
        let (which, bound) = if number < least as f64 { ("least", least) } else { ("most", most) };
        let message = format!("`{}` is out of range", node.excerpt());
        return Err(refuse(message, format!("write a whole number of at {which} {bound}")));
    }
    Ok(number as i64)
}

/// `25%` in millionths of the whole: 1 to 1,000,000.
pub(super) fn percent(node: &Node) -> Result<u32, Problem> {
    let remedy = "write a share above 0% and up to 100%, such as 25%, with at most four decimals";
    let refuse = || Problem {
        code: code::NUMBER,
        message: format!("{} is not a share of the points", node.description()),
        remedy: Some(remedy.to_owned()),
    };
    let share = node.text().and_then(|text| text.trim().strip_suffix('%')).ok_or_else(refuse)?;
    let (whole, fraction) =
        share.trim_end().split_once('.').unwrap_or_else(|| (share.trim_end(), ""));
    let plain = [whole, fraction].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    if !plain || whole.is_empty() || whole.len() > 3 || fraction.len() > 4 {
        return Err(refuse());
    }
    let millionths = format!("{whole}{fraction:0<4}").parse().map_err(|_| refuse())?;
    if (1..=1_000_000).contains(&millionths) { Ok(millionths) } else { Err(refuse()) }
}

/// A fixed length of time of at least so many milliseconds.
pub(super) fn duration(node: &Node, least_ms: i64) -> Result<Duration, Problem> {
    let duration: Duration =
        length(node)?.parse().map_err(|error| duration_problem(node, &error))?;
    if duration.as_millis() < least_ms {
        return Err(Problem {
            code: code::DURATION,
            message: format!("`{}` is too short", node.excerpt()),
            remedy: Some(match least_ms {
                1 => "write a time longer than nothing".to_owned(),
                _ => "write at least one second (1s)".to_owned(),
            }),
        });
    }
    Ok(duration)
}

/// A length of time that may count in months.
pub(super) fn age(node: &Node) -> Result<CalendarDuration, Problem> {
    length(node)?.parse().map_err(|error| duration_problem(node, &error))
}

/// The regular expression, compiled.
pub(super) fn pattern(node: &Node, exact: bool) -> Result<(Regex, &str), Problem> {
    let source = text(node)?;
    RegexBuilder::new(source)
        .case_insensitive(!exact)
        .size_limit(REGEX_SIZE_MAX)
        .build()
        .map(|regex| (regex, source))
        .map_err(|error| {
            let (message, remedy) = match &error {
                regex::Error::CompiledTooBig(_) => (
                    format!("the expression `{}` grows too large", shorten(source)),
                    "use smaller repetitions".to_owned(),
                ),
                error => (
                    format!("`{}` is not a regular expression: {}", shorten(source), reason(error)),
                    "put a backslash before a character that is meant literally, or use `contains`"
                        .to_owned(),
                ),
            };
            Problem { code: code::REGEX, message, remedy: Some(remedy) }
        })
}

/// The last line of a drawing of several lines is the reason.
fn reason(error: &regex::Error) -> String {
    let drawing = error.to_string();
    let last = drawing.lines().last().unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}

fn length(node: &Node) -> Result<String, Problem> {
    match &node.form {
        Form::Text(text) => Ok(text.clone()),
        Form::Number(number) => {
            let message = format!("`{}` has no unit", number.source);
            let remedy = match number.source.as_str() {
                "0" => "write 0h".to_owned(),
                source => format!("write {source}h for hours, {source}d for days"),
            };
            Err(Problem { code: code::DURATION, message, remedy: Some(remedy) })
        }
        _ => {
            Err(wrong("a length of time", node)
                .remedy("write a number and a unit, as in 48h or 14d"))
        }
    }
}

fn duration_problem(node: &Node, error: &DurationError) -> Problem {
    let (what, mut remedy) = split_remedy(&error.to_string());
    let text = node.text().unwrap_or_default().trim();
    if let (DurationError::Calendar, Ok(CalendarDuration::Months(months))) = (error, text.parse()) {
        // Twelve months are 365 days, one is 30.
        let days = u64::from(months / 12) * 365 + u64::from(months % 12) * 30;
        remedy = Some(format!("write days: {days}d"));
    }
    Problem { code: code::DURATION, message: format!("`{}` {what}", shorten(text)), remedy }
}

fn finite(number: &Number) -> Result<f64, Problem> {
    if number.value.is_finite() {
        return Ok(number.value);
    }
    let message = format!("`{}` is not a finite number", number.source);
    Err(Problem { code: code::NUMBER, message, remedy: None })
}

/// "has a fault: write it so" -> what is wrong, and what to write.
fn split_remedy(error: &str) -> (String, Option<String>) {
    match error.split_once(": ") {
        Some((what, remedy)) => (what.to_owned(), Some(remedy.to_owned())),
        None => (error.to_owned(), None),
    }
}

pub(super) fn wrong(wanted: &str, node: &Node) -> Problem {
    let message = format!("{} stands where {wanted} is wanted", node.description());
    Problem { code: code::WRONG_TYPE, message, remedy: None }
}

fn empty(what: &str, remedy: &str) -> Problem {
    let message = format!("empty text stands where {what} is wanted");
    Problem { code: code::EMPTY, message, remedy: Some(remedy.to_owned()) }
}

impl Problem {
    fn remedy(self, remedy: &str) -> Self {
        Self { remedy: Some(remedy.to_owned()), ..self }
    }

    fn remedy_unless(self, remedy: &str) -> Self {
        if self.remedy.is_some() { self } else { self.remedy(remedy) }
    }
}
