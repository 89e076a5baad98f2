//! The tests that a model brings along.

use leads::Value;

use super::super::diagnostic::code;
use super::super::grammar::EXPECTED;
use super::super::read;
use super::super::tree::{Entry, Form, Mark, Node, shorten};
use super::condition::whole_count;
use super::{Decoder, every, given, points};
use crate::model::{Expectation, ModelTest, Range, TestEvent};

impl Decoder<'_> {
    pub(super) fn test(&mut self, node: &Node) -> Option<ModelTest> {
        let traits = node.get("lead").map(|lead| self.facts(lead)).unwrap_or_default();
        let created = given(node.get("created"), |node| read::age(node).ok());
        let events = every(node.list("events"), |node| self.test_event(node));
        let expect = node.get("expect").and_then(|expect| self.expectations(expect));
        Some(ModelTest {
            name: node.name("name")?.to_owned(),
            traits,
            created: created?,
            events: events?,
            expect: expect?,
            line: node.start.line,
        })
    }

    fn test_event(&mut self, node: &Node) -> Option<TestEvent> {
        let properties = node.get("props").map(|props| self.facts(props)).unwrap_or_default();
        let times = node.get("times").map_or(Some(1), whole_count);
        Some(TestEvent {
            event: node.name("event")?.to_owned(),
            ago: read::age(node.get("ago")?).ok()?,
            properties,
            times: times?,
        })
    }

    fn expectations(&mut self, node: &Node) -> Option<Vec<Expectation>> {
        let mut expectations = Vec::new();
        let mut readable = true;
        for Entry { key, value, .. } in EXPECTED.iter().filter_map(|one| node.entry(one.key)) {
            let found = match key.as_str() {
                "score" => self.range(value).map(Expectation::Score),
                "fit" => self.range(value).map(Expectation::Fit),
                "engagement" => self.range(value).map(Expectation::Engagement),
                "grade" => self.grade(value),
                "bracket" => self.bracket_or_none(value),
                "stage" => self.stage_or_none(value),
                "disqualified" => read::flag(value).ok().map(Expectation::Disqualified),
                "criteria" => {
                    for entry in value.entries() {
                        match self.criterion_range(entry) {
                            Some(found) => expectations.push(found),
                            None => readable = false,
                        }
                    }
                    continue;
                }
                _ => None,
            };
            match found {
                Some(found) => expectations.push(found),
                None => readable = false,
            }
        }
        if readable && !expectations.is_empty() { Some(expectations) } else { None }
    }

    fn criterion_range(&mut self, Entry { key, start, value }: &Entry) -> Option<Expectation> {
        let criteria = self.names.criteria.clone();
        self.must_be_known("criterion", key.trim(), *start, &criteria);
        Some(Expectation::Criterion(key.trim().to_owned(), self.range(value)?))
    }

    fn grade(&mut self, node: &Node) -> Option<Expectation> {
        let grade = read::name(node).ok()?;
        let grades = self.names.grades.clone();
        let grades: Vec<&str> = grades.iter().map(String::as_str).collect();
        self.must_be_known("grade", grade, node.start, &grades);
        Some(Expectation::Grade(grade.to_owned()))
    }

    fn bracket_or_none(&mut self, node: &Node) -> Option<Expectation> {
        let bracket = read::name_or_none(node).ok()?;
        if let Some(bracket) = bracket {
            let brackets = self.names.brackets.clone();
            self.must_be_known("bracket", bracket, node.start, &brackets);
        }
        Some(Expectation::Bracket(bracket.map(str::to_owned)))
    }

    fn stage_or_none(&mut self, node: &Node) -> Option<Expectation> {
        let stage = read::name_or_none(node).ok()?;
        if let Some(stage) = stage {
            let stages = self.names.stages.clone();
            self.must_be_known("stage", stage, node.start, &stages);
        }
        Some(Expectation::Stage(stage.map(str::to_owned)))
    }

    /// A number, or a mapping of bounds.
    fn range(&mut self, node: &Node) -> Option<Range> {
        let Form::Mapping(_) = node.form else {
            let exactly = points(node)?;
            return Some(Range { at_least: Some(exactly), at_most: Some(exactly) });
        };
        let bound = |key| given(node.get(key), points);
        let range = Range { at_least: bound("at_least")?, at_most: bound("at_most")? };
        match (range.at_least, range.at_most) {
            (None, None) => return None,
            (Some(low), Some(high)) if low > high => {
                let message = format!("no number is at least {low} and at most {high}");
                let remedy = format!("write {{at_least: {high}, at_most: {low}}}");
                self.error(code::BOUNDS, node.start, format!("{low} … {high}"), message, remedy);
            }
            _ => {}
        }
        Some(range)
    }

    /// Traits or properties by dotted path, as imported facts have them.
    fn facts(&mut self, node: &Node) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        collect(node, "", false, &mut found);
        let mut facts: Vec<(String, Value)> = Vec::new();
        for Fact { path, value, in_list, at } in found {
            match facts.iter_mut().find(|(known, _)| *known == path) {
                Some((_, Value::List(values))) if in_list => match value {
                    Value::List(more) => values.extend(more),
                    single => values.push(single),
                },
                Some(_) => {
                    let message = format!("`{}` is given twice", shorten(&path));
                    self.error(code::KEY_TWICE, at, shorten(&path), message, "keep one of them");
                }
                None => facts.push((path, value)),
            }
        }
        facts
    }
}

/// One value and its place.
struct Fact {
    path: String,
    value: Value,
    /// It stands in a mapping within a list, so its path may come again.
    in_list: bool,
    at: Mark,
}

/// `{company: {employees: 50}}` is `company.employees`; the paths of a list of mappings have
/// lists of values.
fn collect(node: &Node, path: &str, in_list: bool, found: &mut Vec<Fact>) {
    let mut push = |value: Value| {
        let value = match value {
            Value::List(_) => value,
            single if in_list => Value::List(vec![single]),
            single => single,
        };
        found.push(Fact { path: path.to_owned(), value, in_list, at: node.start });
    };
    match &node.form {
        Form::Null => {}
        Form::Bool(truth) => push(Value::Bool(*truth)),
        Form::Number(number) => push(Value::Number(number.value)),
        Form::Text(text) => push(Value::Text(text.clone())),
        Form::List(items) => {
            let singles: Vec<Value> = items.iter().flat_map(singles).collect();
            let mappings = || items.iter().flat_map(mappings);
            if !singles.is_empty() || mappings().next().is_none() {
                push(Value::List(singles));
            }
            for mapping in mappings() {
                collect(mapping, path, true, found);
            }
        }
        Form::Mapping(entries) => {
            for Entry { key, value, .. } in entries {
                let key = key.trim();
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                collect(value, &path, in_list, found);
            }
        }
    }
}

/// The single values of a list's item; lists within lists are one list.
fn singles(node: &Node) -> Vec<Value> {
    match &node.form {
        Form::Null | Form::Mapping(_) => Vec::new(),
        Form::Bool(truth) => vec![Value::Bool(*truth)],
        Form::Number(number) => vec![Value::Number(number.value)],
        Form::Text(text) => vec![Value::Text(text.clone())],
        Form::List(items) => items.iter().flat_map(singles).collect(),
    }
}

/// The mappings of a list's item.
fn mappings(node: &Node) -> Vec<&Node> {
    match &node.form {
        Form::Mapping(_) => vec![node],
        Form::List(items) => items.iter().flat_map(mappings).collect(),
        _ => Vec::new(),
    }
}
