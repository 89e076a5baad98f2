//! What an attempt sends, what it makes of the answer, and what no receiver can make it do.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration as Wait;

use deliver::guard::NetworkKind;
use deliver::signature::Signed;
use deliver::{
    Attempt, EXCERPT_BYTES_MAX, Endpoint, Guard, Message, MessageId, Outcome, Ports,
    REPLY_BYTES_MAX, Refusal, Roots, Secrets, Sender, SenderError, Trouble,
};
use leads::Timestamp;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::rebinding::Names;
use crate::receiver::{Manners, Receiver, reply, reply_bytes};

const SECRET: &str = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw";
const NOW: i64 = 1_674_087_231_999;
const AUTHORITY: &[u8] = include_bytes!("certificates/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("certificates/receiver.pem");
const KEY: &[u8] = include_bytes!("certificates/receiver.key");

pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(NOW).unwrap()
}

/// A sender that may call this machine, on any port.
pub(crate) fn sender() -> Sender {
    let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap()], Ports::Any);
    Sender::new(guard, &Roots::Pem(AUTHORITY.to_vec())).unwrap()
}

pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint { url: url.to_owned(), secrets: Secrets::parse([SECRET]).unwrap() }
}

pub(crate) fn message() -> Message {
    let id = MessageId::new("msg_1").unwrap();
    Message { id, body: r#"{"type":"webhook.test","data":{"name":"Ana María"}}"#.to_owned() }
}

async fn attempt_at(url: &str) -> Attempt {
    sender().send(&endpoint(url), &message(), now()).await
}

async fn attempt(manners: Manners) -> Attempt {
    attempt_at(&Receiver::start(manners).await.url("/hooks")).await
}

fn waits(seconds: u64) -> Outcome {
    Outcome::Busy { retry_after: Some(Wait::from_secs(seconds)) }
}

#[tokio::test]
async fn a_message_arrives_signed_and_byte_for_byte() {
    let receiver = Receiver::start(reply("200 OK", "", b"thanks")).await;
    let attempt = attempt_at(&receiver.url("/hooks/a%20b?token=1#part")).await;
    assert_eq!((attempt.status, attempt.outcome), (Some(200), Outcome::Delivered));
    assert_eq!(attempt.excerpt, "thanks");

    let heard = receiver.heard().await;
    let [heard] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(heard.head[0], "POST /hooks/a%20b?token=1 HTTP/1.1");
    assert_eq!(heard.body, message().body.as_bytes());
    assert_eq!(heard.header("host"), receiver.address.to_string());
    assert_eq!(heard.header("content-type"), "application/json");
    assert_eq!(heard.header("webhook-id"), "msg_1");
    assert_eq!(heard.header("webhook-timestamp"), "1674087231");
    assert!(heard.header("user-agent").starts_with("Madura-Webhooks/"), "{heard:?}");
    let signed = Signed {
        id: heard.header("webhook-id"),
        timestamp: heard.header("webhook-timestamp"),
        signature: heard.header("webhook-signature"),
    };
    let secrets = Secrets::parse([SECRET]).unwrap();
    assert_eq!(secrets.verify(signed, &heard.body, now()), Ok(()));
    // Nothing that invites a packed reply, nothing about us that nobody asked for.
    let others = ["accept-encoding", "cookie", "authorization", "referer"];
    assert!(!heard.head.iter().any(|line| others.iter().any(|name| line.starts_with(name))));
}

#[tokio::test]
async fn each_status_means_what_the_specification_says() {
    for (status, outcome) in [
        ("200 OK", Outcome::Delivered),
        ("202 Accepted", Outcome::Delivered),
        ("299 Whatever", Outcome::Delivered),
        ("301 Moved Permanently", Outcome::Rejected),
        ("304 Not Modified", Outcome::Rejected),
        ("400 Bad Request", Outcome::Rejected),
        ("401 Unauthorized", Outcome::Rejected),
        ("404 Not Found", Outcome::Rejected),
        ("410 Gone", Outcome::Gone),
        ("429 Too Many Requests", Outcome::Busy { retry_after: None }),
        ("500 Internal Server Error", Outcome::Rejected),
        ("502 Bad Gateway", Outcome::Busy { retry_after: None }),
        ("503 Service Unavailable", Outcome::Busy { retry_after: None }),
        ("504 Gateway Timeout", Outcome::Busy { retry_after: None }),
        ("599 Whatever", Outcome::Rejected),
        ("999 Whatever", Outcome::Rejected),
    ] {
        let attempt = attempt(reply(status, "", b"")).await;
        assert_eq!(attempt.status, status[..3].parse().ok(), "{status}");
        assert_eq!(attempt.outcome, outcome, "{status}");
    }
}

#[tokio::test]
async fn retry_after_is_read_in_seconds_and_as_a_date_and_held_to_a_day() {
    let header = |value: &str| format!("retry-after: {value}\r\n");
    for (value, outcome) in [
        ("3600", waits(3600)),
        ("0", waits(0)),
        ("86401", waits(86_400)),
        ("99999999999999999999999999", waits(86_400)),
        // 1674087231.999 is 2023-01-19T00:13:51.999Z.
        (
            "Thu, 19 Jan 2023 00:14:51 GMT",
            Outcome::Busy { retry_after: Some(Wait::from_millis(59_001)) },
        ),
        (
            "Thursday, 19-Jan-23 00:14:51 GMT",
            Outcome::Busy { retry_after: Some(Wait::from_millis(59_001)) },
        ),
        ("Thu, 19 Jan 2023 00:13:51 GMT", waits(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", waits(86_400)),
        ("-1", Outcome::Busy { retry_after: None }),
        ("1.5", Outcome::Busy { retry_after: None }),
        ("soon", Outcome::Busy { retry_after: None }),
        ("", Outcome::Busy { retry_after: None }),
        ("\u{ff11}", Outcome::Busy { retry_after: None }),
    ] {
        let attempt = attempt(reply("429 Too Many", &header(value), b"")).await;
        assert_eq!(attempt.outcome, outcome, "{value}");
    }
    let ignored = attempt(reply("500 Oh", &header("3600"), b"")).await;
    assert_eq!((ignored.retry_after(), ignored.outcome), (None, Outcome::Rejected));
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let canary = Receiver::start(reply("200 OK", "", b"secret")).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        for location in [
            canary.url("/latest/meta-data/"),
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "//169.254.169.254/".to_owned(),
            "file:///etc/passwd".to_owned(),
        ] {
            let receiver =
                Receiver::start(reply(status, &format!("location: {location}\r\n"), b"go")).await;
            let attempt = attempt_at(&receiver.url("/")).await;
            assert_eq!(attempt.outcome, Outcome::Rejected, "{status} {location}");
            assert_eq!(attempt.excerpt, "go");
            assert_eq!(receiver.connections(), 1);
        }
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn of_a_body_without_end_sixty_four_kilobytes_are_read() {
    for head in
        ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n"]
    {
        let receiver =
            Receiver::start(Manners::NeverEnds(head.into(), vec![b'x'; 16 * 1024])).await;
        let attempt = attempt_at(&receiver.url("/")).await;
        assert_eq!((attempt.status, attempt.outcome), (Some(200), Outcome::Delivered));
        assert_eq!(attempt.excerpt, "x".repeat(EXCERPT_BYTES_MAX));
        // The rest is what the system's buffers hold on both sides.
        assert!(receiver.written() < REPLY_BYTES_MAX + (16 << 20), "{}", receiver.written());
    }
}

#[tokio::test]
async fn a_chunked_body_without_end_is_cut_off_too() {
    let head = b"HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let receiver = Receiver::start(Manners::NeverEnds(head, b"5\r\nhello\r\n".repeat(1000))).await;
    let attempt = attempt_at(&receiver.url("/")).await;
    assert_eq!(attempt.outcome, Outcome::Rejected);
    assert!(attempt.excerpt.starts_with("hellohello"), "{}", attempt.excerpt);
    assert!(receiver.written() < REPLY_BYTES_MAX + (16 << 20), "{}", receiver.written());
}

#[tokio::test]
async fn a_head_without_end_is_no_answer() {
    for (head, chunk) in [
        ("HTTP/1.1 200 OK\r\n", "x-more: and more\r\n".repeat(100)),
        ("HTTP/1.1 200 OK\r\nx-long: ", "x".repeat(4096)),
        ("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100)),
        ("", "\r\n".repeat(1000)),
        ("", "SSH-2.0-OpenSSH_9.2\r\n".repeat(100)),
    ] {
        let attempt = attempt(Manners::NeverEnds(head.into(), chunk.clone().into_bytes())).await;
        let broken = matches!(attempt.outcome, Outcome::Unanswered(Trouble::Broken(_)));
        assert!(broken, "{head}{}: {attempt:?}", &chunk[..20]);
        assert_eq!((attempt.status, attempt.excerpt), (None, String::new()));
    }
}

#[tokio::test]
async fn a_bomb_of_gzip_stays_packed() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b'0'; 16 << 20]).unwrap();
    let bomb = packer.finish().unwrap();
    assert!(bomb.len() < REPLY_BYTES_MAX, "{} bytes would unpack to 16 MB", bomb.len());
    let attempt = attempt(reply("200 OK", "content-encoding: gzip\r\n", &bomb)).await;
    assert_eq!((attempt.outcome, attempt.excerpt), (Outcome::Delivered, String::new()));
}

#[tokio::test]
async fn of_a_packed_body_nothing_is_shown_even_where_it_happens_to_be_printable() {
    for (encoding, shown) in
        [("gzip", ""), ("br, gzip", ""), ("\u{ff}", ""), ("identity", "text"), ("Identity", "text")]
    {
        let header = format!("content-encoding: {encoding}\r\n");
        let attempt = attempt(reply("200 OK", &header, b"text")).await;
        assert_eq!(attempt.excerpt, shown, "{encoding}");
    }
}

#[tokio::test]
async fn what_is_shown_of_a_reply_is_one_printable_line_of_at_most_256_bytes() {
    for (body, shown) in [
        ("plain", "plain".to_owned()),
        ("", String::new()),
        ("two\r\nlines\tand\0a zero\x1b[31m", "two lines and a zero [31m".to_owned()),
        ("a\u{202e}txt.exe\u{200b}b\u{feff}", "a txt.exe b".to_owned()),
        ("<script>alert(1)</script>", "<script>alert(1)</script>".to_owned()),
        ("ñ", "ñ".to_owned()),
        (&"ñ".repeat(300), "ñ".repeat(128)),
        (&"日".repeat(300), "日".repeat(85)),
        (&format!("{} {}", "a".repeat(250), "b".repeat(250)), {
            format!("{} {}", "a".repeat(250), "b".repeat(5))
        }),
    ] {
        let attempt = attempt(reply("400 Bad", "", body.as_bytes())).await;
        assert_eq!(attempt.excerpt, shown, "{body:?}");
        assert!(attempt.excerpt.len() <= EXCERPT_BYTES_MAX);
    }
    let attempt = attempt(reply("400 Bad", "", b"\xff\xfe\x80text")).await;
    assert_eq!(attempt.excerpt, "text");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_status_is_tried_again() {
    for manners in [
        Manners::Resets(Vec::new()),
        Manners::Resets(b"HTTP/1.1 20".to_vec()),
        Manners::Says(Vec::new()),
        Manners::Says(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()),
        Manners::Says(b"220 smtp.example ESMTP\r\n".to_vec()),
        Manners::Says(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n".to_vec()),
        Manners::Says(
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_vec(),
        ),
        Manners::Says(vec![0; 5000]),
    ] {
        let attempt = attempt(manners.clone()).await;
        let broken = matches!(attempt.outcome, Outcome::Unanswered(Trouble::Broken(_)));
        assert!(broken, "{manners:?}: {attempt:?}");
        assert_eq!(attempt.status, None);
    }
}

#[tokio::test]
async fn a_reply_that_breaks_behind_its_status_counts_by_its_status() {
    let mut half = reply_bytes("200 OK", "", b"half of it");
    half.truncate(half.len() - 5);
    for manners in [Manners::Resets(half.clone()), Manners::Says(half)] {
        let attempt = attempt(manners.clone()).await;
        // Sent again, it would arrive twice.
        assert_eq!(attempt.outcome, Outcome::Delivered, "{manners:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_left_when_the_time_is_over() {
    let receiver = Receiver::start(Manners::Hangs(Vec::new())).await;
    let sender = sender().with_timeout(Wait::from_millis(200));
    let attempt = sender.send(&endpoint(&receiver.url("/")), &message(), now()).await;
    assert_eq!(attempt.outcome, Outcome::Unanswered(Trouble::TooSlow));
    assert_eq!(attempt.status, None);
    assert!(attempt.took_ms >= 200, "{} ms", attempt.took_ms);
}

#[tokio::test]
async fn a_receiver_that_never_ends_its_reply_has_answered_all_the_same() {
    let mut half = reply_bytes("200 OK", "", b"half of it");
    half.truncate(half.len() - 5);
    let receiver = Receiver::start(Manners::Hangs(half)).await;
    // Long enough for a status on a busy machine.
    let sender = sender().with_timeout(Wait::from_secs(2));
    let attempt = sender.send(&endpoint(&receiver.url("/")), &message(), now()).await;
    assert_eq!((attempt.status, attempt.outcome), (Some(200), Outcome::Delivered));
    assert_eq!(attempt.excerpt, "half");
}

#[tokio::test]
async fn a_port_at_which_nobody_listens_is_not_reached() {
    // Bound, so that nobody else takes it, but not listening.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let attempt = attempt_at(&format!("http://{}/", socket.local_addr().unwrap())).await;
    let not_reached = matches!(attempt.outcome, Outcome::Unanswered(Trouble::NotReached(_)));
    assert!(not_reached, "{attempt:?}");
}

#[tokio::test]
async fn what_the_guard_refuses_is_not_called() {
    let canary = Receiver::start(reply("200 OK", "", b"secret")).await;
    let strict = Guard::new(Vec::new(), Ports::Any);
    let sender = Sender::new(strict, &Roots::Pem(AUTHORITY.to_vec())).unwrap();
    let port = canary.address.port();
    for host in ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.0.0.1."] {
        let endpoint = endpoint(&format!("http://{host}:{port}/"));
        let attempt = sender.send(&endpoint, &message(), now()).await;
        let refused = Outcome::Refused(Refusal::Address(NetworkKind::Loopback));
        assert_eq!((attempt.status, attempt.outcome), (None, refused), "{host}");
    }
    // The system's own name service, on a name that is this machine's everywhere.
    let endpoint = endpoint(&format!("http://localhost:{port}/"));
    let attempt = sender.send(&endpoint, &message(), now()).await;
    let refused = Outcome::Refused(Refusal::Resolved(NetworkKind::Loopback));
    assert_eq!(attempt.outcome, refused);
    assert_eq!(canary.connections(), 0);
}

fn encryption() -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn encrypted_receiver() -> Receiver {
    let manners = reply("200 OK", "", b"thanks");
    Receiver::listen("127.0.0.1:0", manners, Some(encryption())).await
}

#[tokio::test]
async fn an_encrypted_receiver_that_the_authority_vouches_for_is_believed() {
    let receiver = encrypted_receiver().await;
    let port = receiver.address.port();
    for host in ["127.0.0.1", "hooks.example", "hooks.example.", "HOOKS.example"] {
        let names = Names::that_are(&[&["127.0.0.1"]]);
        let sender = sender().with_resolver(Arc::new(names));
        let endpoint = endpoint(&format!("https://{host}:{port}/"));
        let attempt = sender.send(&endpoint, &message(), now()).await;
        assert_eq!(attempt.outcome, Outcome::Delivered, "{host}");
        assert_eq!(attempt.excerpt, "thanks");
    }
}

#[tokio::test]
async fn a_receiver_with_another_name_or_another_authority_hears_nothing() {
    let receiver = encrypted_receiver().await;
    let port = receiver.address.port();
    let names = || Arc::new(Names::that_are(&[&["127.0.0.1"]]));
    let other = endpoint(&format!("https://other.example:{port}/"));
    let attempt = sender().with_resolver(names()).send(&other, &message(), now()).await;
    let not_encrypted = |attempt: &Attempt| matches!(&attempt.outcome, Outcome::Unanswered(Trouble::NotEncrypted(why)) if !why.is_empty());
    assert!(not_encrypted(&attempt), "{attempt:?}");

    // The receiver's own certificate vouches for nobody, not even for itself.
    let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap()], Ports::Any);
    let distrusting = Sender::new(guard, &Roots::Pem(CERTIFICATE.to_vec())).unwrap();
    let same = endpoint(&format!("https://hooks.example:{port}/"));
    let attempt = distrusting.with_resolver(names()).send(&same, &message(), now()).await;
    assert!(not_encrypted(&attempt), "{attempt:?}");

    assert!(receiver.heard().await.is_empty());
}

#[tokio::test]
async fn a_receiver_that_speaks_plainly_where_encryption_is_asked_for_hears_nothing() {
    let receiver = Receiver::start(reply("200 OK", "", b"")).await;
    let sender = sender().with_timeout(Wait::from_millis(500));
    let endpoint = endpoint(&format!("https://{}/", receiver.address));
    let attempt = sender.send(&endpoint, &message(), now()).await;
    assert!(matches!(attempt.outcome, Outcome::Unanswered(_)), "{attempt:?}");
    assert!(receiver.heard().await.is_empty());
}

#[test]
fn certificates_that_cannot_be_read_are_refused_at_the_start() {
    for text in
        ["", "nothing of the kind", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"]
    {
        let made = Sender::new(Guard::default(), &Roots::Pem(text.into()));
        assert!(matches!(made.err(), Some(SenderError::Pem(_))), "{text}");
    }
}

#[test]
fn each_outcome_has_a_word_for_the_store() {
    let outcomes = [
        Outcome::Delivered,
        Outcome::Gone,
        Outcome::Rejected,
        waits(1),
        Outcome::Refused(Refusal::Scheme),
        Outcome::Unanswered(Trouble::TooSlow),
        Outcome::Unanswered(Trouble::NoAddress),
    ];
    let words: Vec<_> = outcomes.iter().map(Outcome::code).collect();
    let expected = ["delivered", "gone", "rejected", "busy", "refused", "too_slow", "no_address"];
    assert_eq!(words, expected);
}
