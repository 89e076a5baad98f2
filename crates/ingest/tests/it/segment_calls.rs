//! Segment's calls become reports.

use ingest::Envelope;
use ingest::segment::{self, Body, Call, CallError, Calls};
use leads::{EmailAddress, Report, Timestamp, Trust, What};
use serde_json::{Value as Json, json};

pub(crate) const RECEIVED: &str = "2026-03-01T12:00:00Z";

pub(crate) fn envelope(trust: Trust) -> Envelope {
    Envelope {
        received_at: Timestamp::parse(RECEIVED).unwrap(),
        source: "key:test".to_owned(),
        trust,
        ip: None,
        user_agent: None,
        machine: None,
    }
}

pub(crate) fn parse(call: Call, body: &Json, trust: Trust) -> Calls {
    let mut count = 0;
    let mut fresh = || {
        count += 1;
        format!("fresh-{count}")
    };
    segment::parse(call, body.to_string().as_bytes(), &envelope(trust), &mut fresh).unwrap()
}

/// The one report of a trusted call.
pub(crate) fn one(call: Call, body: &Json) -> Report {
    let reports = parse(call, body, Trust::Trusted).into_reports();
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.into_iter().next().unwrap()
}

pub(crate) fn event(report: &Report) -> (&str, Json) {
    match &report.what {
        What::Event { name, properties } => (name, Json::Object(properties.clone())),
        other => panic!("no event: {other:?}"),
    }
}

pub(crate) fn traits(report: &Report) -> Json {
    match &report.what {
        What::Traits(traits) => Json::Object(traits.clone()),
        other => panic!("no traits: {other:?}"),
    }
}

fn rejected(call: Call, body: &Json) -> (String, &'static str) {
    let calls = parse(call, body, Trust::Trusted);
    let rejection = calls.items[0].verdict.clone().unwrap_err();
    (rejection.pointer, rejection.code)
}

fn notes(calls: &Calls) -> Vec<(String, &'static str)> {
    let notes = calls.items.iter().flat_map(|item| &item.notes);
    notes.map(|note| (note.pointer.clone(), note.code)).collect()
}

fn at(body: &Json, trust: Trust) -> String {
    parse(Call::Track, body, trust).into_reports()[0].at.to_string()
}

#[test]
fn identify_gives_traits_under_the_names_that_models_use() {
    let report = one(
        Call::Identify,
        &json!({
            "userId": "u1", "anonymousId": "a1", "messageId": "m1",
            "traits": {
                "email": " Ana@Cafes.ES ", "firstName": "Ana", "last_name": "Pop", "title": "CEO",
                "phone": "+34 600 000 000", "createdAt": 1_770_000_000, "plan": "pro",
                "company": {"name": "Cafés", "employee_count": 250, "industry": "hospitality"},
                "address": {"street": "Mayor 1", "country": "ES", "city": "Madrid", "postalCode": "28012"},
                "answers": {"budget": "yes"},
            },
        }),
    );
    assert_eq!(report.id, "call:key:test/m1");
    assert_eq!(report.who.user.as_deref(), Some("u1"));
    assert_eq!(report.who.anonymous.as_deref(), Some("a1"));
    assert_eq!(report.who.email, EmailAddress::parse("ana@cafes.es").ok());
    assert_eq!(
        traits(&report),
        json!({
            "email": "ana@cafes.es", "email.domain": "cafes.es", "email.kind": "business",
            "first_name": "Ana", "last_name": "Pop", "title": "CEO", "phone": "+34 600 000 000",
            "created_at": "2026-02-02T02:40:00Z", "plan": "pro",
            "company": {"name": "Cafés", "employees": 250, "industry": "hospitality"},
            "address": {"street": "Mayor 1"}, "country": "ES", "city": "Madrid", "postcode": "28012",
            "answers": {"budget": "yes"},
        })
    );
}

#[test]
fn a_company_that_is_a_text_is_its_name() {
    let report = one(Call::Identify, &json!({"userId": "u1", "traits": {"company": "Acme"}}));
    assert_eq!(traits(&report), json!({"company": {"name": "Acme"}}));
}

#[test]
fn of_two_spellings_of_a_trait_ours_counts() {
    let report = one(
        Call::Identify,
        &json!({"userId": "u1", "traits": {"firstName": "Anna", "first_name": "Ana"}}),
    );
    assert_eq!(traits(&report), json!({"first_name": "Ana"}));
}

