//! Conditions, and tests of single values.

use super::super::diagnostic::code;
use super::super::grammar::OPERATORS;
use super::super::read;
use super::super::tree::{Entry, Form, Node, shorten};
use super::{Decoder, every, given};
use crate::model::{
    Condition, EventCondition, EventPattern, Expression, Operand, Property, Test, TextOperand,
};
use crate::text::fold_text;

/// Whether no event has a say in the condition.
pub(super) fn looks_at_traits_only(condition: &Condition) -> bool {
    match condition {
        Condition::Trait(_) => true,
        Condition::Event(_) => false,
        Condition::All(parts) | Condition::Any(parts) => parts.iter().all(looks_at_traits_only),
        Condition::Not(inner) => looks_at_traits_only(inner),
    }
}

impl Decoder<'_> {
    pub(super) fn condition(&mut self, node: &Node) -> Option<Condition> {
        if node.entry("trait").is_some() {
            return self.trait_tests(node).map(Condition::Trait);
        }
        if node.entry("event").is_some() {
            let pattern = self.event_pattern(node);
            let within = given(node.get("within"), |node| read::duration(node, 1).ok())?;
            let at_least = node.get("at_least").map_or(Some(1), whole_count)?;
            return Some(Condition::Event(EventCondition { pattern: pattern?, within, at_least }));
        }
        if let Some(inner) = node.get("not") {
            return self.condition(inner).map(|inner| Condition::Not(Box::new(inner)));
        }
        let all = node.entry("all").is_some();
        let parts = node.list(if all { "all" } else { "any" });
        let parts = every(parts, |part| self.condition(part)).filter(|parts| !parts.is_empty())?;
        Some(if all { Condition::All(parts) } else { Condition::Any(parts) })
    }

    /// `trait:` and the tests beside it.
    pub(super) fn trait_tests(&mut self, node: &Node) -> Option<Property> {
        let tests = self.tests_of_value(node);
        Some(Property { path: node.name("trait")?.to_owned(), tests: tests? })
    }

    /// `event:` and `where:`.
    pub(super) fn event_pattern(&mut self, node: &Node) -> Option<EventPattern> {
        let event = node.get("event")?;
        let names = match &event.form {
            Form::List(names) => every(names, event_name),
            _ => event_name(event).map(|name| vec![name]),
        };
        let wanted = node.get("where").map_or(&[][..], Node::entries);
        let properties: Vec<Option<Property>> = wanted
            .iter()
            .map(|Entry { key, value, .. }| {
                let tests = self.tests_of_value(value)?;
                Some(Property { path: key.trim().to_owned(), tests })
            })
            .collect();
        let properties = properties.into_iter().collect::<Option<_>>()?;
        Some(EventPattern { names: names.filter(|names| !names.is_empty())?, properties })
    }

    /// The operators of a test, in the order of the grammar: it decides nothing, so that the order
    /// of the document should not make another model.
    fn tests_of_value(&mut self, node: &Node) -> Option<Vec<Test>> {
        let exact = given(node.get("exact"), |node| read::flag(node).ok())?;
        let mut tests = Vec::new();
        let mut readable = true;
        for entry in OPERATORS.iter().filter_map(|operator| node.entry(operator.key)) {
            match self.test_of_value(entry, exact.unwrap_or(false)) {
                Some(test) => tests.push(test),
                None => readable = false,
            }
        }
        let regards_text = |test: &Test| match test {
            Test::Is(operand) | Test::IsNot(operand) => matches!(operand, Operand::Text(_)),
            Test::In(operands) | Test::NotIn(operands) => {
                operands.iter().any(|operand| matches!(operand, Operand::Text(_)))
            }
            Test::Contains(_) | Test::StartsWith(_) | Test::EndsWith(_) | Test::Matches { .. } => {
                true
            }
            _ => false,
        };
        if exact.is_some() && readable && !tests.is_empty() && !tests.iter().any(regards_text) {
            let at = node.entry("exact").map_or(node.start, |entry| entry.start);
            let message = "`exact` is about text, and no test here compares text";
            self.error(code::EXACT, at, "exact", message, "remove it");
        }
        if readable && !tests.is_empty() { Some(tests) } else { None }
    }

    fn test_of_value(
        &mut self,
        Entry { key, value: node, .. }: &Entry,
        exact: bool,
    ) -> Option<Test> {
        let text = |node: &Node| read::text(node).ok().map(|text| text_operand(text, exact));
        let operand = |node: &Node| operand(node, exact);
        let operands = |node: &Node| every(node.items(), operand).filter(|all| !all.is_empty());
        let number = |node: &Node| read::number(node).ok();
        match key.as_str() {
            "is" => operand(node).map(Test::Is),
            "is_not" => operand(node).map(Test::IsNot),
            "in" => operands(node).map(Test::In),
            "not_in" => operands(node).map(Test::NotIn),
            "at_least" => number(node).map(Test::AtLeast),
            "at_most" => number(node).map(Test::AtMost),
            "above" => number(node).map(Test::Above),
            "below" => number(node).map(Test::Below),
            "between" => self.between(node),
            "contains" => text(node).map(Test::Contains),
            "starts_with" => text(node).map(Test::StartsWith),
            "ends_with" => text(node).map(Test::EndsWith),
            "matches" => read::pattern(node, exact).ok().map(|(regex, source)| Test::Matches {
                regex: Expression(regex),
                source: source.to_owned(),
                exact,
            }),
            "exists" => read::flag(node).ok().map(Test::Exists),
            "within" => read::duration(node, 1).ok().map(Test::Within),
            "older_than" => read::duration(node, 0).ok().map(Test::OlderThan),
            _ => None,
        }
    }

    fn between(&mut self, node: &Node) -> Option<Test> {
        let [low, high] = node.items() else { return None };
        let (low, high) = (read::number(low).ok()?, read::number(high).ok()?);
        if low > high {
            let text = format!("[{low}, {high}]");
            let message = format!("no number lies between {low} and {high}");
            self.error(
                code::BOUNDS,
                node.start,
                shorten(&text),
                message,
                format!("write [{high}, {low}]"),
            );
        }
        Some(Test::Between(low, high))
    }
}

pub(super) fn whole_count(node: &Node) -> Option<u32> {
    read::whole(node, 1, i64::from(u32::MAX)).ok().map(|count| count as u32)
}

fn event_name(node: &Node) -> Option<String> {
    read::name(node).ok().map(str::to_owned)
}

fn operand(node: &Node, exact: bool) -> Option<Operand> {
    match &node.form {
        Form::Text(text) => Some(Operand::Text(text_operand(text, exact))),
        Form::Bool(truth) => Some(Operand::Bool(*truth)),
        Form::Number(number) => Some(number.value).filter(|n| n.is_finite()).map(Operand::Number),
        _ => None,
    }
}

fn text_operand(text: &str, exact: bool) -> TextOperand {
    let folded = if exact { text.to_owned() } else { fold_text(text) };
    TextOperand { source: text.to_owned(), folded, exact }
}
