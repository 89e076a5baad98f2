//! YAML 1.2 -> tree.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};

use super::comments::scalar_end;
use super::diagnostic::{Diagnostic, code};
use super::tree::{
    DEPTH_MAX, Entry, Form, KEY_LENGTH_MAX, Mark, NODES_MAX, Node, resolve_plain, shorten,
};

/// Reads one YAML document. The tree is `None` where the text is no YAML at all.
pub(super) fn parse(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let mut builder = Builder::default();
    let root = builder.read(text).map_err(|refusal| builder.diagnostics.push(*refusal)).ok();
    (root, builder.diagnostics)
}

#[derive(Default)]
struct Builder {
    /// Lists and mappings that are not closed yet, the outermost first.
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    diagnostics: Vec<Diagnostic>,
}

/// A list or a mapping that is being read.
struct Open {
    anchor: usize,
    start: Mark,
    content: Content,
    /// The end of what was read last.
    end: Mark,
}

enum Content {
    List(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        keys: HashSet<String>,
        /// The key whose value comes next.
        key: Option<(String, Mark)>,
    },
}

/// What an alias may refer to.
struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

type Refusal = Box<Diagnostic>;

impl Builder {
    fn read(&mut self, text: &str) -> Result<Node, Refusal> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        refuse_nul(text)?;
        let characters: Vec<char> = text.chars().collect();
        let mut documents = 0;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| Box::new(syntax(&error)))?;
            let start = mark(span.start);
            match event {
                Event::DocumentStart(_) if documents > 0 => {
                    return Err(refuse(start, "---", "a file holds one model")
                        .remedy("put the second model into a file of its own")
                        .into());
                }
                Event::DocumentStart(_) => documents += 1,
                Event::Scalar(text, style, anchor, tag) => {
                    let form = self.scalar(&text, style, tag.as_deref(), start);
                    let end = mark(scalar_end(&characters, style, span));
                    let node = Node { form, start, end, aliased: false };
                    self.place(node, anchor)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.refuse_tag(tag.as_deref(), start);
                    self.open(anchor, start, Content::List(Vec::new()))?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.refuse_tag(tag.as_deref(), start);
                    let keys = HashSet::new();
                    self.open(
                        anchor,
                        start,
                        Content::Mapping { entries: vec![], keys, key: None },
                    )?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
                Event::Alias(anchor) => self.alias(anchor, span)?,
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        let beginning = Mark { line: 1, column: 1 };
        let empty = Node { form: Form::Null, start: beginning, end: beginning, aliased: false };
        Ok(self.root.take().unwrap_or(empty))
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Mark) -> Form {
        match tag {
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => {
                return Form::Text(text.to_owned());
            }
            tag => self.refuse_tag(tag, at),
        }
        // A key is text whatever it looks like: `1`, `null`.
        let key = self.open.last().is_some_and(Open::wants_key);
        match style {
            ScalarStyle::Plain if !key => resolve_plain(text),
            _ => Form::Text(text.to_owned()),
        }
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, at: Mark) {
        if let Some(tag) = tag {
            let refusal =
                refuse(at, &tag.to_string(), &format!("the tag `{tag}` means nothing here"))
                    .remedy("leave it out");
            self.diagnostics.push(refusal);
        }
    }

    fn open(&mut self, anchor: usize, start: Mark, content: Content) -> Result<(), Refusal> {
        self.refuse_key_that_is_no_text(start)?;
        if self.open.len() >= DEPTH_MAX {
            return Err(too_deep(start).into());
        }
        self.open.push(Open { anchor, start, content, end: start });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Refusal> {
        // The parser closes what it opened.
        let Some(Open { anchor, start, content, end }) = self.open.pop() else { return Ok(()) };
        // A block ends with what is in it, a flow collection with its bracket, after which the
        // parser counts spaces and comments in.
        let end = if span.is_empty() {
            end
        } else {
            let bracket = mark(span.start);
            Mark { column: bracket.column + 1, ..bracket }
        };
        let form = match content {
            Content::List(items) => Form::List(items),
            Content::Mapping { entries, .. } => Form::Mapping(entries),
        };
        self.place(Node { form, start, end, aliased: false }, anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Refusal> {
        let start = mark(span.start);
        self.refuse_key_that_is_no_text(start)?;
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(refuse(start, "*", "an alias cannot stand inside what it refers to")
                .remedy("write out what is meant")
                .into());
        };
        self.nodes += anchored.nodes;
        if self.nodes > NODES_MAX {
            return Err(too_large(start).into());
        }
        if self.open.len() + anchored.depth > DEPTH_MAX {
            return Err(too_deep(start).into());
        }
        let node = Node { aliased: true, ..anchored.node.clone() };
        self.put(node, mark(span.end));
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node, anchor: usize) -> Result<(), Refusal> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(too_large(node.start).into());
        }
        if anchor > 0 {
            let (nodes, depth) = measure(&node);
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth });
        }
        let end = node.end;
        self.put(node, end);
        Ok(())
    }

    fn put(&mut self, node: Node, end: Mark) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.end = end;
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Mapping { entries, keys, key } => match key.take() {
                None => {
                    let text = node.text().unwrap_or_default().to_owned();
                    if text.chars().count() > KEY_LENGTH_MAX {
                        self.diagnostics.push(key_too_long(&text, node.start));
                    }
                    *key = Some((text, node.start));
                }
                Some((text, start)) if keys.contains(&text) => {
                    let first = entries.iter().find(|entry| entry.key == text);
                    let line = first.map_or(0, |entry| entry.start.line);
                    self.diagnostics.push(key_twice(&text, start, line));
                }
                Some((text, start)) => {
                    keys.insert(text.clone());
                    entries.push(Entry { key: text, start, value: node });
                }
            },
        }
    }

    /// `? [a, b] : c` and `*alias : c`.
    fn refuse_key_that_is_no_text(&self, at: Mark) -> Result<(), Refusal> {
        if self.open.last().is_some_and(Open::wants_key) {
            return Err(refuse(at, "", "a key is a word, not a list, a mapping or an alias").into());
        }
        Ok(())
    }
}

