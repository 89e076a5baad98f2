//! What a person has agreed to.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use store::consent::{
    ConsentEvent, ConsentState, Joined, Standing, consent_state, consent_state_after_merges,
};

use crate::desk::minute;

/// An event that lives as long as the test.
#[derive(Clone, Debug)]
struct Said {
    at: i64,
    id: String,
    name: &'static str,
    properties: Map<String, Json>,
}

fn said(at: i64, name: &'static str, properties: &Json) -> Said {
    let properties = properties.as_object().cloned().unwrap_or_default();
    Said { at, id: format!("{at}-{name}-{properties:?}"), name, properties }
}

fn given(at: i64, purpose: &str, channel: &str) -> Said {
    said(at, "consent_given", &json!({"purpose": purpose, "channel": channel}))
}

fn withdrawn(at: i64, purpose: &str, channel: &str) -> Said {
    said(at, "consent_withdrawn", &json!({"purpose": purpose, "channel": channel}))
}

impl Said {
    fn event(&self) -> ConsentEvent<'_> {
        let Self { at, id, name, properties } = self;
        ConsentEvent { at: minute(*at), id, name, properties }
    }
}

fn fold(events: &[Said]) -> ConsentState {
    consent_state(events.iter().map(Said::event))
}

fn check(events: &[Said], purpose: &str, channel: &str, expected: &str) {
    assert_eq!(word(fold(events).standing(purpose, channel)), expected, "{events:?}");
}

fn word(standing: Standing<'_>) -> &'static str {
    match standing {
        Standing::Unknown => "unknown",
        Standing::Given(_) => "given",
        Standing::Withdrawn(_) => "withdrawn",
    }
}

#[test]
fn the_latest_statement_counts_and_silence_is_no_consent() {
    check(&[], "news", "email", "unknown");
    check(&[given(1, "news", "email")], "news", "email", "given");
    check(&[given(1, "news", "email")], "news", "sms", "unknown");
    check(&[given(1, "news", "email")], "offers", "email", "unknown");
    check(&[given(1, " News", "EMAIL ")], "news", "email", "given");
    check(
        &[given(1, "news", "email"), withdrawn(2, "news", "email")],
        "news",
        "email",
        "withdrawn",
    );
    check(&[given(3, "news", "email"), withdrawn(2, "news", "email")], "news", "email", "given");
    // At one instant the withdrawal counts, whichever came first.
    check(
        &[given(2, "news", "email"), withdrawn(2, "news", "email")],
        "news",
        "email",
        "withdrawn",
    );
    check(
        &[withdrawn(2, "news", "email"), given(2, "news", "email")],
        "news",
        "email",
        "withdrawn",
    );
    // Other events say nothing about consent, whatever they hold.
    check(&[said(1, "page_viewed", &json!({"purpose": "news"}))], "news", "email", "unknown");
}

#[test]
fn a_consent_is_never_broader_than_its_words_and_a_withdrawal_never_narrower() {
    let named = |name, properties| [said(1, name, &properties)];
    check(&named("consent_given", json!({})), "marketing", "email", "given");
    check(&named("consent_given", json!({})), "marketing", "sms", "unknown");
    check(&named("consent_given", json!({"purpose": "*"})), "marketing", "email", "unknown");
    check(&named("consent_given", json!({"purpose": 5})), "marketing", "email", "unknown");
    check(&named("consent_given", json!({"purpose": []})), "marketing", "email", "unknown");
    let two = json!({"purpose": ["news", "offers"], "channel": ["email", "sms"]});
    check(&named("consent_given", two.clone()), "offers", "sms", "given");

    let mut all = vec![said(1, "consent_given", &two)];
    all.push(said(2, "unsubscribed", &json!({"channel": "email"})));
    check(&all, "offers", "email", "withdrawn");
    check(&all, "anything", "email", "withdrawn");
    check(&all, "offers", "sms", "given");
    for general in [json!({}), json!({"purpose": "*", "channel": null}), json!({"channel": [7]})] {
        all.truncate(1);
        all.push(said(2, "consent_withdrawn", &general));
        check(&all, "offers", "sms", "withdrawn");
        check(&all, "anything", "post", "withdrawn");
    }
    // Something new may be agreed to after all was withdrawn.
    all.push(given(3, "news", "email"));
    check(&all, "news", "email", "given");
    check(&all, "offers", "email", "withdrawn");
}

#[test]
fn what_counts_comes_with_its_proof() {
    let proof = json!({"purpose": "news", "text": "v3", "source": "form:contact"});
    let state = fold(&[said(1, "consent_given", &proof), given(0, "news", "email")]);
    let Standing::Given(statement) = state.standing("news", "email") else { panic!("{state:?}") };
    assert_eq!(statement.at, minute(1));
    assert_eq!(statement.properties["text"], "v3");
    let all: Vec<_> = state.all().map(|(purpose, channel, _)| (purpose, channel)).collect();
    assert_eq!(all, [(Some("news"), Some("email"))]);
}

/// What counts for the purpose `news` by e-mail after `a` and `b` were brought together.
fn merged(events: &[(&str, Said)], merge_at: i64) -> &'static str {
    let merges = [Joined { at: minute(merge_at), into: "a", from: "b" }];
    let of = |lead| {
        let events = events.iter().map(|(of, said)| (*of, said.event()));
        word(consent_state_after_merges(lead, events, &merges).standing("news", "email"))
    };
    assert_eq!(of("a"), of("b"));
    of("a")
}

