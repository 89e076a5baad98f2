//! Talking to a running server: logging in, leads, facts.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value as Json;

use crate::running::Running;

const FACTS: &str = r#"{"who":{"email":"anna@acme.example"},"traits":{"title":"CEO","country":"ES","name":"Anna Vila"},"at":"2026-01-01T00:00:00Z"}
{"who":{"email":"anna@acme.example"},"event":"demo_requested","at":"2026-01-20T09:00:00Z"}
{"who":{"email":"ion@acme.example"},"traits":{"title":"intern","country":"RO"},"at":"2026-01-01T00:00:00Z"}
"#;

#[test]
fn a_key_is_kept_where_nobody_else_can_read_it_and_shown_by_nothing() {
    let running = Running::start();
    let key = running.key(&["leads:read"]);
    let login = format!("login {} --name here --key-file -", running.url);
    let run = running.fine_with(&login, &format!("{key}\n"));
    assert!(run.stderr.contains("leads:read") && !run.stderr.contains(&key), "{}", run.stderr);

    let file = running.desk.path().join("config/madura/servers.toml");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert!(std::fs::read_to_string(&file).unwrap().contains(&key));

    let known = running.fine("login");
    assert!(
        known.stdout.contains(&running.url) && known.stdout.contains("here"),
        "{}",
        known.stdout
    );
    assert!(!known.stdout.contains(&key));
    running.fine("leads --server here");

    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = running.desk.run("leads");
    assert_eq!(open.code, 2);
    assert!(open.stderr.contains("chmod 600") && !open.stderr.contains(&key), "{}", open.stderr);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();

    running.fine("logout");
    assert!(!std::fs::read_to_string(&file).unwrap().contains(&key));
    assert!(running.desk.run("leads").stderr.contains("madura login URL"));
}

#[test]
fn a_key_that_does_not_work_says_what_to_do_and_is_not_repeated() {
    let running = Running::start();
    let wrong = "mk_0000000000000000000000000000000000000000000";
    let login = format!("login {} --key-file -", running.url);
    let run = running.desk.run_with(&login, wrong);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("does not know this key"), "{}", run.stderr);
    assert!(run.stderr.contains("under Settings on the page"), "{}", run.stderr);
    assert!(!run.stderr.contains(wrong));
    assert!(!running.desk.has("config/madura/servers.toml"), "nothing is kept");

    for (text, said) in [("wk_abc", "API key"), ("hello", "mk_"), ("", "no key")] {
        let run = running.desk.run_with(&login, text);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }

    let less = running.key(&["facts:write"]);
    running.fine_with(&login, &less);
    let run = running.desk.run("leads");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("this needs the right leads:read"), "{}", run.stderr);
}

