//! Nobody overwrites what somebody else just changed: one table for all that can be changed.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value as Json, json};

use crate::support::{As, House, Reply};

struct Changeable {
    what: &'static str,
    path: String,
    method: &'static str,
    /// Where the change goes, if not to where it is read.
    to: String,
    changes: [Json; 3],
    /// Whether it can be removed.
    goes: bool,
}

fn all(house: &House, owner: &As) -> Vec<Changeable> {
    let made = |path: &str, wish: Json| {
        let made = house.post(path, owner, wish).expect(201);
        format!("{path}/{}", made["id"].as_str().expect("an id"))
    };
    let same = |what, method, path: String, changes, goes| Changeable {
        what,
        method,
        to: path.clone(),
        path,
        changes,
        goes,
    };
    let condition = |country: &str| json!({"trait": "country", "is": country});
    let segment = |name: &str, country| json!({"name": name, "condition": condition(country)});
    let webhook = |path: &str| json!({"url": format!("https://hooks.example.com/{path}")});
    house.user(owner, "sales");
    let users = house.get("/api/v1/users", owner).expect(200);
    let user = users.as_array().expect("users").iter().find(|user| user["role"] == "sales");
    let user = user.expect("a user")["id"].as_str().expect("an id").to_owned();
    let upload = Request::builder()
        .method("POST")
        .uri("/api/v1/imports?name=a.csv")
        .header("content-type", "application/octet-stream");
    let import = sent(house, owner, upload, b"email,country\na@a.example,RO\n".to_vec());
    let import = import.expect(201);
    let import = format!("/api/v1/imports/{}", import["id"].as_str().expect("an id"));
    let mapping = house.get(&import, owner).expect(200)["mapping"].clone();
    let mappings = [",", ";", "\t"].map(|delimiter| {
        let mut mapping = mapping.clone();
        mapping["delimiter"] = json!(delimiter);
        mapping
    });
    let setting = |name: &str| json!({"organisation": name});
    vec![
        same(
            "segment",
            "PUT",
            made("/api/v1/segments", segment("A", "RO")),
            [segment("A", "ES"), segment("B", "ES"), segment("C", "PT")],
            true,
        ),
        same(
            "webhook",
            "PUT",
            made("/api/v1/webhooks", webhook("a")),
            [webhook("b"), webhook("c"), webhook("d")],
            true,
        ),
        same(
            "write key",
            "PUT",
            made("/api/v1/write-keys", json!({"name": "a"})),
            [json!({"name": "b"}), json!({"name": "b", "daily_quota": 5}), json!({"name": "c"})],
            true,
        ),
        same(
            "lead",
            "PATCH",
            made("/api/v1/leads", json!({"email": "ana@a.example"})),
            ["Ana", "Ana María", "Anna"].map(|name| json!({"traits": {"name": name}})),
            false,
        ),
        same(
            "user",
            "PATCH",
            format!("/api/v1/users/{user}"),
            [json!({"role": "analyst"}), json!({"role": "marketer"}), json!({"is_disabled": true})],
            true,
        ),
        Changeable {
            what: "mapping",
            method: "PUT",
            to: format!("{import}/mapping"),
            path: import,
            changes: mappings,
            goes: false,
        },
        same(
            "setting",
            "PUT",
            "/api/v1/settings/general".to_owned(),
            ["A", "B", "C"].map(setting),
            false,
        ),
    ]
}

/// A change of something as it was when it had this tag.
fn change_of(
    house: &House,
    owner: &As,
    method: &str,
    path: &str,
    tag: &str,
    body: Option<Json>,
) -> Reply {
    let mut request = Request::builder().method(method).uri(path).header("if-match", tag);
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    sent(house, owner, request, body)
}

fn sent(house: &House, by: &As, request: axum::http::request::Builder, body: Vec<u8>) -> Reply {
    let As::Session(cookie) = by else { panic!("a session") };
    let request = request.header("cookie", cookie).header("sec-fetch-site", "same-origin");
    house.send(request.body(Body::from(body)).expect("a request"))
}