#[test]
fn an_address_that_is_taken_away_takes_what_follows_from_it_along() {
    let report = one(Call::Identify, &json!({"userId": "u1", "traits": {"email": null}}));
    assert_eq!(traits(&report), json!({"email": null, "email.domain": null, "email.kind": null}));
}

#[test]
fn a_text_that_is_no_address_stays_a_trait_and_names_nobody() {
    let body = json!({"userId": "u1", "traits": {"email": "none at all"}});
    let calls = parse(Call::Identify, &body, Trust::Trusted);
    assert_eq!(notes(&calls), [("/traits/email".to_owned(), "bad_email")]);
    let reports = calls.into_reports();
    assert_eq!(reports[0].who.email, None);
    assert_eq!(traits(&reports[0]), json!({"email": "none at all"}));
}

#[test]
fn a_user_id_that_is_an_address_is_the_email_too() {
    let report = one(Call::Identify, &json!({"userId": "Ana@gmail.com"}));
    assert_eq!(report.who.user.as_deref(), Some("Ana@gmail.com"));
    assert_eq!(report.who.email, EmailAddress::parse("ana@gmail.com").ok());
    assert_eq!(
        traits(&report),
        json!({"email": "ana@gmail.com", "email.domain": "gmail.com", "email.kind": "personal"})
    );
}

#[test]
fn an_address_that_comes_with_an_event_is_a_trait_once_a_day() {
    let body = |id: &str, at: &str| {
        json!({"userId": "u1", "event": "Email Opened", "messageId": id, "timestamp": at,
               "context": {"traits": {"email": "ana@cafes.es"}}})
    };
    let first =
        parse(Call::Track, &body("m1", "2026-02-01T09:00:00Z"), Trust::Trusted).into_reports();
    let second =
        parse(Call::Track, &body("m2", "2026-02-01T19:00:00Z"), Trust::Trusted).into_reports();
    assert_eq!(event(&first[0]).0, "email_opened");
    assert_eq!(
        traits(&first[1]),
        json!({"email": "ana@cafes.es", "email.domain": "cafes.es", "email.kind": "business"})
    );
    assert_ne!(first[0].id, second[0].id);
    assert_eq!(first[1].id, second[1].id);
    // Whoever had another address since has this one again.
    let third =
        parse(Call::Track, &body("m3", "2026-02-02T01:00:00Z"), Trust::Trusted).into_reports();
    assert_ne!(first[1].id, third[1].id);
}

#[test]
fn track_keeps_the_name_and_the_properties() {
    let report = one(
        Call::Track,
        &json!({"userId": 42, "event": " Open Day: attended ", "properties": {"n": {"m": [1, 2]}}}),
    );
    assert_eq!(report.who.user.as_deref(), Some("42"));
    assert_eq!(event(&report), ("Open Day: attended", json!({"n": {"m": [1, 2]}})));
}

#[test]
fn names_that_everybody_means_the_same_by_become_ours() {
    let check = |theirs: &str, ours: &str| {
        let report = one(Call::Track, &json!({"userId": "u", "event": theirs}));
        let (name, properties) = event(&report);
        assert_eq!(name, ours);
        assert_eq!(properties["original_event"], json!(theirs));
    };
    check("Order Completed", "purchased");
    check("order completed", "purchased");
    check("Email Link Clicked", "email_clicked");
    check("Unsubscribed", "unsubscribed");
    check("Trial Started", "trial_requested");
    // A name in another shape is somebody's own.
    let report = one(Call::Track, &json!({"userId": "u", "event": "order_completed"}));
    assert_eq!(event(&report), ("order_completed", json!({})));
    let report = one(Call::Track, &json!({"userId": "u", "event": "unsubscribed"}));
    assert_eq!(event(&report), ("unsubscribed", json!({})));
}

#[test]
fn an_order_has_an_amount_and_its_products_categories() {
    let report = one(
        Call::Track,
        &json!({"userId": "u", "event": "Order Completed", "properties": {
            "revenue": 99.5, "currency": "EUR",
            "products": [{"name": "Barista", "category": "coffee_machine"},
                         {"name": "Capsules", "category": "capsules"},
                         {"name": "Mild", "category": "capsules"}]}}),
    );
    let (_, properties) = event(&report);
    assert_eq!(properties["amount"], json!(99.5));
    assert_eq!(properties["category"], json!(["coffee_machine", "capsules"]));
    assert_eq!(properties["product"], json!(["Barista", "Capsules", "Mild"]));
}

