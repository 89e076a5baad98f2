//! Imports of files.

use proptest::prelude::*;
use serde_json::json;
use store::imports::{self, Import, ImportError, ImportState, NewImport, Progress, Reject};

use crate::desk::{Desk, benches, minute, on_both};

fn import(desk: &mut Desk, id: &str) -> Import {
    let mapping = json!({"E-mail": "email"});
    let new = NewImport {
        id,
        name: "leads\r\n.csv",
        file: "files/1",
        format: "csv",
        mapping: &mapping,
        columns: imports::fingerprint(&["E-mail", "Name"]),
        total: Some(100),
        created_by: "ana",
    };
    desk.ok(|tx| imports::create(tx, &new, minute(0)))
}

fn rejects(rows: std::ops::Range<i64>) -> Vec<Reject> {
    let reject =
        |row| Reject { row, code: "no_name".to_owned(), message: "nobody\nnamed".to_owned() };
    rows.map(reject).collect()
}

fn advance(desk: &mut Desk, from: i64, to: i64, rejects: &[Reject]) -> Result<Import, ImportError> {
    let taken = to - from - rejects.len() as i64;
    let progress = Progress { from_row: from, to_row: to, taken, repeated: 0, rejects };
    desk.run(|tx| imports::advance(tx, "i", &progress))
}

#[test]
fn an_import_goes_from_preview_to_done_and_can_be_taken_back() {
    on_both(|desk| {
        let made = import(desk, "i");
        assert_eq!((made.state, made.name.as_str()), (ImportState::Previewed, "leads  .csv"));
        let mapping = json!({"E-mail": "email", "Name": "name"});
        desk.ok(|tx| imports::set_mapping(tx, "i", &mapping));
        desk.ok(|tx| imports::start(tx, "i", minute(1)));
        let changed = desk.run(|tx| imports::set_mapping(tx, "i", &json!({})));
        assert_eq!(changed, Err(ImportError::State { state: ImportState::Running }));
        advance(desk, 0, 60, &rejects(10..12)).expect("progress");
        let undone = desk.run(|tx| imports::undo(tx, "i", minute(2)));
        assert_eq!(undone, Err(ImportError::State { state: ImportState::Running }));
        desk.ok(|tx| imports::pause(tx, "i"));
        let refused = advance(desk, 60, 100, &[]);
        assert_eq!(refused, Err(ImportError::State { state: ImportState::Paused }));
        desk.ok(|tx| imports::resume(tx, "i"));
        advance(desk, 60, 90, &[]).expect("progress");
        let done = desk.ok(|tx| imports::finish(tx, "i", minute(3)));
        assert_eq!(done.mapping, mapping);
        assert_eq!((done.total, done.next_row, done.taken, done.rejected), (Some(90), 90, 88, 2));
        assert_eq!((done.started_at, done.finished_at), (Some(minute(1)), Some(minute(3))));
        let undone = desk.ok(|tx| imports::undo(tx, "i", minute(4)));
        assert_eq!((undone.state, undone.undone_at), (ImportState::Undone, Some(minute(4))));
        for refused in [
            desk.run(|tx| imports::undo(tx, "i", minute(5))),
            desk.run(|tx| imports::resume(tx, "i")),
            desk.run(|tx| imports::start(tx, "i", minute(5))),
        ] {
            assert_eq!(refused, Err(ImportError::State { state: ImportState::Undone }));
        }
        assert_eq!(desk.run(|tx| imports::pause(tx, "no")), Err(ImportError::Unknown));
    });
}

#[test]
fn a_failed_import_goes_on_where_it_was() {
    on_both(|desk| {
        import(desk, "i");
        desk.ok(|tx| imports::start(tx, "i", minute(1)));
        advance(desk, 0, 60, &[]).expect("progress");
        let failed = desk.ok(|tx| imports::fail(tx, "i", "the file is gone", minute(2)));
        assert_eq!(failed.failure.as_deref(), Some("the file is gone"));
        let resumed = desk.ok(|tx| imports::resume(tx, "i"));
        assert_eq!((resumed.next_row, resumed.failure, resumed.finished_at), (60, None, None));
        advance(desk, 60, 61, &[]).expect("progress");
    });
}

#[test]
fn rows_are_counted_once_and_must_add_up() {
    on_both(|desk| {
        import(desk, "i");
        desk.ok(|tx| imports::start(tx, "i", minute(1)));
        advance(desk, 0, 50, &[]).expect("progress");
        assert_eq!(advance(desk, 0, 50, &[]), Err(ImportError::Overtaken { next_row: 50 }));
        assert_eq!(advance(desk, 60, 70, &[]), Err(ImportError::Overtaken { next_row: 50 }));
        let progress = Progress { from_row: 50, to_row: 60, taken: 5, repeated: 4, rejects: &[] };
        let refused = desk.run(|tx| imports::advance(tx, "i", &progress));
        assert_eq!(refused, Err(ImportError::Sum { rows: 10, accounted: 9 }));
        let found = desk.ok(|tx| imports::find(tx, "i")).expect("the import");
        assert_eq!((found.next_row, found.taken), (50, 50));
    });
}

