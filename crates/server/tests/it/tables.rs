//! Tables that come in and go out.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value as Json, json};

use crate::support::{As, House, Reply};

fn upload(house: &House, by: &As, name: &str, bytes: &[u8]) -> Reply {
    upload_as(house, by, name, bytes, None)
}

fn upload_as(house: &House, by: &As, name: &str, bytes: &[u8], key: Option<&str>) -> Reply {
    let As::Session(cookie) = by else { panic!("a session") };
    let mut request = Request::builder();
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let request = request
        .method("POST")
        .uri(format!("/api/v1/imports?name={name}"))
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/octet-stream")
        .body(Body::from(bytes.to_vec()));
    house.send(request.expect("a request"))
}

fn wait_until_done(house: &House, by: &As, id: &str) -> Json {
    // The loops run beside: their end is waited for, not a time.
    for _ in 0..6_000 {
        let import = house.get(&format!("/api/v1/imports/{id}"), by).expect(200);
        if import["state"] != "running" {
            return import;
        }
        house
            .runtime
            .block_on(async { tokio::time::sleep(std::time::Duration::from_millis(10)).await });
    }
    panic!("the import does not end");
}

#[test]
fn a_file_is_imported_and_taken_back_as_a_whole() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let csv =
        b"email,name,country\nana@a.example,Ana,RO\nno address,Bob,ES\nbea@b.example,Bea,ES\n";
    let made = upload(&house, &owner, "people.csv", csv).expect(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/imports/{id}");
    assert_eq!((&made["state"], &made["format"]), (&json!("previewed"), &json!("csv")));
    let preview = house.get(&format!("{path}/preview"), &owner).expect(200);
    assert_eq!(preview["columns"][0]["name"], "email");
    house
        .call("PUT", &format!("{path}/mapping"), &owner, Some(preview["mapping"].clone()))
        .expect(200);
    let work = house.runtime.block_on(async { house.server.work() });
    house.call("POST", &format!("{path}/start"), &owner, None).expect(200);
    let done = wait_until_done(&house, &owner, &id);
    assert_eq!(
        (&done["state"], &done["taken"], &done["rejected"]),
        (&json!("done"), &json!(2), &json!(1)),
        "{done}"
    );
    let rejects = house.get(&format!("{path}/rejects"), &owner).expect(200);
    assert_eq!(rejects[0]["row"], 3);
    drop(work);
    house.settle();
    let list = || house.get("/api/v1/leads", &owner).expect(200)["leads"].as_array().map(Vec::len);
    assert_eq!(list(), Some(2));
    house.call("POST", &format!("{path}/undo"), &owner, None).expect(200);
    house.settle();
    assert_eq!(list(), Some(0), "nobody else had named them");
    let events = house.get("/api/v1/events", &owner).expect(200);
    assert!(
        events["events"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|one| !one["retracted_at"].is_null())
    );
    house.call("POST", &format!("{path}/start"), &owner, None).problem(409, "import_state");
}

/// Imports a file as it is proposed; answers the import's path and what became of it.
fn import(house: &House, by: &As, name: &str, bytes: &[u8]) -> (String, Json) {
    let id = upload(house, by, name, bytes).expect(201)["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/imports/{id}");
    let mut mapping = house.get(&format!("{path}/preview"), by).expect(200)["mapping"].clone();
    // Workbooks' dates have no zone: whoever imports one says which is meant.
    mapping["zone"] = json!("UTC");
    house.call("PUT", &format!("{path}/mapping"), by, Some(mapping)).expect(200);
    house.call("POST", &format!("{path}/start"), by, None).expect(200);
    let done = wait_until_done(house, by, &id);
    house.settle();
    (path, done)
}

