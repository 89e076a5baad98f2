//! What must be done now and then: moving cold facts into files, forgetting what has expired.

use std::thread::JoinHandle;
use std::time::Duration;

use leads::Timestamp;
use live::{Live, News};
use serde_json::{Value as Json, json};
use store::jobs::{self, After, JobClaim, NewJob};
use store::segments::{SealOptions, compact, seal};
use store::{accounts, audit, idempotency, retention, settings, webhooks, write_keys};
use tokio::time::interval;

use super::scoring::{spawn, wait};
use crate::app::{App, Noted};
use crate::imports::files;
use crate::inbound::WriteKeys;
use crate::problem::Problem;
use crate::retention::{RETENTION, Retention, since};

/// How long a claim lasts: sealing a large part takes seconds.
const LEASE_MS: i64 = 10 * 60_000;

/// How long to wait between looks at what is due.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Facts that are sealed at a time.
const SEAL_AT_MOST: usize = 200_000;

/// Messages that are removed at a time.
const MESSAGES_AT_A_TIME: i64 = 5_000;

const MINUTE_MS: i64 = 60_000;

/// How long files of facts are kept that others replaced: who reads them has begun before that.
const SWEPT_AFTER_MS: i64 = 5 * MINUTE_MS;

/// How long nobody wrote to a file of facts that belongs to none: whoever wrote it has ended.
const STRAY_FOR: Duration = Duration::from_hours(1);

/// How often the end of the audit trail is logged. What was changed since can be rewritten unseen.
const AUDIT_HEAD_EVERY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Periodic work: its name and how often, in minutes.
const PERIODIC: [(&str, i64); 3] = [("seal", 15), ("purge", 60), ("retain", 360)];

/// Leads that are forgotten in a run; who is left over waits for the next.
const FORGOTTEN_AT_MOST: usize = 5_000;

/// Folds what was measured, so that histograms do not grow, and writes down what keys took.
pub(super) async fn measure(app: App) {
    let mut stop = app.stop.subscribe();
    let mut ticks = interval(Duration::from_secs(5));
    loop {
        let is_over = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => true,
            _ = ticks.tick() => false,
        };
        app.metrics.keep_up();
        write_counts(&app).await;
        if is_over {
            return;
        }
    }
}

async fn write_counts(app: &App) {
    if WriteKeys::write_counts(app).await.is_err() {
        tracing::warn!("what write keys took in the last seconds could not be written down");
    }
}

/// Writes the end of the audit trail into the log. Whoever can write the database can write a trail anew
/// from its beginning, but not what a log has that is kept elsewhere. False: there is no entry yet.
fn log_audit_head(app: &App) -> bool {
    let store = app.live.store();
    // A log would keep a head that a power cut took from the trail.
    let head = store.read(audit::head).and_then(|head| store.make_safe().map(|()| head));
    match head {
        Ok(Some(head)) => tracing::info!(
            audit_head = %head,
            "the audit trail leads to here: `madura verify --audit-head` checks that it still does"
        ),
        Ok(None) => return false,
        Err(error) => tracing::warn!(%error, "the end of the audit trail could not be read"),
    }
    true
}

/// Does what is due, until the server stops.
pub(super) fn keeper(app: App) -> Option<JoinHandle<()>> {
    spawn("upkeep", move || {
        // Of every node, and not a job that one of them claims: each has a log of its own.
        let mut head_due = app.now();
        if plan(&app).is_err() {
            tracing::warn!("upkeep could not be planned; it is at the next start");
        }
        loop {
            if app.now() >= head_due && log_audit_head(&app) {
                head_due = later(app.now(), AUDIT_HEAD_EVERY_MS);
            }
            put_right(&app);
            if head_due > later(app.now(), AUDIT_HEAD_EVERY_MS) {
                head_due = app.now();
            }
            for (kind, _) in PERIODIC {
                if let Ok(Some(claim)) = claim(&app, kind) {
                    carry_out(&app, &claim);
                }
            }
            if wait(&app, LOOK_AGAIN) {
                return;
            }
        }
    })
}

fn plan(app: &App) -> Result<(), Problem> {
    let now = app.now();
    app.live.store().write(move |tx| {
        for (kind, _) in PERIODIC {
            let job = NewJob { id: kind, kind, details: &json!({}), at: now };
            jobs::schedule(tx, &job, now)?;
        }
        Ok(())
    })
}