#[test]
fn an_order_of_ninety_products_with_all_their_properties_is_taken() {
    let product = |number: u32| {
        json!({"product_id": number, "sku": "a1", "category": "capsules", "name": format!("C{number}"),
            "brand": "b", "variant": "v", "price": 1.5, "quantity": 2, "coupon": "c", "position": 1,
            "url": "https://a.example/p", "image_url": "https://a.example/i"})
    };
    let products: Vec<Json> = (0..90).map(product).collect();
    let body = json!({"userId": "u1", "event": "Order Completed",
        "properties": {"order_id": "o1", "revenue": 270, "products": products}});
    assert!(body.to_string().len() < 32 << 10, "{}", body.to_string().len());
    let report = one(Call::Track, &body);
    let (name, properties) = event(&report);
    assert_eq!((name, &properties["amount"]), ("purchased", &json!(270)));
    assert_eq!(properties["product"].as_array().map(Vec::len), Some(90));
    assert_eq!(properties["category"], json!(["capsules"]));
}

#[test]
fn a_clicked_link_stands_where_models_look_for_it() {
    let report = one(
        Call::Track,
        &json!({"userId": "u", "event": "Email Link Clicked",
                "properties": {"link_url": "https://x.es/blog/1", "campaign_name": "May"}}),
    );
    let (_, properties) = event(&report);
    assert_eq!(properties["link"], json!("https://x.es/blog/1"));
    assert_eq!(properties["campaign"], json!({"name": "May"}));
}

#[test]
fn a_screen_is_seen_and_a_group_is_a_company() {
    let report = one(Call::Screen, &json!({"anonymousId": "a", "name": "Home"}));
    assert_eq!(event(&report), ("screen_viewed", json!({"name": "Home"})));
    let report = one(
        Call::Group,
        &json!({"userId": "u", "groupId": 7, "traits": {"name": "Acme", "employees": "51-200"}}),
    );
    assert_eq!(
        report.what,
        What::Group {
            group: "7".to_owned(),
            traits: json!({"name": "Acme", "employees": "51-200"}).as_object().unwrap().clone(),
        }
    );
    assert_eq!(rejected(Call::Group, &json!({"userId": "u"})), ("/groupId".to_owned(), "missing"));
}

#[test]
fn an_alias_gives_up_an_id() {
    let report = one(Call::Alias, &json!({"userId": "u", "previousId": "a1"}));
    assert_eq!(report.what, What::Alias { previous: "a1".to_owned() });
    for (previous, code) in
        [(json!(null), "missing"), (json!("undefined"), "missing"), (json!("u"), "same_id")]
    {
        let body = json!({"userId": "u", "previousId": previous});
        assert_eq!(rejected(Call::Alias, &body), ("/previousId".to_owned(), code));
    }
}

#[test]
fn only_a_trusted_sender_moves_deals() {
    let body = json!({"userId": "u", "event": "Deal Updated", "properties": {
        "deal_id": "d1", "stage": "Proposal", "amount": "1200.50", "currency": "eur", "x": 1}});
    let What::Deal(deal) = one(Call::Track, &body).what else { panic!("no deal") };
    assert_eq!((deal.id.as_str(), deal.stage.as_str()), ("d1", "proposal"));
    assert_eq!((deal.amount_minor, deal.currency.as_deref()), (Some(120_050), Some("EUR")));
    assert_eq!(Json::Object(deal.properties), json!({"x": 1}));
    let reports = parse(Call::Track, &body, Trust::Public).into_reports();
    assert_eq!(event(&reports[0]).0, "deal_updated");
}

#[test]
fn a_call_needs_somebody_it_is_about() {
    for body in [
        json!({"event": "x"}),
        json!({"event": "x", "userId": null, "anonymousId": null}),
        json!({"event": "x", "userId": " "}),
    ] {
        assert_eq!(rejected(Call::Track, &body), (String::new(), "no_identity"));
    }
    // The Python client sends null where it knows no visitor.
    let body = json!({"event": "x", "userId": "u", "anonymousId": null});
    assert_eq!(one(Call::Track, &body).who.anonymous, None);
}