#[test]
fn leads_that_are_brought_together_keep_the_stricter_word_until_a_new_one() {
    let mut events = vec![("a", withdrawn(1, "news", "email")), ("b", given(2, "news", "email"))];
    assert_eq!(merged(&events, 3), "withdrawn", "b's later consent is not a's");
    assert_eq!(merged(&events, 1), "given", "said about both, after they were one");
    events.push(("b", given(4, "news", "email")));
    assert_eq!(merged(&events, 3), "given", "a new word about the lead that is one now");
    assert_eq!(
        merged(&[("b", given(2, "news", "email"))], 3),
        "given",
        "silence withdraws nothing"
    );
    // Said at the instant of the merge is said before it.
    assert_eq!(merged(&events, 4), "withdrawn");
    let general = [("a", said(1, "unsubscribed", &json!({}))), ("b", given(2, "news", "email"))];
    assert_eq!(merged(&general, 3), "withdrawn");
}

fn any_said() -> impl Strategy<Value = Said> {
    let place = || prop::sample::select(vec!["a", "b", "*"]);
    (0..6_i64, 0..3_usize, place(), place(), any::<u8>()).prop_map(
        |(at, name, purpose, channel, id)| {
            let name = store::consent::EVENT_NAMES[name];
            let mut said = said(at, name, &json!({"purpose": purpose, "channel": channel}));
            said.id = format!("{id}-{}", said.id);
            said
        },
    )
}

fn standings(state: &ConsentState) -> Vec<&'static str> {
    let places = ["a", "b", "c"];
    let pairs = places.iter().flat_map(|one| places.iter().map(move |two| (one, two)));
    pairs.map(|(purpose, channel)| word(state.standing(purpose, channel))).collect()
}

proptest! {
    #[test]
    fn the_order_and_repetition_of_events_do_not_matter(
        events in prop::collection::vec(any_said(), 0..8),
        order in any::<prop::sample::Index>(),
        leads in prop::collection::vec(0..3_usize, 8),
        merges in prop::collection::vec((0..6_i64, 0..3_usize, 0..3_usize), 0..3),
    ) {
        let mut shuffled = events.clone();
        shuffled.reverse();
        let around = order.index(shuffled.len().max(1));
        if around < shuffled.len() {
            shuffled.rotate_left(around);
            shuffled.push(shuffled[0].clone());
        }
        prop_assert_eq!(fold(&events), fold(&shuffled));

        let names = ["x", "y", "z"];
        let lead_of = |said: &Said| {
            let at = events.iter().position(|other| other.id == said.id).expect("its event");
            names[leads[at]]
        };
        let mut joined: Vec<Joined<'_>> = merges
            .iter()
            .map(|(at, into, from)| Joined { at: minute(*at), into: names[*into], from: names[*from] })
            .collect();
        let one = consent_state_after_merges(
            "x", events.iter().map(|said| (lead_of(said), said.event())), &joined);
        joined.reverse();
        let two = consent_state_after_merges(
            "x", shuffled.iter().map(|said| (lead_of(said), said.event())), &joined);
        prop_assert_eq!(standings(&one), standings(&two));
    }

    #[test]
    fn the_strictest_of_two_states_is_the_strictest_everywhere(
        one in prop::collection::vec(any_said(), 0..6),
        two in prop::collection::vec(any_said(), 0..6),
        three in prop::collection::vec(any_said(), 0..6),
    ) {
        let (one, two, three) = (fold(&one), fold(&two), fold(&three));
        let both = one.strictest(&two);
        let expected: Vec<&str> = standings(&one).into_iter().zip(standings(&two)).map(|pair| match pair {
            ("withdrawn", _) | (_, "withdrawn") => "withdrawn",
            ("given", _) | (_, "given") => "given",
            _ => "unknown",
        }).collect();
        prop_assert_eq!(standings(&both), expected);
        prop_assert_eq!(standings(&both), standings(&two.strictest(&one)));
        let left = both.strictest(&three);
        let right = one.strictest(&two.strictest(&three));
        prop_assert_eq!(standings(&left), standings(&right));
    }

    /// Of one lead alone: given means that the last word that covers it gives.
    #[test]
    fn a_consent_counts_exactly_when_nothing_later_withdraws_it(
        events in prop::collection::vec(any_said(), 0..8),
    ) {
        let covers = |said: &Said, purpose: &str, channel: &str| {
            let fits = |name: &str, wanted: &str| said.properties[name] == wanted
                || (said.properties[name] == "*" && said.name != "consent_given");
            fits("purpose", purpose) && fits("channel", channel)
        };
        let state = fold(&events);
        for (purpose, channel) in [("a", "a"), ("a", "b"), ("c", "a")] {
            let covering = events.iter().filter(|said| covers(said, purpose, channel));
            let last = covering.map(|said| (said.at, said.name != "consent_given")).max();
            let expected = match last {
                None => "unknown",
                Some((_, true)) => "withdrawn",
                Some((_, false)) => "given",
            };
            prop_assert_eq!(word(state.standing(purpose, channel)), expected);
        }
    }
}
