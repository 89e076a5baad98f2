//! What is signed can be checked, and nothing else passes.

use deliver::signature::{Signed, VerifyError};
use deliver::{Secret, SecretError, Secrets};
use leads::Timestamp;
use proptest::prelude::*;

/// 2023-01-19T00:13:51Z, of the published example.
const SECONDS: i64 = 1_674_087_231;
const BODY: &[u8] = br#"{"a":1}"#;
const PUBLISHED: &str = "v1,P9ZCEYvuXZTB1d5pjDELvCa2GtURerZ4CgsDiIv+dOU=";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000).unwrap()
}

fn secret(byte: u8) -> Secret {
    Secret::from_random(&[byte; 24]).unwrap()
}

fn secrets(bytes: &[u8]) -> Secrets {
    Secrets::new(bytes.iter().copied().map(secret).collect()).unwrap()
}

fn check(
    secrets: &Secrets,
    (id, timestamp, signature): (&str, &str, &str),
    now: i64,
) -> Result<(), VerifyError> {
    secrets.verify(Signed { id, timestamp, signature }, BODY, at(now))
}

#[test]
fn the_published_example_is_signed_as_everybody_signs_it() {
    assert_eq!(secrets(b"0").sign("msg_1", at(SECONDS), BODY), PUBLISHED);
}

#[test]
fn the_published_example_is_believed() {
    let genuine = ("msg_1", "1674087231", PUBLISHED);
    assert_eq!(check(&secrets(b"0"), genuine, SECONDS), Ok(()));
}

#[test]
fn while_a_secret_is_replaced_both_the_new_and_the_old_one_sign() {
    let both = secrets(b"10").sign("msg_1", at(SECONDS), BODY);
    assert_eq!(both.split(' ').count(), 2);
    assert!(both.ends_with(PUBLISHED), "{both}");
    for (known, believed) in [(&b"0"[..], true), (b"1", true), (b"21", true), (b"2", false)] {
        let result = check(&secrets(known), ("msg_1", "1674087231", &both), SECONDS);
        assert_eq!(result.is_ok(), believed, "{known:?}");
    }
}

#[test]
fn a_signature_holds_for_five_minutes_either_way() {
    let genuine = ("msg_1", "1674087231", PUBLISHED);
    for (late, verdict) in [
        (-301, Err(VerifyError::TooNew)),
        (-300, Ok(())),
        (0, Ok(())),
        (300, Ok(())),
        (301, Err(VerifyError::TooOld)),
        (86_400 * 365, Err(VerifyError::TooOld)),
    ] {
        assert_eq!(check(&secrets(b"0"), genuine, SECONDS + late), verdict, "{late} s");
    }
}

#[test]
fn whoever_changes_anything_is_not_believed() {
    let bare = PUBLISHED.strip_prefix("v1,").unwrap();
    let secrets = secrets(b"0");
    for (id, timestamp, signature) in [
        ("msg_2", "1674087231", PUBLISHED),
        ("msg_1", "1674087232", PUBLISHED),
        ("", "1674087231", PUBLISHED),
        // The parts joined are the same bytes.
        ("msg_1.1674087231", "1674087231", PUBLISHED),
        ("msg_1", "1674087231", ""),
        ("msg_1", "1674087231", "v1,"),
        ("msg_1", "1674087231", " , ,, v1"),
        ("msg_1", "1674087231", bare),
        ("msg_1", "1674087231", &format!("v1a,{bare}")),
        ("msg_1", "1674087231", &format!("v0,{bare}")),
        ("msg_1", "1674087231", &format!("V1,{bare}")),
        ("msg_1", "1674087231", "v1,P9ZCEYvuXZTB1d5pjDELvCa2GtURerZ4CgsDiIv+dOU"),
        ("msg_1", "1674087231", "v1,P9ZCEYvuXZTB1d5pjDELvCa2GtURerZ4CgsDiIv+dO"),
        ("msg_1", "1674087231", "v1,P9ZCEYvuXZTB1d5pjDELvA=="),
    ] {
        let result = check(&secrets, (id, timestamp, signature), SECONDS);
        assert_eq!(result, Err(VerifyError::NoMatch), "{id} {timestamp} {signature}");
    }
    let other = secrets.verify(
        Signed { id: "msg_1", timestamp: "1674087231", signature: PUBLISHED },
        br#"{"a":2}"#,
        at(SECONDS),
    );
    assert_eq!(other, Err(VerifyError::NoMatch));
}

