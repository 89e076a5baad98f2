//! The facts of one lead.

use ingest::{EventPlan, LeadPlan, LeadSources, Watch, read_facts, read_trait_changes};

use crate::support::{show, source};

fn facts(leads: &str, events: &str, lead: &str) -> Option<String> {
    let (leads, events) = (source("leads", leads), source("events", events));
    let (lead_plan, event_plan) = (LeadPlan::default(), EventPlan::default());
    let sources = LeadSources {
        leads: Some((std::slice::from_ref(&leads), &lead_plan)),
        events: Some((std::slice::from_ref(&events), &event_plan)),
        changes: None,
    };
    let facts = read_facts(lead, sources, Watch::default()).unwrap()?;
    let mut lines =
        vec![format!("{} since {:?}", facts.lead, facts.created_at.map(|at| at.to_string()))];
    for fact in facts.traits {
        let since = fact.at.map_or_else(|| "ever".to_owned(), |at| at.to_string());
        lines.push(format!(
            "{} = {} since {since}",
            fact.path,
            fact.value.as_ref().map_or_else(|| "nothing".to_owned(), show)
        ));
    }
    for event in facts.events {
        let properties: Vec<String> = event
            .properties
            .iter()
            .map(|(path, value)| format!("{path}={}", show(value)))
            .collect();
        lines.push(format!(
            "{:?} {} at {} {}",
            event.id,
            event.name,
            event.at,
            properties.join(" ")
        ));
    }
    Some(lines.join("\n"))
}

#[test]
fn all_that_the_files_say_about_a_lead_comes_together() {
    let leads =
        "lead,created_at,country\n1,1970-01-02T00:00:00Z,ES\n2,,RO\n1,1970-01-03T00:00:00Z,PT\n";
    let events = "lead,at,event,id,url,props\n\
        1,10,viewed,e1,/a,\"{\"\"dur\"\":5}\"\n\
        2,10,viewed,e2,/b,\n\
        1,20,viewed,,,\"{\"\"late\"\":true}\"\n";
    assert_eq!(
        facts(leads, events, "1").unwrap(),
        "1 since Some(\"1970-01-02T00:00:00Z\")\n\
         country = \"ES\" since 1970-01-02T00:00:00Z\n\
         created_at = \"1970-01-02T00:00:00Z\" since 1970-01-02T00:00:00Z\n\
         country = \"PT\" since 1970-01-03T00:00:00Z\n\
         created_at = \"1970-01-03T00:00:00Z\" since 1970-01-03T00:00:00Z\n\
         Some(\"e1\") viewed at 1970-01-01T00:00:10Z dur=5 url=\"/a\"\n\
         None viewed at 1970-01-01T00:00:20Z late=true"
    );
    assert_eq!(facts(leads, events, "3"), None);
}

#[test]
fn of_facts_with_one_id_the_first_counts_whoever_it_is_about() {
    let leads = "lead\n1\n";
    // e1 first happened to lead 2; e2 twice to lead 1, the same; e3 earlier, further down.
    let events =
        "lead,at,event,id\n1,10,a,e1\n2,5,a,e1\n1,10,b,e2\n1,10,b,e2\n1,30,c,e3\n1,20,d,e3\n";
    assert_eq!(
        facts(leads, events, "1").unwrap(),
        "1 since None\n\
         Some(\"e2\") b at 1970-01-01T00:00:10Z \n\
         Some(\"e3\") d at 1970-01-01T00:00:20Z "
    );
}

#[test]
fn everything_in_ndjson_is_found_too() {
    let leads = "{\"lead\":7,\"company\":{\"size\":50}}\n";
    let events = "{\"lead\":\"7\",\"at\":1,\"event\":\"a\",\"props\":{\"x\":[1,2]},\"id\":5}\n{\"lead\":8,\"at\":1,\"event\":\"a\",\"y\":2}\n";
    assert_eq!(
        facts(leads, events, " 7 ").unwrap(),
        "7 since None\ncompany.size = 50 since ever\nSome(\"5\") a at 1970-01-01T00:00:01Z x=[1 2]"
    );
}

#[test]
fn a_file_of_changes_gives_traits_with_their_instants() {
    let csv = "lead,trait,value,at\n1,country,ES,0\n1,country,,10\n";
    let plan = EventPlan::default();
    let (changes, summary) =
        read_trait_changes(&source("c.csv", csv), &plan, Watch::default()).unwrap();
    let lines: Vec<String> = changes
        .iter()
        .map(|change| format!("{} {} {:?} {}", change.lead, change.path, change.value, change.at))
        .collect();
    assert_eq!(
        lines,
        [
            "1 country Some(Text(\"ES\")) 1970-01-01T00:00:00Z",
            "1 country None 1970-01-01T00:00:10Z"
        ]
    );
    assert_eq!(summary.rows, 2);
}
