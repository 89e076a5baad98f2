//! Models of a running server, from a file to the version that counts and back.

use crate::desk::MODEL;
use crate::running::Running;

#[test]
fn activating_shows_first_what_would_change_and_asks() {
    let running = Running::logged_in();
    let pushed = running.fine("models push model.yaml --note first");
    assert!(pushed.stderr.contains("small version 1 is kept as a draft"), "{}", pushed.stderr);
    let again = running.fine("models push model.yaml");
    assert!(again.stderr.contains("says the same already"), "{}", again.stderr);

    let unasked = running.desk.run("models activate small");
    assert_eq!(unasked.code, 1);
    assert!(unasked.stderr.contains("say --yes to do it"), "{}", unasked.stderr);
    assert!(running.fine("models").stdout.contains("–"), "no version counts yet");
    running.fine("models activate small --yes");
    let count = running.fine("models activate small --yes");
    assert!(count.stderr.contains("counts already"), "{}", count.stderr);

    let mut listener = running.listen();
    let fact = "{\"who\":{\"email\":\"anna@acme.example\"},\"traits\":{\"title\":\"CEO\"}}";
    running.fine_with("send", fact);
    listener.leads(1);
    running.desk.put("model.yaml", MODEL.replace("points: 30", "points: 35").replace("90", "95"));
    running.fine("models push model.yaml");
    let diff = running.desk.run("models activate small");
    assert_eq!(diff.code, 1);
    for part in [
        "small: from version 1 to version 2",
        "-       - {name: Decides, trait: title, in: [CEO, CTO], points: 30}",
        "+       - {name: Decides, trait: title, in: [CEO, CTO], points: 35}",
        "  ...",
        "Of 1 lead 1 rise and 0 fall.",
    ] {
        assert!(diff.stdout.contains(part), "{part}:\n{}", diff.stdout);
    }
    assert!(!diff.stdout.contains("time_zone"), "far from any change: {}", diff.stdout);
    running.fine("models activate small --yes");
    let shown = running.fine("models show small");
    assert!(shown.stdout.contains("points: 35"), "{}", shown.stdout);

    let back = running.fine("models roll-back small --yes");
    assert!(back.stdout.contains("from version 2 to version 1"), "{}", back.stdout);
    assert_eq!(running.fine("models show small").stdout, MODEL);
    let retired = running.desk.run("models retire small 1");
    assert_eq!(retired.code, 1);
    assert!(retired.stderr.contains("scores nobody any more"), "{}", retired.stderr);
    running.fine("models retire small 2");
    assert!(running.fine("models versions small").stdout.contains("retired"));
}

#[test]
fn a_file_that_is_no_model_is_refused_with_each_mistake_in_its_place() {
    let running = Running::logged_in();
    let broken =
        MODEL.replace("points: 30", "points: many").replace("half_life: 10d", "half_life: x");
    running.desk.put("broken.yaml", broken);
    let run = running.desk.run("models push broken.yaml");
    assert_eq!(run.code, 2);
    for part in ["broken.yaml, line 8, column", "broken.yaml, line 19, column", "was not kept"] {
        assert!(run.stderr.contains(part), "{part}:\n{}", run.stderr);
    }
    assert!(running.fine("models").stderr.contains("there is no model yet"));
}
