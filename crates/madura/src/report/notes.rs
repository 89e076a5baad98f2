//! How the numbers came about, in plain words.

use history::Backtest;

use super::said;
use super::text::{date, escaped, whole};

pub(super) fn section(test: &Backtest) -> String {
    let (left_out, unknown) = test
        .cut_offs
        .iter()
        .fold((0, 0), |(out, new), cut_off| (out + cut_off.left_out, new + cut_off.not_yet_known));
    let horizon = said::horizon(test);
    let outcome = &test.outcome;
    let overlap = if test.overlap > 1.0 {
        format!(
            "A cut-off comes every {}, so that the same conversion is seen from up to {:.0} of them. The intervals are \
             widened accordingly: they are those of 1 in {:.1} of the leads.",
            said::length(test.every),
            test.overlap.ceil(),
            test.overlap
        )
    } else {
        "The horizons do not overlap: no conversion is seen from two cut-offs.".to_owned()
    };
    let notes = [
        (
            "No knowledge of the future",
            format!(
                "At each cut-off every lead is scored from the facts dated up to it, and from nothing else. Whether ‘{outcome}’ \
                 happened is read from the {horizon} after it. A fact at the very instant of the cut-off is known; an outcome \
                 at that instant comes too early."
            ),
        ),
        (
            "Who is looked at",
            looked_at(test, left_out, unknown),
        ),
        (
            "Only finished futures",
            format!(
                "The events run from {} to {}. No cut-off lies within {horizon} of their end: its leads may still convert.",
                date(test.data.0, test),
                date(test.data.1, test)
            ),
        ),
        ("Intervals", format!("They are Wilson’s for 95%, which hold for small numbers too. {overlap}")),
        (
            "Equal scores",
            "Leads with one score are ranked neither before nor after each other: in every measure and chart they share \
             evenly."
                .to_owned(),
        ),
        (
            "What no test can see",
            "A trait without a date counts from the lead’s beginning, even if somebody filled it in after the sale. Such \
             criteria are looked for above. The sure remedy is to import changes of traits with their dates. And a test says \
             how leads behaved, not what became of them because sales called the high scores first."
                .to_owned(),
        ),
    ];
    let note = |(title, text): &(&str, String)| {
        format!("<dt>{}</dt><dd>{}</dd>", escaped(title), escaped(text))
    };
    let notes: String = notes.iter().map(note).collect();
    format!("<section class=\"notes\"><h2>How this was done</h2><dl>{notes}</dl></section>\n")
}

fn looked_at(test: &Backtest, left_out: u64, unknown: u64) -> String {
    let (left_out, unknown) = (whole(left_out), whole(unknown));
    if test.again {
        return format!(
            "Leads that are known by the cut-off (created, or seen). Nobody is left out for having had it before; a lead \
             converts where any outcome lies in the horizon. All cut-offs together leave {unknown} out that nobody knew \
             yet. A lead counts once for each cut-off that it is known at."
        );
    }
    format!(
        "Leads that are known by the cut-off (created, or seen) and have not had the outcome yet. All cut-offs together \
         leave {left_out} out that had it already and {unknown} that nobody knew yet. A lead counts once for each cut-off \
         that it is open at."
    )
}
