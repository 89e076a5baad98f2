//! The tree against the grammar: keys and single values.

use super::diagnostic::{Diagnostic, all_of, code, meant_key, one_of};
use super::grammar::{Choice, Field, MODEL, Record, Shape};
use super::read::{self, Problem, wrong};
use super::tree::{Entry, Form, Node, shorten};

/// Everything by which the tree departs from the grammar.
pub(super) fn check(root: &Node) -> Vec<Diagnostic> {
    let mut checker = Checker { diagnostics: Vec::new() };
    checker.node(root, &MODEL);
    checker.diagnostics
}

struct Checker {
    diagnostics: Vec<Diagnostic>,
}

impl Checker {
    fn node(&mut self, node: &Node, shape: &Shape) {
        let outcome = match shape {
            Shape::Name => read::name(node).map(|_| ()),
            Shape::NameOrNone => read::name_or_none(node).map(|_| ()),
            Shape::Word(words) => read::word(node, words).map(|_| ()),
            Shape::Operand => read::operand(node),
            Shape::Text => read::text(node).map(|_| ()),
            Shape::Pattern => read::pattern(node, false).map(|_| ()),
            Shape::Flag => read::flag(node).map(|_| ()),
            Shape::True => read_true(node),
            Shape::Number => read::number(node).map(|_| ()),
            Shape::Points => read::points(node).map(|_| ()),
            Shape::Whole(least, most) => read::whole(node, *least, *most).map(|_| ()),
            Shape::Percent => read::percent(node).map(|_| ()),
            Shape::Duration(least) => read::duration(node, *least).map(|_| ()),
            Shape::Age => read::age(node).map(|_| ()),
            Shape::List(of, least, most) => self.list(node, of, *least, *most),
            Shape::Pair(of) => self.pair(node, of),
            Shape::Keyed(keys, of) => self.keyed(node, keys, of),
            Shape::Facts => self.facts(node),
            Shape::Record(record) => self.record(node, record),
            Shape::Choice(choice) => self.choice(node, choice),
            Shape::Either(shapes) => {
                self.either(node, shapes);
                Ok(())
            }
        };
        if let Err(problem) = outcome {
            self.report(node, problem);
        }
    }

    fn list(&mut self, node: &Node, of: &Shape, least: usize, most: usize) -> Result<(), Problem> {
        let Form::List(items) = &node.form else {
            let remedy = match node.form {
                Form::Null | Form::Mapping(_) => "write `- ` before each entry".to_owned(),
                _ => format!("put it in brackets: [{}]", node.excerpt()),
            };
            return Err(Problem { remedy: Some(remedy), ..wrong("a list", node) });
        };
        for item in items {
            self.node(item, of);
        }
        if items.len() < least || items.len() > most {
            let (code, wanted) = match (items.len(), (least, most)) {
                (0, (2, 2)) => (code::EMPTY, "exactly two".to_owned()),
                (_, (2, 2)) => (code::WRONG_TYPE, "exactly two".to_owned()),
                (0, _) => (code::EMPTY, "at least one".to_owned()),
                _ => (code::TOO_LARGE, format!("at most {most}")),
            };
            return Err(Problem {
                code,
                message: match items.len() {
                    0 => "the list is empty".to_owned(),
                    count => format!("the list has {count} entries"),
                },
                remedy: Some(format!("write {wanted}")),
            });
        }
        Ok(())
    }

    fn pair(&mut self, node: &Node, of: &Shape) -> Result<(), Problem> {
        let Form::Mapping(entries) = &node.form else {
            return Err(wrong("a name with its points", node));
        };
        for entry in entries {
            self.key_says_something(entry);
            self.node(&entry.value, of);
        }
        match entries.as_slice() {
            [_] => Ok(()),
            _ => Err(Problem {
                code: code::WRONG_TYPE,
                message: format!("{} names stand in one entry of the list", entries.len()),
                remedy: Some("write one name with its points per entry: [A: 40, B: 20]".to_owned()),
            }),
        }
    }