#[test]
fn a_timestamp_in_any_other_form_is_refused() {
    for text in [
        "",
        " 1674087231",
        "+1674087231",
        "-1",
        "1674087231.0",
        "1e9",
        "99999999999999999999",
        "０",
    ] {
        let result = check(&secrets(b"0"), ("msg_1", text, PUBLISHED), SECONDS);
        assert_eq!(result, Err(VerifyError::NotATimestamp), "{text}");
    }
}

#[test]
fn a_genuine_signature_is_found_among_a_few_others_and_not_behind_hundreds() {
    let among = format!("v1a,AAAA v1,AAAA {PUBLISHED} v2,x");
    assert_eq!(check(&secrets(b"0"), ("msg_1", "1674087231", &among), SECONDS), Ok(()));
    let behind = format!("{}{PUBLISHED}", "v1,AAAA ".repeat(500));
    let result = check(&secrets(b"0"), ("msg_1", "1674087231", &behind), SECONDS);
    assert_eq!(result, Err(VerifyError::NoMatch));
}

#[test]
fn a_secret_is_read_back_from_its_text_with_and_without_its_prefix() {
    let secret = Secret::from_random(&[7; Secret::NEW_BYTES]).unwrap();
    let text = secret.reveal();
    assert!(text.starts_with("whsec_"), "{text}");
    assert_eq!(Secret::parse(&text), Ok(secret.clone()));
    assert_eq!(Secret::parse(&format!(" {text}\n")), Ok(secret.clone()));
    assert_eq!(Secret::parse(text.strip_prefix("whsec_").unwrap()), Ok(secret));
}

#[test]
fn what_is_too_short_to_be_a_secret_or_no_base64_is_refused() {
    for (length, fits) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
        let made = Secret::from_random(&vec![1; length]);
        assert_eq!(made.is_ok(), fits, "{length}");
    }
    assert_eq!(Secret::parse("whsec_"), Err(SecretError::Length(0)));
    assert_eq!(Secret::parse("whsec_c2hvcnQ="), Err(SecretError::Length(5)));
    assert_eq!(Secret::parse("whsec_not base64"), Err(SecretError::NotBase64));
    assert_eq!(Secrets::parse([]), Err(SecretError::Missing));
}

#[test]
fn a_secret_does_not_show_in_logs() {
    let secrets = secrets(b"0");
    let shown = format!("{secrets:?}");
    assert!(!shown.contains("48") && !shown.contains("MDAw"), "{shown}");
}

proptest! {
    #[test]
    fn what_one_side_signs_the_other_believes_and_a_changed_bit_it_does_not(
        id in "[a-zA-Z0-9_-]{1,64}",
        seconds in 0_i64..4_000_000_000,
        body in prop::collection::vec(any::<u8>(), 1..300),
        key in prop::collection::vec(any::<u8>(), 24..=64),
        bit in any::<prop::sample::Index>(),
    ) {
        let secrets = Secrets::new(vec![Secret::from_random(&key).unwrap()]).unwrap();
        let signature = secrets.sign(&id, at(seconds), &body);
        let timestamp = seconds.to_string();
        let signed = Signed { id: &id, timestamp: &timestamp, signature: &signature };
        prop_assert_eq!(secrets.verify(signed, &body, at(seconds)), Ok(()));

        let mut changed = body;
        let bit = bit.index(changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        let result = secrets.verify(signed, &changed, at(seconds));
        prop_assert_eq!(result, Err(VerifyError::NoMatch));
    }

    #[test]
    fn no_header_makes_the_check_panic(
        timestamp in "\\PC{0,20}|[0-9]{0,25}",
        signature in "(v1,|[a-zA-Z0-9+/=, ]|\\PC){0,80}",
    ) {
        let signed = Signed { id: "msg_1", timestamp: &timestamp, signature: &signature };
        prop_assert!(secrets(b"0").verify(signed, BODY, at(SECONDS)).is_err());
    }
}
