//! Clients that do what clients do: they report people in every order, again and again, sometimes
//! nonsense, and send anew whatever was not answered. What they sent and what was answered is their
//! own log, by which the store is judged.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use leads::Timestamp;
use serde_json::{Value as Json, json};
use tokio::time::{sleep, timeout};

use crate::calls::{kind, mix};
use crate::house::House;
use crate::http::{Client, Reply, request};

/// How long a client waits for an answer before it sends anew.
const PATIENCE: Duration = Duration::from_secs(5);

/// From one attempt to the next.
const AGAIN: Duration = Duration::from_millis(20);

const DAY_MS: u64 = 86_400_000;

/// What was sent and what came of it.
#[derive(Default)]
pub(crate) struct Journal {
    /// By the id of the message: its call, and whether it was answered with success.
    pub(crate) calls: BTreeMap<String, Called>,
    pub(crate) requests: u64,
    /// Requests that had to be sent again.
    pub(crate) again: u64,
    /// Calls that were rejected, as they should be.
    pub(crate) rejected: u64,
    /// Requests that were told to come again later, and when.
    pub(crate) put_off: u64,
    /// What was answered although it must not be.
    pub(crate) wrong: Vec<String>,
}

pub(crate) struct Called {
    pub(crate) call: Json,
    pub(crate) is_acknowledged: bool,
}

/// Who reports, what, and how much of it.
#[derive(Clone)]
pub(crate) struct Crowd {
    pub(crate) journal: Rc<RefCell<Journal>>,
    pub(crate) seed: u64,
    pub(crate) users: u64,
    pub(crate) clients: u64,
    pub(crate) now: Timestamp,
}

impl Crowd {
    pub(crate) fn new(seed: u64, users: u64, clients: u64, now: Timestamp) -> Self {
        Self { journal: Rc::default(), seed, users, clients, now }
    }

    /// How many calls are acknowledged so far.
    pub(crate) fn acknowledged(&self) -> usize {
        let journal = self.journal.borrow();
        journal.calls.values().filter(|called| called.is_acknowledged).count()
    }

    /// One client: reports until `is_over`, and not before everything of it is acknowledged.
    pub(crate) async fn report(
        self,
        number: u64,
        house: Rc<RefCell<House>>,
        is_over: Rc<RefCell<bool>>,
    ) -> Result<()> {
        let address = house.borrow().address;
        let mut dice = Dice(mix(self.seed ^ mix(number)));
        let mut count = 0;
        let mut sent: Vec<Vec<Json>> = Vec::new();
        let mut client: Option<Client> = None;
        while !*is_over.borrow() {
            let batch = if !sent.is_empty() && dice.of(10) == 0 {
                // As after a time-out whose answer was lost.
                sent[dice.of(sent.len() as u64) as usize].clone()
            } else {
                let size = [1, 3, 20, 120][dice.of(4) as usize];
                let batch: Vec<Json> =
                    (0..size).map(|_| self.call(number, &mut count, &mut dice)).collect();
                sent.push(batch.clone());
                batch
            };
            let with_nonsense = dice.of(12) == 0;
            let bad = if with_nonsense { batch.len() } else { 0 };
            let items = batch.iter().cloned().chain((0..bad).map(nonsense)).collect::<Vec<_>>();
            let body = json!({"batch": items}).to_string();
            let sender = house.borrow().next_sender();
            let bytes = request("POST", "/v1/batch", &sender, body.as_bytes());
            self.note_sent(&batch);
            let reply = loop {
                match attempt(&mut client, address, &bytes).await {
                    Ok(reply) if reply.status == 200 => break reply,
                    Ok(Reply { status: 429 | 503 | 507, retry_after: Some(_), .. }) => {
                        self.journal.borrow_mut().put_off += 1;
                    }
                    Ok(reply) => {
                        let text = String::from_utf8_lossy(&reply.body).into_owned();
                        let text = format!("{} {text}", reply.status);
                        self.journal.borrow_mut().wrong.push(text);
                    }
                    Err(_) => client = None,
                }
                self.journal.borrow_mut().again += 1;
                sleep(AGAIN).await;
            };
            self.note_answer(&batch, bad, &reply);
        }
        Ok(())
    }

