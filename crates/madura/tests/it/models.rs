//! The commands about models: `check`, `test`, `fmt`, `schema`, `new`.

use crate::desk::{Desk, MODEL};

#[test]
fn every_mistake_is_shown_where_it_stands() {
    let desk = Desk::empty().with(
        "broken.yaml",
        "model: x\nkind: acquisiton\ngroups:\n  - group: A\n    criteria:\n      \
         - {name: B, trait: c, iss: 3, points: 12.345}\n      \
         - {name: B, event: e, points: 1, decay: {half_life: 2 moons}}\n",
    );
    insta::assert_snapshot!(desk.transcript(&[
        "check broken.yaml",
        "score broken.yaml --leads x.csv",
        "test broken.yaml"
    ]));
}

#[test]
fn a_good_model_is_ok_and_a_suspicious_one_is_only_refused_when_asked() {
    let desk = Desk::empty().with("model.yaml", MODEL).with(
        "odd.yaml",
        "model: odd\nkind: acquisition\ngroups:\n  - group: A\n    criteria:\n      \
         - {name: B, trait: c, is: 3, points: 10}\nbrackets: [{name: low, from: 0}, {name: high, from: 50}]\n",
    );
    insta::assert_snapshot!(desk.transcript(&[
        "check model.yaml",
        "check odd.yaml",
        "check odd.yaml --strict",
        "check odd.yaml --json"
    ]));
}

#[test]
fn a_failed_test_shows_what_came_instead() {
    let desk = Desk::empty()
        .with("model.yaml", MODEL)
        .with("wrong.yaml", MODEL.replace("score: 90", "score: {at_least: 95}, stage: none"));
    insta::assert_snapshot!(desk.transcript(&["test model.yaml wrong.yaml"]));
}

#[test]
fn a_model_is_written_in_its_canonical_form() {
    let desk = Desk::empty().with("model.yaml", MODEL);
    let before = desk.run("fmt model.yaml --check");
    assert_eq!((before.code, before.stdout.as_str()), (1, "model.yaml\n"));
    let piped = desk.run_with("fmt -", MODEL).stdout;
    assert_eq!(desk.run("fmt model.yaml").code, 0);
    assert_eq!(desk.read("model.yaml"), piped.as_bytes());
    assert_eq!(desk.run("fmt model.yaml --check").code, 0);
    assert_eq!(desk.run("test model.yaml").code, 0);
}

#[test]
fn yaml_and_json_are_one_model() {
    let desk = Desk::small();
    assert_eq!(desk.run("fmt model.yaml --to json").code, 0);
    let facts = crate::desk::FACTS;
    let yaml = desk.run(&format!("score model.yaml {facts}"));
    let json = desk.run(&format!("score model.json {facts}"));
    assert_eq!((yaml.stdout, yaml.code), (json.stdout, json.code));
    let piped = desk.run_with(&format!("score - {facts}"), desk.read("model.json"));
    assert_eq!(piped.code, 0, "{}", piped.stderr);
}

#[test]
fn both_starters_check_and_pass_their_own_tests() {
    let desk = Desk::empty();
    for words in [
        "new a.yaml",
        "new b.yaml --kind loyalty",
        "new c.json",
        "check a.yaml b.yaml c.json --strict",
        "test a.yaml b.yaml c.json",
    ] {
        let run = desk.run(words);
        assert_eq!(run.code, 0, "{words}: {}{}", run.stdout, run.stderr);
    }
    let again = desk.run("new a.yaml");
    assert_eq!(again.code, 2, "{}", again.stderr);
}

#[test]
fn the_schema_is_json() {
    let schema: serde_json::Value =
        serde_json::from_str(&Desk::empty().run("schema").stdout).unwrap();
    assert!(schema["$schema"].is_string());
}
