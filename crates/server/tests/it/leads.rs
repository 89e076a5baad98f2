//! Leads, from the first fact to the last.

use serde_json::{Value as Json, json};

use store::consent::suppression::{Reason, counts};

use crate::support::House;

fn names(page: &Json) -> Vec<String> {
    page["leads"]
        .as_array()
        .expect("leads")
        .iter()
        .map(|lead| lead["email"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_list_is_in_the_order_of_the_scores_and_is_read_page_by_page() {
    let house = House::new();
    let owner = house.owner();
    assert_eq!(house.get("/api/v1/leads", &owner).expect(200)["model"], Json::Null);
    house.model(&owner);
    for (email, pages) in
        [("one@a.example", 1), ("five@a.example", 5), ("three@a.example", 3), ("zoe@gmail.com", 0)]
    {
        house.visitor(&owner, email, pages);
    }
    let all = house.get("/api/v1/leads", &owner).expect(200);
    assert_eq!(
        names(&all),
        ["five@a.example", "three@a.example", "one@a.example", "zoe@gmail.com"]
    );
    assert_eq!(all["leads"][0]["score"], 55);
    assert_eq!(all["leads"][0]["bracket"], "hot");
    assert_eq!(all["leads"][0]["stage"], "sales_qualified");
    let mut seen = Vec::new();
    let mut path = "/api/v1/leads?limit=1".to_owned();
    loop {
        let page = house.get(&path, &owner).expect(200);
        seen.extend(names(&page));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/leads?limit=1&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, names(&all));
    let filtered =
        |query: &str| names(&house.get(&format!("/api/v1/leads?{query}"), &owner).expect(200));
    assert_eq!(filtered("bracket=hot,warm"), ["five@a.example", "three@a.example"]);
    assert_eq!(filtered("stage=none&score_min=10"), ["three@a.example", "one@a.example"]);
    assert_eq!(filtered("q=THREE"), ["three@a.example"]);
    assert_eq!(
        filtered("direction=ascending&score_min=10"),
        ["one@a.example", "three@a.example", "five@a.example"]
    );
    let first = house.get("/api/v1/leads?direction=ascending&limit=3", &owner).expect(200);
    assert_eq!(names(&first), ["zoe@gmail.com", "one@a.example", "three@a.example"]);
    let cursor = first["next"].as_str().expect("a cursor");
    let up = format!("direction=ascending&limit=3&cursor={cursor}");
    assert_eq!(filtered(&up), ["five@a.example"]);
    house.get(&format!("/api/v1/leads?cursor={cursor}"), &owner).problem(400, "bad_cursor");
    let business = "%7B%22trait%22:%22email.kind%22,%22is%22:%22business%22%7D";
    assert_eq!(
        filtered(&format!("condition={business}&score_max=40")),
        ["three@a.example", "one@a.example"]
    );
    let half = house.get("/api/v1/leads?condition=%7B%22trait%22:%22x%22%7D", &owner);
    assert_eq!(half.status, 422, "{}", half.text());
    house.get("/api/v1/leads?condition=x", &owner).problem(400, "bad_query");
    assert_eq!(filtered("order=priority&limit=2").len(), 2);
    let counts = house.get("/api/v1/leads/counts?by=bracket", &owner).expect(200);
    assert_eq!(counts["total"], 4);
    let of = |value: &str| {
        counts["counts"]
            .as_array()
            .expect("counts")
            .iter()
            .find(|count| count["value"] == value)
            .map(|count| count["leads"].clone())
    };
    assert_eq!(
        (of("hot"), of("warm"), of("cold")),
        (Some(json!(1)), Some(json!(1)), Some(json!(2)))
    );
}

#[test]
fn a_score_is_explained_and_its_parts_add_up() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 3);
    let card = house.get(&format!("/api/v1/leads/{lead}/explain"), &owner).expect(200);
    assert_eq!(card["score"], 35);
    assert_eq!(card["version"], 1);
    let sum: f64 = card["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .map(|group| group["value"].as_str().expect("a text").parse::<f64>().expect("a number"))
        .sum();
    assert!((sum - 35.0).abs() < 1e-9, "{card}");
    let before = house
        .get(&format!("/api/v1/leads/{lead}/explain?at=2026-05-01T00:00:00Z"), &owner)
        .expect(200);
    assert_eq!(before["score"], 0);
    house
        .get(&format!("/api/v1/leads/{lead}/explain?at=2026-05-01T00:00:00Z&as=recorded"), &owner)
        .problem(404, "no_model");
    let course = house
        .get(&format!("/api/v1/leads/{lead}/history?from=2026-05-30T00:00:00Z"), &owner)
        .expect(200);
    assert_eq!(
        course["samples"].as_array().and_then(|s| s.last()).map(|s| s["score"].clone()),
        Some(json!(35))
    );
    house.get("/api/v1/leads/nobody/explain", &owner).problem(404, "not_found");
    house.get(&format!("/api/v1/leads/{lead}/explain?model=none"), &owner).problem(404, "no_model");
}

#[test]
fn a_trait_is_changed_by_saying_so_and_what_was_before_stays_known() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 0);
    house.pass(1000);
    let path = format!("/api/v1/leads/{lead}");
    let change = json!({"traits": {"name": "Ana", "country": "RO"}});
    house.call("PATCH", &path, &owner, Some(change)).expect(200);
    house.settle();
    let shown = house.get(&path, &owner).expect(200);
    assert_eq!((&shown["name"], &shown["country"]), (&json!("Ana"), &json!("RO")));
    let events = house.get(&format!("{path}/events?kind=traits"), &owner).expect(200);
    assert_eq!(events["events"].as_array().map(Vec::len), Some(2));
    let audit = house.get("/api/v1/audit?action=lead.changed", &owner).expect(200);
    assert_eq!(audit["entries"].as_array().map(Vec::len), Some(1));
    let entry = &audit["entries"][0];
    assert_eq!(entry["object_name"], "Ana", "as she is called today");
    for kept in ["actor", "object", "before", "after"] {
        assert!(!entry[kept].to_string().contains("Ana"), "the trail itself names nobody");
    }
}

