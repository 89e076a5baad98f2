//! What calls say of their circumstances: the page, the campaign, the company, the program that made them, and the
//! form that the script saw.

use ingest::Envelope;
use ingest::segment::{self, Call};
use leads::{EmailAddress, Trust, What};
use serde_json::{Value as Json, json};

use crate::segment_calls::{envelope, event, one, parse, traits};

#[test]
fn the_campaign_that_brought_somebody_who_says_who_they_are_is_a_trait() {
    let report = one(
        Call::Identify,
        &json!({"userId": "u1", "context": {"campaign": {"name": "spring", "medium": "referral"}}}),
    );
    assert_eq!(traits(&report), json!({"utm.campaign": "spring", "utm.medium": "referral"}));
}

#[test]
fn a_page_is_what_its_context_says() {
    let report = one(
        Call::Page,
        &json!({"anonymousId": "a", "name": "Pricing", "category": "docs", "properties": {"path": "/p"},
                "context": {"page": {"path": "/other", "url": "https://x.es/p?utm_source=ads&utm_campaign=may",
                                     "title": "T", "search": "?utm_source=ads&utm_campaign=may", "referrer": ""},
                            "locale": "es-ES"}}),
    );
    assert_eq!(
        event(&report),
        (
            "page_viewed",
            json!({
            "path": "/p", "url": "https://x.es/p?utm_source=ads&utm_campaign=may", "title": "T",
            "search": "?utm_source=ads&utm_campaign=may", "name": "Pricing", "category": "docs",
            "campaign": {"source": "ads", "name": "may"}, "locale": "es-ES"})
        )
    );
}

#[test]
fn the_click_on_an_advertisement_is_part_of_the_campaign() {
    let campaign = |context: Json| {
        let body = json!({"anonymousId": "a", "event": "x", "context": context});
        event(&one(Call::Track, &body)).1["campaign"].clone()
    };
    let expected = json!({"source": "ads", "name": "spring sale", "gclid": "C1"});
    let query = "utm_source=ads&utm_campaign=spring+sale&gclid=C1&token=s3cret";
    assert_eq!(campaign(json!({"campaign": query})), expected, "as our script says it");
    assert_eq!(campaign(json!({"campaign": ""})), Json::Null);
    let page = json!({"url": format!("https://a.example/?{query}")});
    assert_eq!(campaign(json!({"page": page})), expected);
}

#[test]
fn our_script_says_once_where_it_is() {
    let said = |name: &str, properties: Json| {
        let body = json!({"anonymousId": "a", "event": name, "properties": properties, "context": {
            "library": {"name": "madura.js"}, "page": {"path": "/p", "url": "https://a.example/p", "title": "P"}}});
        event(&one(Call::Track, &body)).1
    };
    let seen = said("page_viewed", json!({"plan": "pro"}));
    assert_eq!(
        seen,
        json!({"plan": "pro", "path": "/p", "url": "https://a.example/p", "title": "P"})
    );
    assert_eq!(said("demo_requested", Json::Null)["path"], "/p");
    let consent = said("consent_given", json!({"purpose": "analytics"}));
    assert_eq!(consent["url"], "https://a.example/p");
    let file = |properties: Json| said("file_downloaded", properties)["kind"].clone();
    assert_eq!(file(json!({"file": "Precios.PDF", "kind": null})), "pdf");
    assert_eq!(file(json!({"file": "Precios.PDF", "kind": "price_list"})), "price_list");
}

#[test]
fn the_path_of_a_page_follows_from_its_address() {
    for (url, path) in
        [("https://x.es/a/b?c#d", "/a/b"), ("https://x.es", "/"), ("https://x.es?q=/z", "/")]
    {
        let report = one(Call::Page, &json!({"anonymousId": "a", "properties": {"url": url}}));
        assert_eq!(event(&report).1["path"], json!(path), "{url}");
    }
}

#[test]
fn an_event_keeps_the_page_and_the_referrer_of_its_context() {
    let body = json!({"userId": "u", "event": "x", "context": {
        "page": {"path": "/p", "referrer": "https://r.es/", "keywords": ["no"]},
        "ip": "1.2.3.4", "library": {"name": "l"}, "groupId": "g1", "timezone": "Europe/Madrid"}});
    let reports = parse(Call::Track, &body, Trust::Trusted).into_reports();
    assert_eq!(
        event(&reports[0]).1,
        json!({"page": {"path": "/p", "referrer": "https://r.es/"}, "referrer": "https://r.es/",
               "group": "g1", "time_zone": "Europe/Madrid"})
    );
}

