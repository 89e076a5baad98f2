//! A store that has grown: a million leads, twenty million facts of a year, in the order of their
//! arrival. It is filled behind the program's back, which takes minutes instead of hours; scores it
//! makes itself.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use leads::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;

use crate::calls::{COUNTRIES, TITLES, kind, mix};
use crate::figures::{Times, say};
use crate::house::{House, MODEL, MODEL_NAME, SETTINGS};
use crate::http::{Client, request};

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) leads: u64,
    pub(crate) events: u64,
}

const YEAR_MS: i64 = 365 * 86_400_000;

/// Facts stay in the table, and from one tick to the next there is time to look.
fn settings() -> String {
    format!("{SETTINGS}[facts]\nseal_after_days = 36500\n")
}

/// Measures in `directory`; a store of this size that is there already is used again.
pub(crate) async fn measure(madura: &Path, directory: &Path, extent: Extent) -> Result<()> {
    let data = directory.join(format!("large-{}-{}", extent.leads, extent.events));
    let is_there = data.join("filled").exists();
    if !is_there {
        let _ = std::fs::remove_dir_all(&data);
    }
    let mut house = House::new(madura, &data, None, &settings())?;
    if !is_there {
        house.start().await?;
        house.set_up().await?;
        house.stop()?;
        let begun = Instant::now();
        fill(&house.database()?, extent)?;
        let figure = format!(
            "{} leads, {} events, in {:.0} s",
            extent.leads,
            extent.events,
            begun.elapsed().as_secs_f64()
        );
        say("filled", &figure, None);
        std::fs::write(data.join("filled"), "")?;
    }
    let ready = house.start().await?;
    say("first start: ready", &format!("{:.2} s", ready.as_secs_f64()), None);
    let count = "SELECT count(*) FROM marked_lead";
    let waiting: i64 = house.database()?.query_row(count, [], |row| row.get(0))?;
    if waiting > 0 {
        let begun = house.used()?;
        let taken = house.settle().await?;
        let cpu = (house.used()?.cpu - begun.cpu) * 1e6 / waiting as f64;
        let rate = waiting as f64 / taken.as_secs_f64();
        say(
            "everyone scored for the first time",
            &format!(
                "{:.0} s, {rate:.0} leads/s, {cpu:.0} us of processor each",
                taken.as_secs_f64()
            ),
            None,
        );
    }
    house.kill()?;
    let begun = Instant::now();
    let ready = house.start().await?;
    let figure = format!("{:.2} s", ready.as_secs_f64());
    say("start after kill -9: ready", &figure, Some((ready.as_secs_f64() < 3.0, "3 s")));
    let used = house.used()?;
    ticked(&house, 1.0).await?;
    let everyone = begun.elapsed().as_secs_f64();
    let after = house.used()?;
    let figure = format!(
        "{everyone:.0} s, {:.0} s of processor, {:.0} MiB then, {:.0} at most",
        after.cpu - used.cpu,
        after.mib,
        after.peak_mib
    );
    say("  everyone in memory and ticked", &figure, None);
    asked(&house).await?;
    what_if(&house).await?;
    tick(&house).await?;
    let other = MODEL.replace("event: download, points: 8", "event: download, points: 9");
    anyhow::ensure!(other != MODEL, "the model does not say what a download is worth");
    in_force(&house, "another version in force for everyone", &other).await?;
    in_force(&house, "  and the one before again", MODEL).await?;
    let used = house.used()?;
    say("memory", &format!("{:.0} MiB, {:.0} at most", used.mib, used.peak_mib), None);
    house.stop()
}