#[test]
fn a_new_address_says_what_kind_of_mailbox_it_is_and_whose() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let ana = house.visitor(&owner, "ana@a.example", 0);
    let bea = house.visitor(&owner, "bea@b.example", 0);
    let path = format!("/api/v1/leads/{ana}");
    let change = |email: Json| {
        house.pass(1000);
        let reply = house.call("PATCH", &path, &owner, Some(json!({"traits": {"email": email}})));
        house.settle();
        reply
    };
    let email = |lead: &str| {
        let shown = house.get(&format!("/api/v1/leads/{lead}"), &owner).expect(200);
        json!([
            shown["email"],
            shown["traits"]["email"]["domain"],
            shown["traits"]["email"]["kind"]
        ])
    };
    let before = email(&ana);
    change(json!("Ana@Gmail.com ")).expect(200);
    assert_ne!(email(&ana), before);
    let shown = house.get(&path, &owner).expect(200);
    assert!(
        shown.to_string().contains("\"personal\"") && !shown.to_string().contains("business"),
        "{shown}"
    );
    // She is who comes with it.
    let visit = json!({"events": [{"who": {"email": "ana@gmail.com"}, "event": "page_viewed"}]});
    let told = house.post("/api/v1/events", &owner, visit).expect(200);
    assert!(told.to_string().contains(&ana), "{told}");
    for wrong in [json!("ana at gmail"), json!(""), json!(7)] {
        let problem = change(wrong).problem(422, "bad_email");
        assert_eq!(problem["errors"][0]["pointer"], "/traits/email");
    }
    change(json!("bea@b.example")).problem(409, "address_taken");
    assert_ne!(email(&ana), email(&bea));
    change(Json::Null).expect(200);
    let shown = house.get(&path, &owner).expect(200);
    assert!(!shown["traits"].to_string().contains("personal"), "{shown}");
}

#[test]
fn an_address_among_the_traits_of_a_report_names_the_person() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let say = |email: &str| {
        let said = json!({"who": {"user": "17"}, "traits": {"email": email}});
        let told = house.post("/api/v1/events", &owner, json!({"events": [said]})).expect(200);
        house.settle();
        told
    };
    let ana = house.visitor(&owner, "ana@gmail.com", 0);
    let told = say("ana@gmail.com");
    assert!(told.to_string().contains(&ana), "{told}");
    let shown = house.get(&format!("/api/v1/leads/{ana}"), &owner).expect(200);
    assert!(shown["identifiers"].to_string().contains("\"17\""), "{shown}");
    let told = say("nonsense");
    assert_eq!(told["rejected"], 1, "{told}");
    assert!(told.to_string().contains("/events/0/traits/email"), "{told}");
}

