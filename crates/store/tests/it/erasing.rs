//! Somebody who asks to be forgotten is, everywhere, for good.

use std::fs;
use std::path::Path;

use leads::{Report, Timestamp};
use serde_json::json;
use store::erase::{EraseError, Erasure, ErasureRequest, erase, erasures, export};
use store::erase_again::{EraseAgainError, erase_again, erased_list};
use store::facts::{Outcome, Refusal};
use store::idempotency::{self, Answer, IdempotencyKey, idempotent};
use store::identity::is_lead;
use store::retention;
use store::scores::{LeadRow, put_lead};
use store::segments::{SealOptions, compact, seal, verify};
use store::webhooks::{self, Message};
use store::{DbError, Digest, SegmentError, Tx};

use crate::support::reports::{alias, minute, public, saying, seen, traits};
use crate::support::{Bench, enqueue, listen, on_both, start};

fn forget(bench: &Bench, lead: &str) -> Result<Erasure, EraseError> {
    let request = ErasureRequest {
        lead: lead.to_owned(),
        reason: "Article 17".to_owned(),
        requested_by: "user:eva".to_owned(),
        id: format!("erasure of {lead}"),
    };
    erase(&bench.store, &bench.segments, &request, minute(9000))
}

/// Ana, with a device of her own and one that she shares with Bob, hot and sealed.
fn fill(bench: &Bench) -> String {
    let mut reports: Vec<Report> =
        (0..30).map(|n| seen(&format!("b{n:02}"), n, &format!("u:b{n}"))).collect();
    reports.extend([
        public("a1", 1, "a:phone-of-ana"),
        public("a2", 2, "a:tablet"),
        public("a3", 3, "a:phone-of-ana e:ana.secretname@acme.com"),
        public("a4", 4, "a:tablet e:ana.secretname@acme.com"),
        public("b98", 5, "a:tablet e:bob@acme.com"),
        saying(
            seen("a5", 6, "u:ana-17 e:ana.secretname@acme.com"),
            traits(json!({"city": "Secretville"})),
        ),
    ]);
    bench.take(&reports);
    let options = SealOptions { before: minute(60), at_least: 1, at_most: 1000 };
    seal(&bench.store, &bench.segments, &options, minute(100)).expect("sealed");
    bench.take(&[seen("a6", 70, "u:ana-17"), seen("b99", 71, "u:b1")]);
    let lead = bench.lead("u:ana-17").expect("a lead");
    let row = LeadRow {
        lead: lead.clone(),
        name: Some("Ana Secretname".to_owned()),
        traits: "{}".to_owned(),
        ..LeadRow::default()
    };
    bench.store.write(move |tx| put_lead(tx, &row, start())).expect("a row");
    tell(bench, &lead);
    lead
}

/// What goes out about a lead: a message that waits to be sent, and an answer that may be repeated.
fn tell(bench: &Bench, lead: &str) {
    let lead = lead.to_owned();
    let said = r#"{"name":"Ana Secretname"}"#;
    let job = move |tx: &mut Tx<'_>| {
        listen(tx)?;
        for (id, about, payload) in [("m1", lead.as_str(), said), ("m2", "another", "{}")] {
            let message = Message { id, event_type: "lead.created", about: Some(about), payload };
            enqueue(tx, &[message], start())?;
        }
        let key = IdempotencyKey::parse("k").map_err(|_| DbError::NoRow)?;
        idempotent(tx, "eva", &key, &Digest::of(b"r"), start(), |_| {
            Ok(Answer {
                status: 201,
                body: said.as_bytes().to_vec(),
                about: Some(lead.clone()),
                version: None,
            })
        })
    };
    bench.store.write::<_, DbError>(job).expect("told");
}

#[test]
fn nothing_more_is_told_of_who_is_erased() {
    on_both(|bench| {
        let lead = fill(bench);
        forget(bench, &lead).expect("erased");
        let claims = bench
            .store
            .write(|tx| webhooks::claim(tx, minute(9001), 10, minute(9002)))
            .expect("claims");
        let messages: Vec<&str> = claims.iter().map(|claim| claim.message.as_str()).collect();
        assert_eq!(messages, ["m2"]);
        let key = IdempotencyKey::parse("k").expect("a key");
        let again = bench.store.write(move |tx| {
            idempotent(tx, "eva", &key, &Digest::of(b"r"), minute(2), |_| Err(DbError::NoRow))
        });
        let gone = Answer { status: 410, body: Vec::new(), about: None, version: None };
        assert_eq!(again, Ok(idempotency::Outcome::Replayed(gone)));
    });
}

