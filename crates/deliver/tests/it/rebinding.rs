//! Name services that change their mind.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration as Wait;

use deliver::guard::NetworkKind;
use deliver::{
    Endpoint, Guard, Outcome, Ports, Refusal, Resolve, Resolving, Roots, Sender, Trouble,
};

use crate::receiver::{Receiver, listens, reply};
use crate::sender::{endpoint, message, now, sender};

/// A name service that gives one answer after the other, and begins again after the last. Nothing
/// at all stands for a failure.
pub(crate) struct Names {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Names {
    pub(crate) fn that_are(answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Self { answers: answers.iter().map(parse).collect(), asked: AtomicUsize::new(0) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, _host: &'a str) -> Resolving<'a> {
        let count = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[count % self.answers.len()].clone();
        Box::pin(async move {
            if answer.is_empty() { Err(io::Error::other("SERVFAIL")) } else { Ok(answer) }
        })
    }
}

/// A name service that never answers.
struct Silence;

impl Resolve for Silence {
    fn resolve<'a>(&'a self, _host: &'a str) -> Resolving<'a> {
        Box::pin(std::future::pending())
    }
}

/// A receiver at 127.0.0.2, which stands for a public one, and a canary at the same port of
/// 127.0.0.1, which nobody may ever reach.
async fn receiver_and_canary() -> (Receiver, Receiver) {
    let receiver = Receiver::listen("127.0.0.2:0", reply("200 OK", "", b""), None).await;
    let beside = format!("127.0.0.1:{}", receiver.address.port());
    let canary = Receiver::listen(&beside, reply("200 OK", "", b"secret"), None).await;
    assert_ne!(receiver.ip(), canary.ip());
    (receiver, canary)
}

/// Lets through 127.0.0.2 alone.
fn guarded(names: &Arc<Names>) -> Sender {
    let guard = Guard::new(vec!["127.0.0.2".parse().unwrap()], Ports::Any);
    let roots = Roots::Pem(include_bytes!("certificates/authority.pem").to_vec());
    Sender::new(guard, &roots).unwrap().with_resolver(names.clone())
}

fn rebound(receiver: &Receiver) -> Endpoint {
    endpoint(&format!("http://rebound.example:{}/", receiver.address.port()))
}

#[tokio::test]
async fn a_name_that_turns_to_this_machine_behind_the_check_reaches_nothing() {
    let (receiver, canary) = receiver_and_canary().await;
    let names = Arc::new(Names::that_are(&[
        &["127.0.0.2"],
        &["127.0.0.1"],
        &["::ffff:127.0.0.1", "0.0.0.0", "::1"],
    ]));
    let (sender, endpoint) = (guarded(&names), rebound(&receiver));
    let rounds = 200;
    for _ in 0..rounds {
        let attempt = sender.send(&endpoint, &message(), now()).await;
        assert_eq!(attempt.outcome, Outcome::Delivered);
        for _ in 0..2 {
            let attempt = sender.send(&endpoint, &message(), now()).await;
            let refused = Outcome::Refused(Refusal::Resolved(NetworkKind::Loopback));
            assert_eq!((attempt.outcome, attempt.excerpt), (refused, String::new()));
        }
    }
    // Asked once for each attempt: there is no second answer that could differ.
    assert_eq!(names.asked(), 3 * rounds);
    assert_eq!(receiver.connections(), rounds);
    assert_eq!(canary.connections(), 0);
    assert!(listens(canary.address).await, "the canary was there to be reached");
}

#[tokio::test]
async fn ten_thousand_answers_that_lead_home_reach_nothing() {
    let (receiver, canary) = receiver_and_canary().await;
    let names = Arc::new(Names::that_are(&[
        &["127.0.0.1"],
        &["::1"],
        &["0.0.0.0"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["169.254.169.254"],
        &["127.0.0.1", "10.0.0.1"],
    ]));
    let (sender, endpoint) = (guarded(&names), rebound(&receiver));
    for _ in 0..10_000 {
        let attempt = sender.send(&endpoint, &message(), now()).await;
        assert!(matches!(attempt.outcome, Outcome::Refused(Refusal::Resolved(_))), "{attempt:?}");
    }
    assert_eq!((receiver.connections(), canary.connections()), (0, 0));
}

#[tokio::test]
async fn of_a_mixed_answer_only_what_may_be_called_is_dialled() {
    let (receiver, canary) = receiver_and_canary().await;
    let names = Arc::new(Names::that_are(&[&["127.0.0.1", "::1", "127.0.0.2", "10.0.0.1"]]));
    let attempt = guarded(&names).send(&rebound(&receiver), &message(), now()).await;
    assert_eq!(attempt.outcome, Outcome::Delivered);
    assert_eq!((receiver.connections(), canary.connections()), (1, 0));
}

#[tokio::test]
async fn where_the_first_address_does_not_answer_the_next_is_dialled() {
    let receiver = Receiver::listen("127.0.0.2:0", reply("200 OK", "", b""), None).await;
    // At 127.0.0.3 nobody listens.
    let names = Names::that_are(&[&["127.0.0.3", "127.0.0.2"]]);
    let sender = sender().with_resolver(Arc::new(names));
    let attempt = sender.send(&rebound(&receiver), &message(), now()).await;
    assert_eq!(attempt.outcome, Outcome::Delivered);
}

#[tokio::test]
async fn a_name_service_that_fails_now_and_then_fails_only_those_attempts() {
    let receiver = Receiver::listen("127.0.0.2:0", reply("200 OK", "", b""), None).await;
    let names = Arc::new(Names::that_are(&[&[], &["127.0.0.2"]]));
    let sender = sender().with_resolver(names);
    for _ in 0..5 {
        let attempt = sender.send(&rebound(&receiver), &message(), now()).await;
        assert_eq!(attempt.outcome, Outcome::Unanswered(Trouble::NoAddress));
        let attempt = sender.send(&rebound(&receiver), &message(), now()).await;
        assert_eq!(attempt.outcome, Outcome::Delivered);
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_service_that_never_answers_costs_the_time_of_one_attempt() {
    let sender = sender().with_resolver(Arc::new(Silence)).with_timeout(Wait::from_secs(15));
    let attempt = sender.send(&endpoint("https://slow.example/"), &message(), now()).await;
    assert_eq!(attempt.outcome, Outcome::Unanswered(Trouble::TooSlow));
    assert_eq!(attempt.took_ms, 15_000);
}
