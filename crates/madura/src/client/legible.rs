//! Text from outside, before a terminal gets it: names and addresses come from whoever filled in a
//! form, and a terminal does what certain characters say.

use serde_json::Value as Json;

/// The text with a mark in place of each character that would steer a terminal or turn the line round.
pub(crate) fn legible(text: &str) -> String {
    text.chars()
        .map(|character| if is_harmless(character) { character } else { '\u{fffd}' })
        .collect()
}

/// The same for every text in a value, its names included.
pub(crate) fn legible_tree(value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(legible(&text)),
        Json::Array(items) => Json::Array(items.into_iter().map(legible_tree).collect()),
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .map(|(name, value)| (legible(&name), legible_tree(value)))
                .collect(),
        ),
        other => other,
    }
}

fn is_harmless(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !character.is_control() && !turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_steers_the_terminal() {
        assert_eq!(legible("Ștefan\x1b[2J\u{9b}31m\u{202e}x\r\n"), "Ștefan�[2J�31m�x��");
        let tree = serde_json::json!({"a\x1b": ["\x07", 1, {"b": "ok"}]});
        assert_eq!(legible_tree(tree), serde_json::json!({"a�": ["�", 1, {"b": "ok"}]}));
    }
}