#[test]
fn what_programs_send_for_nobody_is_nobody() {
    for id in [
        json!("null"),
        json!("undefined"),
        json!("None"),
        json!("anonymous"),
        json!("guest"),
        json!("0"),
        json!(0),
        json!(-1),
        json!("[object Object]"),
        json!("NaN"),
        json!(true),
        json!("-1"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!(0.0),
    ] {
        let body = json!({"event": "x", "userId": id, "anonymousId": "a"});
        let calls = parse(Call::Track, &body, Trust::Trusted);
        assert_eq!(notes(&calls), [("/userId".to_owned(), "blocked_id")], "{id}");
        assert_eq!(calls.into_reports()[0].who.user, None, "{id}");
    }
    for id in [json!("nullius"), json!("10"), json!("Guestrow"), json!("a0000")] {
        let body = json!({"event": "x", "userId": id});
        assert!(one(Call::Track, &body).who.user.is_some(), "{id}");
    }
}

#[test]
fn wrong_types_are_named_with_their_place() {
    for (call, body, place, code) in [
        (Call::Track, json!({"userId": {"a": 1}, "event": "x"}), "/userId", "wrong_type"),
        (Call::Track, json!({"userId": "u", "event": 5}), "/event", "wrong_type"),
        (Call::Track, json!({"userId": "u"}), "/event", "missing"),
        (Call::Track, json!({"userId": "u", "event": " "}), "/event", "missing"),
        (
            Call::Track,
            json!({"userId": "u", "event": "x", "properties": []}),
            "/properties",
            "wrong_type",
        ),
        (Call::Track, json!({"userId": "u", "event": "x", "context": 1}), "/context", "wrong_type"),
        (
            Call::Track,
            json!({"userId": "u", "event": "x", "messageId": []}),
            "/messageId",
            "wrong_type",
        ),
        (
            Call::Track,
            json!({"userId": "u", "event": "x", "timestamp": "soon"}),
            "/timestamp",
            "bad_timestamp",
        ),
        (Call::Track, json!({"userId": "u".repeat(256), "event": "x"}), "/userId", "too_long"),
        (Call::Track, json!({"userId": "u", "event": "x".repeat(256)}), "/event", "too_long"),
        (Call::Track, json!({"userId": "a\u{1}b", "event": "x"}), "/userId", "bad_id"),
        (Call::Identify, json!({"userId": "u", "traits": "x"}), "/traits", "wrong_type"),
    ] {
        assert_eq!(rejected(call, &body), (place.to_owned(), code), "{body}");
    }
}

#[test]
fn an_instant_is_by_our_clock_whatever_the_senders_shows() {
    let call = |timestamp: Json, sent: Json| json!({"userId": "u", "event": "x", "timestamp": timestamp, "sentAt": sent});
    for (timestamp, sent, expected) in [
        (json!(null), json!(null), RECEIVED),
        (json!("2026-03-01T11:00:00Z"), json!(null), "2026-03-01T11:00:00Z"),
        // A clock that is ten years ahead, and one that began anew.
        (json!("2036-03-01T10:00:00Z"), json!("2036-03-01T10:00:05Z"), "2026-03-01T11:59:55Z"),
        (json!("1970-01-03T10:00:00Z"), json!("1970-01-03T10:01:00Z"), "2026-03-01T11:59:00Z"),
        // The network took a minute.
        (json!("2026-03-01T11:58:00Z"), json!("2026-03-01T11:59:00Z"), "2026-03-01T11:59:00Z"),
        // Nonsense for the time of sending.
        (json!("2026-03-01T11:00:00Z"), json!("never"), "2026-03-01T11:00:00Z"),
        (json!("2026-03-01T11:00:00Z"), json!("1970-01-01T00:00:00Z"), "2026-03-01T11:00:00Z"),
        (json!("2026-03-01T11:00:00Z"), json!("2001-01-01T00:00:00Z"), "2026-03-01T11:00:00Z"),
        // The future is not known.
        (json!("2027-03-01T11:00:00Z"), json!(null), RECEIVED),
        // The zero of a language is no instant; a moment in 1968 is one.
        (json!("0001-01-01T00:00:00Z"), json!(null), RECEIVED),
        (json!(0), json!(null), RECEIVED),
        (json!("1968-05-01T00:00:00Z"), json!(null), "1968-05-01T00:00:00Z"),
        (json!("2026-03-01T11:00:00"), json!(null), "2026-03-01T11:00:00Z"),
        (json!(1_772_362_800_000_u64), json!(null), "2026-03-01T11:00:00Z"),
        (json!("2026-03-01T12:00:00.827+01:00"), json!(null), "2026-03-01T11:00:00.827Z"),
    ] {
        let body = call(timestamp, sent);
        assert_eq!(at(&body, Trust::Trusted), expected, "{body}");
    }
    let old = call(json!("1850-01-01T00:00:00Z"), json!(null));
    assert_eq!(rejected(Call::Track, &old), ("/timestamp".to_owned(), "bad_timestamp"));
}

#[test]
fn a_short_id_is_kept_apart_by_its_sender_as_others_number_their_messages_too() {
    let id = |id: Json, source: &str| {
        let body = json!({"userId": "u", "event": "x", "messageId": id}).to_string();
        let envelope = Envelope { source: source.to_owned(), ..envelope(Trust::Trusted) };
        let calls = segment::parse(Call::Track, body.as_bytes(), &envelope, &mut String::new);
        calls.unwrap().into_reports()[0].id.clone()
    };
    assert_eq!(id(json!(17), "key:shop"), "call:key:shop/17");
    assert_ne!(id(json!("17"), "key:shop"), id(json!("17"), "key:crm"));
    assert_ne!(id(json!("ñ-éééééééééééé"), "key:shop"), id(json!("ñ-éééééééééééé"), "key:crm"));
    let uuid = json!("0b4f2c4e-93a5-4a0b-8a53-0d6b1f0a7c11");
    assert_eq!(id(uuid.clone(), "key:shop"), id(uuid, "key:crm"));
}

#[test]
fn an_old_fact_of_an_untrusted_sender_is_taken_as_of_now() {
    let body = json!({"userId": "u", "event": "x", "timestamp": "2020-01-01T00:00:00Z"});
    assert_eq!(at(&body, Trust::Public), RECEIVED);
    assert_eq!(at(&body, Trust::Trusted), "2020-01-01T00:00:00Z");
    let body = json!({"userId": "u", "event": "x", "timestamp": "2026-02-01T00:00:00Z"});
    assert_eq!(at(&body, Trust::Public), "2026-02-01T00:00:00Z");
}

#[test]
fn an_id_is_kept_apart_by_who_is_believed() {
    let body = json!({"userId": "u", "event": "x", "messageId": "a-message-of-its-own"});
    let id = |body: &Json, trust| parse(Call::Track, body, trust).into_reports()[0].id.clone();
    assert_eq!(id(&body, Trust::Trusted), "call:a-message-of-its-own");
    assert_eq!(id(&body, Trust::Public), "web:a-message-of-its-own");
    let body = json!({"userId": "u", "event": "x"});
    assert_eq!(id(&body, Trust::Trusted), "call:fresh-1");
    let long = json!({"userId": "u", "event": "x", "messageId": "m".repeat(101)});
    assert_eq!(id(&long, Trust::Trusted), id(&long, Trust::Trusted));
    assert!(id(&long, Trust::Trusted).len() < 60);
    let wide = json!({"userId": "u", "event": "x", "messageId": "é".repeat(100)});
    assert!(id(&wide, Trust::Trusted).ends_with("éé"));
    assert!(id(&wide, Trust::Trusted).len() <= Report::ID_MAX);
}

#[test]
fn a_batch_keeps_what_is_good_in_it() {
    let body = json!({
        "batch": [
            {"type": "track", "userId": "u", "event": "x"},
            {"type": "track", "event": "x"},
            {"type": "purchase", "userId": "u"},
            {"userId": "u"},
            7,
            {"type": "identify", "userId": "u", "traits": {"a": 1}},
        ],
        "context": {"locale": "ro-RO", "page": {"path": "/a", "title": "A"}},
        "sentAt": RECEIVED,
    });
    let calls = parse(Call::Batch, &body, Trust::Trusted);
    let faults: Vec<_> =
        calls.rejections().map(|r| (r.index, r.pointer.as_str(), r.code)).collect();
    assert_eq!(
        faults,
        [
            (1, "/batch/1", "no_identity"),
            (2, "/batch/2/type", "unknown_type"),
            (3, "/batch/3/type", "unknown_type"),
            (4, "/batch/4", "wrong_type"),
        ]
    );
    assert_eq!(calls.items.len(), 6);
    let reports = calls.into_reports();
    assert_eq!(reports.len(), 2);
    assert_eq!(event(&reports[0]).1["locale"], json!("ro-RO"));
}

#[test]
fn a_call_says_more_of_its_circumstances_than_its_batch() {
    let body = json!({
        "batch": [{"type": "page", "anonymousId": "a", "context": {"page": {"path": "/own"}}}],
        "context": {"page": {"path": "/batch", "title": "Batch"}},
    });
    let reports = parse(Call::Batch, &body, Trust::Trusted).into_reports();
    assert_eq!(event(&reports[0]).1, json!({"path": "/own", "title": "Batch"}));
}

#[test]
fn each_clients_way_of_stamping_is_understood() {
    // Rudder: originalTimestamp and sentAt in each call, and again in the batch.
    let body = json!({
        "batch": [{"type": "track", "userId": "u", "event": "x",
                   "originalTimestamp": "2026-03-01T09:00:00Z", "sentAt": "2026-03-01T09:00:10Z"}],
        "originalTimestamp": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:00Z",
    });
    let reports = parse(Call::Batch, &body, Trust::Trusted).into_reports();
    assert_eq!(reports[0].at.to_string(), "2026-03-01T11:59:50Z");
    // Segment's Python client: the time of sending in the batch only.
    let body = json!({
        "batch": [{"type": "page", "userId": "u", "anonymousId": null, "category": "docs", "name": "Home",
                   "timestamp": "2026-03-01T11:59:20.827+00:00"}],
        "sentAt": "2026-03-01T11:59:30.827Z",
    });
    let reports = parse(Call::Batch, &body, Trust::Trusted).into_reports();
    assert_eq!(reports[0].at.to_string(), "2026-03-01T11:59:50Z");
    assert_eq!(event(&reports[0]).1, json!({"name": "Home", "category": "docs"}));
}

#[test]
fn the_write_key_may_stand_in_the_body() {
    let key = |body: Json| Body::read(body.to_string().as_bytes()).unwrap().write_key();
    assert_eq!(key(json!({"writeKey": "wk_1", "batch": []})), Some("wk_1".to_owned()));
    assert_eq!(key(json!({"batch": [{"writeKey": " wk_2 "}]})), Some("wk_2".to_owned()));
    assert_eq!(key(json!({"writeKey": 5})), None);
    assert_eq!(key(json!({"writeKey": ""})), None);
}

#[test]
fn limits_are_said_aloud() {
    let parse = |call, text: String| {
        segment::parse(call, text.as_bytes(), &envelope(Trust::Trusted), &mut || "id".to_owned())
    };
    let large = json!({"userId": "u", "event": "x", "properties": {"a": "x".repeat(32 << 10)}});
    assert_eq!(rejected(Call::Track, &large), (String::new(), "too_large"));
    let batch = json!({"batch": [large, {"type": "track", "userId": "u", "event": "x"}]});
    let calls = parse(Call::Batch, batch.to_string()).unwrap();
    assert_eq!(calls.rejections().count(), 1);
    assert_eq!(calls.into_reports().len(), 1);

    let huge = format!("{{\"batch\": [{}]}}", " ".repeat(500 << 10));
    assert!(matches!(parse(Call::Batch, huge), Err(CallError::TooLarge { .. })));
    let many = format!("{{\"batch\": [{}1]}}", "1,".repeat(2_500));
    let error = parse(Call::Batch, many).unwrap_err();
    assert_eq!(error, CallError::TooMany { count: 2_501, limit: 2_500 });
    for body in ["{\"batch\": []}", "{\"batch\": {}}", "{}"] {
        assert_eq!(parse(Call::Batch, body.to_owned()), Err(CallError::NoBatch), "{body}");
    }

    let wide = vec![1; 10_001];
    let body = json!({"userId": "u", "event": "x", "properties": {"a": wide}});
    assert_eq!(rejected(Call::Track, &body).1, "too_many_values");
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!({ "a": deep });
    }
    let body = json!({"userId": "u", "event": "x", "properties": deep});
    assert_eq!(rejected(Call::Track, &body).1, "too_deep");
}
