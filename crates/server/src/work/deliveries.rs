//! Carrying out what the outbox holds.

use std::time::Duration;

use deliver::schedule::{self, Health};
use deliver::{Endpoint, Message, MessageId};
use leads::Timestamp;
use store::webhooks::{self, Attempt, Claim, Next};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::app::App;
use crate::problem::Problem;
use crate::webhooks::deliveries::{failure_of, signing};

/// Deliveries that are under way at a time.
const AT_A_TIME: usize = 64;

/// How long a claim lasts: an attempt takes 15 s at most, its record a moment.
const LEASE_MS: i64 = 60_000;

/// Delivers until the server stops. What is under way then is finished.
pub(super) async fn run(app: App) {
    let mut under_way = JoinSet::new();
    let mut stop = app.stop.subscribe();
    let mut to_do = app.to_do.subscribe();
    loop {
        while under_way.try_join_next().is_some() {}
        let room = AT_A_TIME - under_way.len();
        let claimed = if room == 0 { Ok(Vec::new()) } else { claim(&app, room).await };
        let got_some = match claimed {
            Ok(claims) => {
                let got_some = !claims.is_empty();
                for claim in claims {
                    let app = app.clone();
                    under_way.spawn(async move { deliver(&app, claim).await });
                }
                got_some
            }
            Err(_) => false,
        };
        let pause = if got_some { Duration::ZERO } else { app.config.pace.deliveries };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            // Messages are written a moment after the sign at the latest.
            _ = to_do.changed(), if !got_some => {}
            _ = under_way.join_next(), if room == 0 => {}
            () = sleep(pause), if room > 0 => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

async fn claim(app: &App, most: usize) -> Result<Vec<Claim>, Problem> {
    let now = app.now();
    let until = Timestamp::saturating_from_millis(now.as_millis() + LEASE_MS);
    app.live.store().submit_claim(move |tx| Ok(webhooks::claim(tx, now, most, until)?)).await
}

async fn deliver(app: &App, claim: Claim) {
    let asked = claim.clone();
    match app.read(move |tx| Ok(webhooks::is_current(tx, &asked)?)).await {
        Ok(true) => {}
        // Somebody else has it, its lead was erased, or its endpoint switched off.
        Ok(false) => return,
        Err(_) => return release(app, claim).await,
    }
    let secrets = signing(claim.secrets.iter().map(webhooks::SigningSecret::as_str));
    let (Ok(secrets), Ok(id)) = (secrets, MessageId::new(claim.message.clone())) else {
        tracing::error!(endpoint = claim.endpoint, "a message cannot be signed or named");
        return record_broken(app, claim).await;
    };
    let message = Message { id, body: claim.payload.clone() };
    let endpoint = Endpoint { url: claim.url.clone(), secrets };
    let attempt = app.sender.send(&endpoint, &message, app.now()).await;
    let now = app.now();
    // The store keeps since when an endpoint fails; how often follows from the attempts, of which
    // there are ten in five days.
    let failures = u32::try_from(claim.attempt.max(1) - 1).unwrap_or(u32::MAX);
    let failures =
        if claim.failing_since.is_some() { failures.max(schedule::ATTEMPTS_MAX) } else { 0 };
    let health = Health { failing_since: claim.failing_since, failures };
    let number = u32::try_from(claim.attempt).unwrap_or(u32::MAX);
    let verdict = schedule::after(number, &attempt.outcome, health, now, seed(&claim.message));
    let failure = failure_of(&attempt.outcome);
    let label = if failure.is_none() { "delivered" } else { "failed" };
    metrics::counter!("madura_deliveries_total", "outcome" => label).increment(1);
    let recorded = app
        .write(move |tx| {
            let logged = Attempt {
                at: now,
                status: attempt.status,
                failure: failure.as_deref(),
                took_ms: i64::from(attempt.took_ms),
                response: &attempt.excerpt,
            };
            let next = match verdict.next {
                schedule::Next::Done => Next::Delivered,
                schedule::Next::At(at) => Next::RetryAt(at),
                schedule::Next::GiveUp => Next::GiveUp,
                schedule::Next::Disable(why) => Next::Disable { reason: why.code() },
            };
            Ok(webhooks::record(tx, &claim, &logged, next)?)
        })
        .await;
    if recorded.is_err() {
        // The claim lapses, and the message is sent again: receivers tell by its id.
        tracing::warn!("an attempt at a webhook could not be recorded");
    }
}

async fn record_broken(app: &App, claim: Claim) {
    let now = app.now();
    let recorded = app
        .write(move |tx| {
            let failure = Some("The message or the endpoint's secret is broken.");
            let logged = Attempt { at: now, status: None, failure, took_ms: 0, response: "" };
            Ok(webhooks::record(tx, &claim, &logged, Next::GiveUp)?)
        })
        .await;
    // A claim that could not be recorded lapses.
    drop(recorded);
}

async fn release(app: &App, claim: Claim) {
    let now = app.now();
    let released = app.write(move |tx| Ok(webhooks::release(tx, &claim, now)?)).await;
    // A claim that could not be given back lapses.
    drop(released);
}

/// A number from the random part of a message's id.
fn seed(message: &str) -> u64 {
    let digest = store::Digest::of(message.as_bytes());
    let bytes = digest.as_bytes();
    u64::from_le_bytes([
        bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
    ])
}