#[test]
fn a_company_that_a_person_or_a_context_names_is_theirs() {
    let groups = |call, body: &Json| {
        let reports = parse(call, body, Trust::Trusted).into_reports();
        let groups = reports.into_iter().filter_map(|report| match report.what {
            What::Group { group, traits } => Some((report.id, group, Json::Object(traits))),
            _ => None,
        });
        groups.collect::<Vec<_>>()
    };
    let body = json!({"userId": "u1", "traits": {"company":
        {"id": 7, "name": "Acme", "employee_count": 50, "industry": "coffee"}}});
    let found = groups(Call::Identify, &body);
    let [(_, group, traits)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(group, "7");
    assert_eq!(*traits, json!({"name": "Acme", "employees": 50, "industry": "coffee"}));
    // A name alone may be that of many.
    let body = json!({"userId": "u1", "traits": {"company": {"name": "Acme"}}});
    assert_eq!(groups(Call::Identify, &body), []);

    let seen = |minute: u32, day: u32| {
        let at = format!("2026-02-{day:02}T10:{minute:02}:00Z");
        let body = json!({"userId": "u1", "event": "e", "timestamp": at,
            "context": {"groupId": "acme"}});
        groups(Call::Track, &body).remove(0)
    };
    assert_eq!((seen(1, 3).1.as_str(), seen(1, 3).2), ("acme", json!({})));
    // Every call repeats it: one fact a day is enough.
    assert_eq!(seen(1, 3).0, seen(2, 3).0);
    assert_ne!(seen(1, 3).0, seen(1, 4).0);
}

#[test]
fn what_a_page_says_of_a_company_is_known_as_a_pages() {
    let says = |call, trust| {
        let body = json!({"userId": "u1", "groupId": "acme", "traits": {"website": "acme.com",
            "company": {"id": "acme", "website": "acme.com"}}});
        let reports = parse(call, &body, trust).into_reports();
        let of_company = reports.into_iter().find(|said| matches!(said.what, What::Group { .. }));
        of_company.expect("a company").id
    };
    for call in [Call::Identify, Call::Group] {
        assert!(says(call, Trust::Public).starts_with("web:"), "{call:?}");
        assert!(says(call, Trust::Trusted).starts_with("call:"), "{call:?}");
    }
}

#[test]
fn of_an_app_its_name_and_version_are_kept_and_of_a_device_its_kind() {
    let body = json!({"userId": "u1", "name": "Home", "context": {
        "app": {"name": "Acme", "version": "2.1", "build": "812", "namespace": "com.acme"},
        "device": {"type": "ios", "id": "d-1", "advertisingId": "x", "model": "iPhone7,2"},
        "os": {"name": "iOS", "version": "17.4"},
        "network": {"carrier": "T", "wifi": true}, "screen": {"width": 320},
        "library": {"name": "analytics-ios", "version": "4"},
    }});
    let expected = json!({"name": "Home", "app": {"name": "Acme", "version": "2.1"},
        "device": {"type": "ios"}, "os": {"name": "iOS"}});
    assert_eq!(event(&one(Call::Screen, &body)).1, expected);
}

#[test]
fn a_browser_that_is_none_is_marked_and_kept() {
    let sign = |body: &Json, envelope: &Envelope| {
        let calls = segment::parse(Call::Page, body.to_string().as_bytes(), envelope, &mut || {
            "id".to_owned()
        });
        calls.unwrap().into_reports()[0].machine.clone().map(|sign| sign.reason)
    };
    let body = json!({"anonymousId": "a"});
    let mut public = envelope(Trust::Public);
    assert_eq!(sign(&body, &public), None);
    public.user_agent =
        Some("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)".to_owned());
    assert_eq!(sign(&body, &public).as_deref(), Some("crawler"));
    // A server is a program, and says nothing about the person.
    let trusted = Envelope {
        user_agent: Some("python-requests/2.31".to_owned()),
        ..envelope(Trust::Trusted)
    };
    assert_eq!(sign(&body, &trusted), None);
    let body = json!({"anonymousId": "a", "context": {"userAgent": "curl/8.5.0"}});
    assert_eq!(sign(&body, &trusted).as_deref(), Some("library"));
    let body = json!({"anonymousId": "a", "context": {"webdriver": true}});
    assert_eq!(sign(&body, &trusted).as_deref(), Some("automation"));
    // The surest sign names the reason, wherever it stands.
    public.user_agent = Some("Mozilla/5.0".to_owned());
    assert_eq!(sign(&json!({"anonymousId": "a"}), &public).as_deref(), Some("bare_user_agent"));
    assert_eq!(sign(&body, &public).as_deref(), Some("automation"));
    public.machine = Some(leads::MachineSign { reason: "prefetch".to_owned(), confidence: 90 });
    assert_eq!(sign(&body, &public).as_deref(), Some("automation"));
    assert_eq!(sign(&json!({"anonymousId": "a"}), &public).as_deref(), Some("prefetch"));
}

#[test]
fn an_sdk_on_a_server_tells_of_people_and_is_none() {
    let sign = |agent: &str, context: Json| {
        let mut envelope = envelope(Trust::Public);
        envelope.user_agent = Some(agent.to_owned());
        let body = json!({"userId": "u1", "event": "Signed Up", "context": context}).to_string();
        let calls =
            segment::parse(Call::Track, body.as_bytes(), &envelope, &mut || "id".to_owned());
        calls.unwrap().into_reports()[0].machine.clone().map(|sign| sign.reason)
    };
    let python = json!({"library": {"name": "analytics-python", "version": "2.4.0"}});
    assert_eq!(sign("analytics-python/2.4.0", python.clone()), None);
    assert_eq!(sign("python-requests/2.31", python), None);
    // What it says of the visitor's browser is looked at.
    let of_a_bot = json!({"library": {"name": "@segment/analytics-node"},
        "userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)"});
    assert_eq!(sign("axios/1.6", of_a_bot).as_deref(), Some("crawler"));
    assert_eq!(sign("axios/1.6", json!({})).as_deref(), Some("library"));
    // A page's script is fetched by the browser that runs it.
    let page = json!({"library": {"name": "analytics.js"}});
    assert_eq!(sign("Mozilla/5.0 HeadlessChrome/120.0", page).as_deref(), Some("crawler"));
}

#[test]
fn a_form_that_the_script_saw_says_who_filled_it_in() {
    let body = json!({
        "anonymousId": "a1",
        "event": "form_submitted",
        "messageId": "m1",
        "properties": {"form": "demo", "fields": {
            "nombre": " Carmen Sol ",
            "empresa": "Clínica Sol",
            "password": "hunter2",
            "telefono": "4111 1111 1111 1111",
            "mensaje": "Hola",
        }},
    });
    let calls = parse(Call::Track, &body, Trust::Public).into_reports();
    let [form, filled] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(
        (form.id.as_str(), filled.id.as_str()),
        ("web:key:test/m1", "web:key:test/m1:traits")
    );
    assert_eq!(traits(filled), json!({"first_name": "Carmen Sol", "company.name": "Clínica Sol"}));
    let (name, properties) = event(form);
    assert_eq!(name, "form_submitted");
    // What the script should not have sent is not kept.
    let kept = json!({"nombre": " Carmen Sol ", "empresa": "Clínica Sol", "telefono": "[card number]",
        "mensaje": "Hola"});
    assert_eq!(properties["fields"], kept);
    // An ordinary form with a field for an address says who it is; a friend's address is a friend's.
    let body = json!({"anonymousId": "a1", "event": "form_submitted", "properties": {"fields": {
        "friend-email": "eva@x.es", "friend-name": "Eva", "your-email": "Ana@X.es", "your-name": "Ana Pop"}}});
    let calls = parse(Call::Track, &body, Trust::Public).into_reports();
    assert_eq!(calls[0].who.email, Some(EmailAddress::parse("ana@x.es").unwrap()));
    assert_eq!(traits(&calls[1]), json!({"name": "Ana Pop"}));
    assert_eq!(traits(&calls[2])["email"], "ana@x.es");
    // What the site has marked goes first, and stands with the person, not with the event.
    let body = json!({"anonymousId": "a1", "event": "form_submitted", "properties": {
        "fields": {"mail": "office@x.es", "role": "CFO", "q1": "yes"},
        "traits": {"email": "ana@x.es", "title": "CEO", "answers.budget": "yes"}}});
    let calls = parse(Call::Track, &body, Trust::Public).into_reports();
    assert_eq!(calls[0].who.email, Some(EmailAddress::parse("ana@x.es").unwrap()));
    assert_eq!(event(&calls[0]).1.get("traits"), None);
    let said = traits(&calls[1]);
    assert_eq!((&said["title"], &said["answers.budget"]), (&json!("CEO"), &json!("yes")));
    // Another event with fields says nothing of a person.
    let body =
        json!({"anonymousId": "a1", "event": "quiz", "properties": {"fields": {"nombre": "x"}}});
    assert_eq!(parse(Call::Track, &body, Trust::Public).into_reports().len(), 1);
}
