//! How fast facts are taken with live scoring on, and how soon scores follow.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use leads::Timestamp;

use crate::calls::identify;
use crate::disk::{self, Rows};
use crate::figures::say;
use crate::house::{House, SETTINGS, Used};
use crate::http::{Client, request};
use crate::load::{Load, Sent, send};
use crate::watch::{Probes, Watched};

/// Connections that send batches.
const BATCHING: usize = 8;

/// Connections that send single events.
const SINGLE: usize = 256;

/// People who send as much as many do.
const REGULARS: u64 = 50;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Leads that are known before.
    pub(crate) leads: u64,
    pub(crate) time: Duration,
    /// Whether nothing else is measured.
    pub(crate) only_batches: bool,
}

/// Measures in `directory`, which is emptied before.
pub(crate) async fn measure(madura: &Path, directory: &Path, extent: Extent) -> Result<()> {
    let data = directory.join("speed");
    let _ = std::fs::remove_dir_all(&data);
    let mut house = House::new(madura, &data, None, SETTINGS)?;
    house.start().await?;
    house.set_up().await?;
    known(&house, extent.leads).await?;
    let load = Load {
        connections: BATCHING,
        batch: 100,
        time: extent.time,
        pace: None,
        leads: extent.leads,
        seed: 1,
    };

    let synced = disk::syncs(&data, 300)?;
    say("disk: 4 KiB more, synced", &synced.shown(), None);
    let one = Load { connections: 1, batch: 1, time: Duration::from_secs(3), seed: 2, ..load };
    let alone = send(&house, one).await?;
    let ratio = alone.accepted.median() / synced.median();
    let figure = format!("{}, {ratio:.1} syncs", alone.accepted.shown());
    say("idle: one event, stored", &figure, Some((ratio <= 3.0, "3 syncs")));
    house.settle().await?;

    // What is not counted: caches and the log of the database find their size.
    send(&house, Load { time: Duration::from_secs(2), seed: 3, ..load }).await?;
    house.settle().await?;
    let batches = loaded(&house, load).await?;
    let rows = Rows::read(&house.database()?, batches.sent.events.min(400_000) as usize)?;
    let each = rows.append(&data, 100)?;
    let grouped = [1_000, 10_000].map(|per_commit| rows.append(&data, per_commit));
    let grouped = grouped.into_iter().collect::<Result<Vec<f64>>>()?;
    let share = batches.rate() / each;
    batches.say("batches of 100, 8 connections", (4e4, "40,000/s"));
    let figure = format!("{each:.0} rows/s ({} rows)", rows.count());
    say("SQLite alone, 100 rows a commit", &figure, None);
    say("  share of it", &format!("{:.0} %", share * 100.0), Some((share >= 0.5, "50 %")));
    let figure = format!("{:.0} and {:.0} rows/s", grouped[0], grouped[1]);
    say("  1,000 and 10,000 rows a commit", &figure, None);
    if extent.only_batches {
        return house.stop();
    }

    let load_of_singles = Load { connections: SINGLE, batch: 1, seed: 5, ..load };
    let singles = loaded(&house, load_of_singles).await?;
    singles.say("single events, 256 connections", (8e3, "8,000/s"));

    let mut probes = Probes::new(&house).await?;
    let idle = Load { connections: 0, seed: 6, ..load };
    let watched = probes.watch(&house, idle).await?;
    watched_figures("idle", &watched);
    let half = Load { pace: Some(batches.rate() / 2.0), seed: 7, ..load };
    let watched = probes.watch(&house, half).await?;
    watched_figures(&format!("{:.0} events/s in batches", watched.load.rate()), &watched);
    house.settle().await?;
    let pace = Some(singles.rate() / 2.0);
    let watched = probes.watch(&house, Load { pace, seed: 8, ..load_of_singles }).await?;
    watched_figures(&format!("{:.0} single events/s", watched.load.rate()), &watched);
    house.settle().await?;

    overload(&house, load_of_singles, &singles).await?;
    regulars(&house, load).await?;
    house.stop()
}

/// A load, and what it came to when every score was written.
struct Loaded {
    sent: Sent,
    /// From the last answer to the last score.
    behind: Duration,
    /// Processor time of the process per event, in microseconds, all in all.
    cpu: f64,
    /// The same of its threads, by name, those that took most first; without those that ended meanwhile.
    of_threads: Vec<(String, f64)>,
}

async fn loaded(house: &House, load: Load) -> Result<Loaded> {
    let (before, threads_before) = (house.used()?, house.used_by_threads()?);
    let sent = send(house, load).await?;
    let behind = house.settle().await?;
    let (after, threads) = (house.used()?, house.used_by_threads()?);
    let each = |seconds: f64| seconds * 1e6 / sent.events.max(1) as f64;
    let cpu = each(after.cpu - before.cpu);
    let since = |(name, seconds): (String, f64)| {
        let before = threads_before.get(&name).copied().unwrap_or_default();
        (name, each(seconds - before))
    };
    let mut of_threads: Vec<(String, f64)> = threads.into_iter().map(since).collect();
    of_threads.retain(|(_, micros)| *micros >= 0.5);
    of_threads.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    Ok(Loaded { sent, behind, cpu, of_threads })
}

