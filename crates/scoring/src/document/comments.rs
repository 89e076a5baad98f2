//! The comments of a YAML text, which its parser drops.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::tree::Mark;

/// A comment and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    /// From `#` to the end of the line, without spaces at the end.
    pub(super) text: String,
    /// Where its `#` stands.
    pub(super) at: Mark,
    /// Nothing stands before it on its line.
    pub(super) alone: bool,
}

/// The comments of a text, and which of its lines are blank.
pub(super) struct Margins {
    pub(super) comments: Vec<Comment>,
    /// Line numbers from 1, in rising order.
    blank_lines: Vec<usize>,
}

impl Margins {
    /// Whether the line above this one is blank.
    pub(super) fn blank_above(&self, line: usize) -> bool {
        line > 1 && self.blank_lines.binary_search(&(line - 1)).is_ok()
    }

    /// No comments, no blank lines: those of JSON.
    pub(super) fn none() -> Self {
        Self { comments: Vec::new(), blank_lines: Vec::new() }
    }
}

/// Finds what stands between the values of a well-formed YAML text: a `#` at the beginning of a
/// line or after a space is a comment, unless it lies within a scalar.
pub(super) fn margins(text: &str) -> Margins {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut scalars = scalars(text).into_iter().peekable();
    let mut margins = Margins::none();
    let mut at = Mark { line: 1, column: 1 };
    // Whether only spaces, or nothing but one comment, have been seen on this line.
    let (mut alone, mut before) = (true, ' ');
    let mut comment: Option<Comment> = None;
    for (index, character) in text.chars().chain(['\n']).enumerate() {
        while scalars.next_if(|(_, end)| *end <= index).is_some() {}
        let in_scalar = scalars.peek().is_some_and(|(start, _)| *start <= index);
        if let Some(comment) = comment.as_mut().filter(|_| character != '\n') {
            comment.text.push(character);
            continue;
        }
        match character {
            '\n' => {
                if alone && comment.is_none() && !in_scalar {
                    margins.blank_lines.push(at.line);
                }
                if let Some(mut comment) = comment.take() {
                    comment.text.truncate(comment.text.trim_end().len());
                    margins.comments.push(comment);
                }
                at = Mark { line: at.line + 1, column: 1 };
                (alone, before) = (true, ' ');
                continue;
            }
            '#' if !in_scalar && matches!(before, ' ' | '\t') => {
                comment = Some(Comment { text: "#".to_owned(), at, alone });
            }
            ' ' | '\t' | '\r' if !in_scalar => {}
            _ => alone = false,
        }
        before = character;
        at.column += 1;
    }
    margins
}

/// Where scalars begin and end, in characters. A block scalar (`|`) begins after its header line,
/// which may have a comment.
fn scalars(text: &str) -> Vec<(usize, usize)> {
    let characters: Vec<char> = text.chars().collect();
    let mut scalars = Vec::new();
    for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
        if let Event::Scalar(_, style, ..) = event
            && !span.is_empty()
        {
            let end = scalar_end(&characters, style, span);
            scalars.push((span.start.index(), end.index()));
        }
    }
    scalars
}

/// Just after the last character of a scalar. For one in quotes the parser names the end of all
/// the space and comments after it, so it is looked for here.
pub(super) fn scalar_end(text: &[char], style: ScalarStyle, span: Span) -> Marker {
    let (quote, escape) = match style {
        ScalarStyle::SingleQuoted => ('\'', '\''),
        ScalarStyle::DoubleQuoted => ('"', '\\'),
        ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => return span.end,
    };
    let (mut index, mut line, mut column) =
        (span.start.index() + 1, span.start.line(), span.start.col() + 1);
    while let Some(character) = text.get(index) {
        let escaped = *character == escape
            && (escape != quote || text.get(index + 1) == Some(&quote))
            && text.get(index + 1) != Some(&'\n');
        let step = if escaped { 2 } else { 1 };
        (index, column) = (index + step, column + step);
        match character {
            '\n' => (line, column) = (line + 1, 0),
            _ if *character == quote && !escaped => break,
            _ => {}
        }
    }
    Marker::new(index, line, column)
}
