//! No bytes make the reader of calls panic, and what is no JSON is refused.

use ingest::segment::{self, Body, Call, CallError};
use leads::{Report, Trust};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::segment_calls::{envelope, parse};

const CALLS: [Call; 7] =
    [Call::Identify, Call::Track, Call::Page, Call::Screen, Call::Group, Call::Alias, Call::Batch];

/// Reads a value as a property.
fn with_property(value: &str) -> Result<Vec<Report>, String> {
    let text = format!("{{\"userId\":\"u\",\"event\":\"x\",\"properties\":{{\"a\":{value}}}}}");
    let calls =
        segment::parse(Call::Track, text.as_bytes(), &envelope(Trust::Trusted), &mut String::new);
    let calls = calls.map_err(|error| error.code().to_owned())?;
    let rejected = calls.rejections().next().map(|rejection| rejection.code.to_owned());
    match rejected {
        Some(code) => Err(code),
        None => Ok(calls.into_reports()),
    }
}

#[test]
fn json_of_every_valid_shape_is_taken() {
    for value in [
        "[]",
        "{}",
        "[[]]",
        "\"\"",
        "0",
        "-0",
        "-1",
        "0e1",
        "0e+1",
        "1E22",
        "1E-2",
        "123.456e78",
        "-0.000000000000000000000000000000000000000000000000000000000000000000000000000001",
        "1e-400",
        "\"\\u0060\\u012a\\u12AB\"",
        "\"\\uD801\\udc37\"",
        "\"\\ud83d\\ude39\\ud83d\\udc8d\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\\\u0000\"",
        "\"\\u0000\"",
        "\"\u{7f}\"",
        "\"€𝄞\"",
        "\"asd \"",
        "null",
        "true",
        "false",
        "{\"a\":\"b\",\"a\":\"c\"}",
        "{\"\":0}",
        "[1,\n2]",
        "{\"\\u0000\": 1}",
        "\"\\uFDD0\"",
        "\"\\u200B\"",
        "100000000000000000000",
        "\"new\\u000Aline\"",
        "\"\u{2028}\"",
    ] {
        assert!(with_property(value).is_ok(), "{value}: {:?}", with_property(value));
    }
}

#[test]
fn what_is_no_json_is_refused() {
    for value in [
        "[1 true]",
        "[\"\": 1]",
        "[\"\"],",
        "[,1]",
        "[1,,2]",
        "[1,]",
        "[1}",
        "[x",
        "[3[4]]",
        "[-]",
        "[fals]",
        "NaN",
        "Infinity",
        "-Infinity",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x42",
        "1e999",
        "-1e999",
        "1_000",
        "'a'",
        "\"a\tb\"",
        "\"\n\"",
        "\"\\x00\"",
        "\"\\u00A\"",
        "\"\\uqqqq\"",
        "\"\\",
        "\"",
        "{1:1}",
        "{a: 1}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1,,\"b\":2}",
        "undefined",
        "True",
        "nul",
        "1 2",
        "/* */ 1",
        "\u{feff}1",
        "[\u{b}1]",
        "\"\\u{1F600}\"",
        "\"\\a\"",
        "",
        "]",
        "<null>",
        "--1",
        "1.2.3",
        "2.e3",
        "-2.",
        "0E+",
        "1eE2",
        "[1\u{a0}]",
    ] {
        assert_eq!(with_property(value).map(|_| ()), Err("malformed".to_owned()), "{value}");
    }
}

#[test]
fn bodies_that_are_no_object_of_calls_are_refused_as_a_whole() {
    let read = |bytes: &[u8]| Body::read(bytes).map(|_| ()).map_err(|error| error.code());
    for bytes in
        [&b""[..], b" ", b"[]", b"null", b"\"x\"", b"{", b"{}x", b"{\"a\":1}{}", b"\0", b"userId=u"]
    {
        assert_eq!(read(bytes), Err("malformed"), "{bytes:?}");
    }
    for bytes in [
        &b"{\"a\":\"\xff\"}"[..],
        b"\xff\xfe{\0}\0",
        b"\xfe\xff\0{\0}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{\"\xc0\xaf\":1}",
    ] {
        assert_eq!(read(bytes), Err("not_utf8"), "{bytes:?}");
    }
    assert_eq!(read(b"\xef\xbb\xbf {}\r\n"), Ok(()));
    let error = Body::read(b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!(error.to_string(), "the body is not UTF-8 at byte 7 (0xff): send it as UTF-8");
    let error = Body::read(b"{\"a\":\n1,}").unwrap_err();
    assert!(matches!(error, CallError::Malformed { .. }));
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[test]
fn nesting_without_end_ends_the_call_and_not_the_program() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let depth = 15_000 / open.len();
        let whole = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(with_property(&whole).map(|_| ()), Err("too_deep".to_owned()));
        assert_eq!(with_property(&open.repeat(depth)).map(|_| ()), Err("malformed".to_owned()));
        let context = format!("{{\"context\":{whole},\"batch\":[{{}}]}}");
        let read = segment::parse(
            Call::Batch,
            context.as_bytes(),
            &envelope(Trust::Public),
            &mut String::new,
        );
        assert_eq!(read.unwrap_err().code(), "malformed");
    }
}

