//! A document as people write YAML: blocks and flows, plain and quoted words, as `style` has it.

use serde_json::Value as Json;

/// The document as YAML.
pub(crate) fn written_as_yaml(document: &Json, style: u64) -> String {
    let mut writer = Writer { text: String::new(), style };
    writer.block(document, 0);
    writer.text.push('\n');
    writer.text
}

struct Writer {
    text: String,
    style: u64,
}

impl Writer {
    /// One choice out of `of`.
    fn choice(&mut self, of: u64) -> u64 {
        self.style = self.style.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.style >> 33) % of
    }

    /// The value in lines of its own, the first of which is begun already.
    fn block(&mut self, value: &Json, depth: usize) {
        match value {
            Json::Object(keys) if !keys.is_empty() && self.choice(5) > 0 => {
                for (index, (key, value)) in keys.iter().enumerate() {
                    if index > 0 {
                        self.line(depth);
                    }
                    self.scalar(&Json::String(key.clone()));
                    self.text.push(':');
                    self.nested(value, depth + 1);
                }
            }
            Json::Array(items) if !items.is_empty() && self.choice(3) > 0 => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.line(depth);
                    }
                    self.text.push_str("- ");
                    self.block(item, depth + 1);
                }
            }
            other => self.flow(other),
        }
    }

    /// The value after a key: on the same line, or in a block below.
    fn nested(&mut self, value: &Json, depth: usize) {
        if value.is_object() || value.is_array() {
            self.line(depth);
            self.block(value, depth);
        } else {
            self.text.push(' ');
            self.scalar(value);
        }
        if self.choice(9) == 0 && !self.text.ends_with('\n') {
            self.text.push_str("  # why");
        }
    }

    fn line(&mut self, depth: usize) {
        if self.choice(12) == 0 {
            self.text.push('\n');
        }
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", depth));
    }

    fn flow(&mut self, value: &Json) {
        match value {
            Json::Object(keys) => {
                self.text.push('{');
                for (index, (key, value)) in keys.iter().enumerate() {
                    if index > 0 {
                        self.text.push_str(", ");
                    }
                    self.scalar(&Json::String(key.clone()));
                    self.text.push_str(": ");
                    self.flow(value);
                }
                self.text.push('}');
            }
            Json::Array(items) => {
                self.text.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.text.push_str(", ");
                    }
                    self.flow(item);
                }
                self.text.push(']');
            }
            other => self.scalar(other),
        }
    }

    /// Numbers and truths as they are; text plain where that is safe, else quoted.
    fn scalar(&mut self, value: &Json) {
        let Json::String(text) = value else {
            return self.text.push_str(&value.to_string());
        };
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/');
        let plain = text.starts_with(|c: char| c.is_alphabetic() || c == '/')
            && text.chars().all(|c| word(c) || c == ' ')
            && text.trim() == text
            && !["true", "false", "null", "nan", "inf"].contains(&text.to_lowercase().as_str());
        // A length of time begins with a digit and is text all the same.
        let length = text.starts_with(|c: char| c.is_ascii_digit())
            && text.ends_with(['h', 'd', 'w', 's', 'n', 'o'])
            && text.chars().all(word);
        match self.choice(4) {
            0 => self.text.push_str(&value.to_string()),
            1 if !text.contains('\n') => {
                let doubled = text.replace('\'', "''");
                self.text.extend(["'", &doubled, "'"]);
            }
            _ if plain || length => self.text.push_str(text),
            _ => self.text.push_str(&value.to_string()),
        }
    }
}