    fn keyed(&mut self, node: &Node, keys: &str, of: &Shape) -> Result<(), Problem> {
        let Form::Mapping(entries) = &node.form else {
            return Err(wrong(&format!("a mapping of {keys}"), node));
        };
        for entry in entries {
            self.key_says_something(entry);
            self.node(&entry.value, of);
        }
        if entries.is_empty() {
            return Err(Problem {
                code: code::EMPTY,
                message: format!("no {keys} are named"),
                remedy: Some("name at least one, or leave the key out".to_owned()),
            });
        }
        Ok(())
    }

    fn facts(&mut self, node: &Node) -> Result<(), Problem> {
        let Form::Mapping(entries) = &node.form else {
            return Err(wrong("a mapping from names to values", node));
        };
        for entry in entries {
            self.key_says_something(entry);
            self.fact(&entry.value);
        }
        Ok(())
    }

    fn fact(&mut self, node: &Node) {
        let outcome = match &node.form {
            Form::Null => Ok(()),
            Form::Mapping(_) => self.facts(node),
            Form::List(items) => {
                for item in items {
                    self.fact(item);
                }
                Ok(())
            }
            _ => read::operand(node),
        };
        if let Err(problem) = outcome {
            self.report(node, problem);
        }
    }

    fn key_says_something(&mut self, entry: &Entry) {
        if entry.key.trim().is_empty() {
            let found = Diagnostic::error(code::EMPTY, entry.start, "", "a key is empty");
            self.diagnostics.push(found.remedy("write a name before the colon"));
        }
    }

    fn choice(&mut self, node: &Node, choice: &Choice) -> Result<(), Problem> {
        let Form::Mapping(entries) = &node.form else { return Err(wrong(choice.what, node)) };
        if let Some(record) = choice.select(|key| node.entry(key).is_some()) {
            self.fields(node, entries, record, Some(choice));
            return Ok(());
        }
        // What it is cannot be told; still check what can be checked.
        let mut meant = false;
        for entry in entries {
            if let Some(field) = choice.field(&entry.key) {
                self.node(&entry.value, &field.shape);
                continue;
            }
            let keys = choice.alternatives.iter().flat_map(|one| one.record.fields());
            let keys: Vec<&str> = keys.map(|field| field.key).collect();
            let near = self.unknown_key(entry, choice.what, &keys, &choice.subjects());
            meant |= near.is_some_and(|near| choice.subjects().contains(&near));
        }
        if meant {
            return Ok(());
        }
        let subjects = choice.subjects();
        Err(Problem {
            code: code::MISSING_KEY,
            message: format!("{} needs one of {}", choice.what, all_of(subjects.iter().copied())),
            remedy: Some(format!("add {}", one_of(subjects))),
        })
    }

    fn record(&mut self, node: &Node, record: &Record) -> Result<(), Problem> {
        let Form::Mapping(entries) = &node.form else {
            let remedy = match (&node.form, record.needs_one_of.first()) {
                (Form::Text(_) | Form::Bool(_) | Form::Number(_), Some(first)) => {
                    Some(format!("write {{{}: {}}}", first.key, node.excerpt()))
                }
                _ => None,
            };
            return Err(Problem { remedy, ..wrong(record.what, node) });
        };
        self.fields(node, entries, record, None);
        Ok(())
    }

