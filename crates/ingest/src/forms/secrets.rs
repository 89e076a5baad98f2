//! What must not be kept, even where somebody types it in.

use serde_json::{Map, Value as Json};

use crate::field_names::{Meaning, guess};

/// Whether a field's name says that it is a password, a card number, or the form's own token.
pub(super) fn is_secret(field: &str) -> bool {
    guess(field, &[]).is_some_and(|guess| guess.meaning == Meaning::Never)
}

/// Leaves out of a form's fields those that ask for secrets, and takes card numbers out of the others.
pub(crate) fn without_secrets(fields: &mut Map<String, Json>) {
    fields.retain(|field, value| {
        without_card_numbers(value);
        !is_secret(field)
    });
}

/// Takes card numbers out of texts, whatever stands around them; whether there were any.
pub(super) fn without_card_numbers(value: &mut Json) -> bool {
    match value {
        Json::String(text) => match masked(text) {
            Some(masked) => {
                *text = masked;
                true
            }
            None => false,
        },
        Json::Number(number) => {
            let card = masked(&number.to_string()).is_some();
            if card {
                *value = MASK.into();
            }
            card
        }
        Json::Array(items) => {
            // All of them, not only the first that has one.
            items.iter_mut().map(without_card_numbers).filter(|found| *found).count() > 0
        }
        Json::Object(object) => {
            object.values_mut().map(without_card_numbers).filter(|found| *found).count() > 0
        }
        Json::Null | Json::Bool(_) => false,
    }
}

const MASK: &str = "[card number]";

/// The text without its card numbers; `None` where there is none: 13 to 19 digits, alone or in
/// groups, that begin as cards do and whose last digit fits.
fn masked(text: &str) -> Option<String> {
    let mut masked: Option<String> = None;
    let bytes = text.as_bytes();
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = run_end(bytes, at);
        if let Some(card_end) = card_within(bytes, at, end) {
            let masked = masked.get_or_insert_with(String::new);
            masked.push_str(&text[copied..at]);
            masked.push_str(MASK);
            copied = card_end;
            at = card_end;
        } else {
            at = end;
        }
    }
    let mut masked = masked?;
    masked.push_str(&text[copied..]);
    Some(masked)
}

/// The end of digits that have at most one blank or dash between them.
fn run_end(bytes: &[u8], from: usize) -> usize {
    let mut end = from;
    loop {
        match bytes.get(end) {
            Some(byte) if byte.is_ascii_digit() => end += 1,
            Some(b' ' | b'-') if bytes.get(end + 1).is_some_and(u8::is_ascii_digit) => end += 1,
            _ => return end,
        }
    }
}

/// The end of a card number that begins a run: the whole run, or where a longer one has groups (a
/// number and its expiry date), its first ones.
fn card_within(bytes: &[u8], from: usize, end: usize) -> Option<usize> {
    if !matches!(bytes[from], b'2'..=b'6') {
        return None;
    }
    let group_ends = (from + 1..=end).filter(|at| !bytes.get(*at).is_some_and(u8::is_ascii_digit));
    let ends: Vec<usize> = group_ends.collect();
    ends.into_iter().rev().find(|end| {
        let digits: Vec<u8> = bytes[from..*end]
            .iter()
            .filter(|byte| byte.is_ascii_digit())
            .map(|byte| byte - b'0')
            .collect();
        (13..=19).contains(&digits.len()) && luhn(&digits)
    })
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            match (place % 2, digit) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => digit * 2 - 9,
                (_, digit) => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_taken_out_of_texts() {
        for (text, expected) in [
            ("4111111111111111", Some("[card number]")),
            ("my card: 4111 1111 1111 1111 ok", Some("my card: [card number] ok")),
            ("5500-0000-0000-0004, 12/29", Some("[card number], 12/29")),
            ("4111 1111 1111 1111 1229", Some("[card number] 1229")),
            ("378282246310005", Some("[card number]")),
            // The last digit does not fit; telephones; order numbers; too short, too long.
            ("4111111111111112", None),
            ("+34 600 000 000", None),
            ("0034600123456", None),
            ("1234567890123452", None),
            ("411111111111", None),
            ("41111111111111111111111", None),
            ("", None),
        ] {
            assert_eq!(masked(text).as_deref(), expected, "{text}");
        }
    }
}
