//! Coming in, going out, and who may.

use serde_json::{Value as Json, json};

use crate::support::{As, House, PASSWORD};

#[test]
fn whoever_holds_the_printed_token_becomes_the_owner_once() {
    let house = House::new();
    assert_eq!(house.get("/api/v1/setup", &As::Nobody).expect(200)["is_done"], false);
    let first = house.server.setup_link().expect("a link").expect("nobody is there");
    let latest = house.server.setup_link().expect("a link").expect("nobody is there");
    let body = |link: &str| {
        let token = link.split_once("#token=").expect("a token").1;
        json!({"token": token, "email": "a@example.com", "name": "A", "password": PASSWORD})
    };
    house.post("/api/v1/setup", &As::Nobody, body(&first)).problem(403, "forbidden");
    house.post("/api/v1/setup", &As::Nobody, body("x#token=guess")).problem(403, "forbidden");
    let made = house.post("/api/v1/setup", &As::Nobody, body(&latest));
    assert!(made.cookie().starts_with("__Host-madura="));
    assert_eq!(made.expect(201)["role"], "owner");
    house.post("/api/v1/setup", &As::Nobody, body(&latest)).problem(409, "set_up");
    assert_eq!(house.server.setup_link().expect("an answer"), None);
    assert_eq!(house.get("/api/v1/setup", &As::Nobody).expect(200)["is_done"], true);
}

#[test]
fn an_old_setup_link_no_longer_works() {
    let house = House::new();
    let link = house.server.setup_link().expect("a link").expect("nobody is there");
    house.pass(31 * 60_000);
    let token = link.split_once("#token=").expect("a token").1;
    let body = json!({"token": token, "email": "a@example.com", "name": "A", "password": PASSWORD});
    house.post("/api/v1/setup", &As::Nobody, body).problem(403, "forbidden");
}

#[test]
fn a_wrong_password_and_an_unknown_user_are_answered_alike() {
    let house = House::new();
    house.owner();
    let login = |email: &str, password: &str| {
        house.post("/api/v1/login", &As::Nobody, json!({"email": email, "password": password}))
    };
    let known = login("owner@example.com", "wrong password").problem(401, "wrong_password");
    let unknown = login("nobody@example.com", "wrong password").problem(401, "wrong_password");
    let no_address = login("no address", "wrong password").problem(401, "wrong_password");
    assert_eq!(known, unknown);
    assert_eq!(known, no_address);
    let right = login("OWNER@example.com", PASSWORD);
    assert_eq!(right.status, 200, "{}", right.text());
    let cookie = right.headers["set-cookie"].to_str().expect("text").to_owned();
    for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
}

#[test]
fn guessing_passwords_has_to_wait_and_the_owner_gets_in_afterwards() {
    let house = House::new();
    house.owner();
    let login = |password: &str| {
        let body = json!({"email": "owner@example.com", "password": password});
        house.post("/api/v1/login", &As::Nobody, body)
    };
    for _ in 0..6 {
        login("wrong password").problem(401, "wrong_password");
    }
    let reply = login(PASSWORD);
    assert!(reply.headers.contains_key("retry-after"));
    reply.problem(429, "too_many_attempts");
    house.pass(20 * 60_000);
    login(PASSWORD).expect(200);
}

