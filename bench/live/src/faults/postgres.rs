//! PostgreSQL taken away while everybody reports, and given back.

use std::cell::RefCell;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::task::LocalSet;
use tokio::time::sleep;

use super::crowd::{Crowd, Dice};
use super::stored::{Stored, rows};
use super::{Form, Reporting, alone, empty_house, judge, recently, told};
use crate::figures::{Times, say};
use crate::http::{Client, Reply, request};

pub(super) async fn run(madura: &Path, data: &Path, form: Form, seed: u64) -> Result<()> {
    let Some(mut server) = Server::make()? else {
        println!("no PostgreSQL is installed: its restart is left out");
        return Ok(());
    };
    server.start()?;
    let url = server.url();
    let restarts = if form == Form::Long { 20 } else { 2 };
    let house = Rc::new(RefCell::new(empty_house(madura, data, Some(url.clone())).await?));
    let crowd = Crowd::new(seed, 200, 8, recently());
    let address = house.borrow().address;
    let mut mended = Times::default();
    let local = LocalSet::new();
    let journal = local
        .run_until(async {
            let reporting = Reporting::begin(crowd.clone(), &house);
            let mut dice = Dice(seed);
            for _ in 0..restarts {
                sleep(Duration::from_millis(500 + dice.of(700))).await;
                server.kill()?;
                let put_off = crowd.journal.borrow().put_off;
                let since = Instant::now();
                while crowd.journal.borrow().put_off == put_off {
                    ensure!(since.elapsed() < Duration::from_secs(30), "nobody is put off");
                    sleep(Duration::from_millis(5)).await;
                }
                let ready = asked(address, "/ready").await?;
                let is_put_off = ready.status == 503 && ready.retry_after.is_some();
                ensure!(is_put_off, "/ready is {} without a database", ready.status);
                let health = asked(address, "/health").await?;
                ensure!(health.status == 200, "/health is {} without a database", health.status);
                sleep(Duration::from_millis(dice.of(500))).await;
                server.start()?;
                let (since, known) = (Instant::now(), crowd.acknowledged());
                while crowd.acknowledged() == known {
                    ensure!(since.elapsed() < Duration::from_secs(30), "it does not go on");
                    sleep(Duration::from_millis(5)).await;
                }
                mended.add(since.elapsed());
            }
            ensure!(house.borrow_mut().ended()?.is_none(), "it ended when its database was away");
            let since = Instant::now();
            while asked(address, "/ready").await?.status != 200 {
                ensure!(
                    since.elapsed() < Duration::from_secs(30),
                    "it does not become ready again"
                );
                sleep(Duration::from_millis(20)).await;
            }
            reporting.end().await
        })
        .await?;
    let begun = Instant::now();
    let waiting = "SELECT json_build_array(lead) FROM marked_lead
        UNION ALL SELECT json_build_array(id) FROM inbox LIMIT 1";
    while !rows(&url, waiting)?.is_empty() {
        ensure!(begun.elapsed() < Duration::from_mins(2), "scores do not follow");
        sleep(Duration::from_millis(100)).await;
    }
    let mut house = alone(house)?;
    let judged = judge(&house, madura, &journal, &Stored::in_postgres(&url)?).await?;
    told(&format!("PostgreSQL killed {restarts} times"), &journal, &judged);
    let put_off = journal.borrow().put_off;
    say("", &format!("{put_off} requests were put off meanwhile, and told for how long"), None);
    say("", &format!("facts were taken again after it was back within: {}", mended.shown()), None);
    house.stop()
}

async fn asked(address: SocketAddr, path: &str) -> Result<Reply> {
    Client::connect(address).await?.send(&request("GET", path, "", b"")).await
}

/// A server of our own, reached by a socket in its directory.
struct Server {
    programs: PathBuf,
    directory: PathBuf,
    child: Option<Child>,
}

impl Server {
    /// `None` where there is none to be had.
    fn make() -> Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        // Not below ours: a path of a socket has about a hundred characters at most.
        let directory = std::env::temp_dir().join(format!("madura-faults-{}", std::process::id()));
        fs::create_dir_all(&directory)?;
        let server = Self { programs, directory, child: None };
        let place = server.directory.display().to_string();
        let programs = server.programs.display();
        // A server refuses to run as root: then it runs as the user whom its package made.
        let script = format!(
            "[ \"$(id -u)\" != 0 ] || chown postgres:postgres '{place}'; cd '{place}' && \
             {AS_USER} '{programs}/initdb' -D '{place}/data' -A trust -U postgres -E UTF8 --locale=C \
             >/dev/null"
        );
        let made = Command::new("sh").args(["-c", &script]).status()?;
        ensure!(made.success(), "initdb fails");
        Ok(Some(server))
    }

    fn start(&mut self) -> Result<()> {
        let (place, programs) = (self.directory.display(), self.programs.display());
        let script = format!(
            "cd '{place}' && exec {AS_USER} '{programs}/postgres' -D '{place}/data' -k '{place}' -h ''"
        );
        let log = fs::File::create(self.directory.join("log"))?;
        let child = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        let begun = Instant::now();
        while rows(&self.url(), "SELECT json_build_array(1)").is_err() {
            ensure!(begun.elapsed() < Duration::from_mins(1), "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Its first process, at once; the others find out and end.
    fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("PostgreSQL does not run")?;
        child.kill()?;
        child.wait()?;
        let data = self.directory.join("data");
        let begun = Instant::now();
        // The next one starts when the last of these is gone.
        while still_there(&data) && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = fs::remove_file(data.join("postmaster.pid"));
        Ok(())
    }

    fn url(&self) -> String {
        let place = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{place}/postgres")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Before a program that refuses to be root.
const AS_USER: &str = "$([ \"$(id -u)\" != 0 ] || echo setpriv --reuid=postgres --regid=postgres \
    --clear-groups)";

/// Whether a process works in this directory.
fn still_there(data: &Path) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut places = processes.filter_map(|entry| fs::read_link(entry.path().join("cwd")).ok());
    places.any(|place| place == data)
}

/// Where the programs of the newest server are.
fn programs() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = installed.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(versions.into_iter().rev()).find(|directory| {
        directory.join("initdb").is_file() && directory.join("postgres").is_file()
    })
}