fn claim(app: &App, kind: &'static str) -> Result<Option<JobClaim>, Problem> {
    let now = app.now();
    let until = later(now, LEASE_MS);
    let claims = app.live.store().submit_claim(move |tx| jobs::claim_kind(tx, kind, now, 1, until));
    Ok(claims.wait()?.pop())
}

fn carry_out(app: &App, claim: &JobClaim) {
    let result = match claim.kind.as_str() {
        "seal" => seal_cold(app),
        "retain" => {
            retain(app, &claim.id).map_err(|_| "quiet leads could not be forgotten".to_owned())
        }
        _ => purge(app),
    };
    let now = app.now();
    let minutes =
        PERIODIC.iter().find(|(kind, _)| *kind == claim.kind).map_or(60, |(_, every)| *every);
    let next = later(now, minutes * MINUTE_MS);
    let claim = claim.clone();
    let reported = app.live.store().write(move |tx| {
        match &result {
            Ok(done) => jobs::finish(tx, &claim, After::Again(done, next), now)?,
            Err(failure) => jobs::finish(tx, &claim, After::RetryAt(failure, next), now)?,
        };
        Ok::<_, Problem>(())
    });
    if reported.is_err() {
        tracing::warn!("how upkeep went could not be recorded; it is done again");
    }
}

fn seal_cold(app: &App) -> Result<Json, String> {
    let now = app.now();
    let options = SealOptions {
        before: now.saturating_sub(app.config.pace.seal_after),
        at_least: app.config.pace.seal_at_least,
        at_most: SEAL_AT_MOST,
    };
    let (store, segments) = (app.live.store(), app.live.segments());
    let text = |error: store::SegmentError| error.to_string();
    let (directory, before) = (segments.clone(), later(now, -SWEPT_AFTER_MS));
    let swept = store.write(move |tx| directory.sweep(tx, before, STRAY_FOR)).map_err(text)?;
    let sealed = seal(store, segments, &options, now).map_err(text)?;
    let joined = compact(store, segments, now).map_err(text)?;
    if let Err(error) = app.live.try_unreadable() {
        super::scoring::report(&error, "leads that were set aside could not be tried again");
    }
    Ok(json!({"facts": sealed.facts, "files": sealed.files, "joined": joined, "swept": swept}))
}

/// Nobody plans a job further ahead: the rarest comes every six hours.
const PLANNED_MAX_MS: i64 = 24 * 60 * MINUTE_MS;

/// Runs what was planned for a time that a clock showed which was ahead, and no longer is.
fn put_right(app: &App) {
    let now = app.now();
    let latest = later(now, PLANNED_MAX_MS);
    let store = app.live.store();
    // It is only written where there is something to write.
    let done = store.read(|tx| jobs::is_any_after(tx, latest)).and_then(|is_any| {
        if is_any { store.write(move |tx| jobs::put_right(tx, latest, now)) } else { Ok(0) }
    });
    match done {
        Ok(0) => {}
        Ok(jobs) => tracing::warn!(
            jobs,
            "the clock was ahead and was put back: what was planned by it is due now"
        ),
        Err(error) => tracing::warn!(%error, "what is planned could not be looked through"),
    }
}

/// Somebody looks every six hours. When the clock says that nobody has for longer than this, it may have been
/// set ahead, or the system was off.
const LEAP_MS: i64 = 2 * 24 * 60 * MINUTE_MS;

/// A clock that goes on for so long after it leapt is believed: whoever looks at the log or at any date
/// had time to put it right.
const BELIEVED_AFTER_MS: i64 = 7 * 24 * 60 * MINUTE_MS;

/// Since when the clock is not believed, if it is not. `last` is when it was last looked at, and `held_since` what
/// was answered then.
fn held_since(
    last: Option<Timestamp>,
    held_since: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let passed = |since: Timestamp| now.as_millis().saturating_sub(since.as_millis());
    if last.is_some_and(|last| passed(last) > LEAP_MS) {
        return Some(now);
    }
    // One that went back behind it has been put right.
    held_since.filter(|since| (0..BELIEVED_AFTER_MS).contains(&passed(*since)))
}

