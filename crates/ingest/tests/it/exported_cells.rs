//! What a spreadsheet would run is shown instead.

use ingest::cells::{neutralized, restored};
use proptest::prelude::*;

#[test]
fn formulas_are_neutralized() {
    for text in [
        "=1+1",
        "=HYPERLINK(\"http://x\")",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\0=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u{a0}=1",
        "\u{feff}=1",
        "=cmd|'/C calc'!A0",
        "-",
        "+34 600 000 000",
        "−1",
    ] {
        let cell = neutralized(text);
        assert_eq!(cell, format!("'{text}"), "{text:?}");
        assert_eq!(restored(&cell), text);
    }
}

#[test]
fn other_texts_stay_as_they_are() {
    for text in [
        "", "Ana", "a=b", "1-2", "-5", "-5.25", "'quoted'", "ana@x.es", "100 %", "D'Or", "''",
        "日本",
    ] {
        assert_eq!(neutralized(text), text);
        assert_eq!(restored(text), text);
    }
}

#[test]
fn a_text_that_was_marked_before_keeps_its_mark() {
    for text in ["'=1", "''=1", "'-x"] {
        assert_eq!(neutralized(text), format!("'{text}"));
        assert_eq!(restored(&neutralized(text)), text);
    }
}

proptest! {
    #[test]
    fn what_is_exported_comes_back(text in "['=+\\-@\t\r\n\u{0} ＝a1.]{0,6}") {
        let cell = neutralized(&text);
        prop_assert_eq!(restored(&cell), &text);
        let mut letters = cell.chars();
        let first = letters.find(|letter| !letter.is_whitespace() || "\t\r\n".contains(*letter));
        let negative = cell.starts_with('-') && cell.len() > 1;
        prop_assert!(negative || !first.is_some_and(|first| "=+-@\t\r\n\0＝".contains(first)), "{:?}", cell);
    }
}