#[test]
fn a_session_ends_with_the_logout_with_the_password_and_with_the_role() {
    let house = House::new();
    let owner = house.owner();
    let me = |by: &As| house.get("/api/v1/me", by);
    assert_eq!(me(&owner).expect(200)["user"]["email"], "owner@example.com");

    let sales = house.user(&owner, "sales");
    let id = me(&sales).expect(200)["user"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/users/{id}");
    house.call("PATCH", &path, &owner, Some(json!({"role": "analyst"}))).expect(200);
    me(&sales).problem(401, "unauthenticated");

    let body = json!({"email": "sales@example.com", "password": PASSWORD});
    let first = As::Session(house.post("/api/v1/login", &As::Nobody, body.clone()).cookie());
    let second = As::Session(house.post("/api/v1/login", &As::Nobody, body).cookie());
    let change = json!({"current": PASSWORD, "new": "another long password"});
    let renewed = house.call("PUT", "/api/v1/me/password", &first, Some(change));
    let renewed = As::Session(renewed.cookie());
    me(&first).problem(401, "unauthenticated");
    me(&second).problem(401, "unauthenticated");
    assert_eq!(me(&renewed).expect(200)["user"]["role"], "analyst");

    house.call("POST", "/api/v1/logout", &renewed, None).expect(204);
    me(&renewed).problem(401, "unauthenticated");
    me(&owner).expect(200);
}

#[test]
fn a_session_that_nobody_uses_ends_by_itself() {
    let house = House::new();
    let owner = house.owner();
    house.pass(6 * 86_400_000);
    house.get("/api/v1/me", &owner).expect(200);
    house.pass(8 * 86_400_000);
    house.get("/api/v1/me", &owner).problem(401, "unauthenticated");
}

#[test]
fn the_last_owner_stays() {
    let house = House::new();
    let owner = house.owner();
    let id = house.get("/api/v1/me", &owner).expect(200)["user"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/api/v1/users/{id}");
    house.call("PATCH", &path, &owner, Some(json!({"role": "sales"}))).problem(409, "last_owner");
    house.call("DELETE", &path, &owner, None).problem(409, "last_owner");
}

#[test]
fn over_http_the_session_and_the_tracking_script_do_not_take_each_others_cookie() {
    let house = House::with(|config| config.public_url = "http://127.0.0.1:8420".to_owned());
    let As::Session(cookie) = house.owner() else { panic!("a session") };
    assert!(cookie.starts_with("madura-session="), "{cookie}");
    let both = As::Session(format!("madura=%7B%22id%22%3A1%7D; {cookie}"));
    house.get("/api/v1/me", &both).expect(200);
}

#[test]
fn nobody_without_the_printed_link_has_a_password_hashed_by_the_set_up_and_guesses_are_counted() {
    let house = House::new();
    house.server.setup_link().expect("a link").expect("nobody is there");
    let body = |token: &str| json!({"token": token, "email": "a@example.com", "name": "A", "password": PASSWORD});
    let guess = || house.post("/api/v1/setup", &As::Nobody, body("a guess"));
    for _ in 0..51 {
        guess().problem(403, "forbidden");
    }
    let refused = guess();
    assert!(refused.headers.contains_key("retry-after"));
    refused.problem(429, "too_many_attempts");
    house.pass(900_000);
    house.owner();
    // There is nothing to guess any more, and nothing is counted.
    for _ in 0..60 {
        guess().problem(409, "set_up");
    }
}

#[test]
fn whoever_was_removed_lets_nobody_in_any_more() {
    let house = House::new();
    let owner = house.owner();
    let token = |made: Json| {
        let link = made["link"].as_str().expect("a link").to_owned();
        link.split_once("#token=").expect("a token").1.to_owned()
    };
    let invite = json!({"email": "eva@example.com", "role": "owner"});
    let invitation = token(house.post("/api/v1/invitations", &owner, invite).expect(201));
    let body = json!({"token": invitation, "name": "Eva", "password": PASSWORD});
    let eva = As::Session(house.post("/api/v1/invitations/accept", &As::Nobody, body).cookie());
    let path = |user: &As| {
        let me = house.get("/api/v1/me", user).expect(200);
        format!("/api/v1/users/{}", me["user"]["id"].as_str().expect("an id"))
    };
    let invite = json!({"email": "back.door@example.com", "role": "owner"});
    let invitation = token(house.post("/api/v1/invitations", &eva, invite).expect(201));
    let reset = format!("{}/reset", path(&owner));
    let reset = token(house.call("POST", &reset, &eva, None).expect(201));
    house.call("DELETE", &path(&eva), &owner, None).expect(204);
    let body = json!({"token": invitation, "name": "B", "password": PASSWORD});
    house.post("/api/v1/invitations/accept", &As::Nobody, body).problem(422, "token");
    let body = json!({"token": reset, "password": "another long password"});
    house.post("/api/v1/reset", &As::Nobody, body).problem(422, "token");
    assert_eq!(house.get("/api/v1/invitations", &owner).expect(200), json!([]));
}

#[test]
fn nobody_gives_others_what_they_do_not_have() {
    let house = House::new();
    let owner = house.owner();
    let accounts = house.key(&owner, &["accounts:write"]);
    let invite = json!({"email": "x@example.com", "role": "owner"});
    house.post("/api/v1/invitations", &accounts, invite).problem(403, "forbidden");
    let id = house.get("/api/v1/me", &owner).expect(200)["user"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let reset = format!("/api/v1/users/{id}/reset");
    house.call("POST", &reset, &accounts, None).problem(403, "forbidden");
    let keys = house.key(&owner, &["keys:write"]);
    let wish = json!({"name": "more", "scopes": ["leads:erase"]});
    house.post("/api/v1/keys", &keys, wish).problem(403, "forbidden");
}

#[test]
fn a_link_to_a_new_password_works_once() {
    let house = House::new();
    let owner = house.owner();
    let sales = house.user(&owner, "sales");
    let id = house.get("/api/v1/me", &sales).expect(200)["user"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let offer = house.call("POST", &format!("/api/v1/users/{id}/reset"), &owner, None).expect(201);
    let token =
        offer["link"].as_str().and_then(|link| link.split_once("#token=")).expect("a token").1;
    let body = json!({"token": token, "password": "quite another password"});
    house.post("/api/v1/reset", &As::Nobody, body.clone()).expect(200);
    house.get("/api/v1/me", &sales).problem(401, "unauthenticated");
    house.post("/api/v1/reset", &As::Nobody, body).problem(422, "token");
}

#[test]
fn a_key_that_was_revoked_or_has_expired_is_refused() {
    let house = House::new();
    let owner = house.owner();
    let wish =
        json!({"name": "short", "scopes": ["leads:read"], "expires_at": "2026-06-01T11:00:00Z"});
    let made = house.post("/api/v1/keys", &owner, wish).expect(201);
    let key = As::Key(made["key"].as_str().expect("a key").to_owned());
    house.get("/api/v1/leads", &key).expect(200);
    house.pass(2 * 3_600_000);
    house.get("/api/v1/leads", &key).problem(401, "unauthenticated");
    let lasting = house
        .post("/api/v1/keys", &owner, json!({"name": "l", "scopes": ["leads:read"]}))
        .expect(201);
    let key = As::Key(lasting["key"].as_str().expect("a key").to_owned());
    house.get("/api/v1/leads", &key).expect(200);
    let path = format!("/api/v1/keys/{}", lasting["id"].as_str().expect("an id"));
    house.call("DELETE", &path, &owner, None).expect(204);
    house.get("/api/v1/leads", &key).problem(401, "unauthenticated");
    let listed = house.get("/api/v1/keys", &owner).text();
    assert!(!listed.contains(made["key"].as_str().expect("a key")), "a list shows no secret");
}

#[test]
fn what_the_organisation_is_called_is_for_every_role_and_other_settings_are_not() {
    let house = House::new();
    let owner = house.owner();
    let general = json!({"name": "Acme", "time_zone": "Europe/Madrid"});
    house.call("PUT", "/api/v1/settings/general", &owner, Some(general.clone())).expect(200);
    for role in ["marketer", "sales", "analyst"] {
        let user = house.user(&owner, role);
        let told = house.get("/api/v1/settings/general", &user).expect(200);
        assert_eq!(told["value"], general, "{role}");
        house.get("/api/v1/settings/lists", &user).problem(403, "forbidden");
        house.get("/api/v1/settings", &user).problem(403, "forbidden");
        house
            .call("PUT", "/api/v1/settings/general", &user, Some(json!({"name": "X"})))
            .problem(403, "forbidden");
    }
    house.get("/api/v1/settings/general", &As::Nobody).problem(401, "unauthenticated");
}

#[test]
fn a_key_works_no_longer_than_its_maker_and_allows_no_more() {
    let house = House::new();
    let owner = house.owner();
    let marketer = house.user(&owner, "marketer");
    let id = house.get("/api/v1/me", &marketer).expect(200)["user"]["id"].clone();
    let path = format!("/api/v1/users/{}", id.as_str().expect("an id"));
    let change = |wish| house.call("PATCH", &path, &owner, Some(wish)).expect(200);
    change(json!({"role": "owner"}));
    let login = json!({"email": "marketer@example.com", "password": PASSWORD});
    let other = As::Session(house.post("/api/v1/login", &As::Nobody, login).cookie());
    let key = house.key(&other, &["leads:read", "leads:erase", "facts:write", "keys:write"]);
    let made_with_it = house.key(&key, &["leads:read", "facts:write"]);
    let call = |key: &As| {
        let As::Key(text) = key else { panic!("a key") };
        let call = json!({"userId": "u1", "event": "demo_requested"});
        house.post("/v1/track", &As::WriteKey(text.clone()), call).status.as_u16()
    };
    let keys = [&key, &made_with_it];
    for key in keys {
        house.get("/api/v1/leads", key).expect(200);
        assert_eq!(call(key), 200);
    }
    let erase = json!({"confirm": "nobody", "reason": "asked"});
    let erased = || house.post("/api/v1/leads/nobody/erase", &key, erase.clone());
    erased().problem(404, "not_found");

    // Who may less from now on made keys that may less.
    change(json!({"role": "sales"}));
    erased().problem(403, "forbidden");
    house.get("/api/v1/keys", &key).problem(403, "forbidden");
    house.get("/api/v1/leads", &key).expect(200);
    change(json!({"role": "read_only"}));
    for key in keys {
        house.get("/api/v1/leads", key).expect(200);
        assert_eq!(call(key), 403, "at once, although the key was looked up just now");
    }

    change(json!({"role": "owner", "is_disabled": true}));
    for key in keys {
        house.get("/api/v1/leads", key).problem(401, "unauthenticated");
        assert_eq!(call(key), 401);
    }
    change(json!({"is_disabled": false}));
    for key in keys {
        house.get("/api/v1/leads", key).expect(200);
    }
    house.call("DELETE", &path, &owner, None).expect(204);
    for key in keys {
        house.get("/api/v1/leads", key).problem(401, "unauthenticated");
        assert_eq!(call(key), 401);
    }
    let listed = house.get("/api/v1/keys", &owner).expect(200);
    let listed = listed.as_array().expect("keys");
    assert!(listed.len() == 2 && listed.iter().all(|key| !key["revoked_at"].is_null()));
}

#[test]
fn a_key_outlives_the_one_that_it_was_made_with() {
    let house = House::new();
    let owner = house.owner();
    let old = house.key(&owner, &["leads:read", "keys:write"]);
    let keys = house.get("/api/v1/keys", &owner).expect(200);
    let path = format!("/api/v1/keys/{}", keys[0]["id"].as_str().expect("an id"));
    let new = house.key(&old, &["leads:read", "keys:write"]);
    house.call("DELETE", &path, &new, None).expect(204);
    house.get("/api/v1/leads", &old).problem(401, "unauthenticated");
    house.get("/api/v1/leads", &new).expect(200);
}

#[test]
fn log_ins_that_fail_are_in_the_trail_and_a_flood_of_them_is_a_few_entries() {
    let house = House::new();
    let owner = house.owner();
    let log_in = |email: &str| {
        let body = json!({"email": email, "password": "wrong password"});
        house.post("/api/v1/login", &As::Nobody, body).status.as_u16()
    };
    for _ in 0..85 {
        log_in("owner@example.com");
        log_in("canary@nobody.example");
        house.pass(16 * 60_000);
    }
    assert_eq!((log_in("owner@example.com"), log_in("owner@example.com")), (401, 429));
    // Entries are written beside the answers, in their order.
    house.key(&owner, &["leads:read"]);
    let entries = |action: &str| {
        let page = house.get(&format!("/api/v1/audit?action={action}&limit=200"), &owner);
        page.expect(200)["entries"].as_array().expect("entries").clone()
    };
    let closed = entries("user.log_in_closed");
    let failed: Vec<_> =
        closed.iter().rev().map(|entry| entry["after"]["failed"].clone()).collect();
    assert_eq!(failed, [json!(6), json!(12), json!(24), json!(48)]);
    let me = house.get("/api/v1/me", &owner).expect(200)["user"]["id"].clone();
    assert_eq!(closed[0]["object"], format!("user:{}", me.as_str().expect("an id")));
    assert_eq!(entries("user.log_in_failed").len(), 1);
    let network = entries("network.log_in_closed");
    assert_eq!(
        network.iter().map(|entry| entry["after"]["failed"].clone()).collect::<Vec<_>>(),
        [json!(102), json!(51)]
    );
    let trail = house.get("/api/v1/audit?limit=200", &owner).text();
    assert!(!trail.contains("canary") && !trail.contains("0.0.0.0"), "{trail}");
}

#[test]
fn who_tries_what_they_may_not_is_in_the_trail_once_an_hour() {
    let house = House::new();
    let owner = house.owner();
    let sales = house.user(&owner, "sales");
    let tries = || {
        for _ in 0..5 {
            house.get("/api/v1/keys", &sales).problem(403, "forbidden");
        }
    };
    tries();
    house.pass(61 * 60_000);
    tries();
    house.key(&owner, &["leads:read"]);
    let page = house.get("/api/v1/audit?action=access.refused", &owner).expect(200);
    let entries = page["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!(entries[0]["object"], "route:GET /api/v1/keys");
    assert_eq!(entries[0]["actor_name"], "sales");
}

#[test]
fn a_clock_that_was_ahead_closes_no_log_in_when_it_is_put_right() {
    let house = House::new();
    house.owner();
    let log_in = |password: &str| {
        let body = json!({"email": "owner@example.com", "password": password});
        house.post("/api/v1/login", &As::Nobody, body).status.as_u16()
    };
    let year = 365 * 24 * 60 * 60_000;
    house.pass(year);
    for _ in 0..6 {
        assert_eq!(log_in("wrong password"), 401);
    }
    assert_eq!(log_in(PASSWORD), 429);
    house.pass(-year);
    assert_eq!(log_in(PASSWORD), 200);
}
