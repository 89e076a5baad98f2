//! Lists of leads, sums per company, transitions, models.

use store::DbError;
use store::scores::{
    Cell, Filter, LeadQuery, LeadRow, ModelError, Order, Rollup, RollupOrder, ScoreRow, Transition,
    TransitionKind, TransitionQuery, VersionState, activations, active_at, add_draft,
    add_transition, companies, count_by, count_lead_rows, count_leads, delete_segment, forget_lead,
    last_transition, lead_row, leads_of_company, leads_where, make_primary, models, put_lead,
    put_model, put_scores, put_segment, ranked, saved_segments, scored_at, scores_of, set_state,
    transition_number, transitions, transitions_after, version, versions,
};

use crate::support::reports::minute;
use crate::support::{Bench, on_both, start};

fn lead(number: i64) -> LeadRow {
    LeadRow {
        lead: format!("lead{number:02}"),
        email: Some(format!("ana{number}@acme.com")),
        name: Some(format!("Ana Ștefănescu {number}")),
        company: (number % 3 > 0).then(|| format!("c{}", number % 3)),
        country: Some(if number % 2 == 0 { "ES" } else { "RO" }.to_owned()),
        owner: (number == 4).then(|| "eva".to_owned()),
        last_seen_at: Some(minute(number)),
        traits: "{}".to_owned(),
        ..LeadRow::default()
    }
}

