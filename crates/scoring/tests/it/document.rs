//! The model document, as its authors meet it.

mod reference;
mod schema;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use scoring::document::{Loaded, STARTER, Severity, Syntax, format, load, to_json, to_yaml};

/// Every key of the grammar.
const EVERYTHING: &str = include_str!("document/everything.yaml");

fn report(loaded: &Loaded) -> String {
    let lines: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn a_model_that_uses_every_key_loads_without_a_word() {
    let loaded = load(EVERYTHING, Syntax::Yaml);
    assert_eq!(report(&loaded), "");
    insta::assert_debug_snapshot!(loaded.model.expect("the model is whole"));
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place_and_its_remedy() {
    let loaded = load(include_str!("document/broken.yaml"), Syntax::Yaml);
    assert!(loaded.model.is_none());
    insta::assert_snapshot!(report(&loaded));
}

const ONE_CRITERION: &str = "
model: many
groups: [{group: All, criteria: [{name: Visits, event: visited, points: 1}]}]
";

/// `count` entries of a list, one a line.
fn entries(count: usize, entry: impl Fn(usize) -> String) -> String {
    (0..count).flat_map(|index| ["  - ".to_owned(), entry(index), "\n".to_owned()]).collect()
}

#[test]
fn a_list_that_scores_could_not_count_in_their_bytes_is_refused_and_one_entry_less_is_not() {
    let grid = |fit: usize, engagement: usize| {
        let row = |index| format!("{{R{index}: {index}}}");
        format!("grid:\n fit:\n{} engagement:\n{}", entries(fit, row), entries(engagement, row))
    };
    let brackets = |count| {
        let bracket = |index| format!("{{name: B{index}, from: {index}}}");
        format!("brackets:\n{}", entries(count, bracket))
    };
    let stages = |count| {
        let stage = |index| format!("{{stage: S{index}, enter: {{score: {}}}}}", index % 100);
        format!("stages:\n{}", entries(count, stage))
    };
    let gates = |count| {
        let gate =
            |index| format!("{{name: G{index}, when: {{trait: a, is: b}}, disqualify: true}}");
        format!("gates:\n{}", entries(count, gate))
    };
    for (name, largest, too_large, said) in [
        ("brackets", brackets(250), brackets(251), "251 entries"),
        ("stages", stages(250), stages(251), "251 entries"),
        ("letters of the grid", grid(250, 1), grid(251, 1), "251 entries"),
        ("numbers of the grid", grid(1, 250), grid(1, 251), "251 entries"),
        // The values of a document run out first.
        ("gates", gates(40_000), gates(60_001), "500000 values"),
    ] {
        let loaded = load(&format!("{ONE_CRITERION}{largest}"), Syntax::Yaml);
        assert!(loaded.model.is_some(), "{name}: {}", report(&loaded));
        let loaded = load(&format!("{ONE_CRITERION}{too_large}"), Syntax::Yaml);
        let mut errors =
            loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let only = errors.next().unwrap_or_else(|| panic!("{name}: taken"));
        assert!(loaded.model.is_none() && errors.next().is_none(), "{name}: {}", report(&loaded));
        assert!(only.code == "E021" && only.message.contains(said), "{name}: {only}");
    }
}

/// Pieces of YAML that go wrong together.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        r#"[ \n\t:\-,\[\]{}&*#!|>'"%@`?~\\0-9a-z\r\u{feff}é\u{85}\u{2028}]{1,3}"#,
        proptest::sample::select(vec![
            "groups:\n",
            "  - ",
            "name: ",
            "&a ",
            "*a",
            "<<: ",
            "|\n",
            ">-\n",
            "? ",
            "---\n",
            "...\n",
            "!!str ",
            "!<x> ",
            "%YAML 1.2\n",
            "\"\\x",
            "\\u12",
            "'",
            "# c\n",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "event: ",
            "curve: ",
            "at: ",
            "1mo",
            "points: ",
            "trait: ",
            "\"",
            "1e400",
            "-.inf",
            "  ",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// The model of every key with a stretch cut out and something else put in.
fn mutilated() -> impl Strategy<Value = String> {
    let length = EVERYTHING.len();
    (0..length, 0..60_usize, soup()).prop_map(move |(start, cut, soup)| {
        let end = (start + cut).min(length);
        let before = EVERYTHING.get(..start).unwrap_or_default();
        let after = EVERYTHING.get(end..).unwrap_or_default();
        format!("{before}{soup}{after}")
    })
}

fn model_or_reason(text: &str, syntax: Syntax) -> Result<(), TestCaseError> {
    let loaded = load(text, syntax);
    let refused = loaded.diagnostics.iter().any(|found| found.severity == Severity::Error);
    prop_assert_eq!(loaded.model.is_none(), refused);
    for found in &loaded.diagnostics {
        prop_assert!(found.line >= 1 && found.column >= 1 && !found.message.is_empty());
        prop_assert!(!found.message.contains("cannot be read as a model"), "{text}");
    }
    Ok(())
}

/// The model without what a change of lines changes.
fn meaning(text: &str, syntax: Syntax) -> String {
    let model = load(text, syntax).model.map(|mut model| {
        model.tests.iter_mut().for_each(|test| test.line = 0);
        model
    });
    format!("{model:#?}")
}

#[test]
fn formatting_puts_every_document_into_one_form() {
    let untidy = include_str!("document/untidy.yaml");
    let tidy = format(untidy, Syntax::Yaml).expect("it is YAML");
    insta::assert_snapshot!(tidy);
    assert_eq!(meaning(&tidy, Syntax::Yaml), meaning(untidy, Syntax::Yaml));
    assert!(load(&tidy, Syntax::Yaml).model.is_some(), "{}", report(&load(&tidy, Syntax::Yaml)));
    for text in [untidy, EVERYTHING] {
        formatting_keeps_its_laws(text).expect("the laws hold");
    }
}

#[test]
fn the_yaml_and_the_json_form_of_a_model_are_one_model() {
    let json = to_json(EVERYTHING, Syntax::Yaml).expect("it is YAML");
    assert_eq!(meaning(&json, Syntax::Json), meaning(EVERYTHING, Syntax::Yaml));
    assert_eq!(meaning(&json, Syntax::Yaml), meaning(EVERYTHING, Syntax::Yaml));
    let yaml = to_yaml(&json, Syntax::Json).expect("it is JSON");
    assert_eq!(meaning(&yaml, Syntax::Yaml), meaning(EVERYTHING, Syntax::Yaml));
    assert_eq!(format(&json, Syntax::Json).as_ref(), Ok(&json));
}

/// Once is enough, nothing changes its meaning, and no comment is lost.
fn formatting_keeps_its_laws(text: &str) -> Result<(), TestCaseError> {
    let Ok(tidy) = format(text, Syntax::Yaml) else { return Ok(()) };
    let again = format(&tidy, Syntax::Yaml).expect("what was written can be read");
    let changed: Vec<_> = tidy.lines().zip(again.lines()).filter(|(a, b)| a != b).take(3).collect();
    prop_assert!(again == tidy, "{changed:?} of {text}");
    let same = to_json(text, Syntax::Yaml);
    prop_assert_eq!(to_json(&tidy, Syntax::Yaml), same, "{}\n---\n{}", text, tidy);
    Ok(())
}

proptest! {
    #[test]
    fn formatting_twice_is_formatting_once(text in soup()) {
        formatting_keeps_its_laws(&text)?;
    }

    #[test]
    fn formatting_never_changes_what_a_model_says(text in mutilated()) {
        formatting_keeps_its_laws(&text)?;
    }

    #[test]
    fn formatting_loses_no_comment(lines in proptest::collection::vec(0..230_usize, 1..6)) {
        let mut text: Vec<String> = EVERYTHING.lines().map(str::to_owned).collect();
        for (number, line) in lines.iter().enumerate() {
            let line = line % text.len();
            match number % 3 {
                0 => text[line] = format!("{}  # comment {number}", text[line]),
                1 => text.insert(line, format!("# comment {number}")),
                _ => {
                    let indent = " ".repeat(line % 12);
                    text.insert(line, format!("{indent}# comment {number}"));
                }
            }
        }
        let text = text.join("\n");
        formatting_keeps_its_laws(&text)?;
        let tidy = format(&text, Syntax::Yaml).expect("comments do no harm");
        for number in 0..lines.len() {
            let comment = format!("# comment {number}");
            prop_assert_eq!(tidy.matches(&comment).count(), 1, "{}\n---\n{}", text, tidy);
        }
    }

    #[test]
    fn no_text_makes_the_reader_stumble(text in soup()) {
        model_or_reason(&text, Syntax::Yaml)?;
        model_or_reason(&text, Syntax::Json)?;
    }

    #[test]
    fn a_mutilated_model_is_read_or_refused_with_a_reason(text in mutilated()) {
        model_or_reason(&text, Syntax::Yaml)?;
    }
}

#[test]
fn what_is_suspicious_is_a_warning_and_the_model_loads() {
    let loaded = load(include_str!("document/suspicious.yaml"), Syntax::Yaml);
    assert!(loaded.model.is_some());
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn the_starter_model_is_in_order() {
    let loaded = load(STARTER, Syntax::Yaml);
    assert_eq!(report(&loaded), "");
    let tidy = format(STARTER, Syntax::Yaml).expect("it is YAML");
    assert_eq!(tidy, STARTER, "it is written as the formatter would write it");
}

#[test]
fn a_comment_below_an_entry_does_not_make_it_long() {
    let text = "        when: {event: e}\n        points: 30\n      # three are enough\n";
    let tidy = "when: {event: e}\npoints: 30\n# three are enough\n";
    assert_eq!(format(text, Syntax::Yaml).as_deref(), Ok(tidy));
    assert_eq!(format(tidy, Syntax::Yaml).as_deref(), Ok(tidy));
}

#[test]
fn a_list_that_is_not_finished_is_formatted_too() {
    for (text, tidy) in [("groups:\n-", "groups: [null]\n"), ("gates:\n- {}", "gates: [{}]\n")] {
        assert_eq!(format(text, Syntax::Yaml).as_deref(), Ok(tidy));
    }
}

#[test]
fn the_starter_model_passes_its_own_tests() {
    let model = load(STARTER, Syntax::Yaml).model.expect("the model is whole");
    let now = "2026-03-01T10:00:00Z";
    let now = leads::Timestamp::parse(now).expect("an instant");
    for result in scoring::model_tests::run(&scoring::Program::new(model), now) {
        assert!(result.passed, "{}: {:#?}", result.test, result.checks);
    }
}

#[test]
fn a_document_that_would_grow_without_end_is_refused() {
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='i').zip('a'..) {
        let many = vec![format!("*{before}"); 10].join(", ");
        laughs = format!("{laughs}{name}: &{name} [{many}]\n");
    }
    // YAML's own reader stops at 255 brackets, with a sentence of its own.
    let deep = "[".repeat(200);
    for (text, syntax) in [(&laughs, Syntax::Yaml), (&deep, Syntax::Yaml), (&deep, Syntax::Json)] {
        let loaded = load(text, syntax);
        assert!(loaded.diagnostics.iter().any(|found| found.code == "E021"), "{}", report(&loaded));
    }
    for syntax in [Syntax::Yaml, Syntax::Json] {
        assert!(load(&"[".repeat(100_000), syntax).model.is_none());
        assert!(load(&"- ".repeat(100_000), syntax).model.is_none());
    }
}
