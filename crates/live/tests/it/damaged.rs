//! A damaged file of facts stops nobody but those who have facts in it.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use leads::Report;
use store::segments::{SealOptions, seal, segment_files};

use crate::dossiers::take_back;
use crate::house::{DAY, HOUR, House, accept, at, event};

const USERS: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "8"];

/// Everybody was there once, which was sealed; answers the file that user 1 has facts in, and what is in it.
fn seal_everybody(house: &House) -> (PathBuf, Vec<u8>) {
    for user in USERS {
        house.take(vec![event(user, "page_viewed", 0)]);
    }
    house.work(HOUR);
    let options = SealOptions { before: at(HOUR), at_least: 1, at_most: 100 };
    let (store, segments) = (house.live.store(), house.live.segments());
    assert_eq!(seal(store, segments, &options, at(HOUR)).expect("sealed").facts, USERS.len());
    let lead = house.lead("1");
    let text = lead.as_bytes().to_vec();
    let files = store.read(segment_files).expect("files");
    let paths = files.iter().map(|file| segments.directory().join(&file.file));
    let mut of_lead = paths.map(|path| (path.clone(), fs::read(path).expect("a file")));
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    of_lead.find(|(_, bytes)| holds(bytes)).expect("a file with the lead in it")
}

/// The same with that file damaged, after a restart; answers what was in it, too.
fn damaged() -> (House, PathBuf, Vec<u8>) {
    let house = House::new();
    let (path, whole) = seal_everybody(&house);
    let mut broken = whole.clone();
    broken[whole.len() / 2] ^= 0x10;
    fs::write(&path, &broken).expect("written");
    (house.restarted(), path, whole)
}

fn scores(house: &House) -> HashMap<&'static str, i64> {
    USERS.into_iter().map(|user| (user, house.score(user).score)).collect()
}

#[test]
fn leads_with_facts_in_a_damaged_file_keep_their_scores_and_all_others_are_scored() {
    for is_short in [false, true] {
        let (house, path, whole) = damaged();
        let settle = |user: &str| {
            if is_short {
                accept(&house.live, vec![event(user, "page_viewed", 2 * HOUR)]);
                house.live.open_short_way(true);
                house.live.pass(at(2 * HOUR)).expect("passed");
            } else {
                house.take(vec![event(user, "page_viewed", 2 * HOUR)]);
            }
        };
        USERS.into_iter().for_each(settle);
        house.work(2 * HOUR);
        assert_eq!(house.live.damaged_files().len(), 1, "{is_short}");
        let kept = scores(&house);
        assert_eq!(kept["1"], 10, "as it was");
        assert!(kept.values().filter(|score| **score == 20).count() >= 4, "{kept:?}");
        // Nothing is tried over and over, and time passes for the others.
        assert_eq!(house.work(3 * HOUR), 0);
        house.live.load_everyone().expect("everybody but those");
        house.live.tick(at(14 * DAY)).expect("a tick");
        house.work(14 * DAY);
        let sunk = scores(&house);
        assert_eq!(sunk["1"], 10);
        assert!(USERS.into_iter().all(|user| kept[user] == 10 || sunk[user] == 5), "{sunk:?}");

        fs::write(&path, &whole).expect("written");
        let house = house.restarted();
        assert!(house.live.try_unreadable().expect("tried") > 0);
        house.work(14 * DAY);
        assert!(scores(&house).values().all(|score| *score == 5), "{:?}", scores(&house));
        assert_eq!(house.live.damaged_files(), [""; 0]);
        assert_eq!(house.live.try_unreadable(), Ok(0));
    }
}

#[test]
fn what_is_taken_back_of_a_lead_whose_file_is_whole_again_counts_no_more() {
    let (house, path, whole) = damaged();
    let visit = |id: &str, millis: i64| {
        let report = Report { id: id.to_owned(), ..event("1", "page_viewed", millis) };
        accept(&house.live, vec![report]);
        house.live.settle().expect("settled");
        house.work(millis);
    };
    visit("second", 2 * HOUR);
    assert_eq!(house.score("1").score, 10, "set aside");
    // Nobody tells that the file is there again: the next visit finds out.
    fs::write(&path, &whole).expect("written");
    visit("third", 3 * HOUR);
    assert_eq!(house.score("1").score, 30);
    take_back(&house, "second".to_owned(), 4 * HOUR);
    visit("fourth", 4 * HOUR);
    assert_eq!(house.score("1").score, 30);
}
