//! The end of the audit trail, noted where whoever can write the database cannot reach it.

use std::io::{BufRead as _, BufReader};
use std::thread;

use serde_json::Value as Json;

use crate::desk::Desk;
use crate::running::Running;

/// Starts a system on what is kept, and answers the head of the trail that it logs.
fn logged_head(desk: &Desk) -> String {
    let mut child =
        desk.command("serve --data kept --bind 127.0.0.1:0 --log json").spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let head = said.by_ref().map_while(Result::ok).find_map(|line| {
        let line: Json = serde_json::from_str(&line).ok()?;
        line["fields"]["audit_head"].as_str().map(str::to_owned)
    });
    thread::spawn(move || said.for_each(drop));
    child.kill().unwrap();
    child.wait().unwrap();
    head.expect("a start logs the head")
}

#[test]
fn a_head_that_was_logged_is_found_in_the_trail_later_and_another_is_not() {
    let mut running = Running::start();
    running.key(&["leads:read"]);
    running.stop();
    let desk = &running.desk;
    let head = logged_head(desk);
    let check = |head: &str| desk.run(&format!("verify --data kept --audit-head {head}"));

    let run = desk.run("verify --data kept");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains(&head), "it shows what to note: {}", run.stderr);
    let run = check(&head);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("leads through"), "{}", run.stderr);

    let (seq, hash) = head.split_once(':').unwrap();
    let (first, rest) = hash.split_at(1);
    let other = if first == "0" { "1" } else { "0" };
    let run = check(&format!("{seq}:{other}{rest}"));
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains(&format!("entry {seq} is not the one noted")), "{}", run.stderr);
    let run = check(&format!("9999:{hash}"));
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("was cut off"), "{}", run.stderr);
    let run = check("yesterday");
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("64 hexadecimal digits"), "{}", run.stderr);
}