fn score(number: i64, score: i64) -> ScoreRow {
    ScoreRow {
        model: "b2b".to_owned(),
        lead: format!("lead{number:02}"),
        version: 1,
        score,
        fit: score / 2,
        engagement: score - score / 2,
        grade: Some("A1".to_owned()),
        bracket: Some(if score >= 50 { "hot" } else { "cold" }.to_owned()),
        stage: (score >= 60).then(|| "marketing_qualified".to_owned()),
        held: (score >= 60).then(|| r#"["marketing_qualified"]"#.to_owned()),
        disqualified: (number == 7).then(|| "Competitor".to_owned()),
        at_stake: 100,
        priority: 1000 - number,
        scored_at: start(),
    }
}

/// Leads 0 to 9 with scores 0, 10, .. 90; 3 and 4 are equal at 40.
fn ten(bench: &Bench) {
    bench
        .store
        .write(|tx| {
            let scores: Vec<ScoreRow> =
                (0..10).map(|n| score(n, if n == 3 { 40 } else { n * 10 })).collect();
            put_scores(tx, &scores)?;
            (0..10).try_for_each(|number| put_lead(tx, &lead(number), start()))
        })
        .unwrap_or_else(|error: DbError| panic!("{error}"));
}

fn numbers(bench: &Bench, query: &LeadQuery) -> Vec<i64> {
    let page = bench.store.read(|tx| ranked(tx, query));
    let page = page.unwrap_or_else(|error: DbError| panic!("{error}"));
    page.iter()
        .map(|row| row.lead.lead.trim_start_matches("lead").parse().expect("a number"))
        .collect()
}

fn with(filter: Filter) -> LeadQuery {
    LeadQuery { model: "b2b".to_owned(), filters: vec![filter], limit: 100, ..LeadQuery::default() }
}

#[test]
fn leads_come_in_the_order_of_their_scores_page_by_page() {
    on_both(|bench| {
        ten(bench);
        for (order, expected) in [
            (Order::Score, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            (Order::Priority, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ] {
            let mut query =
                LeadQuery { model: "b2b".to_owned(), order, limit: 3, ..LeadQuery::default() };
            let mut all = Vec::new();
            loop {
                let page = bench.store.read(|tx| ranked(tx, &query));
                let page = page.unwrap_or_else(|error: DbError| panic!("{error}"));
                let Some(last) = page.last() else { break };
                query.after = Some(last.key(order));
                all.extend(page.iter().map(|row| row.lead.lead.clone()));
            }
            let expected: Vec<String> = expected.iter().map(|n| format!("lead{n:02}")).collect();
            assert_eq!(all, expected);
        }
        let other = LeadQuery { model: "other".to_owned(), limit: 9, ..LeadQuery::default() };
        assert_eq!(numbers(bench, &other), Vec::<i64>::new());
    });
}

#[test]
fn lists_are_filtered_by_everything_that_they_show() {
    on_both(|bench| {
        ten(bench);
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        for (filter, expected) in [
            (Filter::Bracket(list(&["hot"])), vec![9, 8, 7, 6, 5]),
            (Filter::Bracket(list(&["hot", "cold"])), vec![9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            (Filter::Bracket(Vec::new()), vec![]),
            (Filter::Stage(list(&["marketing_qualified"])), vec![9, 8, 7, 6]),
            (Filter::NoStage, vec![5, 4, 3, 2, 1, 0]),
            (Filter::Grade(list(&["B2"])), vec![]),
            (Filter::Owner("eva".to_owned()), vec![4]),
            (Filter::NoOwner, vec![9, 8, 7, 6, 5, 3, 2, 1, 0]),
            (Filter::Company("c1".to_owned()), vec![7, 4, 1]),
            (Filter::Country(list(&["ES"])), vec![8, 6, 4, 2, 0]),
            (Filter::ScoreAtLeast(70), vec![9, 8, 7]),
            (Filter::ScoreAtMost(10), vec![1, 0]),
            (Filter::Disqualified(true), vec![7]),
            (Filter::Disqualified(false), vec![9, 8, 6, 5, 4, 3, 2, 1, 0]),
            (Filter::SeenSince(minute(8)), vec![9, 8]),
            (Filter::Leads(list(&["lead03", "no such"])), vec![3]),
            (Filter::Text("ȘTEFĂNESCU 5".to_owned()), vec![5]),
            (Filter::Text(" ana7@ACME".to_owned()), vec![7]),
            (Filter::Text("%".to_owned()), vec![]),
            (Filter::Text("a_a".to_owned()), vec![]),
            (Filter::Text("\\".to_owned()), vec![]),
        ] {
            let query = with(filter.clone());
            assert_eq!(numbers(bench, &query), expected, "{filter:?}");
            let filters = [filter];
            let (count, leads) = bench
                .store
                .read(|tx| {
                    Ok::<_, DbError>((
                        count_leads(tx, "b2b", &filters)?,
                        leads_where(tx, "b2b", &filters)?,
                    ))
                })
                .expect("a count");
            assert_eq!(count as usize, expected.len());
            assert_eq!(leads.len(), expected.len());
        }
        let hot = [Filter::ScoreAtLeast(40)];
        let by = |cell| {
            let mut counts =
                bench.store.read(|tx| count_by(tx, "b2b", &hot, cell)).expect("counts");
            counts.sort();
            counts
        };
        assert_eq!(by(Cell::Bracket), [(Some("cold".to_owned()), 2), (Some("hot".to_owned()), 5)]);
        assert_eq!(by(Cell::Stage), [(None, 3), (Some("marketing_qualified".to_owned()), 4)]);
        assert_eq!(by(Cell::Owner), [(None, 6), (Some("eva".to_owned()), 1)]);
    });
}

#[test]
fn scores_are_written_over_and_forgotten() {
    on_both(|bench| {
        ten(bench);
        let twice = [score(1, 77), score(1, 78)];
        let written: Result<(), DbError> = bench.store.write(move |tx| {
            put_scores(tx, &twice)?;
            put_lead(tx, &LeadRow { owner: Some("ion".to_owned()), ..lead(1) }, minute(1))
        });
        written.expect("written");
        let scores = bench.store.read(|tx| scores_of(tx, "lead01")).expect("scores");
        assert_eq!(scores, [score(1, 78)]);
        let row = bench.store.read(|tx| lead_row(tx, "lead01")).expect("read").expect("a lead");
        assert_eq!(row.owner.as_deref(), Some("ion"));
        let scored_at = |model| bench.store.read(|tx| scored_at(tx, model, "lead01"));
        assert_eq!((scored_at("b2b"), scored_at("other")), (Ok(Some(start())), Ok(None)));
        assert_eq!(bench.store.read(count_lead_rows), Ok(10));
        bench.store.write(|tx| forget_lead(tx, "lead01")).expect("forgotten");
        assert_eq!(bench.store.read(|tx| scores_of(tx, "lead01")).expect("scores"), []);
        assert_eq!(bench.store.read(|tx| lead_row(tx, "lead01")), Ok(None));
        assert_eq!((scored_at("b2b"), bench.store.read(count_lead_rows)), (Ok(None), Ok(9)));
        let rest = bench.store.read(|tx| count_leads(tx, "b2b", &[]));
        assert_eq!(rest, Ok(9));
    });
}

#[test]
fn companies_are_ranked_by_what_their_leads_come_to() {
    on_both(|bench| {
        ten(bench);
        // c1: 10, 40 and 70 (disqualified); c2: 20, 50, 80.
        let mut rollup = Rollup {
            model: "b2b".to_owned(),
            order: RollupOrder::Top,
            top: 2,
            threshold: 40,
            company: None,
            text: None,
            after: None,
            limit: 1,
        };
        let page = |rollup: &Rollup| bench.store.read(|tx| companies(tx, rollup)).expect("a page");
        let first = page(&rollup);
        let row = &first[0];
        assert_eq!((row.company.as_str(), row.leads, row.sum, row.best), ("c2", 3, 150, 80));
        assert_eq!((row.top, row.breadth), (130, 2));
        assert_eq!(row.last_seen_at, Some(minute(8)));
        rollup.after = Some(row.key(RollupOrder::Top));
        let second = page(&rollup);
        let row = &second[0];
        assert_eq!((row.company.as_str(), row.leads, row.sum, row.best), ("c1", 2, 50, 40));
        assert_eq!((row.top, row.breadth), (50, 1));
        rollup.after = Some(row.key(RollupOrder::Top));
        assert_eq!(page(&rollup), []);
        for order in [RollupOrder::Sum, RollupOrder::Best, RollupOrder::Breadth] {
            let all = page(&Rollup { order, after: None, limit: 9, ..rollup.clone() });
            let names: Vec<&str> = all.iter().map(|row| row.company.as_str()).collect();
            assert_eq!(names, ["c2", "c1"], "{order:?}");
        }
        let one = page(&Rollup { company: Some("c1".to_owned()), after: None, ..rollup });
        assert_eq!(one.len(), 1);
        let leads = bench.store.read(|tx| leads_of_company(tx, "c1"));
        assert_eq!(leads, Ok(vec!["lead01".to_owned(), "lead04".to_owned(), "lead07".to_owned()]));
    });
}

fn transition(id: &str, lead: &str, at: i64, kind: TransitionKind) -> Transition {
    Transition {
        id: id.to_owned(),
        model: "b2b".to_owned(),
        version: 1,
        lead: lead.to_owned(),
        at: minute(at),
        recorded_at: minute(at + 1),
        kind,
        from: Some("cold".to_owned()),
        to: None,
        reason: "Pricing page".to_owned(),
        score: 50,
        card: Some("{}".to_owned()),
    }
}

#[test]
fn transitions_are_told_by_lead_and_by_time_and_never_twice() {
    on_both(|bench| {
        use TransitionKind::{Bracket, StageEntered};
        let all = [
            transition("t1", "lead01", 1, StageEntered),
            transition("t2", "lead01", 2, Bracket),
            transition("t3", "lead02", 2, StageEntered),
        ];
        let add = |transition: Transition| {
            bench.store.write(move |tx| add_transition(tx, &transition)).expect("an answer")
        };
        assert_eq!(all.clone().map(add), [true; 3], "they are new");
        let again = all.clone().map(|again| Transition { score: 51, ..again });
        assert_eq!(again.map(add), [false; 3], "they are there already");
        let page = |query: TransitionQuery| {
            let found = bench.store.read(|tx| transitions(tx, &query)).expect("transitions");
            found.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        let every = TransitionQuery { limit: 10, ..TransitionQuery::default() };
        assert_eq!(page(every.clone()), ["t3", "t2", "t1"]);
        let of_lead = TransitionQuery { lead: Some("lead01".to_owned()), ..every.clone() };
        assert_eq!(page(of_lead), ["t2", "t1"]);
        let entered = TransitionQuery { kind: Some(StageEntered), ..every.clone() };
        assert_eq!(page(entered), ["t3", "t1"]);
        let behind =
            TransitionQuery { before: Some((minute(2), "t3".to_owned())), ..every.clone() };
        assert_eq!(page(behind), ["t2", "t1"]);
        let from = TransitionQuery { from: Some(minute(2)), ..every.clone() };
        assert_eq!(page(from), ["t3", "t2"]);
        assert_eq!(
            page(TransitionQuery { model: Some("other".to_owned()), ..every.clone() }),
            Vec::<String>::new()
        );
        let read = bench.store.read(|tx| transitions(tx, &every)).expect("transitions");
        assert_eq!(read[2], all[0]);
        let behind = |after: i64, model: Option<&str>| {
            let found = bench.store.read(|tx| transitions_after(tx, after, model, 2));
            let found = found.expect("transitions").into_iter();
            found.map(|(number, row)| (number, row.id)).collect::<Vec<_>>()
        };
        let (t1, t2, t3) = ((1, "t1".to_owned()), (2, "t2".to_owned()), (3, "t3".to_owned()));
        assert_eq!(behind(0, None), [t1, t2], "in the order in which they were written down");
        assert_eq!(behind(2, Some("b2b")), [t3]);
        assert_eq!(behind(0, Some("other")), []);
        assert_eq!(bench.store.read(last_transition).expect("a number"), 3);
        let number = bench.store.read(|tx| transition_number(tx, "t3")).expect("an answer");
        assert_eq!(number, Some(3));
    });
}

#[test]
fn a_model_tells_which_version_was_active_when() {
    on_both(|bench| {
        let made = bench.store.write(|tx| {
            put_model(tx, "b2b", "acquisition", minute(0))?;
            put_model(tx, "loyal", "loyalty", minute(0))?;
            let first = add_draft(tx, "b2b", "one", "", "eva", minute(1))?;
            let second = add_draft(tx, "b2b", "two", "better", "eva", minute(2))?;
            Ok::<_, ModelError>((first, second))
        });
        assert_eq!(made.expect("two versions"), (1, 2));
        let set = |number, state, at| {
            bench.store.write(move |tx| set_state(tx, "b2b", number, state, "ion", minute(at)))
        };
        let active = |at| {
            let found = bench.store.read(|tx| active_at(tx, "b2b", minute(at))).expect("read");
            found.map(|version| version.document)
        };
        set(1, VersionState::Active, 10).expect("active");
        set(2, VersionState::Shadow, 11).expect("shadow");
        set(2, VersionState::Active, 20).expect("active");
        // Back to the first.
        set(1, VersionState::Active, 30).expect("active");
        assert_eq!(active(9), None);
        assert_eq!((active(10), active(19)), (Some("one".to_owned()), Some("one".to_owned())));
        assert_eq!((active(20), active(29)), (Some("two".to_owned()), Some("two".to_owned())));
        assert_eq!(active(30), Some("one".to_owned()));
        let intervals = bench.store.read(|tx| activations(tx, "b2b")).expect("intervals");
        let spans: Vec<_> = intervals
            .iter()
            .map(|interval| (interval.version, interval.from, interval.to))
            .collect();
        assert_eq!(
            spans,
            [
                (1, minute(10), Some(minute(20))),
                (2, minute(20), Some(minute(30))),
                (1, minute(30), None)
            ]
        );
        let states: Vec<_> = bench
            .store
            .read(|tx| versions(tx, "b2b"))
            .expect("versions")
            .into_iter()
            .map(|version| (version.version, version.state))
            .collect();
        assert_eq!(states, [(2, VersionState::Retired), (1, VersionState::Active)]);

        assert!(matches!(set(1, VersionState::Draft, 40), Err(ModelError::WasInUse { .. })));
        assert!(matches!(set(3, VersionState::Active, 40), Err(ModelError::NoVersion { .. })));
        assert!(matches!(set(2, VersionState::Active, 5), Err(ModelError::ClockWentBack { .. })));
        assert_eq!(active(40), Some("one".to_owned()), "what failed changed nothing");
        // Taking the active one out of use leaves none.
        set(1, VersionState::Retired, 50).expect("retired");
        assert_eq!((active(49), active(50)), (Some("one".to_owned()), None));
        let first = bench.store.read(|tx| version(tx, "b2b", 1)).expect("read").expect("a version");
        assert_eq!((first.activated_at, first.retired_at), (Some(minute(30)), Some(minute(50))));

        let primary = || -> Vec<String> {
            let all = bench.store.read(models).expect("models");
            all.into_iter().filter(|model| model.is_primary).map(|model| model.name).collect()
        };
        assert_eq!(primary(), ["b2b"]);
        bench.store.write(|tx| make_primary(tx, "loyal")).expect("primary");
        assert_eq!(primary(), ["loyal"]);
        let unknown = bench.store.write(|tx| make_primary(tx, "no such"));
        assert!(matches!(unknown, Err(ModelError::NoModel(_))));
    });
}

#[test]
fn a_saved_segment_has_a_name_of_its_own() {
    on_both(|bench| {
        let put = |id: &'static str, name: &'static str, at| {
            bench.store.write(move |tx| put_segment(tx, id, name, "{}", "eva", minute(at)))
        };
        put("s1", "Hot in Spain", 1).expect("saved");
        put("s2", "Quiet", 2).expect("saved");
        assert!(matches!(put("s3", "Quiet", 3), Err(DbError::Exists(_))));
        put("s1", "Spain", 4).expect("changed");
        let all = bench.store.read(saved_segments).expect("segments");
        let told: Vec<_> = all
            .iter()
            .map(|segment| (segment.name.as_str(), segment.created_at, segment.updated_at))
            .collect();
        assert_eq!(told, [("Quiet", minute(2), minute(2)), ("Spain", minute(1), minute(4))]);
        assert_eq!(bench.store.write(|tx| delete_segment(tx, "s1")), Ok(true));
        assert_eq!(bench.store.write(|tx| delete_segment(tx, "s1")), Ok(false));
    });
}
