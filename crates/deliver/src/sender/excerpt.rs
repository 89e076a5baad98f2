//! What is shown of texts that strangers wrote.

use super::EXCERPT_BYTES_MAX;
use super::exchange::Reply;

/// The beginning of a reply's body, printable, on one line. Nothing of a body that is packed: it
/// would be noise, and unpacking it could fill the memory.
pub(super) fn of_body(reply: &Reply) -> String {
    if reply.packed { String::new() } else { printable(&reply.beginning) }
}

/// At most [`EXCERPT_BYTES_MAX`] bytes of printable text; whatever else there is becomes one blank.
pub(super) fn printable(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for word in String::from_utf8_lossy(bytes).split(|c: char| !is_printable(c)) {
        if word.is_empty() {
            continue;
        }
        let blank = if shown.is_empty() { "" } else { " " };
        let room = EXCERPT_BYTES_MAX.saturating_sub(shown.len() + blank.len());
        let part = &word[..word.floor_char_boundary(room)];
        if part.is_empty() {
            break;
        }
        shown.push_str(blank);
        shown.push_str(part);
        if part.len() < word.len() {
            break;
        }
    }
    shown
}

/// Neither blank nor invisible, and nothing that turns the direction of what follows it.
fn is_printable(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{ffff}'
            | '\u{e0000}'..='\u{10ffff}'
    );
    !c.is_control() && !c.is_whitespace() && !invisible
}
