//! Servers that are busy, that point elsewhere, or that are none.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use crate::desk::Desk;

const KEY: &str = "mk_abcdefghijklmnopqrstuvwxyz";

/// Gives these answers, one after the other, and gives back the heads of the requests.
fn answering(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = thread::spawn(move || {
        let mut heads = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let lines = reader.by_ref().lines();
            let head: Vec<String> =
                lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            heads.push(head.join("\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        }
        heads
    });
    (url, heads)
}

fn answer(status: &str, head: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn desk(url: &str) -> Desk {
    Desk::empty().with_variable("MADURA_SERVER", url).with_variable("MADURA_KEY", KEY)
}

#[test]
fn a_busy_server_is_asked_again_after_the_time_that_it_says() {
    let busy = r#"{"detail": "too many requests", "code": "rate_limited"}"#;
    let (url, heads) = answering(vec![
        answer("429 Too Many Requests", "retry-after: 0\r\n", busy),
        answer("503 Service Unavailable", "retry-after: 0\r\n", busy),
        answer("200 OK", "", "{\"leads\": 7}"),
    ]);
    let run = desk(&url).run("api GET /status");
    assert_eq!((run.code, run.stdout.as_str()), (0, "{\"leads\": 7}\n"), "{}", run.stderr);
    let heads = heads.join().unwrap();
    assert!(heads.iter().all(|head| head.contains(&format!("Bearer {KEY}"))), "{heads:?}");

    let (url, heads) =
        answering(vec![answer("503 Service Unavailable", "retry-after: 900\r\n", busy)]);
    let run = desk(&url).run("api GET /status");
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("try again in 900 seconds"), "{}", run.stderr);
    assert_eq!(heads.join().unwrap().len(), 1);
}

#[test]
fn a_change_that_is_sent_again_is_sent_as_the_same_one() {
    let (url, heads) = answering(vec![
        answer("503 Service Unavailable", "retry-after: 0\r\n", "{}"),
        answer("200 OK", "", "{}"),
    ]);
    assert_eq!(desk(&url).run("api POST /models/small/primary").code, 0);
    let keys: Vec<String> = heads
        .join()
        .unwrap()
        .iter()
        .map(|head| {
            let line = head.lines().find(|line| line.starts_with("idempotency-key:"));
            line.expect("a key for the change").to_owned()
        })
        .collect();
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn a_key_follows_no_server_that_points_elsewhere() {
    let (other, unasked) = answering(vec![answer("200 OK", "", "{}")]);
    let there = format!("location: {other}/api/v1/status\r\n");
    let (url, _) = answering(vec![answer("302 Found", &there, "")]);
    let run = desk(&url).run("api GET /status");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("points elsewhere") && !run.stderr.contains(KEY), "{}", run.stderr);
    assert!(!unasked.is_finished(), "nobody came to the other one");
}

#[test]
fn nobody_and_no_madura_are_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = desk(&format!("http://{free}")).run("leads");
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("is it running?"), "{}", run.stderr);
    let (url, _) = answering(vec![answer("200 OK", "", "<html>")]);
    let run = desk(&url).run("leads --format ndjson");
    assert_eq!((run.code, run.stdout.as_str()), (4, ""));
    assert!(run.stderr.contains("is it a Madura?"), "{}", run.stderr);
    let run = desk("http://leads.example.com").run("leads");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--plain-http"), "{}", run.stderr);
}
