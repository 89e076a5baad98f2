//! The one way to write a document: keys in the order of the grammar, short things on one line,
//! quotes only where they are needed, and every comment where it was.
//!
//! ```text
//! text -> tree + margins -> items (an entry or a list's item, with its comments) -> lines
//! ```

use super::comments::{Comment, Margins};
use super::grammar::{Layout, Record, Shape};
use super::scalar;
use super::tree::{Form, Mark, Node};

/// What fits in here stands on one line.
const LINE_MAX: usize = 100;

/// Writes the tree as YAML. `text` is what it was read from, for finding the dashes of lists.
pub(super) fn write(root: &Node, shape: &Shape, margins: &Margins, text: &str) -> String {
    let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap_or(text).lines().collect();
    let mut items = Items { all: Vec::new(), lines };
    items.add(None, None, root, root.start, shape, false);
    items.take_blank_lines(margins);
    for comment in &margins.comments {
        items.attach(comment, margins);
    }
    let head = items.take_head();
    items.sort_keys();
    items.print(&head)
}

/// All entries and items in the order of the text; the first is the document itself.
struct Items<'t> {
    all: Vec<Item>,
    lines: Vec<&'t str>,
}

/// An entry of a mapping, an item of a list, or the document.
struct Item {
    parent: Option<usize>,
    key: Option<String>,
    start: Mark,
    end: Mark,
    /// Where its key or its dash stands.
    column: usize,
    body: Body,
    layout: Layout,
    /// A mapping of one entry that needs no braces within a list: `[A: 38, B: 25]`.
    pair: bool,
    /// Its rank among the keys of its mapping.
    rank: usize,
    /// Written elsewhere: its place in the text is not here.
    aliased: bool,
    blank_above: bool,
    /// Comments on the lines above it.
    leading: Vec<Line>,
    /// Comments at the end of its line.
    trailing: Vec<String>,
    /// Comments below all that is in it.
    after: Vec<Line>,
}

enum Body {
    Scalar(Node),
    List(Vec<usize>),
    Mapping(Vec<usize>),
}

impl Item {
    fn is_scalar(&self) -> bool {
        matches!(self.body, Body::Scalar(_))
    }
}

/// A comment with a line of its own.
#[derive(Clone)]
struct Line {
    text: String,
    blank_above: bool,
}

