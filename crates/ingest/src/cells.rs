//! Texts in the cells of exports: a spreadsheet must show them, never run them.

use std::borrow::Cow;

/// The text as it can stand in a cell of CSV or of a workbook: one that a spreadsheet would take for
/// a formula, or for the beginning of another cell, gets an apostrophe before it. Excel and
/// `LibreOffice` do not show it in typed cells; [`restored`] takes it off.
///
/// Those are texts that begin (behind blanks) with `=`, `+`, `-`, `@`, their full-width forms, a
/// tab, a carriage return, a newline or a zero byte; plain negative numbers are none. Quotation marks
/// and separators are the CSV writer's business.
pub fn neutralized(text: &str) -> Cow<'_, str> {
    if is_dangerous(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text as it was before [`neutralized`]: `restored(&neutralized(text)) == text` for every text.
pub fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_dangerous(text) => text,
        _ => cell,
    }
}

/// Behind apostrophes too: otherwise `'=1` would come back as `=1`.
fn is_dangerous(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    let plain_negative = text.strip_prefix('-').is_some_and(|digits| {
        let digits = digits.as_bytes();
        digits.first().is_some_and(u8::is_ascii_digit)
            && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
    });
    if plain_negative {
        return false;
    }
    let mut letters = text.chars();
    let marks = |letter: char| {
        matches!(
            letter,
            '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−'
        )
    };
    let controls = |letter: char| matches!(letter, '\t' | '\r' | '\n' | '\0' | '\u{b}' | '\u{c}');
    // Some programs skip blanks and invisible marks before they look.
    letters
        .find(|letter| !matches!(letter, ' ' | '\u{a0}' | '\u{3000}' | '\u{feff}' | '\u{200b}'))
        .is_some_and(|letter| marks(letter) || controls(letter))
}
