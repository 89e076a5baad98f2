//! Forms that are filled in become reports.

use std::net::{IpAddr, Ipv4Addr};

use ingest::Envelope;
use ingest::forms::{self, FieldUse, FormError, FormMapping, Submission, read_fields, suggest};
use leads::{EmailAddress, Report, Trust, What};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::segment_calls::envelope;

fn mapping() -> FormMapping {
    serde_json::from_value(json!({
        "form": "quote",
        "fields": {
            "correo": {"as": "email"},
            "visitor": {"as": "anonymous"},
            "empresa": {"as": "trait", "path": "company.name"},
            "presupuesto": {"as": "answer", "question": "budget"},
            "mensaje": {"as": "property", "path": "message"},
            "noticias": {"as": "consent", "purpose": "marketing", "channel": "email", "text": "Quiero noticias"},
            "llamadas": {"as": "consent", "purpose": "marketing", "channel": "phone", "text": "Llamadme",
                         "empty_withdraws": true},
            "web2": {"as": "honeypot"},
            "segundos": {"as": "seconds"},
            "clave_interna": {"as": "never"},
            "pagina": {"as": "page"},
            "envio": {"as": "id"},
            "cuando": {"as": "at"},
        },
        "traits": {"language": "es"},
        "seconds_min": 3.0,
    }))
    .unwrap()
}

fn with(envelope: &Envelope, body: &str) -> Result<Submission, FormError> {
    forms::read(body.as_bytes(), &mapping(), envelope, &mut || "fresh".to_owned())
}

fn submit(body: &str) -> Submission {
    with(&envelope(Trust::Public), body).unwrap()
}

fn traits(submission: &Submission) -> Json {
    match &submission.reports[0].what {
        What::Traits(traits) => Json::Object(traits.clone()),
        other => panic!("no traits: {other:?}"),
    }
}

fn events(submission: &Submission) -> Vec<(String, Json)> {
    let events = submission.reports.iter().filter_map(|report| match &report.what {
        What::Event { name, properties } => Some((name.clone(), Json::Object(properties.clone()))),
        _ => None,
    });
    events.collect()
}

fn left_out(submission: &Submission) -> Vec<(&str, &str)> {
    submission.left_out.iter().map(|field| (field.field.as_str(), field.code)).collect()
}

#[test]
fn a_form_says_who_somebody_is_and_that_they_filled_it_in() {
    let submission = submit(
        "correo=+Ana%40Cafes.es+&empresa=Caf%C3%A9s+Ana&presupuesto=s%C3%AD&mensaje=Hola%21&otro=x&visitor=v1&llamadas=on",
    );
    assert_eq!(
        traits(&submission),
        json!({"language": "es", "company.name": "Cafés Ana", "answers.budget": "sí",
               "email": "ana@cafes.es", "email.domain": "cafes.es", "email.kind": "business"})
    );
    assert_eq!(
        events(&submission)[0],
        (
            "form_submitted".to_owned(),
            json!({"form": "quote", "message": "Hola!", "fields.otro": "x"})
        )
    );
    let report = &submission.reports[0];
    assert_eq!(report.who.email, EmailAddress::parse("ana@cafes.es").ok());
    assert_eq!(report.who.anonymous.as_deref(), Some("v1"));
    assert_eq!(report.id, "form:quote:fresh:traits");
    assert_eq!(report.machine, None);
    assert_eq!(left_out(&submission), []);
}

#[test]
fn json_and_what_a_browser_sends_are_one() {
    let json = submit(r#"{"correo":"ana@cafes.es","empresa":"C","presupuesto":["a","b"]}"#);
    let form = submit("correo=ana@cafes.es&empresa=C&presupuesto[]=a&presupuesto[]=b");
    assert_eq!(json, form);
}

#[test]
fn nested_fields_have_dotted_names() {
    let fields =
        read_fields(br#"{"form":{"answers":[{"q":"a"},{"q":"b"}],"tags":["x","y"]}}"#).unwrap();
    assert_eq!(
        fields,
        [
            ("form.answers.0.q".to_owned(), json!("a")),
            ("form.answers.1.q".to_owned(), json!("b")),
            ("form.tags".to_owned(), json!(["x", "y"])),
        ]
    );
}

#[test]
fn a_ticked_box_is_a_consent_with_its_proof() {
    let mut envelope = envelope(Trust::Public);
    envelope.ip = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));
    let submission =
        with(&envelope, "correo=ana@cafes.es&noticias=on&llamadas=on&pagina=https://x.es/p")
            .unwrap();
    assert_eq!(
        events(&submission)[1..],
        [
            (
                "consent_given".to_owned(),
                json!({"purpose": "marketing", "channel": "phone", "text": "Llamadme", "form": "quote",
                    "url": "https://x.es/p", "ip": "192.0.2.7"})
            ),
            (
                "consent_given".to_owned(),
                json!({"purpose": "marketing", "channel": "email", "text": "Quiero noticias", "form": "quote",
                    "url": "https://x.es/p", "ip": "192.0.2.7"})
            ),
        ]
    );
    // The address of the network is kept with consents only.
    assert_eq!(events(&submission)[0].1, json!({"form": "quote", "url": "https://x.es/p"}));
}

