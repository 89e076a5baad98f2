//! From the request to the changed score on a stream: probes are sent, and looked for in the news.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::calls::message_id;
use crate::figures::Times;
use crate::house::House;
use crate::http::{Client, request};
use crate::load::{self, Load, Sent};

/// Leads that are probed in turn.
const PROBED: usize = 50;

/// From one probe to the next.
const PAUSE: Duration = Duration::from_millis(17);

/// Leads that are probed, each with its id in the system.
pub(crate) struct Probes {
    ids: Vec<String>,
    round: u64,
}

/// What a watch saw.
pub(crate) struct Watched {
    /// From the sending of a request until the news of its score was read.
    pub(crate) seen: Times,
    /// Until the request was answered.
    pub(crate) answered: Times,
    /// Probes whose news never came.
    pub(crate) missed: usize,
    /// What the load beside it came to.
    pub(crate) load: Sent,
}

type Waiting = Rc<RefCell<HashMap<String, Instant>>>;

impl Probes {
    /// Makes the leads.
    pub(crate) async fn new(house: &House) -> Result<Self> {
        let mut ids = Vec::new();
        for number in 0..PROBED {
            let wish = json!({"user": format!("probe-{number}")});
            let made = house.call("POST", "/api/v1/leads", Some(wish)).await?;
            ids.push(made["id"].as_str().context("a lead without an id")?.to_owned());
        }
        house.settle().await?;
        Ok(Self { ids, round: 0 })
    }

    /// Sends probes for as long as `load` lasts, beside it.
    pub(crate) async fn watch(&mut self, house: &House, load: Load) -> Result<Watched> {
        self.round += 1;
        let head = house.authorization() + "accept: text/event-stream\r\n";
        let stream = Client::connect(house.address).await?;
        let stream = stream.open(&request("GET", "/api/v1/stream", &head, b"")).await?;
        let waiting: Waiting = Rc::default();
        let (seen, answered) = (Rc::new(RefCell::default()), Rc::new(RefCell::default()));
        let local = LocalSet::new();
        let reading = local.spawn_local(read(stream, Rc::clone(&waiting), Rc::clone(&seen)));
        let (round, ids) = (self.round, self.ids.clone());
        let probing =
            probe(house, round, ids, load.time, Rc::clone(&waiting), Rc::clone(&answered));
        let both = async {
            let (sent, probed) = tokio::join!(load_beside(house, load), probing);
            probed?;
            // The last news may be on their way.
            tokio::time::sleep(Duration::from_millis(500)).await;
            sent
        };
        let load = local.run_until(both).await?;
        reading.abort();
        let missed = waiting.borrow().len();
        let (seen, answered) = (seen.take(), answered.take());
        Ok(Watched { seen, answered, missed, load })
    }
}

async fn load_beside(house: &House, load: Load) -> Result<Sent> {
    if load.connections == 0 {
        tokio::time::sleep(load.time).await;
        return Ok(Sent::default());
    }
    load::send(house, load).await
}

async fn probe(
    house: &House,
    round: u64,
    ids: Vec<String>,
    time: Duration,
    waiting: Waiting,
    answered: Rc<RefCell<Times>>,
) -> Result<()> {
    let mut client = Client::connect(house.address).await?;
    let begun = Instant::now();
    let mut number = 0_u64;
    while begun.elapsed() < time {
        tokio::time::sleep_until((begun + PAUSE * number as u32).into()).await;
        let at = number as usize % ids.len();
        let id = message_id(1_000_000 + round, number);
        number += 1;
        let body = json!({"messageId": id, "event": "probe", "userId": format!("probe-{at}")});
        let bytes = request("POST", "/v1/track", &house.next_sender(), body.to_string().as_bytes());
        let asked = Instant::now();
        waiting.borrow_mut().insert(ids[at].clone(), asked);
        let reply = client.send(&bytes).await?;
        if reply.status == 200 {
            answered.borrow_mut().add(asked.elapsed());
        } else {
            waiting.borrow_mut().remove(&ids[at]);
        }
    }
    Ok(())
}

/// Reads the stream's lines; where chunks begin and end makes no difference to them.
async fn read(mut stream: TcpStream, waiting: Waiting, seen: Rc<RefCell<Times>>) -> Result<()> {
    let mut bytes = Vec::with_capacity(64 << 10);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let now = Instant::now();
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { continue };
        for line in bytes[..end].split(|byte| *byte == b'\n') {
            let Some(data) = line.strip_prefix(b"data:") else { continue };
            let text = std::str::from_utf8(data).unwrap_or_default();
            // Most news are of others: their JSON is read only where somebody waits.
            let lead = text.split_once("\"lead\":\"").and_then(|(_, rest)| rest.split('"').next());
            let Some(asked) = lead.and_then(|lead| waiting.borrow_mut().remove(lead)) else {
                continue;
            };
            let news: Json = serde_json::from_str(text.trim())?;
            if news["kind"] == "lead" {
                seen.borrow_mut().add(now - asked);
            }
        }
        bytes.drain(..=end);
    }
}
