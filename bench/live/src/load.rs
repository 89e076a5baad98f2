//! A load: connections that send one request after the other, as fast as answers come or at a pace.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::LocalSet;
use tokio::time::sleep_until;

use crate::calls::Calls;
use crate::figures::Times;
use crate::house::{House, Senders};
use crate::http::{Client, request};

/// What to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Events in a request; 1 is a call of its own.
    pub(crate) batch: usize,
    pub(crate) time: Duration,
    /// Events a second all together; `None`: as fast as answers come.
    pub(crate) pace: Option<f64>,
    /// The leads that they are about.
    pub(crate) leads: u64,
    pub(crate) seed: u64,
}

/// What came of it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Sent {
    /// Events in requests that were answered with success.
    pub(crate) events: u64,
    pub(crate) seconds: f64,
    /// Requests that were refused: too often (429), no room (503), anything else.
    pub(crate) too_often: u64,
    pub(crate) no_room: u64,
    pub(crate) other: u64,
    /// Refusals that say when to come again.
    pub(crate) with_retry_after: u64,
    pub(crate) accepted: Times,
    pub(crate) refused: Times,
}

impl Sent {
    pub(crate) fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }

    pub(crate) fn refusals(&self) -> u64 {
        self.too_often + self.no_room + self.other
    }
}

/// Sends a load and waits for its last answers.
pub(crate) async fn send(house: &House, load: Load) -> Result<Sent> {
    let sent = Rc::new(RefCell::new(Sent::default()));
    let senders = Rc::new(house.senders());
    let calls = Rc::new(RefCell::new(Calls::new(load.seed, load.leads, senders.sites())));
    let begun = Instant::now();
    let turn = Rc::new(Cell::new(0_u64));
    let local = LocalSet::new();
    for _ in 0..load.connections {
        let (sent, calls, senders) = (Rc::clone(&sent), Rc::clone(&calls), Rc::clone(&senders));
        let (address, turn) = (house.address, Rc::clone(&turn));
        local.spawn_local(async move {
            let mut client = Client::connect(address).await?;
            while begun.elapsed() < load.time {
                if let Some(pace) = load.pace {
                    let number = turn.get();
                    turn.set(number + 1);
                    let due = (number * load.batch as u64) as f64 / pace;
                    sleep_until((begun + Duration::from_secs_f64(due)).into()).await;
                }
                let bytes = body(&calls, load.batch, &senders);
                let asked = Instant::now();
                let Ok(reply) = client.send(&bytes).await else {
                    sent.borrow_mut().other += 1;
                    client = Client::connect(address).await?;
                    continue;
                };
                note(&mut sent.borrow_mut(), &reply, load.batch, asked.elapsed());
            }
            Ok::<(), anyhow::Error>(())
        });
    }
    local.await;
    let mut sent = sent.take();
    sent.seconds = begun.elapsed().as_secs_f64();
    Ok(sent)
}

fn body(calls: &RefCell<Calls>, batch: usize, senders: &Senders) -> Vec<u8> {
    let mut calls = calls.borrow_mut();
    let (path, call) =
        if batch == 1 { ("/v1/track", calls.single()) } else { ("/v1/batch", calls.batch(batch)) };
    request("POST", path, &senders.of_site(call.site), &call.body)
}

fn note(sent: &mut Sent, reply: &crate::http::Reply, batch: usize, taken: Duration) {
    if reply.status == 200 {
        sent.events += batch as u64;
        sent.accepted.add(taken);
        return;
    }
    match reply.status {
        429 => sent.too_often += 1,
        503 => sent.no_room += 1,
        _ => sent.other += 1,
    }
    sent.with_retry_after += u64::from(reply.retry_after.is_some());
    sent.refused.add(taken);
}
