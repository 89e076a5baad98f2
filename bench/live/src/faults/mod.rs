//! What the running system endures: killed at random moments, on a full disk, with its database gone
//! for a while, beside clients that are slow. After each the same judgement: nothing acknowledged is
//! lost, nothing is applied twice, and every score is the one that follows from the facts.

mod crowd;
mod disk_full;
mod judge;
mod kills;
mod offline;
mod postgres;
mod slow;
mod stored;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use leads::Timestamp;

use crate::figures::say;
use crate::house::{House, SETTINGS};
use crowd::{Crowd, Journal};
use judge::{Judged, judge};
use stored::Stored;

/// How long it goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// About a minute.
    Short,
    /// 200 kills.
    Long,
}

/// What it has to endure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    Kills,
    DiskFull,
    SlowClients,
    Postgres,
}

impl Fault {
    /// By the words that choose them.
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("kills", Self::Kills),
        ("full", Self::DiskFull),
        ("slow", Self::SlowClients),
        ("postgres", Self::Postgres),
    ];
}

/// Runs these in `directory`, from this seed.
pub(crate) async fn run(
    madura: &Path,
    directory: &Path,
    faults: &[Fault],
    form: Form,
    seed: u64,
) -> Result<()> {
    println!("seed {seed}");
    for (word, fault) in Fault::ALL.into_iter().filter(|(_, fault)| faults.contains(fault)) {
        let data = directory.join(word);
        match fault {
            Fault::Kills => {
                kills::run(madura, &data, form, seed).await.context("killed under load")?;
            }
            Fault::DiskFull => disk_full::run(madura, &data, seed).await.context("a full disk")?,
            Fault::SlowClients => slow::run(madura, &data).await.context("slow clients")?,
            Fault::Postgres => {
                postgres::run(madura, &data, form, seed).await.context("PostgreSQL restarted")?;
            }
        }
    }
    Ok(())
}

/// A house in an empty directory, with the model in force.
async fn empty_house(madura: &Path, data: &Path, db: Option<String>) -> Result<House> {
    if data.exists() {
        // It may be a mount point: what is in it goes, it stays.
        for entry in std::fs::read_dir(data)? {
            let path = entry?.path();
            if path.is_dir() { std::fs::remove_dir_all(path)? } else { std::fs::remove_file(path)? }
        }
    }
    let mut house = House::new(madura, data, db, SETTINGS)?;
    house.start().await?;
    house.set_up().await?;
    Ok(house)
}

/// A load that goes on beside a fault.
struct Reporting {
    crowd: Crowd,
    is_over: Rc<RefCell<bool>>,
    clients: Vec<tokio::task::JoinHandle<Result<()>>>,
}

impl Reporting {
    /// Begins. Call it within a `LocalSet`.
    fn begin(crowd: Crowd, house: &Rc<RefCell<House>>) -> Self {
        let is_over = Rc::new(RefCell::new(false));
        let client = |number| {
            let reporting = crowd.clone().report(number, Rc::clone(house), Rc::clone(&is_over));
            tokio::task::spawn_local(reporting)
        };
        let clients = (0..crowd.clients).map(client).collect();
        Self { crowd, is_over, clients }
    }

    /// Lets the clients send what is not acknowledged yet, and nothing new.
    async fn end(self) -> Result<Rc<RefCell<Journal>>> {
        *self.is_over.borrow_mut() = true;
        for client in self.clients {
            client.await??;
        }
        Ok(self.crowd.journal)
    }
}

/// The house, when no client holds it any more.
fn alone(house: Rc<RefCell<House>>) -> Result<House> {
    Ok(Rc::into_inner(house).context("a client has not ended")?.into_inner())
}

/// The judgement about a store in a file.
async fn judge_file(
    house: &House,
    madura: &Path,
    journal: &Rc<RefCell<Journal>>,
) -> Result<Judged> {
    house.settle().await?;
    judge(house, madura, journal, &Stored::in_file(house)?).await
}

fn told(what: &str, journal: &Rc<RefCell<Journal>>, judged: &Judged) {
    let journal = journal.borrow();
    let Judged { acknowledged, facts, leads, instants } = judged;
    say(
        what,
        &format!("{acknowledged} calls acknowledged, {facts} stored, none lost, none twice"),
        None,
    );
    let (again, rejected) = (journal.again, journal.rejected);
    say("", &format!("{again} requests sent again, {rejected} wrong calls rejected"), None);
    say("", &format!("{leads} scores equal to `madura score`, at {instants} instants"), None);
}

/// An instant for the facts: an hour ago, so that none is later than the process's clock.
fn recently() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis() as i64);
    Timestamp::saturating_from_millis(millis - 3_600_000)
}
