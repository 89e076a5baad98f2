//! JSON (RFC 8259) -> tree.
//!
//! Every JSON document is nearly YAML, but not quite (surrogate pairs, tabs), and the parsers of
//! JSON at hand do not tell where a value stands.

use std::collections::HashMap;

use super::diagnostic::{Diagnostic, code};
use super::tree::{DEPTH_MAX, Entry, Form, KEY_LENGTH_MAX, Mark, NODES_MAX, Node, Number};
use super::yaml::{key_too_long, key_twice, too_deep, too_large};

/// Reads one JSON document. The tree is `None` where the text is no JSON at all.
pub(super) fn parse(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = Mark { line: 1, column: 1 };
    let mut reader = Reader { rest: text, at: start, nodes: 0, diagnostics: Vec::new() };
    let root = reader.document().map_err(|refusal| reader.diagnostics.push(*refusal)).ok();
    (root, reader.diagnostics)
}

struct Reader<'text> {
    rest: &'text str,
    at: Mark,
    nodes: usize,
    diagnostics: Vec<Diagnostic>,
}

type Refusal = Box<Diagnostic>;

impl Reader<'_> {
    fn document(&mut self) -> Result<Node, Refusal> {
        self.skip_space();
        let root = self.value(0)?;
        self.skip_space();
        match self.peek() {
            None => Ok(root),
            Some(_) => self.refuse("nothing more is expected after the document"),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Refusal> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(too_large(self.at).into());
        }
        let start = self.at;
        let form = match self.peek() {
            Some('{' | '[') if depth >= DEPTH_MAX => return Err(too_deep(start).into()),
            Some('{') => Form::Mapping(self.object(depth)?),
            Some('[') => Form::List(self.array(depth)?),
            Some('"') => Form::Text(self.string()?),
            Some('-' | '0'..='9') => Form::Number(self.number()?),
            Some('a'..='z') => self.word()?,
            _ => return self.refuse("a value is expected here"),
        };
        Ok(Node { form, start, end: self.at, aliased: false })
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Entry>, Refusal> {
        let mut entries = Vec::new();
        let mut lines = HashMap::new();
        self.take();
        self.skip_space();
        if self.take_if('}') {
            return Ok(entries);
        }
        loop {
            let start = self.at;
            if self.peek() != Some('"') {
                return self.refuse("a key in double quotes is expected here");
            }
            let key = self.string()?;
            if key.chars().count() > KEY_LENGTH_MAX {
                self.diagnostics.push(key_too_long(&key, start));
            }
            self.skip_space();
            if !self.take_if(':') {
                return self.refuse("a colon is expected here");
            }
            self.skip_space();
            let value = self.value(depth + 1)?;
            if let Some(line) = lines.get(&key) {
                self.diagnostics.push(key_twice(&key, start, *line));
            } else {
                lines.insert(key.clone(), start.line);
                entries.push(Entry { key, start, value });
            }
            if self.ends_with('}')? {
                return Ok(entries);
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node>, Refusal> {
        let mut items = Vec::new();
        self.take();
        self.skip_space();
        if self.take_if(']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.ends_with(']')? {
                return Ok(items);
            }
        }
    }

    /// After an element: `false` where a comma announces another one.
    fn ends_with(&mut self, bracket: char) -> Result<bool, Refusal> {
        self.skip_space();
        if self.take_if(bracket) {
            return Ok(true);
        }
        if !self.take_if(',') {
            return self.refuse(&format!("a comma or `{bracket}` is expected here"));
        }
        self.skip_space();
        Ok(false)
    }

    fn string(&mut self) -> Result<String, Refusal> {
        let mut text = String::new();
        self.take();
        loop {
            match self.peek() {
                None => return self.refuse("a closing double quote is missing"),
                Some('\0'..='\u{1f}') => {
                    return self.refuse("line breaks and tabs in text are written `\\n` and `\\t`");
                }
                Some('"') => {
                    self.take();
                    return Ok(text);
                }
                Some('\\') => text.push(self.escape()?),
                Some(plain) => {
                    text.push(plain);
                    self.take();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Refusal> {
        self.take();
        let escaped = match self.peek() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('u') => return self.unicode(),
            _ => return self.refuse("no such escape: write a backslash as `\\\\`"),
        };
        self.take();
        Ok(escaped)
    }

    fn unicode(&mut self) -> Result<char, Refusal> {
        let first = self.code_unit()?;
        let mut code = first;
        if (0xd800..0xdc00).contains(&first) {
            if !self.take_if('\\') || self.peek() != Some('u') {
                return self.refuse("the second half of a surrogate pair is missing");
            }
            let second = self.code_unit()?;
            // What is no second half makes no character below.
            code = if (0xdc00..0xe000).contains(&second) {
                0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            } else {
                first
            };
        }
        match char::from_u32(code) {
            Some(character) => Ok(character),
            None => self.refuse("half a surrogate pair is no character"),
        }
    }

    /// `u` and four hexadecimal digits.
    fn code_unit(&mut self) -> Result<u32, Refusal> {
        self.take();
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|digit| digit.to_digit(16)) else {
                return self.refuse("four hexadecimal digits are expected after `\\u`");
            };
            unit = unit * 16 + digit;
            self.take();
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<Number, Refusal> {
        let Some(length) = number_length(self.rest) else {
            return self.refuse("this is not a number");
        };
        let source = self.rest[..length].to_owned();
        // Its grammar is a part of Rust's.
        let value = source.parse().unwrap_or(f64::NAN);
        self.rest = &self.rest[length..];
        self.at.column += length;
        Ok(Number { source, value })
    }

    fn word(&mut self) -> Result<Form, Refusal> {
        for (word, form) in
            [("true", Form::Bool(true)), ("false", Form::Bool(false)), ("null", Form::Null)]
        {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                self.at.column += word.len();
                return Ok(form);
            }
        }
        self.refuse("text stands in double quotes")
    }

    fn skip_space(&mut self) {
        while let Some(' ' | '\t' | '\n' | '\r') = self.peek() {
            self.take();
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) {
        let mut chars = self.rest.chars();
        if chars.next() == Some('\n') {
            self.at = Mark { line: self.at.line + 1, column: 1 };
        } else {
            self.at.column += 1;
        }
        self.rest = chars.as_str();
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.take();
        }
        there
    }

    fn refuse<T>(&self, what: &str) -> Result<T, Refusal> {
        let text = self.peek().map(String::from).unwrap_or_default();
        let message = format!("this is not JSON: {what}");
        Err(Diagnostic::error(code::SYNTAX, self.at, text, message).into())
    }
}

/// How many bytes of `text` are a JSON number.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);

    let mut at = usize::from(byte(0) == b'-');
    at += match (byte(at), digits(at)) {
        (_, 0) => return None,
        (b'0', _) => 1,
        (_, count) => count,
    };
    if byte(at) == b'.' {
        at += 1 + Some(digits(at + 1)).filter(|count| *count > 0)?;
    }
    if let b'e' | b'E' = byte(at) {
        at += 1;
        at += usize::from(matches!(byte(at), b'-' | b'+'));
        at += Some(digits(at)).filter(|count| *count > 0)?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The tree as serde's JSON; `None` where the text was refused.
    fn read(text: &str) -> Option<serde_json::Value> {
        let (root, diagnostics) = parse(text);
        root.filter(|_| diagnostics.is_empty()).map(|root| to_serde(&root))
    }

    fn to_serde(node: &Node) -> serde_json::Value {
        match &node.form {
            Form::Null => serde_json::Value::Null,
            Form::Bool(truth) => (*truth).into(),
            Form::Number(number) => {
                serde_json::from_str(&number.source).expect("a number is a number")
            }
            Form::Text(text) => text.clone().into(),
            Form::List(items) => items.iter().map(to_serde).collect(),
            Form::Mapping(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), to_serde(&entry.value))).collect()
            }
        }
    }

    #[test]
    fn json_reads_as_everyone_else_reads_it() {
        for text in [
            r#"{"a": [1, -2.5e-3, true, null], "b": {"c": "\u00e9\ud83d\ude00\/\n"}}"#,
            "\t[ ]\r\n",
            "{}",
            "0",
            "-0.0e+1",
            "\"\u{7f}\u{2028}\"",
            "01",
            "[1,]",
            "{\"a\" 1}",
            "{a: 1}",
            "'a'",
            "[1] // why",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"\\x\"",
            "\"a\tb\"",
            "1.",
            ".5",
            "+1",
            "1e",
            "NaN",
            "nul",
            "",
            "[",
            "\"",
            "-",
            "{\"a\":",
        ] {
            assert_eq!(read(text), serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn every_value_knows_its_line_and_column() {
        let (root, _) = parse("{\n  \"é\": [1,\n   \"x\"]\n}");
        let root = root.expect("this is JSON");
        let list = root.get("é").expect("the key is there");
        assert_eq!(root.entries()[0].start, Mark { line: 2, column: 3 });
        assert_eq!(list.start, Mark { line: 2, column: 8 });
        assert_eq!(list.items()[1].start, Mark { line: 3, column: 4 });
        let (_, diagnostics) = parse("{\"a\": 1,\n \"a\": 2}");
        assert_eq!(
            diagnostics[0].to_string(),
            "line 2, column 2: `a` stands twice; first on line 1; keep one of them [E002]"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_json_here_exactly_where_it_is_elsewhere(
            text in r#"[\[\]{}",:a0-9.eE+\-\\u \ntrufalsn]{0,24}"#,
        ) {
            let elsewhere: Option<serde_json::Value> = serde_json::from_str(&text).ok();
            // What serde takes silently: a key twice. What it refuses: numbers beyond f64.
            let (_, diagnostics) = parse(&text);
            prop_assume!(diagnostics.iter().all(|found| found.code != code::KEY_TWICE));
            prop_assume!(!text.contains(['e', 'E']) || elsewhere.is_some());
            prop_assert_eq!(read(&text), elsewhere);
        }
    }
}