impl Items<'_> {
    fn add(
        &mut self,
        parent: Option<usize>,
        key: Option<(String, usize)>,
        node: &Node,
        start: Mark,
        shape: &Shape,
        aliased: bool,
    ) -> usize {
        let index = self.all.len();
        let aliased = aliased || (node.aliased && key.is_none());
        let record = record_of(shape, node);
        let (key, rank) = key.map_or((None, 0), |(key, rank)| (Some(key), rank));
        let column = if key.is_some() { start.column } else { self.dash(start) };
        // Where an alias stands is known only by its key.
        let end = if node.aliased { start } else { node.end };
        self.all.push(Item {
            parent,
            key,
            start,
            end,
            column,
            body: Body::List(Vec::new()),
            layout: record.map_or(Layout::Inline, |record| record.layout),
            pair: matches!(shape, Shape::Pair(_)) && node.entries().len() == 1,
            rank,
            aliased,
            blank_above: false,
            leading: Vec::new(),
            trailing: Vec::new(),
            after: Vec::new(),
        });
        let inner_aliased = aliased || node.aliased;
        let body = match &node.form {
            Form::List(nodes) => {
                let shape = list_shape(shape);
                let mut children = Vec::with_capacity(nodes.len());
                for node in nodes {
                    children.push(self.add(
                        Some(index),
                        None,
                        node,
                        node.start,
                        shape,
                        inner_aliased,
                    ));
                }
                Body::List(children)
            }
            Form::Mapping(entries) => {
                let mut children = Vec::with_capacity(entries.len());
                for entry in entries {
                    let (rank, shape) = rank_and_shape(shape, record, &entry.key);
                    let key = Some((entry.key.clone(), rank));
                    children.push(self.add(
                        Some(index),
                        key,
                        &entry.value,
                        entry.start,
                        shape,
                        inner_aliased,
                    ));
                }
                Body::Mapping(children)
            }
            Form::Text(text) => Body::Scalar(Node {
                form: Form::Text(trimmed(text, shape).to_owned()),
                ..node.clone()
            }),
            _ => Body::Scalar(node.clone()),
        };
        self.all[index].body = body;
        index
    }

    /// The column of the dash before a list's item, where it has one.
    fn dash(&self, start: Mark) -> usize {
        let line = self.lines.get(start.line - 1).copied().unwrap_or_default();
        let before: String = line.chars().take(start.column - 1).collect();
        match before.trim_end() {
            dashed if dashed.ends_with('-') => dashed.chars().count(),
            _ => start.column,
        }
    }

    fn take_blank_lines(&mut self, margins: &Margins) {
        for item in self.all.iter_mut().skip(1).filter(|item| !item.aliased) {
            item.blank_above = margins.blank_above(item.start.line);
        }
        // Only the first of what begins on a line has the blank above it.
        let mut line = 0;
        for item in self.all.iter_mut().skip(1).filter(|item| !item.aliased) {
            item.blank_above &= item.start.line != line;
            line = item.start.line;
        }
    }

    fn attach(&mut self, comment: &Comment, margins: &Margins) {
        if comment.alone {
            let blank_above = margins.blank_above(comment.at.line);
            self.attach_line(Line { text: comment.text.clone(), blank_above }, comment.at);
        } else {
            let owner = self.owner_of_line(comment.at);
            self.all[owner].trailing.push(comment.text.clone());
        }
    }

    /// A comment on a line of its own goes with what follows, unless it is indented like something
    /// before it: then it stays there.
    fn attach_line(&mut self, line: Line, at: Mark) {
        let placed = || self.all.iter().enumerate().skip(1).filter(|(_, item)| !item.aliased);
        let next = placed().find(|(_, item)| item.start > at).map(|(index, _)| index);
        let previous = placed().rfind(|(_, item)| item.start < at).map(|(index, _)| index);
        let mut above = previous;
        while let Some(index) = above.filter(|index| self.all[*index].column > at.column) {
            above = self.all[index].parent;
        }
        let above = above.unwrap_or(0);
        match next {
            Some(next) if above == 0 || self.all[above].column <= self.all[next].column => {
                self.all[next].leading.push(line);
            }
            _ => self.all[above].after.push(line),
        }
    }

    /// What a comment at the end of a line is about: what stands last before it, whole, on that
    /// line; else what begins there; else what ends there; else the last thing before it.
    fn owner_of_line(&self, at: Mark) -> usize {
        let placed = || {
            let before = move |item: &Item| !item.aliased && item.start < at;
            self.all.iter().enumerate().skip(1).filter(move |(_, item)| before(item))
        };
        let begins_here = |item: &Item| item.start.line == at.line;
        let whole = placed()
            .filter(|(_, item)| begins_here(item) && item.end.line == at.line && item.end <= at)
            .max_by(|(a, one), (b, other)| one.end.cmp(&other.end).then(b.cmp(a)));
        whole
            .or_else(|| placed().rfind(|(_, item)| begins_here(item)))
            .or_else(|| placed().rfind(|(_, item)| item.end.line == at.line && item.end <= at))
            .or_else(|| placed().next_back())
            .map_or(0, |(index, _)| index)
    }

    /// Comments that stand apart at the very beginning are about the whole document.
    fn take_head(&mut self) -> Vec<Line> {
        let Some(first) = self.all.get_mut(1) else { return Vec::new() };
        let apart = match first.leading.iter().rposition(|line| line.blank_above) {
            _ if first.blank_above => first.leading.len(),
            last_blank => last_blank.unwrap_or(0),
        };
        let rest = first.leading.split_off(apart);
        let head = std::mem::replace(&mut first.leading, rest);
        // The blank line below the head is written with the head.
        match first.leading.first_mut() {
            Some(line) => line.blank_above = false,
            None => first.blank_above = false,
        }
        head
    }

    fn sort_keys(&mut self) {
        for index in 0..self.all.len() {
            if let Body::Mapping(children) = &self.all[index].body {
                let mut children = children.clone();
                children.sort_by_key(|child| self.all[*child].rank);
                self.all[index].body = Body::Mapping(children);
            }
        }
    }

    fn print(&self, head: &[Line]) -> String {
        let mut page = Page::default();
        let headed = !head.is_empty();
        page.comments(head, 0);
        if headed {
            page.want_blank();
        }
        let root = &self.all[0];
        match &root.body {
            Body::Scalar(Node { form: Form::Null, .. }) => {}
            Body::Scalar(node) => page.line(0, &scalar::write(node, false), &root.trailing),
            _ => self.children(0, 0, None, &mut page),
        }
        page.comments(&root.after, 0);
        page.text
    }

    /// Writes what is in a list or a mapping. `hung` is the dash on whose line the first stands.
    fn children(&self, index: usize, indent: usize, hung: Option<&str>, page: &mut Page) {
        let (children, in_list) = match &self.all[index].body {
            Body::List(children) => (children, true),
            Body::Mapping(children) => (children, false),
            Body::Scalar(_) => return,
        };
        if children.is_empty() {
            let hung = hung.unwrap_or_default();
            let empty = if in_list { "[]" } else { "{}" };
            page.line(indent.saturating_sub(hung.len()), &format!("{hung}{empty}"), &[]);
        }
        let mut hung = hung;
        let mut previous_is_long = false;
        for (place, child) in children.iter().enumerate() {
            let item = &self.all[*child];
            let mut lines = Page::default();
            self.item(*child, indent, hung.take(), &mut lines);
            // Comments do not make an entry long: where they stand may change in the writing.
            let entry = lines.text.lines().filter(|line| !line.trim_start().starts_with('#'));
            let is_long = entry.count() > 1;
            let section = index == 0 && !in_list && (is_long || previous_is_long);
            let spaced = in_list && item.layout == Layout::Spaced;
            previous_is_long = is_long;
            let blank = match item.leading.first() {
                Some(line) => line.blank_above,
                None => item.blank_above,
            };
            if place > 0 && (section || spaced || blank) {
                page.want_blank();
            }
            page.append(&lines);
        }
    }

    /// Writes one entry or item with its comments. `hung` are the dashes on whose line it stands.
    fn item(&self, index: usize, indent: usize, hung: Option<&str>, page: &mut Page) {
        let item = &self.all[index];
        let hung = hung.unwrap_or_default();
        let outer = indent.saturating_sub(hung.len());
        page.comments(&item.leading, outer);
        if !item.leading.is_empty() && item.blank_above {
            page.want_blank();
        }
        let head = match &item.key {
            Some(key) => format!("{hung}{}:", scalar::key(key)),
            None => format!("{hung}-"),
        };
        let room = LINE_MAX.saturating_sub(outer + head.chars().count() + 1);
        let fits = |text: &String| text.chars().count() <= room || item.is_scalar();
        if let Some(inline) = self.inline(index, false).filter(fits) {
            page.line(outer, &format!("{head} {inline}"), &item.trailing);
        } else if item.key.is_some() {
            page.line(outer, &head, &item.trailing);
            self.children(index, indent + 2, None, page);
        } else {
            // A comment beside a dash has no other place than above it.
            for text in &item.trailing {
                page.line(outer, text, &[]);
            }
            self.children(index, indent + 2, Some(&format!("{head} ")), page);
        }
        page.comments(&item.after, indent);
    }

    /// The item's value on one line; `None` where comments or the layout forbid it.
    fn inline(&self, index: usize, nested: bool) -> Option<String> {
        let item = &self.all[index];
        let commented =
            !(item.leading.is_empty() && item.trailing.is_empty() && item.after.is_empty());
        let block = item.layout != Layout::Inline && !item.is_scalar();
        if (nested && commented) || block {
            return None;
        }
        match &item.body {
            Body::Scalar(node) => Some(scalar::write(node, nested)),
            Body::List(children) => {
                let items: Option<Vec<String>> =
                    children.iter().map(|child| self.inline(*child, true)).collect();
                Some(format!("[{}]", items?.join(", ")))
            }
            Body::Mapping(children) => {
                let entries: Option<Vec<String>> = children
                    .iter()
                    .map(|child| {
                        let key = self.all[*child].key.as_deref().unwrap_or_default();
                        Some(format!("{}: {}", scalar::key(key), self.inline(*child, true)?))
                    })
                    .collect();
                let entries = entries?.join(", ");
                Some(if item.pair && nested { entries } else { format!("{{{entries}}}") })
            }
        }
    }
}

