//! Real data is dirty, in known proportions.

use std::collections::{HashMap, HashSet};

use testkit::company::Story;

use super::{options, stories, trait_of};

#[track_caller]
fn check(what: &str, share: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&share), "{what}: {:.2} %", 100.0 * share);
}

fn share(stories: &[Story], is: impl Fn(&Story) -> bool) -> f64 {
    stories.iter().filter(|story| is(story)).count() as f64 / stories.len() as f64
}

#[test]
fn some_leads_are_nonsense_personal_or_throw_away() {
    let stories = stories(options());
    let kind = |name: &'static str| share(&stories, |story| trait_of(story, "email.kind") == name);
    check("personal addresses", kind("personal"), 0.22, 0.32);
    check("throw-away addresses", kind("throwaway"), 0.01, 0.04);
    check("gibberish", share(&stories, |s| trait_of(s, "name.gibberish") == "true"), 0.012, 0.035);
    check("phones", share(&stories, |s| !trait_of(s, "phone").is_empty()), 0.48, 0.60);
    check("no title", share(&stories, |s| trait_of(s, "title").is_empty()), 0.10, 0.18);
}

#[test]
fn some_rows_come_twice_and_some_people_under_two_numbers() {
    let stories = stories(options());
    check("rows that come twice", share(&stories, |story| story.rows.len() == 2), 0.008, 0.025);
    let mut people = HashSet::new();
    let again = stories
        .iter()
        .filter(|story| !people.insert(trait_of(story, "email").trim().to_lowercase()))
        .count();
    check("people that come twice", again as f64 / stories.len() as f64, 0.005, 0.03);
}

#[test]
fn some_events_come_twice_and_some_come_late() {
    let (mut rows, mut again, mut late) = (0, 0, 0);
    for story in stories(options()) {
        let mut seen = HashSet::new();
        let mut latest = None;
        for event in &story.events {
            rows += 1;
            let first_time = seen.insert(&event.id);
            again += i32::from(!first_time);
            late += i32::from(first_time && Some(event.at) < latest);
            latest = latest.max(Some(event.at));
        }
    }
    check("events that come twice", f64::from(again) / f64::from(rows), 0.005, 0.02);
    check("events that come late", f64::from(late) / f64::from(rows), 0.003, 0.03);
}

#[test]
fn bots_see_dozens_of_pages_a_second_and_people_do_not() {
    let most_in_a_second = |story: &Story| {
        let mut seconds = HashMap::new();
        for event in story.events.iter().filter(|event| event.name == "page_viewed") {
            *seconds.entry(event.at.as_millis() / 1000).or_insert(0) += 1;
        }
        seconds.into_values().max().unwrap_or(0)
    };
    let stories = stories(options());
    let bots = share(&stories, |story| most_in_a_second(story) >= 24);
    check("bots", bots, 0.0005, 0.006);
    check("in between", share(&stories, |s| (6..24).contains(&most_in_a_second(s))), 0.0, 0.001);
}

#[test]
fn names_and_titles_are_typed_in_every_way() {
    let stories = stories(options());
    let shouted = |text: &str| text.len() > 3 && text == text.to_uppercase();
    check("shouted names", share(&stories, |s| shouted(&trait_of(s, "name"))), 0.01, 0.04);
    let blank = |text: &str| text.starts_with(' ') || text.contains("  ");
    check("blanks in names", share(&stories, |s| blank(&trait_of(s, "name"))), 0.015, 0.05);
    let mut names_of_the_top = HashSet::new();
    for story in stories.iter().filter(|s| trait_of(s, "title.seniority") == "c_level") {
        names_of_the_top.insert(trait_of(story, "title").trim().to_lowercase());
    }
    assert!(names_of_the_top.len() >= 15, "{names_of_the_top:?}");
    for name in ["ceo", "director general", "administrator", "managing director"] {
        assert!(names_of_the_top.contains(name), "{name}");
    }
}

#[test]
fn people_of_one_firm_agree_on_it() {
    let mut firms: HashMap<String, (String, HashSet<String>)> = HashMap::new();
    for story in stories(options()) {
        let domain = trait_of(&story, "company.domain");
        if domain.is_empty() {
            continue;
        }
        let (industry, sizes) = firms
            .entry(domain)
            .or_insert_with(|| (trait_of(&story, "company.industry"), HashSet::new()));
        assert_eq!(*industry, trait_of(&story, "company.industry"));
        sizes.insert(trait_of(&story, "company.employees"));
        sizes.remove("");
        assert!(sizes.len() <= 1, "{sizes:?}");
    }
    assert!(firms.len() < 2_000, "{} firms for 4,000 leads", firms.len());
}