#[test]
fn whoever_changes_what_was_changed_in_between_is_told_so_whatever_it_is() {
    let house = House::new();
    let owner = house.owner();
    for Changeable { what, path, method, to, changes, goes } in all(&house, &owner) {
        let tag = || {
            let reply = house.get(&path, &owner);
            let tag = reply.headers.get("etag").unwrap_or_else(|| panic!("{what}: no tag"));
            tag.to_str().expect("a text").to_owned()
        };
        let change = |method: &str, to: &str, tag: &str, body: Option<&Json>| {
            change_of(&house, &owner, method, to, tag, body.cloned())
        };
        let first = tag();
        assert_eq!(tag(), first, "{what}: the same as long as nothing changes");
        let [one, two, three] = &changes;
        let reply = change(method, &to, &first, Some(one));
        assert!(reply.status.is_success(), "{what}: {}", reply.text());
        // The clock stands still: two changes in one millisecond are two.
        let second = tag();
        assert_ne!(second, first, "{what}");
        change(method, &to, &first, Some(two)).problem(412, "changed_in_between");
        assert_eq!(tag(), second, "{what}: nothing was changed");
        let reply = change(method, &to, &second, Some(two));
        assert!(reply.status.is_success(), "{what}: {}", reply.text());
        let third = tag();
        change(method, &to, &second, Some(three)).problem(412, "changed_in_between");
        change(method, &to, "\"7\", \"8\"", Some(three)).problem(412, "changed_in_between");
        let listed = change(method, &to, &format!("{second}, {third}"), Some(three));
        assert!(listed.status.is_success(), "{what}: one of a list: {}", listed.text());
        let any = change(method, &to, "*", Some(three));
        assert!(any.status.is_success(), "{what}: {}", any.text());
        change(method, &to, "nonsense", Some(one)).problem(400, "bad_if_match");
        if goes {
            change("DELETE", &to, &third, None).problem(412, "changed_in_between");
            assert_eq!(change("DELETE", &to, &tag(), None).status, 204, "{what}");
            change("DELETE", &to, "*", None).problem(404, "not_found");
        }
    }
}

#[test]
fn a_form_that_was_changed_in_between_is_neither_changed_nor_removed_and_one_that_is_not_there_is_not_made()
 {
    let house = House::new();
    let owner = house.owner();
    let path = "/api/v1/forms/contact";
    let form = || Some(json!({"form": "contact", "fields": {}}));
    for nothing in ["*", "\"1\""] {
        change_of(&house, &owner, "PUT", path, nothing, form()).problem(412, "changed_in_between");
    }
    house.get(path, &owner).problem(404, "not_found");
    house.call("PUT", path, &owner, form()).expect(200);
    let second = change_of(&house, &owner, "PUT", path, "\"1\"", form());
    assert_eq!(second.headers["etag"], "\"2\"");
    change_of(&house, &owner, "PUT", path, "\"1\"", form()).problem(412, "changed_in_between");
    change_of(&house, &owner, "DELETE", path, "\"1\"", None).problem(412, "changed_in_between");
    assert_eq!(change_of(&house, &owner, "DELETE", path, "\"1\", \"2\"", None).status, 204);
}

#[test]
fn what_is_done_to_something_is_refused_where_it_is_about_something_else() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let retire = "/api/v1/models/fit/retire";
    let version = || Some(json!({"version": 1}));
    change_of(&house, &owner, "POST", retire, "\"2\"", version())
        .problem(412, "changed_in_between");
    change_of(&house, &owner, "POST", retire, "\"1\"", version()).expect(200);

    let (_, id) = house.write_key(&owner, json!({"name": "site"}));
    let key = format!("/api/v1/write-keys/{id}");
    let rotate = format!("{key}/rotate");
    change_of(&house, &owner, "POST", &rotate, "\"1\"", Some(json!({})))
        .problem(412, "changed_in_between");
    let tag = house.get(&key, &owner).headers["etag"].to_str().expect("a text").to_owned();
    change_of(&house, &owner, "POST", &rotate, &tag, Some(json!({}))).expect(200);
    change_of(&house, &owner, "POST", &rotate, &tag, Some(json!({})))
        .problem(412, "changed_in_between");

    let upload = Request::builder()
        .method("POST")
        .uri("/api/v1/imports?name=a.csv")
        .header("content-type", "application/octet-stream");
    let import = sent(&house, &owner, upload, b"email\na@a.example\n".to_vec()).expect(201);
    let import = format!("/api/v1/imports/{}", import["id"].as_str().expect("an id"));
    change_of(&house, &owner, "DELETE", &import, "\"1\"", None).problem(412, "changed_in_between");
    let tag = house.get(&import, &owner).headers["etag"].to_str().expect("a text").to_owned();
    assert_eq!(change_of(&house, &owner, "DELETE", &import, &tag, None).status, 204);
}