/// Waits until there were so many ticks.
async fn ticked(house: &House, times: f64) -> Result<()> {
    while house.metric("madura_tick_seconds_count").await? < times {
        // Asking is work for the server, too: 20 times a second were half a second of processor a minute.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

/// What people ask for all day.
async fn asked(house: &House) -> Result<()> {
    let top = house.call("GET", "/api/v1/leads?limit=1", None).await?;
    let lead = top["leads"][0]["id"].as_str().context("no lead is first")?.to_owned();
    for (what, path) in [
        ("top 100", "/api/v1/leads?limit=100".to_owned()),
        (
            "top 100 in a country and a bracket",
            "/api/v1/leads?limit=100&country=RO&bracket=hot".to_owned(),
        ),
        (
            "top 100 in a country and a stage, far down",
            "/api/v1/leads?limit=100&country=CL&stage=marketing_qualified".to_owned(),
        ),
        ("50 events of a lead with many", format!("/api/v1/leads/{lead}/events?limit=50")),
    ] {
        let mut client = Client::connect(house.address).await?;
        let bytes = request("GET", &path, &house.authorization(), b"");
        let mut times = Times::default();
        for _ in 0..60 {
            let begun = Instant::now();
            let reply = client.send(&bytes).await?;
            anyhow::ensure!(reply.status == 200, crate::house::shown(reply.status, &reply.body));
            times.add(begun.elapsed());
        }
        say(what, &times.shown(), Some((times.median() < 5.0, "5 ms")));
    }
    Ok(())
}

/// Another weight, and another half-life for everything, through the API.
async fn what_if(house: &House) -> Result<()> {
    for (what, from, to) in [
        (
            "what-if of everyone: another weight",
            "event: pricing_view, points: 5",
            "event: pricing_view, points: 7",
        ),
        ("what-if of everyone: other half-lives", "half_life: 30d", "half_life: 20d"),
    ] {
        let document = MODEL.replace(from, to);
        anyhow::ensure!(document != MODEL, "the model does not say {from}");
        tried(house, what, &document).await?;
    }
    Ok(())
}

async fn tried(house: &House, what: &str, document: &str) -> Result<()> {
    let body = json!({"document": document}).to_string();
    let path = format!("/api/v1/models/{MODEL_NAME}/what-if");
    let bytes = request("POST", &path, &house.authorization(), body.as_bytes());
    let mut client = Client::connect(house.address).await?;
    let mut times = Times::default();
    let before = house.used()?;
    for _ in 0..9 {
        let begun = Instant::now();
        let reply = client.send(&bytes).await?;
        anyhow::ensure!(reply.status == 200, crate::house::shown(reply.status, &reply.body));
        times.add(begun.elapsed());
    }
    let cpu = (house.used()?.cpu - before.cpu) / 9.0;
    let figure = format!("{}, {cpu:.2} s of processor each", times.shown());
    say(what, &figure, Some((times.median() < 300.0, "300 ms")));
    Ok(())
}

/// What the passing of a minute costs. (The first tick after the start looked at every row.)
async fn tick(house: &House) -> Result<()> {
    let count = house.metric("madura_tick_seconds_count").await?;
    ticked(house, count + 1.0).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    house.settle().await?;
    let (cpu, sum) = (house.used()?.cpu, house.metric("madura_tick_seconds_sum").await?);
    ticked(house, count + 2.0).await?;
    let wall = house.metric("madura_tick_seconds_sum").await? - sum;
    let cpu = house.used()?.cpu - cpu;
    let figure = format!("{wall:.2} s, {cpu:.2} s of processor in the minute that it ends");
    say("a tick", &figure, Some((cpu < 0.5, "0.5 s of processor")));
    Ok(())
}

/// How long until every score is of the version that was put in force.
async fn in_force(house: &House, what: &str, document: &str) -> Result<()> {
    let (begun, before) = (Instant::now(), house.used()?);
    house.activate(document).await?;
    let database = house.database()?;
    let newest = "SELECT max(version) FROM model_version";
    let newest: i64 = database.query_row(newest, [], |row| row.get(0))?;
    let old = "SELECT EXISTS (SELECT 1 FROM score WHERE version < ?1)";
    while database.query_row(old, [newest], |row| row.get(0))? {
        anyhow::ensure!(begun.elapsed() < Duration::from_hours(1), "scores do not follow");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    house.settle().await?;
    let cpu = house.used()?.cpu - before.cpu;
    let figure = format!("{:.0} s, {cpu:.0} s of processor", begun.elapsed().as_secs_f64());
    say(what, &figure, None);
    Ok(())
}

fn fill(database: &Connection, extent: Extent) -> Result<()> {
    database.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         PRAGMA cache_size = -1000000; PRAGMA threads = 2;",
    )?;
    let indices: Vec<(String, String)> = database
        .prepare("SELECT name, sql FROM sqlite_master
            WHERE type = 'index' AND tbl_name IN ('fact', 'person', 'identifier') AND sql IS NOT NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &indices {
        database.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let end = now.as_millis() as i64 - 60_000;
    database.execute_batch("BEGIN")?;
    people(database, extent.leads, end - YEAR_MS)?;
    events(database, extent, end)?;
    database.execute_batch("COMMIT")?;
    for (_, sql) in &indices {
        database.execute_batch(sql)?;
    }
    let marked = "INSERT INTO marked_lead SELECT id, 'bench', 'bench' FROM person WHERE 1 = 1
        ON CONFLICT (lead) DO NOTHING";
    database.execute_batch(marked)?;
    Ok(())
}

/// A lead's id, with the look of a UUID.
fn lead_id(number: u64) -> String {
    let bits = mix(number);
    format!("{:08x}-{:04x}-7000-8000-{:012x}", number as u32, bits as u16, bits >> 16)
}

fn people(database: &Connection, leads: u64, at: i64) -> Result<()> {
    let mut person =
        database.prepare("INSERT INTO person (id, lead, made_at) VALUES (?1, ?1, ?2)")?;
    let mut identifier = database.prepare(
        "INSERT INTO identifier (kind, value, since, person, first_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut fact = database.prepare(INSERT)?;
    for number in 0..leads {
        let (id, dice) = (lead_id(number), mix(number ^ 0xface));
        person.execute(params![id, at])?;
        // As for an identifier that was somebody's from the beginning.
        let always = Timestamp::MIN.as_millis();
        identifier.execute(params![0, format!("user-{number:08}"), always, id, at])?;
        let body = json!({"title": TITLES[(dice % 6) as usize],
            "country": COUNTRIES[((dice >> 8) % 6) as usize], "name": format!("User {number}"),
            "company_size": "51-200"});
        let traits = format!("t-{number:012}");
        fact.execute(params![
            traits,
            id,
            1,
            "",
            at,
            at,
            "key:bench",
            body.to_string(),
            dice as i64 >> 1
        ])?;
    }
    Ok(())
}

const INSERT: &str =
    "INSERT INTO fact (id, person, kind, name, at, received_at, source, body, content)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// Events in order of time. How many a lead has follows a Zipf-Mandelbrot law: that of rank r has a
/// share of (r + 100)^-0.8.
fn events(database: &Connection, extent: Extent, end: i64) -> Result<()> {
    let mut fact = database.prepare(INSERT)?;
    let (low, high) = (100_f64.powf(0.2), (extent.leads as f64 + 100.0).powf(0.2));
    let step = YEAR_MS as f64 / extent.events as f64;
    for number in 0..extent.events {
        let dice = mix(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let share = (dice >> 11) as f64 / (1_u64 << 53) as f64;
        let rank = (low + share * (high - low)).powf(5.0) - 100.0;
        // Ranks stand in no order among the ids.
        let lead = (rank as u64).min(extent.leads - 1).wrapping_mul(2_654_435_761) % extent.leads;
        let dice = mix(dice);
        let at = end - YEAR_MS + (number as f64 * step) as i64;
        let body =
            format!("{{\"path\":\"/pages/{}\",\"seconds\":{}}}", dice % 211, (dice >> 8) % 600);
        let id = format!("e-{number:012}");
        let values = params![
            id,
            lead_id(lead),
            0,
            kind(dice >> 20),
            at,
            at,
            "key:bench",
            body,
            dice as i64 >> 1
        ];
        fact.execute(values)?;
    }
    Ok(())
}
