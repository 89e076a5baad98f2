//! Importing files into a running server.

use serde_json::Value as Json;

use crate::running::Running;

const CRM: &str = "\
email,title,country,created_at
anna@acme.example,CEO,ES,2026-01-01T00:00:00Z
ion@acme.example,intern,RO,2026-01-01T00:00:00Z
nobody,CTO,ES,2026-01-01T00:00:00Z
eva@acme.example,CTO,ES,2026-01-01T00:00:00Z
";

const VISITS: &str = "\
email,event,at
anna@acme.example,demo_requested,2026-01-20T09:00:00Z
";

fn imports(running: &Running) -> Vec<Json> {
    let run = running.fine("imports --format ndjson");
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_row_that_cannot_be_read_is_told_and_the_good_ones_are_taken() {
    let running = Running::with_model();
    running.desk.put("crm.csv", CRM);
    let mut listener = running.listen();
    let run = running.fine("import crm.csv --yes --rejects rejects.csv");
    assert!(run.stderr.contains("3 of 4 rows taken, 1 refused"), "{}", run.stderr);
    assert!(run.stderr.contains("line 4: email"), "{}", run.stderr);
    assert!(run.stderr.contains("all of them are in rejects.csv"), "{}", run.stderr);
    let rejects = String::from_utf8(running.desk.read("rejects.csv")).unwrap();
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "row,code,reason"));
    assert!(lines[1].starts_with("4,unreadable,"), "{rejects}");
    listener.leads(3);
    let mut emails: Vec<String> =
        running.leads().iter().map(|lead| lead["email"].as_str().unwrap().to_owned()).collect();
    emails.sort();
    assert_eq!(emails, ["anna@acme.example", "eva@acme.example", "ion@acme.example"]);
    let strict = running.desk.run("import crm.csv --yes --strict");
    assert_eq!(strict.code, 1, "{}", strict.stderr);
}

#[test]
fn nothing_is_taken_before_somebody_agrees_and_then_what_was_shown() {
    let running = Running::with_model();
    running.desk.put("crm.csv", CRM.replace("title", "Cargo"));
    let dry = running.fine("import crm.csv --dry-run --map trait.title=Cargo");
    assert!(dry.stderr.contains("trait title") && dry.stderr.contains("CEO"), "{}", dry.stderr);
    assert!(dry.stderr.contains("Nothing was taken."), "{}", dry.stderr);
    let unasked = running.desk.run("import crm.csv");
    assert_eq!(unasked.code, 1, "nobody could be asked: {}", unasked.stderr);
    assert!(running.leads().is_empty());
    let id = imports(&running)[0]["id"].as_str().unwrap().to_owned();
    let mut listener = running.listen();
    running.fine(&format!("import --resume {id} --yes"));
    listener.leads(3);
    assert_eq!(running.leads()[0]["score"], 50, "the title was read as it was mapped");
    assert_eq!(imports(&running).len(), 1);

    let wrong = running.desk.run("import crm.csv --again --map mail=email --yes");
    assert!(wrong.code == 2 && wrong.stderr.contains("is no role of a column"), "{}", wrong.stderr);
    let wrong = running.desk.run("import crm.csv --again --map email=Correo --yes");
    assert!(wrong.code == 2 && wrong.stderr.contains("has no column `Correo`"), "{}", wrong.stderr);
    let absent = running.desk.run("import absent.csv --yes");
    assert!(absent.code == 3 && absent.stderr.contains("absent.csv"), "{}", absent.stderr);
    running.desk.put("pic.csv", [0x89, b'P', b'N', b'G', 0, 0, 0, 0]);
    let unreadable = running.desk.run("import pic.csv --yes");
    assert_eq!(unreadable.code, 2, "{}", unreadable.stderr);
}

#[test]
fn the_same_file_counts_once_and_is_taken_back_as_a_whole() {
    let running = Running::with_model();
    running.desk.put("crm.csv", CRM);
    running.desk.put("visits.csv", VISITS);
    let mut listener = running.listen();
    running.fine("import crm.csv --yes");
    listener.leads(3);
    running.fine("import visits.csv --yes");
    listener.leads(1);
    let scores = || -> Vec<(Json, Json)> {
        running.leads().iter().map(|one| (one["email"].clone(), one["score"].clone())).collect()
    };
    let once = scores();
    assert_eq!(once[0], ("anna@acme.example".into(), 90.into()));

    // Under another name it is still the same file.
    running.desk.put("again.csv", VISITS);
    let again = running.fine("import visits.csv --yes");
    assert!(again.stderr.contains("The same file came as import"), "{}", again.stderr);
    assert!(again.stderr.contains("nothing is taken twice"), "{}", again.stderr);
    assert_eq!((scores(), imports(&running).len()), (once, 2));

    let id = imports(&running)[0]["id"].as_str().unwrap().to_owned();
    let undone = running.fine(&format!("import --undo {id}"));
    assert!(undone.stderr.contains("is taken back"), "{}", undone.stderr);
    listener.leads(1);
    assert_eq!(scores()[0].1, 50);
    let twice = running.desk.run(&format!("import --undo {id}"));
    assert!(twice.code == 2 && twice.stderr.contains("madura imports"), "{}", twice.stderr);

    running.fine("import visits.csv --yes");
    listener.leads(1);
    assert_eq!(scores()[0].1, 90, "what was taken back can come anew");
    assert_eq!(imports(&running).len(), 3);
}