/// The files are those of openpyxl and pyarrow, not of our own writers (`tests/files/make.py`).
#[test]
fn people_come_in_from_every_kind_of_file() {
    let files: [(&str, &str, &[u8]); 4] = [
        ("people.xlsx", "xlsx", include_bytes!("../files/people.xlsx")),
        ("people.parquet", "parquet", include_bytes!("../files/people.parquet")),
        ("people_zstd.parquet", "parquet", include_bytes!("../files/people_zstd.parquet")),
        ("people.ndjson", "ndjson", include_bytes!("../files/people.ndjson")),
    ];
    for (name, format, bytes) in files {
        let house = House::new();
        let owner = house.owner();
        house.model(&owner);
        let _work = house.runtime.block_on(async { house.server.work() });
        let (path, done) = import(&house, &owner, name, bytes);
        assert_eq!(
            (&done["state"], &done["taken"], &done["rejected"], &done["format"]),
            (&json!("done"), &json!(2), &json!(1), &json!(format)),
            "{name}: {done}"
        );
        let rejects = house.get(&format!("{path}/rejects"), &owner).expect(200);
        assert!(rejects[0].to_string().contains("email"), "{name}: {rejects}");
        let leads = house.get("/api/v1/leads", &owner).expect(200);
        let list = leads["leads"].as_array().expect("leads");
        let mut found: Vec<(&str, &str)> = list
            .iter()
            .map(|lead| {
                (lead["email"].as_str().unwrap_or("-"), lead["name"].as_str().unwrap_or("-"))
            })
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [("ana@a.example", "Ana Pop"), ("bea@b.example", "Bea Șerban")],
            "{name}"
        );
        let ana = list.iter().find(|lead| lead["name"] == "Ana Pop").expect("Ana");
        assert_eq!(ana["created_at"], "2026-03-01T10:30:00Z", "{name}");
        let id = ana["id"].as_str().expect("an id");
        let lead = house.get(&format!("/api/v1/leads/{id}"), &owner).expect(200);
        // In a cell of a file a number stays a number, whatever the format.
        assert_eq!(
            lead["traits"]["company"]["employees"].to_string().trim_matches('"'),
            "120",
            "{name}"
        );
    }
}

#[test]
fn an_event_with_an_id_counts_once_in_however_many_imports_it_stands() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let work = house.runtime.block_on(async { house.server.work() });
    let score = || house.get("/api/v1/leads", &owner).expect(200)["leads"][0]["score"].clone();
    let may = "id,email,event,at,path\n1,ana@a.example,page_viewed,2026-05-02T10:00:00Z,/pricing\n";
    let june = format!("{may}2,ana@a.example,page_viewed,2026-05-30T10:00:00Z,/pricing\n");
    let (first, done) = import(&house, &owner, "may.csv", may.as_bytes());
    assert_eq!((&done["taken"], &done["repeated"]), (&json!(1), &json!(0)), "{done}");
    let once = score();
    let (second, done) = import(&house, &owner, "june.csv", june.as_bytes());
    assert_eq!((&done["taken"], &done["repeated"]), (&json!(1), &json!(1)), "{done}");
    let twice = score();
    assert!(once.as_i64() < twice.as_i64(), "{once} {twice}");
    // What was taken back with an import comes back with the next one that says it.
    house.call("POST", &format!("{first}/undo"), &owner, None).expect(200);
    house.call("POST", &format!("{second}/undo"), &owner, None).expect(200);
    house.settle();
    assert!(score().as_i64() < once.as_i64(), "{}", score());
    let (_, done) = import(&house, &owner, "again.csv", june.as_bytes());
    assert_eq!((&done["taken"], &done["repeated"]), (&json!(2), &json!(0)), "{done}");
    assert_eq!(score(), twice);
    drop(work);
}

#[test]
fn a_row_about_nobody_or_about_somebody_who_was_erased_is_rejected_with_its_reason() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let gone = house.visitor(&owner, "gone@a.example", 0);
    let why = json!({"reason": "Article 17", "confirm": gone});
    house.post(&format!("/api/v1/leads/{gone}/erase"), &owner, why).expect(200);
    let _work = house.runtime.block_on(async { house.server.work() });
    let csv = "email,name\nnoreply@a.example,Nobody\nno address,Bob\nana@a.example,Ana\ngone@a.example,Gone\n";
    let (path, done) = import(&house, &owner, "people.csv", csv.as_bytes());
    let counts = [&done["taken"], &done["repeated"], &done["rejected"]].map(Json::as_i64);
    assert_eq!(counts, [Some(1), Some(0), Some(3)], "{done}");
    let rejects = house.get(&format!("{path}/rejects"), &owner).expect(200);
    let found: Vec<_> = rejects
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["row"].as_i64().unwrap_or(0), one["code"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(found, [(2, "refused"), (3, "unreadable"), (5, "refused")]);
    assert!(rejects[0].to_string().contains("names nobody"), "{rejects}");
    assert!(rejects[2].to_string().contains("erased"), "{rejects}");
}