/// Forgets leads of whom nothing was heard for as long as is set, unless the clock cannot be believed: what
/// is forgotten does not come back when it is put right.
fn retain(app: &App, job: &str) -> Result<Json, Problem> {
    let (store, segments, now) = (app.live.store(), app.live.segments(), app.now());
    let before = store.read(|tx| Ok::<_, Problem>(jobs::find(tx, job)?))?;
    let held = before.and_then(|job| {
        let held = job.result.as_ref().and_then(|result| result["held_since"].as_i64());
        let last = job.finished_at.unwrap_or(job.created_at);
        held_since(Some(last), held.map(Timestamp::saturating_from_millis), now)
    });
    if let Some(since) = held {
        tracing::warn!(
            until = %later(since, BELIEVED_AFTER_MS),
            "the clock went on by days since it was last looked at: no quiet lead is forgotten until it is \
            certain that it is right"
        );
        return Ok(json!({"leads": 0, "held_since": since.as_millis()}));
    }
    let setting = store.read(|tx| Ok::<_, Problem>(settings::find(tx, RETENTION)?))?;
    let retention = setting.map(|setting| Retention::read(&setting.value)).transpose()?;
    let Some(days) = retention.and_then(|retention| retention.quiet_days) else {
        return Ok(json!({"leads": 0}));
    };
    let since = since(now, days);
    let mut quiet = app.live.quiet(since, now)?;
    quiet.truncate(FORGOTTEN_AT_MOST);
    let mut forgotten = 0;
    for part in retention::parts(quiet) {
        if *app.stop.borrow() {
            break;
        }
        let (directory, mark) = (segments.clone(), app.fresh_id());
        // Parcels that are done are not to be settled again after this, were the power to go.
        store.put_away_and_wait()?;
        let done = store.write(move |tx| {
            let done = retention::forget_within(tx, &directory, &part, since, now)?;
            if !done.leads.is_empty() {
                Live::touch(tx, done.leads.iter().map(String::as_str), &mark)?;
                let after =
                    json!({"leads": done.leads.len(), "facts": done.facts, "quiet_days": days});
                let noted = Noted::new("leads.forgotten", format!("setting:{RETENTION}"));
                noted.after(after).write(tx, "system", now)?;
            }
            Ok::<_, Problem>(done)
        })?;
        app.live.wake();
        forgotten += done.leads.len();
        for lead in &done.leads {
            app.live.tell(News::Gone { lead: lead.clone() });
        }
        retention::finish(store, segments, done)?;
    }
    Ok(json!({"leads": forgotten}))
}

fn purge(app: &App) -> Result<Json, String> {
    let now = app.now();
    let messages = now.saturating_sub(app.config.pace.keep_messages);
    let days = later(now, -400 * 24 * 60 * MINUTE_MS);
    let month = later(now, -30 * 24 * 60 * MINUTE_MS);
    let removed = app.live.store().write(move |tx| {
        Ok::<_, Problem>([
            accounts::purge(tx, now)?,
            idempotency::purge(tx, now)?,
            webhooks::purge(tx, messages, MESSAGES_AT_A_TIME)?,
            write_keys::purge(tx, days)?,
            jobs::purge(tx, month)?,
        ])
    });
    let files =
        files::tidy(app).map_err(|_| "files of imports could not be looked at".to_owned())?;
    match removed {
        Ok([expired, answers, messages, days, jobs]) => Ok(json!({"expired": expired,
            "answers": answers, "messages": messages, "days": days, "jobs": jobs,
            "files": files})),
        Err(_) => Err("what has expired could not be removed".to_owned()),
    }
}

fn later(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::saturating_from_millis(at.as_millis().saturating_add(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

    #[test]
    fn a_clock_that_leapt_is_believed_after_a_week_or_when_it_was_put_right() {
        let at = |days: f64| {
            Timestamp::saturating_from_millis(1_780_000_000_000 + (days * DAY_MS as f64) as i64)
        };
        let held = |last: f64, since: Option<f64>, now: f64| {
            held_since(Some(at(last)), since.map(at), at(now))
        };
        assert_eq!(held_since(None, None, at(0.0)), None, "the first time");
        assert_eq!(held(0.0, None, 0.25), None);
        assert_eq!(held(0.0, None, 1.9), None, "it was off for a day");
        assert_eq!(held(0.0, None, 365.0), Some(at(365.0)));
        assert_eq!(held(365.0, Some(365.0), 365.25), Some(at(365.0)), "it goes on");
        assert_eq!(held(371.75, Some(365.0), 372.0), None, "for a week");
        assert_eq!(held(365.25, Some(365.0), 0.5), None, "it was put right");
        assert_eq!(held(365.25, Some(365.0), 400.0), Some(at(400.0)), "it leapt again");
    }
}