impl Open {
    /// Whether the next node is a key.
    fn wants_key(&self) -> bool {
        matches!(self.content, Content::Mapping { key: None, .. })
    }
}

/// The parser takes a NUL for the end of the text, and what comes after it would be ignored.
fn refuse_nul(text: &str) -> Result<(), Refusal> {
    let Some((before, _)) = text.split_once('\0') else { return Ok(()) };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Err(refuse(Mark { line, column }, "\\0", "this is not text: it has a NUL character").into())
}

pub(super) fn key_twice(key: &str, at: Mark, first_line: usize) -> Diagnostic {
    let message = format!("`{}` stands twice; first on line {first_line}", shorten(key));
    Diagnostic::error(code::KEY_TWICE, at, shorten(key), message).remedy("keep one of them")
}

pub(super) fn key_too_long(key: &str, at: Mark) -> Diagnostic {
    let message = format!("a key is longer than {KEY_LENGTH_MAX} characters");
    Diagnostic::error(code::TOO_LARGE, at, shorten(key), message)
}

pub(super) fn too_deep(at: Mark) -> Diagnostic {
    let message = format!("lists and mappings are nested deeper than {DEPTH_MAX} levels");
    Diagnostic::error(code::TOO_LARGE, at, "", message)
}

pub(super) fn too_large(at: Mark) -> Diagnostic {
    let message = format!("the document holds more than {NODES_MAX} values");
    Diagnostic::error(code::TOO_LARGE, at, "", message)
        .remedy("if it uses aliases, write out what is meant")
}

fn refuse(at: Mark, text: &str, message: &str) -> Diagnostic {
    Diagnostic::error(code::SYNTAX, at, text, message)
}

fn syntax(error: &saphyr_parser::ScanError) -> Diagnostic {
    let message = format!("this is not YAML: {}", error.info());
    refuse(mark(*error.marker()), "", &message)
        .remedy("check indentation, quotes and brackets here and just above")
}

fn mark(marker: Marker) -> Mark {
    Mark { line: marker.line(), column: marker.col() + 1 }
}

/// How many nodes, and how many levels of lists and mappings.
fn measure(node: &Node) -> (usize, usize) {
    let children = node.items().iter().chain(node.entries().iter().map(|entry| &entry.value));
    let (nodes, depth) = children
        .map(measure)
        .fold((1, 0), |(nodes, depth), (more, deep)| (nodes + more, depth.max(deep)));
    (nodes, depth + usize::from(matches!(node.form, Form::List(_) | Form::Mapping(_))))
}
