//! Files as they come: a clear message, never a panic, never a wrong score.

use crate::desk::{Desk, EVENTS, FACTS, LEADS, MODEL};

const AS_OF: &str = "--as-of 2026-02-01";

#[test]
fn a_row_that_cannot_be_read_is_named_and_the_rest_is_scored() {
    let leads =
        b"\xef\xbb\xbflead,title,country\n1,CEO,ES\n2,CEO\n\xff\xfe,CEO,ES\n,CEO,ES\n5,CEO,ES\n"
            .as_slice();
    let events = "lead,event,at,id,path\n\
        1,demo_requested,2026-01-20T09:00:00Z,a,\n\
        1,demo_requested,yesterday,b,\n\
        1,demo_requested,2026-01-20T09:00:00,c,\n\
        1,demo_requested,99999999999999999,d,\n\
        1,demo_requested,NaN,e,\n";
    let desk =
        Desk::empty().with("model.yaml", MODEL).with("leads.csv", leads).with("events.csv", events);
    let words = format!("score model.yaml --leads leads.csv --events events.csv {AS_OF}");
    insta::assert_snapshot!(
        desk.transcript(&[
            &words,
            &format!("{words} --rejects rejects.csv -q"),
            &format!("{words} --strict"),
        ]) + &String::from_utf8_lossy(&desk.read("rejects.csv"))
    );
}

#[test]
fn instants_without_a_zone_are_read_where_a_zone_is_given() {
    let desk =
        Desk::small().with("events.csv", "lead,event,at\n1,demo_requested,2026-01-20 13:00:00\n");
    let run = desk.run(&format!("score model.yaml {FACTS} --zone Europe/Madrid"));
    assert_eq!(run.stdout.lines().nth(1).unwrap(), "1,90,50,40,A1,hot,marketing_qualified,");
    let run = desk.run(&format!("score model.yaml {FACTS} --zone UTC"));
    assert_eq!(run.stdout.lines().nth(1).unwrap(), "1,50,50,0,A2,hot,marketing_qualified,");
}

#[test]
fn what_the_model_names_and_no_file_has_is_said_with_the_nearest_name() {
    let desk = Desk::small().with("leads.csv", LEADS.replacen("country", "Country", 1)).with(
        "events.csv",
        EVENTS.replace("demo_requested", "demo_request").replacen("path", "page_path", 1),
    );
    insta::assert_snapshot!(desk.transcript(&[&format!("score model.yaml {FACTS}")]));
}

#[test]
fn many_traits_that_no_lead_has_are_said_in_one_sentence_and_few_one_by_one() {
    let model = |first: &str, count: usize| {
        let criterion = |number: usize| {
            format!(
                "      - {{name: C{number}, trait: answers.q{number}, exists: true, points: 1}}\n"
            )
        };
        let criteria: String = (0..count).map(criterion).collect();
        let first = format!("      - {{name: First, trait: {first}, is: ES, points: 1}}\n");
        format!("model: many\ngroups:\n  - group: All\n    criteria:\n{first}{criteria}")
    };
    let desk = Desk::small()
        .with("three.yaml", model("contry", 2))
        .with("four.yaml", model("contry", 3))
        .with("twelve.yaml", model("contry", 11))
        .with("none_near.yaml", model("budget", 4));
    let said = |model: &str| {
        desk.run(&format!("score {model} --leads leads.csv --events events.csv")).stderr
    };
    assert_eq!(said("three.yaml").matches("warning: the model looks at `").count(), 3);
    assert_eq!(
        said("four.yaml").lines().next().unwrap(),
        "warning: the model looks at 4 traits that no lead has: `contry` (did you mean `country`?), \
         `answers.q0`, `answers.q1`, `answers.q2`"
    );
    assert_eq!(
        said("twelve.yaml").lines().next().unwrap(),
        "warning: the model looks at 12 traits that no lead has: `contry` (did you mean `country`?), \
         `answers.q0`, `answers.q1`, `answers.q10`, `answers.q2`, `answers.q3`, `answers.q4`, \
         `answers.q5` and 4 more"
    );
    assert_eq!(
        said("none_near.yaml").lines().next().unwrap(),
        "warning: the model looks at 5 traits that no lead has: `answers.q0`, `answers.q1`, \
         `answers.q2`, `answers.q3`, `budget`; there are lead, created_at, title, country, domain"
    );
}

