//! The server on a port of its own, as programs and browsers meet it.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout, timeout_at};

use crate::support::{As, House};

/// Longer than anything here takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<Result<(), server::ServeError>>,
}

/// A port for a server whose settings say where it is.
pub(crate) fn port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

/// Starts the server on a port.
pub(crate) fn run(house: &House, port: TcpListener) -> Running {
    let address = port.local_addr().expect("an address");
    port.set_nonblocking(true).expect("a listener");
    let (stop, stopped) = oneshot::channel();
    let _within = house.runtime.enter();
    let listener = tokio::net::TcpListener::from_std(port).expect("a listener");
    let served = tokio::spawn(house.server.clone().serve(listener, async move {
        let _ = stopped.await;
    }));
    Running { address, stop, served }
}

/// Whether it says so within some seconds.
pub(crate) fn becomes_ready(house: &House) -> bool {
    (0..1_000).any(|_| {
        house.runtime.block_on(async { sleep(Duration::from_millis(10)).await });
        house.get("/ready", &As::Nobody).status == 200
    })
}

/// Stops the server and waits until everything has ended.
pub(crate) fn end(house: &House, running: Running) {
    running.stop.send(()).expect("a server that listens");
    let ended = house.runtime.block_on(async { timeout(PATIENCE, running.served).await });
    ended.expect("in time").expect("no panic").expect("in good order");
}

/// Sends the head of a request.
pub(crate) async fn request(address: SocketAddr, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(head.replace('\n', "\r\n").as_bytes()).await.expect("sent");
    stream
}

/// Reads until a text has come.
pub(crate) async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut seen = String::new();
    let mut part = [0; 4096];
    // A stream that goes on for ever has signs of life in it: what is wanted has to come in time.
    let too_late = tokio::time::Instant::now() + PATIENCE;
    while !seen.contains(wanted) {
        let read = timeout_at(too_late, stream.read(&mut part)).await;
        let size = read.unwrap_or_else(|_| panic!("no {wanted:?} in {seen}")).expect("bytes");
        if size == 0 {
            break;
        }
        seen.push_str(&String::from_utf8_lossy(&part[..size]));
    }
    seen
}

/// What is answered to a request without a body.
pub(crate) fn ask(house: &House, running: &Running, path: &str, headers: &str) -> String {
    house.runtime.block_on(async {
        let mut stream = TcpStream::connect(running.address).await.expect("a connection");
        let head = format!("GET {path} HTTP/1.1\nHost: x\nConnection: close\n{headers}\n");
        stream.write_all(head.replace('\n', "\r\n").as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    })
}

#[test]
fn the_numbers_are_open_to_this_machine_only_where_no_proxy_can_let_others_in() {
    let status = |house: &House, headers: &str| {
        let running = run(house, port());
        let answer = ask(house, &running, "/metrics", headers);
        end(house, running);
        answer.split(' ').nth(1).map(str::to_owned)
    };
    let at = |url: &str| House::with(|config| config.public_url = url.to_owned());
    assert_eq!(status(&at("http://127.0.0.1:8420"), "").as_deref(), Some("200"));
    let forwarded = "X-Forwarded-For: 1.2.3.4\n";
    assert_eq!(status(&at("http://127.0.0.1:8420"), forwarded).as_deref(), Some("401"));
    // A proxy may send nothing of where a request comes from.
    assert_eq!(status(&at("https://leads.example.com"), "").as_deref(), Some("401"));
}

#[test]
fn a_request_under_way_is_finished_when_the_server_is_asked_to_end() {
    let house = House::new();
    let owner = house.owner();
    let As::Session(cookie) = &owner else { panic!("a session") };
    let running = run(&house, port());
    let body = r#"{"email": "ana@example.com"}"#;
    let (begun, rest) = body.split_at(12);
    let head = format!(
        "POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\
        Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let Running { address, stop, served } = running;
    let answer = house.runtime.block_on(async {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("sent");
        // The server asks for the body: the request has begun.
        let mut goes_on = [0; 25];
        stream.read_exact(&mut goes_on).await.expect("an answer");
        assert!(goes_on.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&goes_on));
        stream.write_all(begun.as_bytes()).await.expect("sent");
        stop.send(()).expect("a server that listens");
        // Nobody new is taken: the end has begun.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        stream.write_all(rest.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        timeout(PATIENCE, served)
            .await
            .expect("in time")
            .expect("no panic")
            .expect("in good order");
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[test]
fn the_unit_and_the_container_give_a_server_the_time_that_it_may_take_to_end() {
    let packaged = |name: &str| {
        let path = format!("{}/../../packaging/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("a file")
    };
    let seconds = |text: &str, before: &str| -> u64 {
        let rest = text.split(before).nth(1).expect(before);
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    };
    // The store is closed after that.
    let needed = server::ENDING_MAX.as_secs() + 5;
    assert!(seconds(&packaged("madura.service"), "TimeoutStopSec=") >= needed);
    assert!(seconds(&packaged("Dockerfile"), "--stop-timeout ") >= needed);
}