/// Lines of text.
#[derive(Default)]
struct Page {
    text: String,
    wants_blank: bool,
}

impl Page {
    /// A blank line before whatever comes next; none at the top.
    fn want_blank(&mut self) {
        self.wants_blank = !self.text.is_empty();
    }

    fn comments(&mut self, comments: &[Line], indent: usize) {
        for comment in comments {
            if comment.blank_above {
                self.want_blank();
            }
            self.line(indent, &comment.text, &[]);
        }
    }

    fn line(&mut self, indent: usize, text: &str, trailing: &[String]) {
        if std::mem::take(&mut self.wants_blank) {
            self.text.push('\n');
        }
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(text);
        for comment in trailing {
            self.text.push_str("  ");
            self.text.push_str(comment);
        }
        self.text.push('\n');
    }

    fn append(&mut self, other: &Self) {
        if std::mem::take(&mut self.wants_blank) {
            self.text.push('\n');
        }
        self.text.push_str(&other.text);
    }
}

/// The record that a mapping is.
pub(super) fn record_of(shape: &Shape, node: &Node) -> Option<&'static Record> {
    match shape {
        Shape::Record(record) => Some(record),
        Shape::Choice(choice) => choice.select(|key| node.entry(key).is_some()),
        Shape::Either(shapes) => shapes.iter().find_map(|shape| record_of(shape, node)),
        _ => None,
    }
}