#[test]
fn what_the_environment_says_wins_over_what_is_kept() {
    let running = Running::logged_in();
    let other = running.key(&["status:read"]);
    let run = |name: &str, value: &str| {
        let mut command = running.desk.command("api GET /me");
        let output = command.env(name, value).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let scopes = |text: &str| -> Json {
        let me: Json = serde_json::from_str(text).unwrap();
        me["scopes"].clone()
    };
    assert_eq!(scopes(&run("MADURA_KEY", &other).1), serde_json::json!(["status:read"]));
    assert_eq!(run("MADURA_SERVER", "http://127.0.0.1:1").0, 2, "no key is kept for that one");
}

#[test]
fn facts_that_are_sent_twice_count_once_and_a_bad_line_is_told_by_its_number() {
    let running = Running::with_model();
    let mut listener = running.listen();
    let first = running.fine_with("send", FACTS);
    assert!(first.stderr.contains("3 facts taken"), "{}", first.stderr);
    let heard = listener.leads(2);
    assert!(heard.iter().all(|news| news["model"] == "small"));

    running.desk.put("facts.ndjson", FACTS);
    let again = running.fine("send facts.ndjson --batch 2");
    assert!(again.stderr.contains("0 facts taken, 3 there already"), "{}", again.stderr);
    assert_eq!(running.leads().len(), 2);

    let mixed = "{\"who\":{},\"event\":\"x\"}\nnot json\n\n{\"who\":{\"user\":\"9\"},\"even\":\"x\"}\n\
        {\"who\":{\"email\":\"eva@acme.example\"},\"event\":\"demo_requested\"}\n";
    let run = running.fine_with("send --rejects bad.csv", mixed);
    assert!(run.stderr.contains("1 fact taken"), "{}", run.stderr);
    for line in ["line 1: names nobody", "line 2: is not JSON", "line 4: "] {
        assert!(run.stderr.contains(&format!("standard input, {line}")), "{}", run.stderr);
    }
    let rejects = String::from_utf8(running.desk.read("bad.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 4, "{rejects}");
    assert_eq!(running.desk.run_with("send --strict", "x\n").code, 1);
}

#[test]
fn leads_come_in_their_order_over_all_pages() {
    let running = Running::with_model();
    let mut listener = running.listen();
    let mut facts = String::new();
    for lead in 1..=230 {
        let title = ["CEO", "intern"][lead % 2];
        let country = ["ES", "RO", "FR"][lead % 3];
        let _ = writeln!(
            facts,
            "{{\"who\":{{\"user\":\"{lead}\"}},\"traits\":{{\"title\":\"{title}\",\"country\":\"{country}\"}},\"at\":\"2026-01-01T00:00:00Z\"}}"
        );
    }
    running.fine_with("send", &facts);
    listener.leads(230);
    let leads = running.leads();
    let scores: Vec<i64> = leads.iter().map(|lead| lead["score"].as_i64().unwrap()).collect();
    assert_eq!(scores.len(), 230);
    assert!(scores.is_sorted_by(|one, next| one >= next), "{scores:?}");
    assert_eq!((scores[0], scores[229]), (50, 0));

    let csv = running.fine("leads --format csv --top 205").stdout;
    assert_eq!(csv.lines().count(), 206);
    assert!(csv.starts_with("id,email,name,company,"), "{csv}");
    let hot = running.fine("leads --bracket hot --format ndjson").stdout;
    assert_eq!(hot.lines().count(), scores.iter().filter(|score| **score >= 50).count());
    let least = running.fine("leads --ascending --top 1 --format ndjson").stdout;
    assert!(least.contains(r#""score":0"#), "{least}");
    let table = running.fine("leads --format table");
    assert_eq!(table.stdout.lines().count(), 21);
    assert!(table.stderr.contains("--top N"), "{}", table.stderr);
    let wrong = running.desk.run("leads --model nobody");
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("madura models"), "{}", wrong.stderr);

    running.fine("export leads --out traits.csv --traits title,country");
    let traits = String::from_utf8(running.desk.read("traits.csv")).unwrap();
    let head = traits.lines().next().unwrap();
    assert!(head.ends_with(",traits.title,traits.country"), "{head}");
    for what in ["companies", "deals", "transitions"] {
        let run = running.fine(&format!("export {what}"));
        assert!(run.stdout.lines().count() >= 1, "{what}: {}", run.stdout);
        assert!(run.stderr.contains(&format!("of {what}")), "{}", run.stderr);
    }
    // Events as the server exports them: all of them, a name alone, before an instant, in either form.
    let facts = ["page_viewed", "page_viewed", "demo_requested"].map(|name| {
        format!(
            "{{\"who\":{{\"user\":\"1\"}},\"event\":\"{name}\",\"at\":\"2026-01-02T00:00:00Z\"}}\n"
        )
    });
    running.fine_with("send", &facts.concat());
    let all = running.fine("export events --format ndjson").stdout;
    let named = running.fine("export events --format ndjson --name page_viewed").stdout;
    assert_eq!((all.lines().count(), named.lines().count()), (3, 2));
    assert!(named.lines().all(|line| line.contains(r#""event":"page_viewed""#)), "{named}");
    let head = running.fine("export events --to 2000-01-01T00:00:00Z").stdout;
    assert!(head.contains("id,lead,event,at,") && head.lines().count() == 1, "{head}");
    assert_eq!(running.fine("export events --top 2").stdout.lines().count(), 2);
    for wrong in ["events --top 3 --format csv", "leads --name x", "transitions --to 2026-01-01"] {
        assert_eq!(running.desk.run(&format!("export {wrong}")).code, 2, "{wrong}");
    }
    running.fine("export leads --out leads.ndjson");
    let leads = running.desk.read("leads.ndjson");
    assert_eq!(leads.split_inclusive(|byte| *byte == b'\n').count(), 230);
}

#[test]
fn a_lead_is_explained_by_the_server_as_it_is_from_files() {
    let running = Running::with_model();
    let mut listener = running.listen();
    running.fine_with("send", FACTS);
    listener.leads(2);
    let card = running.fine("lead anna@acme.example --as-of 2026-01-20T12:00:00Z").stdout;
    for part in [
        "Anna Vila  anna@acme.example",
        "90 of 100  hot  A1  marketing_qualified",
        "Decides",
        "title = CEO",
        "2026-01-20 10:00  demo_requested",
        "marketing_qualified since 2026-01-",
    ] {
        assert!(card.contains(part), "{part}:\n{card}");
    }
    let before = running.fine("lead anna@acme.example --as-of 2026-01-10").stdout;
    assert!(before.contains("50 of 100") && !before.contains("demo_requested  "), "{before}");
    let json = running.fine("lead anna@acme.example --format json").stdout;
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(json["score"], 90);
    let recorded = running.desk.run("lead anna@acme.example --as-recorded --as-of 2026-01-10");
    assert_eq!(recorded.code, 2, "no version counted then: {}", recorded.stdout);
    let nobody = running.desk.run("lead nobody@acme.example");
    assert!(nobody.code == 2 && nobody.stderr.contains("leads --search"), "{}", nobody.stderr);
}

#[test]
fn changes_are_told_as_they_happen() {
    let running = Running::with_model();
    let mut listener = running.listen();
    running.fine_with("send", FACTS);
    let heard = listener.leads(2);
    let anna = heard.iter().rfind(|news| news["score"] == 90).expect("Anna's new score");
    assert_eq!((&anna["bracket"], &anna["stage"]), (&"hot".into(), &"marketing_qualified".into()));
    assert_eq!(anna["before"], Json::Null);
}

#[test]
fn names_from_outside_do_not_steer_the_terminal() {
    let running = Running::with_model();
    let mut listener = running.listen();
    let evil = r#"{"who":{"email":"x@acme.example"},"traits":{"name":"\u001b[2JX\u202e","title":"=1+1"},"at":"2026-01-01T00:00:00Z"}"#;
    running.fine_with("send", evil);
    listener.leads(1);
    let table = running.fine("leads --format table").stdout;
    assert!(!table.contains('\x1b') && table.contains("[2JX"), "{table:?}");
    let card = running.fine("lead x@acme.example").stdout;
    assert!(!card.contains('\x1b') && !card.contains('\u{202e}'), "{card:?}");
}

#[test]
fn the_doctor_sees_that_the_system_runs_and_is_well() {
    let running = Running::with_model();
    let bind = running.url.trim_start_matches("http://");
    let run = running.fine(&format!("doctor --data kept --bind {bind}"));
    assert!(
        run.stderr.contains(&format!("ok    a running Madura answers at {bind}")),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("ok    it can take facts"), "{}", run.stderr);
    assert!(run.stderr.contains("ok    kept is in use by a running Madura"), "{}", run.stderr);
    let astray = running.desk.run("doctor --data kept --bind 127.0.0.1:0");
    assert_eq!(astray.code, 1);
    assert!(astray.stderr.contains("it listens elsewhere"), "{}", astray.stderr);
}