    /// A call about somebody, at some time of the last two months, at the same minute of the hour.
    fn call(&self, client: u64, count: &mut u64, dice: &mut Dice) -> Json {
        *count += 1;
        let user = dice.of(self.users);
        let id = format!("{:016x}-{}-{client}-{count}", mix(*count ^ dice.0), self.seed);
        let ago = dice.of(60 * DAY_MS / 3_600_000) * 3_600_000;
        let at = self.now.as_millis() - ago as i64;
        let at = Timestamp::saturating_from_millis(at).to_string();
        match dice.of(12) {
            0 => json!({"type": "identify", "messageId": id, "userId": format!("user-{user}"),
                "anonymousId": format!("visitor-{user}"), "timestamp": at, "traits": traits(user, dice)}),
            1..4 => json!({"type": "track", "messageId": id, "timestamp": at,
                "anonymousId": format!("visitor-{user}"), "event": kind(dice.next()),
                "properties": {"path": format!("/{}", dice.of(50))}}),
            _ => json!({"type": "track", "messageId": id, "timestamp": at,
                "userId": format!("user-{user}"), "event": kind(dice.next()),
                "properties": {"path": format!("/{}", dice.of(50)), "seconds": dice.of(300)}}),
        }
    }

    fn note_sent(&self, batch: &[Json]) {
        let mut journal = self.journal.borrow_mut();
        journal.requests += 1;
        for call in batch {
            let id = call["messageId"].as_str().unwrap_or_default().to_owned();
            let called = Called { call: call.clone(), is_acknowledged: false };
            journal.calls.entry(id).or_insert(called);
        }
    }

    fn note_answer(&self, batch: &[Json], bad: usize, reply: &Reply) {
        let mut journal = self.journal.borrow_mut();
        let answer: Json = serde_json::from_slice(&reply.body).unwrap_or_default();
        let verdicts: Vec<&str> = answer["items"]
            .as_array()
            .map(|items| items.iter().filter_map(|item| item["verdict"].as_str()).collect())
            .unwrap_or_default();
        if verdicts.len() != batch.len() + bad {
            journal.wrong.push(format!(
                "{} verdicts for {} calls",
                verdicts.len(),
                batch.len() + bad
            ));
            return;
        }
        for (call, verdict) in batch.iter().zip(&verdicts) {
            let id = call["messageId"].as_str().unwrap_or_default();
            match (*verdict, journal.calls.get_mut(id)) {
                ("taken" | "repeated", Some(called)) => called.is_acknowledged = true,
                _ => journal.wrong.push(format!("{verdict}: {call}")),
            }
        }
        for verdict in &verdicts[batch.len()..] {
            if *verdict == "rejected" {
                journal.rejected += 1;
            } else {
                journal.wrong.push(format!("nonsense was {verdict}"));
            }
        }
    }
}

fn traits(user: u64, dice: &mut Dice) -> Json {
    let title = ["CEO", "Sales Manager", "Accountant"][dice.of(3) as usize];
    let country = ["ES", "RO", "DE"][dice.of(3) as usize];
    let size = ["1-10", "51-200"][dice.of(2) as usize];
    json!({"name": format!("User {user}"), "title": title, "country": country,
        "company_size": size})
}

/// What is no call: nobody is named, or nothing is said.
fn nonsense(number: usize) -> Json {
    match number % 4 {
        0 => json!({"type": "track", "event": "page_view", "messageId": format!("bad-{number}")}),
        1 => json!({"type": "track", "userId": "null", "event": "page_view"}),
        2 => json!({"type": "launch", "userId": "user-1"}),
        _ => json!(17),
    }
}

async fn attempt(
    client: &mut Option<Client>,
    address: std::net::SocketAddr,
    bytes: &[u8],
) -> Result<Reply> {
    let attempt = async {
        let mut connection = match client.take() {
            Some(connection) => connection,
            None => Client::connect(address).await?,
        };
        let reply = connection.send(bytes).await?;
        *client = Some(connection);
        Ok(reply)
    };
    timeout(PATIENCE, attempt).await?
}

pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    pub(crate) fn of(&mut self, sides: u64) -> u64 {
        self.next() % sides.max(1)
    }
}