/// What the items of a list are.
pub(super) fn list_shape(shape: &Shape) -> &Shape {
    match shape {
        Shape::List(of, ..) => of,
        Shape::Either(shapes) => {
            shapes.iter().map(list_shape).find(|of| !is_facts(of)).unwrap_or(&Shape::Facts)
        }
        _ => &Shape::Facts,
    }
}

fn is_facts(shape: &Shape) -> bool {
    matches!(shape, Shape::Facts)
}

/// The place of a key among its siblings, and what its value is. Unknown keys go last.
pub(super) fn rank_and_shape<'s>(
    shape: &'s Shape,
    record: Option<&'static Record>,
    key: &str,
) -> (usize, &'s Shape) {
    if let Some(record) = record {
        let known = record.fields().enumerate().find(|(_, field)| field.key == key);
        return known.map_or((usize::MAX, &Shape::Facts), |(rank, field)| (rank, &field.shape));
    }
    match shape {
        Shape::Keyed(_, of) | Shape::Pair(of) => (0, of),
        _ => (0, &Shape::Facts),
    }
}

/// Spaces around names and lengths of time mean nothing.
pub(super) fn trimmed<'t>(text: &'t str, shape: &Shape) -> &'t str {
    match shape {
        Shape::Name
        | Shape::NameOrNone
        | Shape::Word(_)
        | Shape::Duration(_)
        | Shape::Age
        | Shape::Percent => text.trim(),
        Shape::Either(shapes) => shapes.first().map_or(text, |shape| trimmed(text, shape)),
        _ => text,
    }
}