#[test]
fn events_of_strangers_and_repeated_facts_are_counted_and_named() {
    let events = format!(
        "{EVENTS}17,page_viewed,2026-01-20T09:00:00Z,x,/\n18,page_viewed,2026-01-20T09:00:00Z,y,/\n1,demo_requested,2026-01-20T09:00:00Z,d,\n"
    );
    let leads = format!("{LEADS}1,2026-01-01T00:00:00Z,CEO,ES,\n2,2026-01-18T00:00:00Z,CEO,RO,\n");
    let desk = Desk::small().with("leads.csv", leads).with("events.csv", events);
    insta::assert_snapshot!(desk.transcript(&[&format!("score model.yaml {FACTS}")]));
}

#[test]
fn a_file_that_ends_in_the_middle_gives_no_scores() {
    let desk = Desk::small();
    desk.run(&format!("score model.yaml {FACTS} --out whole.parquet"));
    let whole = desk.read("whole.parquet");
    let desk = desk
        .with("cut.parquet", &whole[..whole.len() / 2])
        .with("cut.csv.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b])
        .with("cut.csv.zst", [0x28, 0xb5, 0x2f, 0xfd, 4, 0]);
    insta::assert_snapshot!(desk.transcript(&[
        "score model.yaml --leads cut.parquet",
        "score model.yaml --leads leads.csv --events cut.csv.gz",
        "score model.yaml --leads leads.csv --events cut.csv.zst",
        "score model.yaml --leads nowhere.csv",
    ]));
}

#[test]
fn columns_that_are_missing_or_twice_are_named() {
    let desk = Desk::small()
        .with("names.csv", "customer_id,title\n1,CEO\n")
        .with("twice.csv", "lead,title,title\n1,CEO,CTO\n")
        .with("empty.csv", "")
        .with("header.csv", "lead,title,country,domain\n");
    insta::assert_snapshot!(desk.transcript(&[
        "score model.yaml --leads names.csv",
        "score model.yaml --leads twice.csv",
        "score model.yaml --leads empty.csv",
        "score model.yaml --leads header.csv",
        &format!("score model.yaml --leads names.csv {AS_OF} --map lead=customer_id,id=nothing -q"),
    ]));
}

#[test]
fn a_command_line_that_cannot_be_meant_is_refused_with_a_hint() {
    let desk = Desk::small();
    insta::assert_snapshot!(desk.transcript(&[
        "score model.yaml --leads leads.csv --as-of tomorrow",
        "score model.yaml --leads leads.csv --as-of 2026",
        "score model.yaml --leads leads.csv --zone Mars/Olympus",
        "score model.yaml --leads leads.csv --map who=x",
        "score model.yaml --leads leads.csv --delimiter abc",
        "score model.yaml --leads leads.csv --top 0",
        "score model.yaml --leads - --events -",
        "score - --leads -",
        "score nowhere.yaml --leads leads.csv",
        "score model.yaml --leads leads.csv --rejects no/such/directory.csv",
        "score model.yaml --leads leads.csv --out no/such/directory.csv",
    ]));
}

#[test]
fn values_that_are_no_numbers_are_told_where_a_model_compares_them_with_numbers() {
    let model = "model: sizes\ngroups:\n  - group: Who\n    criteria:\n      \
                 - {name: Size, trait: size, at_least: 100, points: 30}\n      \
                 - {name: Large order, event: ordered, where: {amount: {above: 10}}, points: 5}\n";
    let desk = Desk::empty()
        .with("sizes.yaml", model)
        .with("leads.csv", "lead,size\n1,\"1,500\"\n2,100-500\n3,NaN\n4,1e400\n5,250\n")
        .with("events.csv", "lead,event,at,amount\n5,ordered,2026-01-01T00:00:00Z,12 EUR\n");
    insta::assert_snapshot!(desk.transcript(&[
        "score sizes.yaml --leads leads.csv --events events.csv --as-of 2026-01-20",
    ]));
}

#[test]
fn dates_long_ago_and_yet_to_come_are_told() {
    let model = "model: visits\ngroups:\n  - group: What\n    dimension: engagement\n    criteria:\n      \
                 - {name: Visits, event: visited, points: 30}\n";
    let desk = Desk::empty()
        .with("visits.yaml", model)
        .with("leads.csv", "lead,created_at\n1,2026-01-01T00:00:00Z\n2,2999-01-01T00:00:00Z\n")
        .with("events.csv", "lead,event,at\n1,visited,20260101\n1,visited,9998-12-31T00:00:00Z\n");
    insta::assert_snapshot!(desk.transcript(&[
        "score visits.yaml --leads leads.csv --events events.csv --as-of 2026-01-20",
    ]));
}
