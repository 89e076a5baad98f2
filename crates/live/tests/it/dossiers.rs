//! A lead that was scored a moment ago is scored as if everything about it were read anew.

use leads::{EmailAddress, MachineSign, Report, What, Who};
use live::{Live, LiveError};
use proptest::prelude::*;
use serde_json::json;
use store::facts::{Which, retract};
use store::scores::{LeadRow, ScoreRow, lead_row, scores_of};

use crate::house::{DAY, HOUR, House, accept, at, event, traits};

/// What happens; users are a few, so that they meet.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// So many visits, the first so long ago (ms; negative: ahead), each this long after the last.
    Visits {
        user: u8,
        ago: i64,
        apart: i64,
        visits: u8,
    },
    /// A visit under an id that others bear, too.
    Known {
        user: u8,
        id: u8,
        ago: i64,
    },
    Crawler {
        user: u8,
    },
    Title {
        user: u8,
        director: bool,
        ago: i64,
    },
    /// Both are named at once: they become one.
    Device {
        user: u8,
        device: u8,
    },
    Address {
        user: u8,
        address: u8,
        ago: i64,
    },
    Deal {
        user: u8,
        ago: i64,
        stage: bool,
    },
    /// What is said of a company, by whoever belongs to it; it may be that of an address.
    Company {
        user: u8,
        company: u8,
        size: u8,
        ago: i64,
    },
    /// Everything with this id is taken back.
    Retract {
        id: u8,
    },
    Tick,
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let user = 0_u8..3;
    let ago = prop_oneof![4 => Just(0), 3 => 0..3 * DAY, 1 => -2 * HOUR..0];
    let visits = (user.clone(), ago.clone(), 0..DAY, 1_u8..4)
        .prop_map(|(user, ago, apart, visits)| Step::Visits { user, ago, apart, visits });
    let known = (user.clone(), 0_u8..3, ago.clone()).prop_map(|(user, id, ago)| Step::Known {
        user,
        id,
        ago,
    });
    let title = (user.clone(), any::<bool>(), ago.clone())
        .prop_map(|(user, director, ago)| Step::Title { user, director, ago });
    let device = (user.clone(), 0_u8..2).prop_map(|(user, device)| Step::Device { user, device });
    let address = (user.clone(), 0_u8..3, ago.clone())
        .prop_map(|(user, address, ago)| Step::Address { user, address, ago });
    let company = (user.clone(), 0_u8..3, 0_u8..3, ago.clone())
        .prop_map(|(user, company, size, ago)| Step::Company { user, company, size, ago });
    let deal = (user.clone(), ago, any::<bool>()).prop_map(|(user, ago, stage)| Step::Deal {
        user,
        ago,
        stage,
    });
    let step = prop_oneof![
        8 => visits,
        3 => known,
        1 => user.prop_map(|user| Step::Crawler { user }),
        1 => title,
        1 => device,
        1 => address,
        1 => deal,
        2 => company,
        1 => (0_u8..3).prop_map(|id| Step::Retract { id }),
        2 => Just(Step::Tick),
    ];
    let passes = prop_oneof![Just(1), 1..HOUR, 1..5 * DAY];
    prop::collection::vec((step, passes), 1..14)
}