impl Loaded {
    /// Events a second, with everything that follows from them: what it can bear for ever.
    fn rate(&self) -> f64 {
        self.sent.events as f64 / (self.sent.seconds + self.behind.as_secs_f64())
    }

    fn say(&self, what: &str, (target, shown): (f64, &str)) {
        let (rate, cpu) = (self.rate(), self.cpu);
        let figure = format!("{rate:.0} events/s with every score, {cpu:.1} us of processor each");
        say(what, &figure, Some((rate >= target, shown)));
        let of_threads: Vec<String> =
            self.of_threads.iter().map(|(name, micros)| format!("{name} {micros:.1}")).collect();
        say("  of which, us", &of_threads.join(", "), None);
        let behind = self.behind.as_secs_f64();
        let figure = format!("{:.0} events/s, scores {behind:.2} s behind", self.sent.rate());
        say("  answered", &figure, None);
        say("  answered within", &self.sent.accepted.shown(), None);
    }
}

/// Makes the leads known.
pub(crate) async fn known(house: &House, leads: u64) -> Result<()> {
    let mut client = Client::connect(house.address).await?;
    let at = Timestamp::parse("2026-01-01T00:00:00Z")?;
    let senders = house.senders();
    let sites = senders.sites();
    for site in 0..sites {
        let users: Vec<u64> = (site as u64..leads).step_by(sites).collect();
        for some in users.chunks(500) {
            let mut body = b"{\"batch\":[".to_vec();
            for user in some {
                if *user != some[0] {
                    body.push(b',');
                }
                identify(*user, at, &mut body);
            }
            body.extend_from_slice(b"]}");
            let bytes = request("POST", "/v1/batch", &senders.of_site(site), &body);
            let reply = client.send(&bytes).await?;
            anyhow::ensure!(reply.status == 200, crate::house::shown(reply.status, &reply.body));
        }
    }
    house.settle().await?;
    Ok(())
}

fn watched_figures(load: &str, watched: &Watched) {
    let reached = watched.seen.median() < 10.0 && watched.seen.within(0.99) < 50.0;
    let missed = watched.missed;
    let figure =
        format!("{}, {} probes, {missed} missed", watched.seen.shown(), watched.seen.count());
    let target = Some((reached && missed == 0, "10 ms, p99 50 ms"));
    say(&format!("request to news of the score, {load}"), &figure, target);
    say("  request to answer", &watched.answered.shown(), None);
}

/// People who are there all day: what a fact more costs of somebody of whom a thousand are known.
async fn regulars(house: &House, load: Load) -> Result<()> {
    let of_few = Load { leads: REGULARS, seed: 10, ..load };
    let before = send(house, of_few).await?;
    house.settle().await?;
    let regulars = loaded(house, Load { seed: 11, ..of_few }).await?;
    let each = before.events / REGULARS;
    let figure = format!(
        "{:.0} events/s with every score, {:.1} us of processor each, {each} facts before",
        regulars.rate(),
        regulars.cpu
    );
    say(&format!("batches of 100 from {REGULARS} people"), &figure, None);
    Ok(())
}

/// Ten times the connections that it can take with the same kind of request.
async fn overload(house: &House, load: Load, peak: &Loaded) -> Result<()> {
    let before: i64 =
        house.database()?.query_row("SELECT count(*) FROM fact", [], |row| row.get(0))?;
    let begun = Instant::now();
    let sent = send(house, Load { connections: load.connections * 10, seed: 9, ..load }).await?;
    let Used { peak_mib, .. } = house.used()?;
    house.settle().await?;
    let rate = sent.events as f64 / begun.elapsed().as_secs_f64();
    let goodput = rate / peak.rate();
    let figure = format!("{rate:.0} events/s, {:.0} % of its best", goodput * 100.0);
    say("ten times the connections", &figure, Some((goodput >= 0.8, "80 %")));
    let all_told = sent.with_retry_after == sent.refusals() - sent.other && sent.other == 0;
    let figure = format!(
        "{} (429), {} (503), {} otherwise, {} say when to come again",
        sent.too_often, sent.no_room, sent.other, sent.with_retry_after
    );
    let target = (sent.refusals() > 0).then_some((all_told, "429 or 503, Retry-After"));
    say("  refused", &figure, target);
    say(
        "  answered, refused within",
        &format!("{}; {}", sent.accepted.shown(), sent.refused.shown()),
        None,
    );
    say("  most memory so far", &format!("{peak_mib:.0} MiB"), Some((peak_mib < 512.0, "512 MiB")));
    let after: i64 =
        house.database()?.query_row("SELECT count(*) FROM fact", [], |row| row.get(0))?;
    let stored = (after - before) as u64;
    let figure =
        format!("{stored} of {} answered, in {:.0} s", sent.events, begun.elapsed().as_secs_f64());
    say("  stored", &figure, Some((stored >= sent.events, "all that were answered")));
    Ok(())
}