#[test]
fn a_later_file_counts_and_the_past_stays_what_the_files_say_of_it() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let _work = house.runtime.block_on(async { house.server.work() });
    let lead = || house.get("/api/v1/leads", &owner).expect(200)["leads"][0].clone();
    let csv =
        |plan: &str| format!("email,created_at,plan\nana@a.example,2025-01-01T00:00:00Z,{plan}\n");
    import(&house, &owner, "may.csv", csv("pro").as_bytes());
    house.pass(1_000);
    // The smaller text: of two instants that are one the greater would count.
    let (june, _) = import(&house, &owner, "june.csv", csv("basic").as_bytes());
    let plan = || {
        let path = format!("/api/v1/leads/{}", lead()["id"].as_str().expect("an id"));
        house.get(&path, &owner).expect(200)["traits"]["plan"].clone()
    };
    assert_eq!(plan(), "basic");
    assert_eq!(lead()["created_at"], "2025-01-01T00:00:00Z");
    let explain = |at: &str| {
        let id = lead()["id"].as_str().expect("an id").to_owned();
        house.get(&format!("/api/v1/leads/{id}/explain?at={at}"), &owner).expect(200)
    };
    assert_eq!(explain("2025-06-01T00:00:00Z")["score"], lead()["score"], "known since then");
    house.call("POST", &format!("{june}/undo"), &owner, None).expect(200);
    house.settle();
    assert_eq!(plan(), "pro");
}

#[test]
fn a_file_that_is_no_table_leaves_nothing_behind() {
    let house = House::with(|config| config.limits.import_bytes = 1000);
    let owner = house.owner();
    upload(&house, &owner, "x.csv", b"").problem(400, "empty");
    upload(&house, &owner, "x.csv", &[b'a'; 2000]).problem(413, "too_large");
    upload(&house, &owner, "..%2f..%2fevil.csv", b"email\na@b.example\n").expect(201);
    upload(&house, &owner, "x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old")
        .problem(422, "unreadable");
    let files: Vec<_> =
        std::fs::read_dir(house.directory.path().join("imports")).expect("a directory").collect();
    assert_eq!(files.len(), 1, "one was taken");
    assert!(!house.directory.path().parent().expect("a parent").join("evil.csv").exists());
}

#[test]
fn an_export_is_a_table_in_which_nothing_runs() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 2);
    let evil = json!({"traits": {"name": "=cmd|' /C calc'!A0"}});
    house.call("PATCH", &format!("/api/v1/leads/{lead}"), &owner, Some(evil)).expect(200);
    house.settle();
    let reply = house.get("/api/v1/exports/leads", &owner);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
    let text = reply.text();
    assert!(text.contains(",'=cmd|"), "{text}");
    assert!(text.lines().count() == 2 && text.contains("ana@a.example"));
    let lines = house.get("/api/v1/exports/leads?format=ndjson", &owner).text();
    let line: Json = serde_json::from_str(lines.trim()).expect("JSON");
    assert_eq!(line["name"], "=cmd|' /C calc'!A0");
    let audit = house.get("/api/v1/audit?action=leads.exported", &owner).expect(200);
    assert_eq!(audit["entries"].as_array().map(Vec::len), Some(2));
}

fn files(house: &House) -> usize {
    std::fs::read_dir(house.directory.path().join("imports")).expect("a directory").count()
}