impl Step {
    /// What is reported of it.
    fn reports(&self, step: usize, now: i64) -> Vec<Report> {
        let user = |user: u8| format!("user {user}");
        let visit = |of: u8, millis: i64| event(&user(of), "page_viewed", millis);
        let mut reports = match self {
            Self::Visits { user, ago, apart, visits } => {
                (0..i64::from(*visits)).map(|visit| (*user, now - ago + visit * apart)).collect()
            }
            Self::Known { user, ago, .. } => vec![(*user, now - ago)],
            Self::Crawler { user } | Self::Device { user, .. } => vec![(*user, now)],
            _ => Vec::new(),
        }
        .into_iter()
        .map(|(of, millis)| visit(of, millis))
        .collect::<Vec<_>>();
        match self {
            Self::Known { id, .. } => reports[0].id = format!("known {id}"),
            Self::Crawler { .. } => {
                let sign = MachineSign { reason: "crawler".to_owned(), confidence: 90 };
                reports[0].machine = Some(sign);
            }
            Self::Device { user: of, device } => {
                let anonymous = Some(format!("device {device}"));
                let alone = Who { anonymous: anonymous.clone(), ..Who::default() };
                reports[0].who = Who { anonymous, user: Some(user(*of)), ..Who::default() };
                reports.push(Report { who: alone, ..visit(*of, now) });
            }
            Self::Title { user: of, director, ago } => {
                let title = if *director { "director" } else { "clerk" };
                reports.push(traits(&user(*of), &json!({ "title": title }), now - ago));
            }
            Self::Address { user: of, address, ago } => {
                let domain = ["rival.example", "gmail.com", "acme.example"][usize::from(*address)];
                let mut visit = visit(*of, now - ago);
                visit.who.email = EmailAddress::parse(&format!("user{of}@{domain}")).ok();
                reports.push(visit);
            }
            Self::Deal { user: of, ago, stage } => {
                let deal = leads::Deal {
                    id: format!("deal {of}"),
                    stage: if *stage { "offer" } else { "lost" }.to_owned(),
                    name: None,
                    amount_minor: Some(100_000),
                    currency: None,
                    owner: None,
                    properties: serde_json::Map::new(),
                };
                reports.push(Report { what: What::Deal(deal), ..visit(*of, now - ago) });
            }
            Self::Company { user, company, size, ago } => {
                let said = json!({"size": size, "domain": "acme.example"});
                let mut said = said.as_object().expect("an object").clone();
                if *company > 0 {
                    said.remove("domain");
                }
                let what = What::Group { group: format!("company {company}"), traits: said };
                reports.push(Report { what, ..visit(*user, now - ago) });
            }
            _ => {}
        }
        for (index, report) in reports.iter_mut().enumerate() {
            if !report.id.starts_with("known") {
                report.id = format!("report {step} {index}");
            }
            report.received_at = at(now);
        }
        reports
    }

    /// It comes in, and is neither settled nor scored.
    pub(crate) fn comes(&self, house: &House, step: usize, now: i64) {
        match self {
            Self::Tick => drop(house.live.tick(at(now)).expect("a tick")),
            Self::Retract { id } => {
                take_back(house, format!("known {id}"), now);
            }
            _ => accept(&house.live, self.reports(step, now)),
        }
    }

    fn happens(&self, house: &House, step: usize, now: i64) {
        self.comes(house, step, now);
        house.live.settle().expect("settled");
        house.work(now);
    }
}

/// Takes a fact back, and marks whom that concerns in the same commit.
pub(crate) fn take_back(house: &House, id: String, now: i64) {
    let segments = house.live.segments().clone();
    let taken = house.live.store().write(move |tx| {
        let leads = retract(tx, &segments, &Which::Ids(&[id]), at(now))?;
        Live::touch(tx, leads.iter().map(String::as_str), &format!("mark {now}"))?;
        Ok::<(), LiveError>(())
    });
    taken.expect("taken back");
}

/// Everything that is written about everybody, but for ids that a store has of its own.
pub(crate) fn written(house: &House) -> Vec<(Option<LeadRow>, Vec<ScoreRow>)> {
    let of = |user: u8| {
        let name = format!("user {user}");
        let kind = store::identity::IdentifierKind::User;
        let read = house.live.store().read(|tx| {
            let Some(lead) = store::identity::find_lead(tx, kind, &name)? else {
                return Ok((None, Vec::new()));
            };
            Ok::<_, store::DbError>((lead_row(tx, &lead)?, scores_of(tx, &lead)?))
        });
        let (mut row, mut scores) = read.expect("read");
        row.iter_mut().for_each(|row| row.lead.clone_from(&name));
        scores.iter_mut().for_each(|score| score.lead.clone_from(&name));
        (row, scores)
    };
    (0..3).map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn whoever_was_scored_a_moment_ago_is_scored_as_if_everything_were_read_anew(
        steps in steps(),
        goes_short in prop::collection::vec(any::<bool>(), 14),
    ) {
        let (remembers, mut forgets) = (House::new(), House::new());
        for house in [&remembers, &forgets] {
            house.live.load_everyone().expect("everyone");
        }
        let mut now = DAY;
        for (step, (what, passes)) in steps.iter().enumerate() {
            now += passes;
            // Else what is in the inbox were settled and scored once more.
            forgets.live.rest().expect("at rest");
            forgets = forgets.restarted();
            forgets.live.load_everyone().expect("everyone");
            what.comes(&remembers, step, now);
            if goes_short[step] {
                // Whoever has a mark and nothing new has no short way.
                remembers.live.pass(at(now)).expect("passed");
                prop_assert_eq!(remembers.live.settle(), Ok(0));
            }
            remembers.live.settle().expect("settled");
            remembers.work(now);
            what.happens(&forgets, step, now);
            prop_assert_eq!(written(&remembers), written(&forgets), "after step {} at {}", step, now);
        }
        // Of one instant, ids decide which stands first.
        let transitions = [&remembers, &forgets].map(|house| {
            let mut told = house.transitions();
            told.sort();
            told
        });
        prop_assert_eq!(&transitions[0], &transitions[1]);
    }
}

