//! One thing that a visitor does on the site.

use serde_json::{Map, Value as Json, json};

use super::site::{self, FILES, Page};
use crate::dice::Dice;

/// Something that a visitor does.
pub(crate) struct Action {
    /// The event's name.
    pub(crate) event: &'static str,
    /// Its properties.
    pub(crate) properties: Map<String, Json>,
}

/// What a visitor of some warmth (0 to 1000) does next: mostly reads; the warmer, the nearer to the
/// price, and now and then something that sales wants to hear of at once.
pub(crate) fn browse(dice: &mut Dice, warmth: i64) -> Action {
    let (reads, loads, asks, quotes) = (900 - warmth / 6, 50, 6 + warmth / 25, 4 + warmth / 40);
    let mut properties = Map::new();
    let event = match dice.weighted(&[(reads, 0), (loads, 1), (asks, 2), (quotes, 3)]) {
        1 => {
            let (file, kind) = dice.pick(&FILES);
            properties.insert("file".to_owned(), json!(file));
            properties.insert("kind".to_owned(), json!(kind));
            "file_downloaded"
        }
        2 => {
            properties.insert("channel".to_owned(), json!("web"));
            "demo_requested"
        }
        3 => {
            properties.insert("form".to_owned(), json!("quote"));
            "form_submitted"
        }
        _ => {
            let page: Page = site::page_kind(dice, warmth);
            let language = dice.weighted(&[(5, "es"), (3, "ro"), (2, "en")]);
            let path = site::path(dice, page, language);
            properties.insert("path".to_owned(), json!(path));
            properties.insert("seconds".to_owned(), json!(5 + dice.below(240)));
            "page_viewed"
        }
    };
    Action { event, properties }
}
