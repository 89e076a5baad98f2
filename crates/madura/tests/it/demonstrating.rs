//! The system on a company that is made up.

use serde_json::Value as Json;

use crate::desk::Desk;
use crate::running::Running;

const SMALL: &str = "demo --leads 60 --events 900 --seed 7 --bind 127.0.0.1:0";

/// A desk on which somebody runs Madura for good, and whose temporary files stay on it.
fn desk() -> Desk {
    let desk = Desk::small();
    let settings = "data = \"production\"\ndb = \"production.db\"\nbind = \"127.0.0.1:1\"\n";
    let there = desk.path().to_str().unwrap().to_owned();
    desk.with("madura.toml", settings)
        .with_variable("TMPDIR", &there)
        .with_variable("MADURA_DB", "other.db")
        .with_variable("MADURA_DATA", "other")
}

#[test]
fn a_demonstration_touches_nothing_of_whoever_starts_it_and_its_list_sorts_itself() {
    let mut running = Running::begin(desk(), SMALL);
    running.log_in();
    let order = |leads: &[Json]| -> Vec<String> {
        leads.iter().map(|lead| lead["id"].as_str().unwrap().to_owned()).collect()
    };
    let before = order(&running.leads());
    assert!(before.len() > 50, "{} leads", before.len());
    // Visitors come: somebody scores, and sooner or later somebody overtakes somebody else.
    let mut listener = running.listen();
    while order(&running.leads()) == before {
        listener.leads(1);
    }
    running.stop();
    for name in ["production", "production.db", "other", "other.db", "madura-data"] {
        assert!(!running.desk.has(name), "{name} was made");
    }
}

#[test]
fn a_demonstration_does_not_get_among_somebodys_facts() {
    let mut running = Running::start();
    running.stop();
    let desk = &running.desk;
    let refused = desk.run("demo --data kept --leads 10 --events 10 --bind 127.0.0.1:0");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("kept has something else in it"), "{}", refused.stderr);
    assert!(refused.stderr.contains("new or empty"), "{}", refused.stderr);
    // One of its own it takes up again.
    for _ in 0..2 {
        let words = format!("{SMALL} --data mine");
        let mut child = desk.command(&words).spawn().unwrap();
        let said = std::io::BufReader::new(child.stderr.take().unwrap());
        let link = std::io::BufRead::lines(said)
            .map_while(Result::ok)
            .find(|line| line.contains("/setup#token="));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(link.is_some());
    }
}
