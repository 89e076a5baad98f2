//! Writing single values of YAML: in quotes only where they would become something else without.

use std::fmt::Write as _;

use super::tree::{Form, Node, resolve_plain};

/// A scalar's node; `nested` within brackets or braces.
pub(super) fn write(node: &Node, nested: bool) -> String {
    match &node.form {
        Form::Null => "null".to_owned(),
        Form::Bool(truth) => truth.to_string(),
        Form::Number(number) => number.source.clone(),
        Form::Text(text) => {
            let stays_text = matches!(resolve_plain(text), Form::Text(_));
            if stays_text && is_plain(text, nested) { text.clone() } else { quoted(text) }
        }
        // Not scalars; never asked for.
        Form::List(_) => "[]".to_owned(),
        Form::Mapping(_) => "{}".to_owned(),
    }
}

/// A key. Whatever it looks like, it is text.
pub(super) fn key(key: &str) -> String {
    if is_plain(key, true) { key.to_owned() } else { quoted(key) }
}

/// Whether text can stand without quotes.
fn is_plain(text: &str, nested: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let spaced = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    let indicator = "-?:,[]{}#&*!|>'\"%@`".contains(first) || text.starts_with("...");
    let punctuated = text.contains(": ") || text.contains(" #") || text.ends_with(':');
    // A dash at the end has a comma or bracket behind it there, and readers take it for the beginning of a list.
    let bracketed = nested && (text.contains([',', '[', ']', '{', '}']) || text.ends_with(" -"));
    !spaced && !indicator && !punctuated && !bracketed && text.chars().all(is_printable)
}

/// Characters that YAML shows as they are. Everything that moves the cursor or hides is escaped.
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// In single quotes where that spares escapes, else in double quotes.
fn quoted(text: &str) -> String {
    if text.contains(['\\', '"']) && text.chars().all(is_printable) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            plain if is_printable(plain) => quoted.push(plain),
            // All of these lie below 0x10000.
            other => {
                // Writing to a `String` cannot fail.
                let _ = write!(quoted, "\\u{:04X}", other as u32);
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::tree::Mark;
    use super::super::yaml;
    use super::*;
    use proptest::prelude::*;

    fn text_node(text: &str) -> Node {
        let at = Mark { line: 1, column: 1 };
        Node { form: Form::Text(text.to_owned()), start: at, end: at, aliased: false }
    }

    #[test]
    fn quotes_stand_only_where_they_are_needed() {
        for (text, block, nested) in [
            ("ES", "ES", "ES"),
            ("NO", "NO", "NO"),
            ("true", "\"true\"", "\"true\""),
            ("007", "\"007\"", "\"007\""),
            ("/pricing", "/pricing", "/pricing"),
            ("2026-01-01", "2026-01-01", "2026-01-01"),
            ("^[a-z]+@", "^[a-z]+@", "\"^[a-z]+@\""),
            ("^\\d+\\.", "^\\d+\\.", "^\\d+\\."),
            ("[a]\\d", "'[a]\\d'", "'[a]\\d'"),
            ("it's", "it's", "it's"),
            ("a: b", "\"a: b\"", "\"a: b\""),
            ("a -", "a -", "\"a -\""),
            ("", "\"\"", "\"\""),
            ("two\nlines", "\"two\\nlines\"", "\"two\\nlines\""),
        ] {
            assert_eq!(write(&text_node(text), false), block, "{text}");
            assert_eq!(write(&text_node(text), true), nested, "{text} in brackets");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was(
            text in prop_oneof![any::<String>(), r#"[ :#,\[\]{}'"\\\-?.a0\t\n~!&*|>%@]{0,8}"#],
        ) {
            // A NUL is refused by the reader, however it comes about it is no text of a model.
            prop_assume!(text.chars().count() < 100);
            let node = text_node(&text);
            let document =
                format!("{}: {}\nlist: [{}, 1]", key(&text), write(&node, false), write(&node, true));
            let (root, diagnostics) = yaml::parse(&document);
            prop_assume!(text != "list");
            let root = root.ok_or_else(|| TestCaseError::fail(format!("{diagnostics:?}")))?;
            prop_assert_eq!(root.get(&text).and_then(Node::text), Some(text.as_str()));
            prop_assert_eq!(root.list("list")[0].text(), Some(text.as_str()));
        }
    }
}