#[test]
fn leads_are_merged_and_taken_apart_exactly() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let one = house.visitor(&owner, "one@a.example", 2);
    let two = house.visitor(&owner, "two@b.example", 3);
    let score = |lead: &str| {
        house.get(&format!("/api/v1/leads/{lead}"), &owner).expect(200)["scores"][0]["score"]
            .clone()
    };
    let merge =
        house.post(&format!("/api/v1/leads/{one}/merge"), &owner, json!({"lead": two})).expect(201);
    house.settle();
    assert_eq!(score(&one), 55);
    let absorbed = house.get(&format!("/api/v1/leads/{two}"), &owner).expect(200);
    assert_eq!((&absorbed["id"], &absorbed["asked_for"]), (&json!(one), &json!(two)));
    assert_eq!(names(&house.get("/api/v1/leads", &owner).expect(200)).len(), 1);
    let again = house.post(&format!("/api/v1/leads/{one}/merge"), &owner, json!({"lead": two}));
    again.problem(409, "one_already");
    let id = merge["id"].as_str().expect("an id");
    house.call("POST", &format!("/api/v1/merges/{id}/undo"), &owner, None).expect(200);
    house.settle();
    assert_eq!((score(&one), score(&two)), (json!(25), json!(35)));
    house
        .call("POST", &format!("/api/v1/merges/{id}/undo"), &owner, None)
        .problem(404, "not_found");
}

#[test]
fn an_erased_lead_is_gone_and_stays_gone() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "canary@a.example", 3);
    let path = format!("/api/v1/leads/{lead}");
    let exported = house.get(&format!("{path}/export"), &owner).expect(200);
    assert!(exported.to_string().contains("canary@a.example"));
    let wish = json!({"confirm": "something", "reason": "GDPR article 17"});
    house.post(&format!("{path}/erase"), &owner, wish).problem(422, "not_confirmed");
    let wish = json!({"confirm": lead, "reason": "GDPR article 17"});
    let proof = house.post(&format!("{path}/erase"), &owner, wish).expect(200);
    assert!(proof["facts"].as_i64().expect("a number") >= 4);
    assert!(!proof.to_string().contains("canary"));
    house.settle();
    house.get(&path, &owner).problem(404, "not_found");
    assert_eq!(names(&house.get("/api/v1/leads", &owner).expect(200)).len(), 0);
    for path in ["/api/v1/events", "/api/v1/audit", "/api/v1/erasures", "/api/v1/transitions"] {
        let text = house.get(path, &owner).text();
        assert!(!text.contains("canary"), "{path}: {text}");
    }
    // Its address is on the list of those that nothing is sent to, under a key that is not in any copy.
    let kept = house.live.store().read(counts).expect("read");
    assert_eq!(kept, [("email".to_owned(), Reason::Erased, 1)]);
    house
        .post("/api/v1/leads", &owner, json!({"email": "canary@a.example"}))
        .problem(422, "refused");
}

#[test]
fn consent_is_what_was_said_last() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 0);
    let say = |name: &str| {
        house.pass(1000);
        let event = json!({"who": {"lead": lead}, "event": name, "properties": {"text": "Yes, write to me"}});
        house.post("/api/v1/events", &owner, json!({"events": [event]})).expect(200);
        house.settle();
        house.get(&format!("/api/v1/leads/{lead}"), &owner).expect(200)["consents"][0].clone()
    };
    let given = say("consent_given");
    assert_eq!((&given["is_given"], &given["purpose"]), (&json!(true), &json!("marketing")));
    assert_eq!(given["proof"]["text"], "Yes, write to me");
    say("consent_withdrawn");
    let all = house.get(&format!("/api/v1/leads/{lead}"), &owner).expect(200)["consents"].clone();
    assert!(all.as_array().expect("a list").iter().all(|one| one["is_given"] == false), "{all}");
}

#[test]
fn companies_sum_their_leads_up() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    house.visitor(&owner, "one@acme.example", 3);
    house.visitor(&owner, "two@acme.example", 5);
    house.visitor(&owner, "x@other.example", 1);
    let page = house.get("/api/v1/companies?order=sum", &owner).expect(200);
    assert_eq!(page["companies"][0]["id"], "acme.example");
    assert_eq!(page["companies"][0]["sum"], 90);
    assert_eq!(page["companies"][0]["leads"], 2);
    let one = house.get("/api/v1/companies/acme.example", &owner).expect(200);
    assert_eq!(one["leads"].as_array().map(Vec::len), Some(2));
    house.get("/api/v1/companies/nowhere.example", &owner).problem(404, "not_found");
}

