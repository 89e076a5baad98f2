//! How far the data reach.

use history::{Gathering, RosterBuilder};
use leads::batch::{Coded, EventBatch, FactId, LeadBatch, LeadIds};
use leads::{Timestamp, Value};

use crate::small::{Telling, day, history, lead, programs};

const VISITS: &str = "
model: visits
groups: [{group: All, criteria: [{name: Visits, event: visited, points: 10}]}]
";

#[test]
fn the_data_end_with_the_last_event_even_if_no_model_looks_at_it() {
    let (_, needs) = programs(&[VISITS], "won");
    let facts = [
        lead("a", 1.0).does("visited", day(20.0)).does("won", day(30.0)),
        lead("b", 1.0).does("newsletter_opened", day(90.0)).does("imported", day(10.0)),
    ];
    let history = history(&needs, &facts);
    assert_eq!(history.span(), (day(10.0), day(90.0)));
    assert_eq!(history.events(), 2, "what no model looks at is not kept");
}

/// The span after these events of leads by number, with ids where some are given.
fn span(events: &[(u64, &str, f64)], ids: Option<Vec<FactId>>) -> (Timestamp, Timestamp) {
    let (_, needs) = programs(&[VISITS], "won");
    let mut roster = RosterBuilder::new(&needs);
    roster.take(&LeadBatch {
        leads: LeadIds::Numbers(vec![1, 2]),
        created_at: vec![None; 2],
        traits: Vec::new(),
    });
    let gathering = Gathering::new(needs, roster.finish().0);
    let names = events.iter().map(|(_, name, _)| Some(Value::Text((*name).to_owned())));
    gathering.take(
        0,
        &EventBatch {
            leads: LeadIds::Numbers(events.iter().map(|(lead, ..)| *lead).collect()),
            names: Coded { values: names.collect(), codes: (0..events.len() as u32).collect() },
            at: events.iter().map(|(.., at)| day(*at)).collect(),
            ids,
            properties: Vec::new(),
        },
    );
    gathering.finish(1).into_history(1).span()
}

#[test]
fn events_of_strangers_and_repetitions_do_not_stretch_the_data() {
    let told =
        [(1, "visited", 20.0), (2, "opened", 40.0), (1, "visited", 60.0), (9, "visited", 90.0)];
    assert_eq!(span(&told, None), (day(20.0), day(60.0)));
    let id = |id: u128| FactId { id, content: 0 };
    let repeated = vec![
        id(7),
        FactId { id: FactId::NONE, content: 0 },
        id(7),
        FactId { id: FactId::NONE, content: 0 },
    ];
    assert_eq!(span(&told, Some(repeated)), (day(20.0), day(40.0)));
}