#[test]
fn an_empty_box_says_nothing_unless_it_is_meant_to() {
    for body in ["correo=ana@cafes.es", "correo=ana@cafes.es&noticias=no&llamadas=false&noticias=0"]
    {
        let names: Vec<String> = events(&submit(body)).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["form_submitted", "consent_withdrawn"], "{body}");
    }
}

#[test]
fn secrets_are_never_taken() {
    let submission = submit(
        "correo=ana@cafes.es&password=hunter2&confirm_password=hunter2&Contrase%C3%B1a=x&cvv=123&csrf_token=t\
         &clave_interna=y&mensaje=tarjeta+4111+1111+1111+1111&palabra_clave=tostadora",
    );
    assert_eq!(
        left_out(&submission),
        [
            ("password", "secret"),
            ("confirm_password", "secret"),
            ("Contraseña", "secret"),
            ("cvv", "secret"),
            ("csrf_token", "secret"),
            ("clave_interna", "secret"),
            ("mensaje", "card_number"),
        ]
    );
    let text = format!("{:?}", submission.reports);
    for secret in ["hunter2", "4111", "123"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let (_, properties) = &events(&submission)[0];
    assert_eq!(properties["message"], json!("tarjeta [card number]"));
    assert_eq!(properties["fields.palabra_clave"], json!("tostadora"));
}

#[test]
fn programs_give_themselves_away_and_are_kept() {
    let sign = |body: &str| submit(body).reports[0].machine.clone().map(|sign| sign.reason);
    assert_eq!(sign("correo=ana@cafes.es&web2=http://spam").as_deref(), Some("honeypot"));
    assert_eq!(sign("correo=ana@cafes.es&segundos=0.4").as_deref(), Some("filled_too_fast"));
    assert_eq!(sign("correo=ana@cafes.es&segundos=0.4&web2=x").as_deref(), Some("honeypot"));
    assert_eq!(sign("correo=ana@cafes.es&web2=&segundos=30"), None);
    assert_eq!(sign("correo=ana@cafes.es&segundos=soon"), None);
}

#[test]
fn who_hands_a_form_on_is_not_who_filled_it_in() {
    let sign = |agent: &str, body: &str| {
        let envelope = Envelope { user_agent: Some(agent.to_owned()), ..envelope(Trust::Public) };
        let submission = with(&envelope, body).unwrap();
        submission.reports[0].machine.clone().map(|sign| sign.reason)
    };
    for agent in ["Zapier", "Make/production", "n8n", "WordPress/6.5; https://shop.example"] {
        assert_eq!(sign(agent, "correo=ana@cafes.es"), None, "{agent}");
    }
    assert_eq!(sign("curl/8.5.0", "correo=ana@cafes.es").as_deref(), Some("library"));
    // What gives the filler away still counts.
    assert_eq!(sign("Zapier", "correo=ana@cafes.es&web2=x").as_deref(), Some("honeypot"));
}

#[test]
fn a_form_that_names_nobody_is_refused_with_the_fields_that_could() {
    let error = with(&envelope(Trust::Public), "correo=nobody&visitor=undefined").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the form names nobody: one of the fields correo, visitor must have a value"
    );
}

#[test]
fn a_form_that_is_sent_again_counts_once() {
    let ids =
        |body: &str| submit(body).reports.into_iter().map(|report| report.id).collect::<Vec<_>>();
    let once = ids("correo=ana@cafes.es&envio=77");
    assert_eq!(once, ids("envio=77&correo=ana@cafes.es"));
    assert_eq!(once[1], "form:quote:77:event");
    assert!(
        ids(&format!("correo=ana@cafes.es&envio={}", "x".repeat(255)))[0].len() <= Report::ID_MAX
    );
}