#[test]
fn transitions_tell_what_changed_and_why() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 5);
    let page = house
        .get(&format!("/api/v1/leads/{lead}/transitions?kind=stage_entered"), &owner)
        .expect(200);
    let entered = &page["transitions"][0];
    assert_eq!((&entered["to"], &entered["model"]), (&json!("sales_qualified"), &json!("fit")));
    assert_eq!(
        (&entered["reason"], &entered["score"]),
        (&json!("reached its thresholds"), &json!(55))
    );
    assert_eq!(entered["at"], "2026-06-01T10:00:00Z");
    let card = &entered["card"];
    assert_eq!((&card["score"], &card["at"]), (&json!(55), &entered["at"]));
    assert_eq!(card["groups"][1]["criteria"][0]["counted"], 5);
    let path = format!("/api/v1/transitions/{}", entered["id"].as_str().expect("an id"));
    assert_eq!(house.get(&path, &owner).expect(200), *entered);
    house.get("/api/v1/transitions/tr_none", &owner).problem(404, "not_found");
}

#[test]
fn a_deal_is_a_fact_of_its_lead() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 0);
    let deal = json!({"id": "d1", "who": {"lead": lead}, "stage": "won", "amount_minor": 120_000, "currency": "eur"});
    house.post("/api/v1/deals", &owner, deal).expect(200);
    let deals = house.get(&format!("/api/v1/leads/{lead}/deals"), &owner).expect(200);
    assert_eq!(deals["events"][0]["name"], "deal_won");
    assert_eq!(deals["events"][0]["body"]["currency"], "EUR");
    let bad = json!({"id": "d2", "who": {"lead": lead}, "stage": "won", "currency": "euros"});
    house.post("/api/v1/deals", &owner, bad).problem(422, "bad_currency");
}

#[test]
fn lists_say_what_a_company_is_called_where_somebody_said_so() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let ana = house.visitor(&owner, "ana@acme.example", 2);
    house.visitor(&owner, "bea@other.example", 1);
    let group = json!({"who": {"email": "ana@acme.example"}, "group": "c-17",
        "traits": {"name": "Acme, \"Coffee\""}});
    house.post("/api/v1/events", &owner, json!({"events": [group]})).expect(200);
    house.settle();
    let leads = house.get("/api/v1/leads", &owner).expect(200)["leads"].clone();
    let of = |index: usize| (leads[index]["company"].clone(), leads[index]["company_name"].clone());
    assert_eq!(of(0), (json!("c-17"), json!("Acme, \"Coffee\"")));
    assert_eq!(of(1), (json!("other.example"), Json::Null));
    let one = house.get(&format!("/api/v1/leads/{ana}"), &owner).expect(200);
    assert_eq!(one["company_name"], "Acme, \"Coffee\"");
    let company = house.get("/api/v1/companies/c-17", &owner).expect(200);
    assert_eq!(company["leads"][0]["company_name"], "Acme, \"Coffee\"");
    let exported = house.get("/api/v1/exports/leads", &owner).text();
    assert!(exported.contains(",c-17,\"Acme, \"\"Coffee\"\"\","), "{exported}");
    assert!(exported.contains(",other.example,,"), "{exported}");
}

#[test]
fn a_stage_is_explained_with_the_instant_since_when_the_lead_is_in_it() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    let lead = house.visitor(&owner, "ana@a.example", 3);
    let path = format!("/api/v1/leads/{lead}/explain");
    let before = house.get(&path, &owner).expect(200);
    assert_eq!((&before["stage"], &before["stage_since"]), (&Json::Null, &Json::Null));
    house.pass(3_600_000);
    house.visitor(&owner, "ana@a.example", 6);
    house.pass(3_600_000);
    let now = house.get(&path, &owner).expect(200);
    assert_eq!(now["stage"], "sales_qualified");
    assert_eq!(now["stage_since"], "2026-06-01T11:00:00Z");
    let then = house.get(&format!("{path}?at=2026-06-01T10:30:00Z"), &owner).expect(200);
    assert_eq!((&then["stage"], &then["stage_since"]), (&Json::Null, &Json::Null));
}