/// Whether a text occurs in any file below a directory.
fn occurs(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(occurs(&path, text));
        } else if fs::read(&path)
            .expect("a file")
            .windows(text.len())
            .any(|at| at == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn who_is_erased_is_gone_from_files_that_were_joined_into_others() {
    on_both(|bench| {
        let lead = fill(bench);
        for round in 0..9 {
            bench.take(&[seen(&format!("r{round}"), 10 + round, "u:ana-17")]);
            let options = SealOptions { before: minute(60), at_least: 1, at_most: 1000 };
            seal(&bench.store, &bench.segments, &options, minute(100)).expect("sealed");
        }
        assert!(compact(&bench.store, &bench.segments, minute(101)).expect("joined") > 0);
        forget(bench, &lead).unwrap_or_else(|error| panic!("{error}"));
        let there = fs::read_dir(bench.segments.directory()).expect("a directory").count();
        let found = bench.store.read(|tx| verify(tx, &bench.segments, &mut |_| {}));
        let found = found.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.damages, []);
        assert_eq!(there, found.files, "nothing else is there");
    });
}

#[test]
fn who_is_erased_is_gone_from_rows_files_and_log_and_others_stay() {
    on_both(|bench| {
        let lead = fill(bench);
        let others: usize = bench.partition().len() - 1;
        let others_facts: Vec<Vec<String>> = bench
            .partition()
            .into_iter()
            .filter(|facts| !facts.iter().any(|fact| fact.contains(" a1 ")))
            .collect();
        let erasure = forget(bench, &lead).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((erasure.facts, erasure.identifiers), (6, 4));
        assert_eq!(bench.partition().len(), others);
        assert_eq!(bench.partition().into_iter().collect::<Vec<_>>(), others_facts);
        for name in
            ["u:ana-17", "e:ana.secretname@acme.com", "a:phone-of-ana", &format!("l:{lead}")]
        {
            assert_eq!(bench.lead(name), None, "{name}");
        }
        assert_eq!(bench.store.read(|tx| is_lead(tx, &lead)), Ok(false));
        if bench.store.file().is_some() {
            for text in ["secretname", "Secretname", "Secretville", "ana-17", "phone-of-ana"] {
                let found = occurs(bench.directory.path(), text);
                assert!(found.is_empty(), "{text} is still in {found:?}");
            }
        }
        let found =
            bench.store.read(|tx| verify(tx, &bench.segments, &mut |_| {})).expect("a check");
        assert_eq!(found.damages, []);
        assert_eq!(bench.store.read(erasures), Ok(vec![erasure]));
        assert!(matches!(forget(bench, &lead), Err(EraseError::NoLead(_))));
    });
}

#[test]
fn who_was_erased_is_not_taken_in_again_and_the_list_tells_nobody_who() {
    on_both(|bench| {
        let lead = fill(bench);
        forget(bench, &lead).unwrap_or_else(|error| panic!("{error}"));
        let refused = Outcome::Refused(Refusal::Suppressed);
        for report in [
            seen("a6", 70, "u:ana-17"),
            seen("new", 80, "e:Ana.SecretName@acme.com"),
            public("new", 80, "a:phone-of-ana"),
            seen("new", 80, &format!("l:{lead}")),
            seen("new", 80, "u:b1 e:ana.secretname@acme.com"),
            saying(seen("new", 80, "u:b1"), alias("ana-17")),
        ] {
            let taken = bench.take(std::slice::from_ref(&report));
            assert_eq!(taken.taken[0].outcome, refused, "{report:?}");
            assert!(taken.changed.is_empty());
        }
        // Bob's tablet is Bob's, though Ana had it before.
        let taken = bench.take(&[public("b97", 81, "a:tablet")]);
        assert_eq!(taken.taken[0].outcome, Outcome::New);
        assert_eq!(taken.taken[0].lead, bench.lead("e:bob@acme.com"));
        let hashes: Vec<String> = bench
            .store
            .read(|tx| tx.query("SELECT hash FROM suppression", &[], |row| row.get(0)))
            .unwrap_or_else(|error: DbError| panic!("{error}"));
        assert!(hashes.iter().all(|hash| hash.len() == 64));
    });
}

#[test]
fn who_asks_is_told_everything() {
    on_both(|bench| {
        let lead = fill(bench);
        let told = bench.store.read(|tx| export(tx, &bench.segments, &lead));
        let told = told.unwrap_or_else(|error: SegmentError| panic!("{error}")).expect("a lead");
        let facts = told["facts"].as_array().expect("facts");
        let ids: Vec<&str> = facts.iter().filter_map(|fact| fact["id"].as_str()).collect();
        assert_eq!(ids, ["a1", "a2", "a3", "a4", "a5", "a6"]);
        assert_eq!(facts[4]["body"]["city"], "Secretville");
        assert_eq!(told["identifiers"].as_array().map(Vec::len), Some(4));
        assert_eq!(told["profile"]["name"], "Ana Secretname");
        assert!(!told.to_string().contains("bob@acme.com"));
        let nobody = bench.store.read(|tx| export(tx, &bench.segments, "no such"));
        assert!(matches!(nobody, Ok(None)));
    });
}