#[test]
fn very_many_rejects_are_kept_and_all_are_counted() {
    on_both(|desk| {
        let (most, half) = (imports::REJECTS_KEPT, imports::REJECTS_KEPT - 100);
        import(desk, "i");
        desk.ok(|tx| imports::start(tx, "i", minute(1)));
        advance(desk, 0, half, &rejects(0..half)).expect("progress");
        let import = advance(desk, half, most + 900, &rejects(half..most + 900)).expect("progress");
        assert_eq!(import.rejected, most + 900);
        let first = desk.ok(|tx| imports::rejects(tx, "i", -1, 2));
        assert_eq!(first.iter().map(|reject| reject.row).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(first[0].message, "nobody named");
        let last = desk.ok(|tx| imports::rejects(tx, "i", most - 3, 100));
        assert_eq!(last.iter().map(|reject| reject.row).collect::<Vec<_>>(), [most - 2, most - 1]);
    });
}

#[test]
fn a_mapping_is_remembered_for_files_with_the_same_columns() {
    on_both(|desk| {
        let columns = imports::fingerprint(&["E-mail", "Name"]);
        assert_eq!(columns, imports::fingerprint(&[" name", "E-MAIL "]));
        assert_ne!(columns, imports::fingerprint(&["E-mail"]));
        assert_ne!(columns, imports::fingerprint(&["E-mailName"]));
        assert_ne!(columns, imports::fingerprint(&["E-mail", "Name", "Name"]));
        assert_eq!(desk.ok(|tx| imports::remembered_mapping(tx, &columns)), None);
        for value in 1..3 {
            desk.ok(|tx| imports::remember_mapping(tx, &columns, &json!(value), minute(0)));
        }
        assert_eq!(desk.ok(|tx| imports::remembered_mapping(tx, &columns)), Some(json!(2)));
    });
}

#[test]
fn pages_show_the_newest_first() {
    on_both(|desk| {
        for id in ["a", "b", "c"] {
            import(desk, id);
        }
        let ids = |page: Vec<Import>| page.into_iter().map(|one| one.id).collect::<Vec<_>>();
        let first = desk.ok(|tx| imports::page(tx, None, 2));
        assert_eq!(ids(first), ["c", "b"]);
        let next = desk.ok(|tx| imports::page(tx, Some((minute(0), "b")), 2));
        assert_eq!(ids(next), ["a"]);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Two workers that both think the import theirs, and processes that end before they commit:
    /// every row is counted once.
    #[test]
    fn every_row_is_settled_once(
        steps in prop::collection::vec((0..2_usize, 1..20_i64, any::<bool>(), any::<bool>()), 1..40),
    ) {
        for bench in benches() {
            let desk = &mut Desk::at(&bench);
            import(desk, "i");
            desk.ok(|tx| imports::start(tx, "i", minute(0)));
            let (mut at, mut settled) = ([0_i64; 2], 0);
            for (worker, rows, looks, crashes) in steps.clone() {
                if looks {
                    at[worker] = desk.ok(|tx| imports::find(tx, "i")).expect("it").next_row;
                }
                let from = at[worker];
                let progress =
                    Progress { from_row: from, to_row: from + rows, taken: rows, repeated: 0, rejects: &[] };
                if crashes {
                    if from == settled {
                        desk.crash(|tx| imports::advance(tx, "i", &progress));
                    }
                    continue;
                }
                let outcome = desk.run(|tx| imports::advance(tx, "i", &progress));
                prop_assert_eq!(outcome.is_ok(), from == settled);
                if outcome.is_ok() {
                    settled += rows;
                    at[worker] = settled;
                }
            }
            let import = desk.ok(|tx| imports::find(tx, "i")).expect("it");
            prop_assert_eq!((import.next_row, import.taken), (settled, settled));
        }
    }
}

#[test]
fn an_import_is_forgotten_only_where_nothing_of_it_counts() {
    on_both(|desk| {
        import(desk, "i");
        let more = desk.ok(|tx| imports::set_total(tx, "i", Some(7)));
        assert_eq!(more.total, Some(7));
        assert!(desk.ok(|tx| imports::of_file(tx, "files/1")).is_some());
        desk.ok(|tx| imports::start(tx, "i", minute(1)));
        advance(desk, 0, 10, &rejects(2..4)).expect("progress");
        for state in [ImportState::Running, ImportState::Paused, ImportState::Done] {
            let refused = desk.run(|tx| imports::remove(tx, "i"));
            assert_eq!(refused, Err(ImportError::State { state }));
            match state {
                ImportState::Running => desk.ok(|tx| imports::pause(tx, "i")),
                ImportState::Paused => {
                    desk.ok(|tx| imports::resume(tx, "i"));
                    desk.ok(|tx| imports::finish(tx, "i", minute(2)))
                }
                _ => desk.ok(|tx| imports::undo(tx, "i", minute(3))),
            };
        }
        let removed = desk.ok(|tx| imports::remove(tx, "i"));
        assert_eq!(removed.file, "files/1");
        assert_eq!(desk.ok(|tx| imports::find(tx, "i")), None);
        assert!(desk.ok(|tx| imports::rejects(tx, "i", -1, 10)).is_empty());
        assert!(desk.ok(|tx| imports::of_file(tx, "files/1")).is_none());
        assert_eq!(desk.run(|tx| imports::remove(tx, "i")), Err(ImportError::Unknown));
        import(desk, "never");
        desk.ok(|tx| imports::remove(tx, "never"));
    });
}