#[test]
fn a_file_that_is_uploaded_twice_with_one_key_is_one_import() {
    let house = House::new();
    let owner = house.owner();
    let csv = b"email\nana@a.example\nbea@b.example\n";
    let first = upload_as(&house, &owner, "x.csv", csv, Some("k"));
    let again = upload_as(&house, &owner, "x.csv", csv, Some("k"));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(first.json()["total"], 2, "of a small file it is known at once");
    assert_eq!(files(&house), 1, "the second copy is gone");
    upload_as(&house, &owner, "x.csv", b"email\nzoe@z.example\n", Some("k"))
        .problem(422, "idempotency_key_reused");
    upload_as(&house, &owner, "y.csv", csv, Some("k")).problem(422, "idempotency_key_reused");
    assert_eq!(files(&house), 1);
    let imports = house.get("/api/v1/imports", &owner).expect(200);
    assert_eq!(imports["imports"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_import_that_never_began_or_was_undone_is_removed_with_its_file() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let csv = b"email,name\nana@a.example,Ana\n";
    let made = upload(&house, &owner, "people.csv", csv).expect(201);
    let path = format!("/api/v1/imports/{}", made["id"].as_str().expect("an id"));
    house.call("DELETE", &path, &owner, None).expect(204);
    assert_eq!(files(&house), 0);
    house.get(&path, &owner).problem(404, "not_found");
    house.call("DELETE", &path, &owner, None).problem(404, "not_found");
    let work = house.runtime.block_on(async { house.server.work() });
    let (path, done) = import(&house, &owner, "people.csv", csv);
    drop(work);
    assert_eq!(done["state"], "done");
    house.call("DELETE", &path, &owner, None).problem(409, "import_state");
    wait_until_no_file(&house);
    house.call("POST", &format!("{path}/undo"), &owner, None).expect(200);
    house.call("DELETE", &path, &owner, None).expect(204);
    assert_eq!(files(&house), 0);
    house.settle();
    let events = house.get("/api/v1/events", &owner).expect(200)["events"].clone();
    let all_back = |one: &Json| !one["retracted_at"].is_null();
    assert!(events.as_array().expect("a list").iter().all(all_back), "it stays taken back");
    let noted = house.get("/api/v1/audit?action=import.removed", &owner).expect(200);
    assert_eq!(noted["entries"].as_array().map(Vec::len), Some(2));
    assert_eq!(noted["entries"][0]["before"]["name"], "people.csv");
}

#[test]
fn why_a_column_is_what_it_is_has_a_code() {
    let house = House::new();
    let owner = house.owner();
    let csv = b"email,who,tz7,Name of company\nana@a.example,bea@b.example,5,Acme\n";
    let made = upload(&house, &owner, "people.csv", csv).expect(201);
    let path = format!("/api/v1/imports/{}/preview", made["id"].as_str().expect("an id"));
    let columns = house.get(&path, &owner).expect(200)["columns"].clone();
    let codes: Vec<&str> = columns
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| column["reason_code"].as_str().expect("a code"))
        .collect();
    assert_eq!(codes[0], "name");
    assert_eq!(codes[2], "unknown");
    let form = json!({"form": "contact", "samples": ["email=ana%40a.example&x=bea%40b.example"]});
    let proposed = house.post("/api/v1/forms/suggest", &owner, form).expect(200);
    assert_eq!(proposed["reason_codes"]["email"], "name");
    assert_eq!(
        proposed["reasons"].as_object().map(serde_json::Map::len),
        proposed["reason_codes"].as_object().map(serde_json::Map::len)
    );
}

/// The file of an import goes right after it is done.
fn wait_until_no_file(house: &House) {
    let is_gone = (0..6_000).any(|_| {
        let nap = std::time::Duration::from_millis(10);
        house.runtime.block_on(async { tokio::time::sleep(nap).await });
        files(house) == 0
    });
    assert!(is_gone, "a file that is needed no more stays");
}

/// Files below a directory in which a text stands, in whatever case.
fn occurs(directory: &std::path::Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(occurs(&path, text));
        } else {
            let bytes = std::fs::read(&path).expect("a file").to_ascii_lowercase();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn who_is_erased_is_gone_from_the_files_of_imports_too() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let work = house.runtime.block_on(async { house.server.work() });
    let people = "email,name\nCanary@Gone.example,Canary\nbea@b.example,Bea\n";
    let (done, _) = import(&house, &owner, "people.csv", people.as_bytes());
    // All of it is taken in: the file is needed no more.
    wait_until_no_file(&house);
    house.get(&format!("{done}/preview"), &owner).problem(410, "file_gone");

    // Two more that nobody has begun yet, one of which the person is in.
    let of = |made: Json| format!("/api/v1/imports/{}", made["id"].as_str().expect("an id"));
    let second = of(upload(&house, &owner, "second.csv", people.as_bytes()).expect(201));
    let third = of(upload(&house, &owner, "third.csv", b"email\neva@b.example\n").expect(201));
    let leads = house.get("/api/v1/leads?q=canary", &owner).expect(200);
    let lead = leads["leads"][0]["id"].as_str().expect("an id").to_owned();
    assert!(!occurs(house.directory.path(), "canary").is_empty());
    let wish = json!({"confirm": lead, "reason": "GDPR article 17"});
    house.post(&format!("/api/v1/leads/{lead}/erase"), &owner, wish).expect(200);
    drop(work);
    assert_eq!(occurs(&house.directory.path().join("imports"), "canary"), Vec::<String>::new());
    let second = house.get(&second, &owner).expect(200);
    assert_eq!(second["state"], "failed");
    assert!(second["failure"].as_str().is_some_and(|why| why.contains("erased")), "{second}");
    assert_eq!(house.get(&third, &owner).expect(200)["state"], "previewed");
    house.get(&format!("{third}/preview"), &owner).expect(200);
    assert_eq!(occurs(house.directory.path(), "canary"), Vec::<String>::new());
}

#[test]
fn the_file_of_an_import_that_was_taken_back_is_gone() {
    let house = House::new();
    let owner = house.owner();
    let made = upload(&house, &owner, "people.csv", b"email\nana@b.example\n").expect(201);
    let path = format!("/api/v1/imports/{}", made["id"].as_str().expect("an id"));
    house.call("POST", &format!("{path}/start"), &owner, None).expect(200);
    house.call("POST", &format!("{path}/pause"), &owner, None).expect(200);
    assert_eq!(files(&house), 1);
    house.call("POST", &format!("{path}/undo"), &owner, None).expect(200);
    assert_eq!(files(&house), 0);
}