/// Forgets those of these leads who are quiet since an instant, at a later one.
fn forget_quiet(bench: &Bench, leads: &[String], since: Timestamp) -> Vec<String> {
    let mut gone = Vec::new();
    for part in retention::parts(leads.to_vec()) {
        let segments = bench.segments.clone();
        let forgotten = bench
            .store
            .write(move |tx| retention::forget_within(tx, &segments, &part, since, minute(9000)))
            .expect("forgotten");
        gone.extend(forgotten.leads.clone());
        retention::finish(&bench.store, &bench.segments, forgotten).expect("files");
    }
    gone.sort();
    gone
}

#[test]
fn quiet_leads_are_gone_from_rows_and_files_and_may_come_back() {
    on_both(|bench| {
        let ana = fill(bench);
        let bob = bench.lead("u:b1").expect("a lead");
        let (quiet, kept) = (bench.lead("u:b3").expect("a lead"), bench.lead("u:b4").expect("one"));
        for (lead, seen_at) in [(&bob, 71), (&quiet, 3), (&kept, 4)] {
            let row = LeadRow {
                lead: lead.clone(),
                last_seen_at: Some(minute(seen_at)),
                traits: "{}".to_owned(),
                ..LeadRow::default()
            };
            bench.store.write(move |tx| put_lead(tx, &row, start())).expect("a row");
        }
        // Nobody is quiet since before they were made.
        let quiet_since = |at| bench.store.read(|tx| retention::quiet(tx, at)).expect("leads");
        assert_eq!(quiet_since(minute(3)), Vec::<String>::new());
        let since = minute(60);
        assert_eq!(quiet_since(since), [quiet.clone(), kept.clone()]);
        // Somebody who is heard of again in between stays, although they were found.
        bench.take(&[seen("b04 again", 80, "u:b4")]);
        let before = bench.partition().len();
        let found = [ana, bob, quiet.clone(), kept.clone()];
        assert_eq!(forget_quiet(bench, &found, since), std::slice::from_ref(&quiet));
        assert_eq!(bench.partition().len(), before - 1);
        assert_eq!(bench.lead("u:b3"), None);
        assert_eq!(bench.lead("u:b4"), Some(kept));
        assert!(bench.lead("u:b1").is_some() && bench.lead("u:ana-17").is_some());
        let checked =
            bench.store.read(|tx| verify(tx, &bench.segments, &mut |_| {})).expect("a check");
        assert_eq!(checked.damages, []);
        assert_eq!(bench.store.read(erasures), Ok(Vec::new()));
        let back = bench.take(&[seen("b03", 90, "u:b3")]);
        assert_eq!(back.taken[0].outcome, Outcome::New, "nobody is kept out");
        assert_ne!(back.taken[0].lead.as_ref(), Some(&quiet));
    });
}

#[test]
fn who_was_erased_after_a_backup_is_erased_again_when_it_is_brought_back() {
    on_both(|bench| {
        let lead = fill(bench);
        let backup = tempfile::tempdir().expect("a directory");
        let (to, place) = (backup.path().join("backup"), backup.path().join("place"));
        store::backup::backup(&bench.store, &bench.segments, &to, minute(8000)).expect("a backup");
        forget(bench, &lead).unwrap_or_else(|error| panic!("{error}"));
        let list = bench.store.read(erased_list).expect("a list");
        let text = serde_json::to_string(&list).expect("JSON");
        assert!(!text.contains("secretname") && !text.contains("ana-17"), "{text}");
        let list = serde_json::from_str(&text).expect("a list");

        let address = store::Address::File(place.join("madura.db"));
        store::backup::restore(&to, &address, &place.join("events"), minute(9100)).expect("back");
        let restored = store::Store::open(&address, minute(9100)).expect("a store");
        let segments = store::Segments::open(&place.join("events")).expect("segments");
        assert!(!occurs(&place, "secretname").is_empty(), "the backup knows her");
        let mut ids = (0..).map(|number| format!("again-{number}"));
        let mut again = || {
            let mut id = || ids.next().expect("an id");
            erase_again(&restored, &segments, &list, &mut id, minute(9200)).expect("erased")
        };
        assert_eq!(again(), 1);
        assert_eq!(again(), 0);
        for text in ["secretname", "Secretville", "ana-17", "phone-of-ana"] {
            assert_eq!(occurs(&place, text), Vec::<String>::new(), "{text}");
        }
        let report = seen("new", 80, "e:Ana.SecretName@acme.com");
        let taken = restored
            .write(move |tx| store::facts::append(tx, &[report], &mut || "fresh".to_owned()));
        let outcome = taken.map(|taken| taken.taken[0].outcome);
        assert_eq!(outcome, Ok(Outcome::Refused(Refusal::Suppressed)));
        let proofs = restored.read(erasures).expect("proofs");
        assert_eq!(proofs.len(), 1);

        // Hashes of another system say nothing here.
        let other = text.replacen("\"key\":\"", "\"key\":\"0", 1);
        let other = serde_json::from_str(&other).expect("a list");
        let refused = erase_again(&restored, &segments, &other, &mut String::new, minute(9300));
        assert!(matches!(refused, Err(EraseAgainError::OtherSystem)));
    });
}