    /// Every key known, every value readable, nothing missing.
    fn fields(&mut self, node: &Node, entries: &[Entry], record: &Record, choice: Option<&Choice>) {
        let keys: Vec<&str> = record.fields().map(|field| field.key).collect();
        let mut meant: Vec<&str> = Vec::new();
        let mut unknown = false;
        for entry in entries {
            let foreign = || choice.and_then(|choice| Some((choice, choice.field(&entry.key)?)));
            if let Some(field) = record.field(&entry.key) {
                self.node(&entry.value, &field.shape);
            } else if let Some((choice, field)) = foreign() {
                self.foreign_key(entry, field, record, choice);
            } else {
                unknown = true;
                meant.extend(self.unknown_key(entry, record.what, &keys, &keys));
            }
        }
        // A key that was meant, but written wrongly, is not reported a second time as missing.
        let there = |field: &Field| {
            meant.contains(&field.key) || entries.iter().any(|entry| entry.key == field.key)
        };
        for field in record.fields().filter(|field| field.required && !there(field)) {
            let message = format!("{} needs `{}`", record.what, field.key);
            let about = field.about.trim_end_matches('.');
            self.diagnostics.push(
                Diagnostic::error(code::MISSING_KEY, node.start, node.excerpt(), message)
                    .remedy(format!("add `{}` ({about})", field.key)),
            );
        }
        let optional = record.needs_one_of.is_empty() || record.needs_one_of.iter().any(there);
        if !optional && !unknown {
            let wanted = one_of(record.needs_one_of.iter().map(|field| field.key));
            let message = format!("{} says nothing", record.what);
            self.diagnostics.push(
                Diagnostic::error(code::MISSING_KEY, node.start, node.excerpt(), message)
                    .remedy(format!("add at least one of {wanted}")),
            );
        }
    }

    /// Reports a key that nobody knows; returns the one that was probably meant.
    fn unknown_key<'k>(
        &mut self,
        entry: &Entry,
        what: &str,
        keys: &[&'k str],
        shown: &[&'k str],
    ) -> Option<&'k str> {
        let near = meant_key(&entry.key, keys);
        let message = format!("`{}` is not a key of {what}", shorten(&entry.key));
        let known = all_of(shown.iter().copied());
        let remedy = match near {
            Some(near) => format!("write `{near}` (known are {known})"),
            None => format!("known are {known}"),
        };
        let found = Diagnostic::error(code::UNKNOWN_KEY, entry.start, shorten(&entry.key), message);
        self.diagnostics.push(found.remedy(remedy));
        near
    }

    /// Reports a key that belongs to another record of the choice than the one that was told.
    fn foreign_key(&mut self, entry: &Entry, field: &Field, record: &Record, choice: &Choice) {
        let known = all_of(record.fields().map(|field| field.key));
        let both_subjects = choice.subjects().contains(&field.key);
        let message = if both_subjects {
            format!("`{}` does not go with the rest: this is {}", field.key, record.what)
        } else {
            format!("`{}` does not belong to {}", field.key, record.what)
        };
        let remedy = if both_subjects {
            format!("split it in two; {} knows {known}", record.what)
        } else {
            format!("remove it; {} knows {known}", record.what)
        };
        let found =
            Diagnostic::error(code::KEY_OF_ANOTHER_KIND, entry.start, shorten(&entry.key), message);
        self.diagnostics.push(found.remedy(remedy));
    }

    /// The shape that has the form of the node; the first where none has.
    fn either(&mut self, node: &Node, shapes: &[Shape]) {
        let fits = |shape: &&Shape| match shape {
            Shape::List(..) => matches!(node.form, Form::List(_)),
            Shape::Record(_) | Shape::Choice(_) => matches!(node.form, Form::Mapping(_)),
            _ => !matches!(node.form, Form::List(_) | Form::Mapping(_)),
        };
        if let Some(shape) = shapes.iter().find(fits).or_else(|| shapes.first()) {
            self.node(node, shape);
        }
    }

    fn report(&mut self, node: &Node, problem: Problem) {
        let mut found =
            Diagnostic::error(problem.code, node.start, node.excerpt(), problem.message);
        found.remedy = problem.remedy;
        self.diagnostics.push(found);
    }
}

fn read_true(node: &Node) -> Result<(), Problem> {
    if read::flag(node)? {
        return Ok(());
    }
    Err(Problem {
        code: code::UNKNOWN_WORD,
        message: "`false` says nothing here".to_owned(),
        remedy: Some("write `true`, or remove the entry".to_owned()),
    })
}