#[test]
fn priorities_follow_what_other_currencies_are_worth() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    for (email, amount, currency) in
        [("lei@a.example", 30_000, "RON"), ("euro@b.example", 20_000, "EUR")]
    {
        house.visitor(&owner, email, 2);
        let deal = json!({"id": email, "who": {"email": email}, "stage": "proposal",
            "amount_minor": amount, "currency": currency});
        house.post("/api/v1/deals", &owner, deal).expect(200);
    }
    house.settle();
    let ranked = || names(&house.get("/api/v1/leads?order=priority", &owner).expect(200));
    assert_eq!(ranked(), ["lei@a.example", "euro@b.example"]);
    let set = |value: Json| house.call("PUT", "/api/v1/settings/money", &owner, Some(value));
    for wrong in [json!({"currency": "euros"}), json!({"currency": "EUR", "rates": {"RON": 0}})] {
        set(wrong).problem(422, "bad_setting");
    }
    set(json!({"currency": "EUR", "rates": {"RON": 0.2}})).expect(200);
    house.live.reprice(house.server.now()).expect("as the ticks do");
    house.settle();
    assert_eq!(ranked(), ["euro@b.example", "lei@a.example"]);
}

#[test]
fn quiet_leads_are_forgotten_where_that_is_set_and_customers_are_not() {
    let house = House::new();
    let owner = house.owner();
    house.model(&owner);
    // A session would end before anybody is quiet.
    let scopes = ["facts:write", "leads:read", "leads:write", "settings:write", "audit:read"];
    let owner = house.key(&owner, &scopes);
    let quiet = house.visitor(&owner, "quiet@a.example", 2);
    let customer = house.visitor(&owner, "customer@b.example", 1);
    let deal = json!({"id": "d1", "who": {"email": "customer@b.example"}, "stage": "won"});
    house.post("/api/v1/deals", &owner, deal).expect(200);
    house.pass(40 * 24 * 3_600_000);
    let recent = house.visitor(&owner, "recent@c.example", 1);
    house.settle();
    let preview = |days: i64| {
        house.get(&format!("/api/v1/settings/retention/preview?quiet_days={days}"), &owner)
    };
    assert_eq!(preview(30).expect(200)["leads"], 1);
    assert_eq!(preview(41).expect(200)["leads"], 0);
    preview(5).problem(422, "bad_setting");
    let set = |value: Json| house.call("PUT", "/api/v1/settings/retention", &owner, Some(value));
    for wrong in [json!({"quiet_days": 3}), json!({"quiet_days": "x"}), json!({"days": 90})] {
        set(wrong).problem(422, "bad_setting");
    }
    let path = |lead: &str| format!("/api/v1/leads/{lead}");
    house.get(&path(&quiet), &owner).expect(200);
    set(json!({"quiet_days": 30})).expect(200);
    let work = house.runtime.block_on(async { house.server.work() });
    // The loops run beside: their end is waited for, not a time.
    let is_gone = || house.get(&path(&quiet), &owner).status == 404;
    let turns = (0..6_000).take_while(|_| {
        house
            .runtime
            .block_on(async { tokio::time::sleep(std::time::Duration::from_millis(10)).await });
        !is_gone()
    });
    assert!(turns.count() < 6_000, "nobody was forgotten");
    drop(work);
    house.settle();
    assert_eq!(
        names(&house.get("/api/v1/leads", &owner).expect(200)),
        ["recent@c.example", "customer@b.example"]
    );
    house.get(&path(&customer), &owner).expect(200);
    house.get(&path(&recent), &owner).expect(200);
    let noted = house.get("/api/v1/audit?action=leads.forgotten", &owner).expect(200);
    assert_eq!(noted["entries"].as_array().map(Vec::len), Some(1));
    assert_eq!(noted["entries"][0]["actor"], "system");
    assert_eq!(noted["entries"][0]["after"], json!({"leads": 1, "facts": 3, "quiet_days": 30}));
    assert_eq!(house.get("/api/v1/erasures", &owner).expect(200), json!([]));
    // Nobody is kept out: who comes back is somebody new.
    let back = house.visitor(&owner, "quiet@a.example", 1);
    assert_ne!(back, quiet);
    assert_eq!(preview(30).expect(200)["leads"], 0);
}