#[test]
fn a_visit_that_is_taken_back_before_the_next_one_does_not_count() {
    let house = House::new();
    let mut first = event("17", "page_viewed", 0);
    "first".clone_into(&mut first.id);
    accept(&house.live, vec![first]);
    assert_eq!((house.live.settle(), house.work(0)), (Ok(1), 1));
    // Taken back and marked, and then a visit: both before anybody is scored.
    take_back(&house, "first".to_owned(), 1);
    accept(&house.live, vec![event("17", "page_viewed", HOUR)]);
    assert_eq!((house.live.settle(), house.work(HOUR)), (Ok(1), 1));
    assert_eq!(house.score("17").score, 10);
}

#[test]
fn a_visit_that_turns_out_to_be_somebody_elses_counts_no_more() {
    let house = House::new();
    let known = |user: &str, millis: i64| {
        let id = "one and the same".to_owned();
        Report { id, ..event(user, "page_viewed", millis) }
    };
    accept(&house.live, vec![known("17", HOUR), event("17", "page_viewed", 2 * HOUR)]);
    assert_eq!((house.live.settle(), house.work(2 * HOUR)), (Ok(2), 1));
    assert_eq!(house.score("17").score, 20);
    // Of two facts with one id the earlier counts.
    accept(&house.live, vec![known("18", 0)]);
    assert_eq!((house.live.settle(), house.work(2 * HOUR)), (Ok(1), 2));
    assert_eq!((house.score("17").score, house.score("18").score), (10, 10));
}

#[test]
fn what_others_say_of_a_company_is_known_at_once() {
    let house = House::new();
    let mut visit = event("17", "page_viewed", 0);
    visit.who.email = EmailAddress::parse("ana@acme.example").ok();
    accept(&house.live, vec![visit]);
    assert_eq!((house.live.settle(), house.work(0)), (Ok(1), 1));
    let say = |group: &str, said: &serde_json::Value, millis: i64| {
        let traits = said.as_object().expect("an object").clone();
        let what = What::Group { group: group.to_owned(), traits };
        accept(&house.live, vec![Report { what, ..event("18", "", millis) }]);
        house.live.settle().expect("settled");
        house.work(millis)
    };
    let company = || {
        let lead = house.lead("17");
        let row = house.live.store().read(|tx| lead_row(tx, &lead)).expect("read").expect("a row");
        (row.company.unwrap_or_default(), row.traits)
    };
    assert_eq!(company().0, "acme.example");
    // The domain of the address becomes a company's: who has the address belongs to it.
    say("acme", &json!({"domain": "acme.example", "size": 40}), HOUR);
    assert_eq!(company().0, "acme");
    assert!(company().1.contains("40"), "{}", company().1);
    // Whoever said so is at a company that moves to another domain.
    say("acme", &json!({"domain": "acme.test"}), 2 * HOUR);
    assert_eq!(company().0, "acme.example");
    assert!(!company().1.contains("40"), "{}", company().1);
    accept(&house.live, vec![event("17", "page_viewed", 3 * HOUR)]);
    house.live.settle().expect("settled");
    house.work(3 * HOUR);
    assert_eq!(company().0, "acme.example");
}