#[test]
fn only_a_trusted_sender_says_when_it_was() {
    let at = |trust| {
        let submission = with(&envelope(trust), "correo=ana@cafes.es&cuando=2025-01-01T00:00:00Z");
        submission.unwrap().reports[0].at.to_string()
    };
    assert_eq!(at(Trust::Trusted), "2025-01-01T00:00:00Z");
    assert_eq!(at(Trust::Public), crate::segment_calls::RECEIVED);
}

#[test]
fn bodies_that_are_no_form_are_refused_with_the_remedy() {
    let code = |body: &[u8]| {
        forms::read(body, &mapping(), &envelope(Trust::Public), &mut String::new)
            .unwrap_err()
            .code()
    };
    assert_eq!(code(b"[{}]"), "malformed");
    assert_eq!(code(b"{\"a\":"), "malformed");
    assert_eq!(code(b"{\"a\":NaN}"), "malformed");
    assert_eq!(code(b"\xff\xff"), "malformed");
    assert_eq!(code(b"--x\r\nContent-Disposition: form-data"), "malformed");
    assert_eq!(code(&b"a=b&".repeat(1_001)), "malformed");
    assert_eq!(code(&vec![b'a'; (256 << 10) + 1]), "too_large");
    assert_eq!(code(b""), "no_identity");
}

#[test]
fn a_mapping_is_kept_as_json() {
    let text = serde_json::to_string(&mapping()).unwrap();
    assert_eq!(serde_json::from_str::<FormMapping>(&text).unwrap(), mapping());
    let error =
        serde_json::from_str::<FormMapping>(r#"{"form":"x","fields":{"a":{"as":"emial"}}}"#);
    assert!(error.is_err());
    let error = serde_json::from_str::<FormMapping>(r#"{"form":"x","fields":{},"evnt":"y"}"#);
    assert!(error.is_err());
}

#[test]
fn a_mapping_is_proposed_from_names_and_values() {
    let sample = |body: &str| read_fields(body.as_bytes()).unwrap();
    let suggested = suggest(
        "contacto",
        &[
            sample(
                "Nombre=Ana&Apellidos=Pop&Correo electrónico=ana@cafes.es&Empresa=C&Cargo=Gerente&Teléfono=600&password=x&Acepto la política de privacidad=on&newsletter=on&color=rojo",
            ),
            sample("Nume=Ion&Funcție=Administrator&Adresă de email=ion@firma.ro"),
        ],
    );
    let fields = &suggested.mapping.fields;
    let trait_ = |path: &str| FieldUse::Trait { path: path.to_owned() };
    assert_eq!(fields["Nombre"], trait_("first_name"));
    assert_eq!(fields["Apellidos"], trait_("last_name"));
    assert_eq!(fields["Correo electrónico"], FieldUse::Email);
    assert_eq!(fields["Empresa"], trait_("company.name"));
    assert_eq!(fields["Cargo"], trait_("title"));
    assert_eq!(fields["Teléfono"], trait_("phone"));
    assert_eq!(fields["Nume"], trait_("name"));
    assert_eq!(fields["password"], FieldUse::Never);
    let purpose = |field: &str| match &fields[field] {
        FieldUse::Consent { purpose, .. } => purpose.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(purpose("newsletter"), "marketing");
    assert_eq!(purpose("Acepto la política de privacidad"), "privacy_policy");
    assert!(!fields.contains_key("color"));
    // Two fields for one thing: the first has it.
    assert!(!fields.contains_key("Funcție"));
    assert!(suggested.reasons.contains_key("Empresa"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_a_form_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = forms::read(&bytes, &mapping(), &envelope(Trust::Public), &mut String::new);
    }

    #[test]
    fn any_form_is_taken_whole_or_not_at_all(
        body in "((correo|empresa|noticias|web2|segundos|cuando|envio|[a-c])(=|\\[\\]=)([a-z@.%0-9]{0,12}|ana@x\\.es|4111111111111111)&){0,8}",
    ) {
        if let Ok(submission) = with(&envelope(Trust::Trusted), &body) {
            prop_assert!(submission.reports.len() >= 2);
            for report in submission.reports {
                prop_assert!(!report.who.is_nobody());
                prop_assert!(!report.id.is_empty() && report.id.len() <= Report::ID_MAX);
                // As an id it is one that nobody can tell from a card's.
                let said = format!("{:?}", report.what);
                prop_assert!(!said.contains("4111111111111111"));
            }
        }
    }
}