#[test]
fn half_a_character_and_a_zero_byte_cost_no_call() {
    for (value, expected) in [
        ("\"Ana \\ud83d\"", "Ana \u{fffd}"),
        ("\"\\ude00 Ana\"", "\u{fffd} Ana"),
        ("\"\\ud83dx\\ud83d\\ude00\"", "\u{fffd}x😀"),
        ("\"\\\\ud83d\"", "\\ud83d"),
        ("\"a\\u0000b\"", "ab"),
    ] {
        let reports = with_property(value).unwrap();
        let leads::What::Event { properties, .. } = &reports[0].what else { panic!("no event") };
        assert_eq!(properties["a"], json!(expected), "{value}");
    }
}

#[test]
fn a_key_that_stands_twice_counts_once_and_is_noted() {
    let text = b"{\"userId\":\"u\",\"event\":\"x\",\"properties\":{\"a/b\":1,\"a/b\":2}}";
    let calls =
        segment::parse(Call::Track, text, &envelope(Trust::Trusted), &mut String::new).unwrap();
    let note = &calls.items[0].notes[0];
    assert_eq!((note.pointer.as_str(), note.code), ("/properties/a~1b", "duplicate_key"));
    let reports = calls.into_reports();
    let leads::What::Event { properties, .. } = &reports[0].what else { panic!("no event") };
    assert_eq!(properties["a/b"], json!(2));
}

/// Any JSON, with the names that the reader knows among its keys.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(|number| json!(number)),
        "[ -~é\u{0}]{0,12}".prop_map(Json::from),
        "(2026-03-01T1[0-9]:00:00Z|a@b\\.es|Order Completed|Deal Won|track|identify|null)"
            .prop_map(Json::from),
    ];
    let key = "(userId|anonymousId|event|type|traits|properties|context|page|campaign|timestamp|sentAt|\
                messageId|email|company|address|country|groupId|previousId|batch|products|name|url|search|[a-c./~])";
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            proptest::collection::btree_map(key, inner, 0..8)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// A call of a batch that is in order, with an id of its own or none.
fn any_call() -> impl Strategy<Value = Json> {
    let id = prop_oneof![Just(Json::Null), "[a-d]{1,2}".prop_map(Json::from)];
    ("(track|identify|page|group)", "[a-c]", id).prop_map(|(kind, user, id)| {
        json!({"type": kind, "userId": user, "event": "x", "groupId": "g", "messageId": id,
               "traits": {"email": "a@b.es"}})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_calls_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for call in CALLS {
            let _ = segment::parse(call, &bytes, &envelope(Trust::Public), &mut String::new);
        }
    }

    #[test]
    fn any_json_is_a_call_or_is_refused(body in any_json(), trusted in any::<bool>()) {
        let trust = if trusted { Trust::Trusted } else { Trust::Public };
        let text = body.to_string();
        for call in CALLS {
            let mut fresh = || "fresh".to_owned();
            let Ok(calls) = segment::parse(call, text.as_bytes(), &envelope(trust), &mut fresh) else { continue };
            for report in calls.into_reports() {
                prop_assert!(!report.who.is_nobody());
                prop_assert!(!report.id.is_empty() && report.id.len() <= Report::ID_MAX);
                prop_assert!(report.at <= report.received_at);
                // Debug shows one as `\0`, and a stroke before a nought as `\\0`.
                let said = format!("{report:?}").replace("\\\\", "");
                prop_assert!(!said.contains("\\0"));
            }
        }
    }

    #[test]
    fn what_a_call_becomes_depends_neither_on_its_place_nor_on_its_neighbours(
        calls in proptest::collection::vec(any_call(), 1..6),
        repeated in any::<proptest::sample::Index>(),
    ) {
        let reports = |calls: &[Json]| {
            let mut reports = parse(Call::Batch, &json!({ "batch": calls }), Trust::Trusted).into_reports();
            reports.retain(|report| !report.id.contains("fresh"));
            reports.sort_by_key(|report| format!("{report:?}"));
            reports.dedup();
            reports
        };
        let once = reports(&calls);
        let mut again: Vec<Json> = calls.iter().rev().cloned().collect();
        again.push(calls[repeated.index(calls.len())].clone());
        prop_assert_eq!(reports(&again), once);
        let alone: Vec<Report> = calls.iter().flat_map(|call| reports(std::slice::from_ref(call))).collect();
        for report in reports(&calls) {
            prop_assert!(alone.contains(&report));
        }
    }
}
