//! The program under test: started as a process, set up over HTTP, measured and killed from outside.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value as Json, json};

use crate::http::{Client, Reply, request};

/// The model that counts in every measurement.
pub(crate) const MODEL: &str = include_str!("../../models/live.yaml");
/// Its name.
pub(crate) const MODEL_NAME: &str = "live";

/// A proxy before it is believed.
pub(crate) const SETTINGS: &str = "trusted_proxies = [\"127.0.0.1/32\"]\n";

/// Keys that report: each is let through 500 times a second.
const KEYS: usize = 100;

const SCOPES: &[&str] = &[
    "facts:write",
    "leads:read",
    "leads:write",
    "models:read",
    "models:write",
    "exports:read",
    "status:read",
];

/// A `madura serve`, running or not.
pub(crate) struct House {
    madura: PathBuf,
    pub(crate) data: PathBuf,
    /// Where the database is, if not in the data directory.
    db: Option<String>,
    pub(crate) address: SocketAddr,
    child: Option<Child>,
    /// API keys: the first may do everything, and all may report.
    keys: Vec<String>,
    /// Counts requests of a load.
    turn: Rc<Cell<u64>>,
}

/// Who sends a load: many keys from many addresses, so that the limits that are built in let it through.
pub(crate) struct Senders {
    keys: Vec<String>,
    turn: Rc<Cell<u64>>,
}

impl Senders {
    /// How many sites there are, each with a key of its own.
    pub(crate) fn sites(&self) -> usize {
        self.keys.len()
    }

    /// The headers of the next request, which comes from this site.
    pub(crate) fn of_site(&self, site: usize) -> String {
        sender(&self.keys[site], &self.turn)
    }
}

/// Each request comes from an address of its own.
fn sender(key: &str, turn: &Cell<u64>) -> String {
    let number = turn.get();
    turn.set(number + 1);
    let [.., one, two, three] = number.to_be_bytes();
    format!("authorization: Bearer {key}\r\nx-forwarded-for: 10.{one}.{two}.{three}\r\n")
}

/// What a process has used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// Seconds of processor time.
    pub(crate) cpu: f64,
    /// The most memory it ever held, and what it holds, in MiB.
    pub(crate) peak_mib: f64,
    pub(crate) mib: f64,
}

impl House {
    /// Nothing runs yet. `settings` is the text of `madura.toml`.
    pub(crate) fn new(
        madura: &Path,
        data: &Path,
        db: Option<String>,
        settings: &str,
    ) -> Result<Self> {
        fs::create_dir_all(data).with_context(|| data.display().to_string())?;
        fs::write(data.join("madura.toml"), settings)?;
        let keys = fs::read_to_string(data.join("bench-keys")).unwrap_or_default();
        let keys = keys.lines().map(str::to_owned).collect();
        let (madura, data) = (fs::canonicalize(madura)?, fs::canonicalize(data)?);
        let address = free_address()?;
        Ok(Self { madura, data, db, address, child: None, keys, turn: Rc::default() })
    }

    /// Starts it and waits until it says that it is ready; answers how long that took.
    pub(crate) async fn start(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        self.launch()?;
        while !is_ready(self.address).await {
            if let Some(status) = self.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                bail!("madura ended at its start ({status}):\n{}", self.log());
            }
            if begun.elapsed() > Duration::from_mins(5) {
                bail!("madura does not become ready:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(begun.elapsed())
    }

    /// Starts it, and waits for nothing.
    pub(crate) fn launch(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.data.join("bench.log"))?;
        let madura = self.madura.display();
        let data = self.data.display();
        let bind = self.address;
        let db = self.db.as_ref().map_or_else(String::new, |db| format!("--db '{db}'"));
        let script = format!(
            "exec '{madura}' serve --config '{data}/madura.toml' --data '{data}' \
                --bind {bind} {db}"
        );
        let child = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{madura} cannot be started"))?;
        self.child = Some(child);
        Ok(())
    }

    /// The first user, a key for everything, and the model in force; once.
    pub(crate) async fn set_up(&mut self) -> Result<()> {
        if !self.keys.is_empty() {
            return Ok(());
        }
        let log = self.log();
        let token = log.split_once("#token=").context("no link for the first user")?.1;
        let token = token.split_whitespace().next().unwrap_or_default();
        let owner = json!({"token": token, "email": "owner@example.com", "name": "Olga",
            "password": "correct horse battery"});
        let mut client = Client::connect(self.address).await?;
        let body = owner.to_string();
        let reply = client.send(&request("POST", "/api/v1/setup", "", body.as_bytes())).await?;
        let cookie = reply.cookie.with_context(|| shown(reply.status, &reply.body))?;
        let headers = format!("cookie: {cookie}\r\nsec-fetch-site: same-origin\r\n");
        for number in 0..KEYS {
            let scopes = if number == 0 { SCOPES } else { &["facts:write"] };
            let wish = json!({"name": "bench", "scopes": scopes}).to_string();
            let bytes = request("POST", "/api/v1/keys", &headers, wish.as_bytes());
            let reply = client.send(&bytes).await?;
            let made: Json = serde_json::from_slice(&reply.body)?;
            let key = made["key"].as_str().with_context(|| shown(reply.status, &reply.body))?;
            self.keys.push(key.to_owned());
        }
        fs::write(self.data.join("bench-keys"), self.keys.join("\n"))?;
        self.activate(MODEL).await
    }

    /// Puts a document in force.
    pub(crate) async fn activate(&self, document: &str) -> Result<()> {
        let made = self.call("POST", "/api/v1/models", Some(json!({"document": document}))).await?;
        let version = made["version"].as_i64().context("no version")?;
        let path = format!("/api/v1/models/{MODEL_NAME}/versions/{version}/diff");
        let diff = self.call("GET", &path, None).await?;
        let body = json!({"version": version, "confirm": diff["confirm"]});
        self.call("POST", &format!("/api/v1/models/{MODEL_NAME}/activate"), Some(body)).await?;
        Ok(())
    }

    /// A call to the API that must succeed.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Json>) -> Result<Json> {
        let mut client = Client::connect(self.address).await?;
        let body = body.map_or_else(String::new, |body| body.to_string());
        let bytes = request(method, path, &self.authorization(), body.as_bytes());
        let reply = client.send(&bytes).await?;
        if !(200..300).contains(&reply.status) {
            bail!("{method} {path}: {}", shown(reply.status, &reply.body));
        }
        serde_json::from_slice(&reply.body).with_context(|| format!("{method} {path}: no JSON"))
    }

    /// The header that shows the key that may do everything.
    pub(crate) fn authorization(&self) -> String {
        format!("authorization: Bearer {}\r\n", self.keys[0])
    }

    /// Who sends a load.
    pub(crate) fn senders(&self) -> Senders {
        Senders { keys: self.keys.clone(), turn: Rc::clone(&self.turn) }
    }

    /// The headers of the next request, from whichever site's turn it is.
    pub(crate) fn next_sender(&self) -> String {
        sender(&self.keys[self.turn.get() as usize % self.keys.len()], &self.turn)
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        // It may have ended by itself.
        let _ = child.kill();
        child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits.
    pub(crate) fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let asked = Command::new("kill").arg(child.id().to_string()).status()?;
        anyhow::ensure!(
            asked.success(),
            "madura had ended before it was asked to:\n{}",
            self.log()
        );
        child.wait()?;
        Ok(())
    }

    /// Whether it has ended by itself, and how.
    pub(crate) fn ended(&mut self) -> Result<Option<std::process::ExitStatus>> {
        Ok(self.child.as_mut().map(Child::try_wait).transpose()?.flatten())
    }

    /// What the process has used so far.
    pub(crate) fn used(&self) -> Result<Used> {
        let pid = self.child.as_ref().context("nothing runs")?.id();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let kib = |name: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1));
            number.and_then(|number| number.parse().ok()).unwrap_or(0.0)
        };
        let (peak_mib, mib) = (kib("VmHWM") / 1024.0, kib("VmRSS") / 1024.0);
        Ok(Used { cpu: seconds_of(&stat)?, peak_mib, mib })
    }

    /// Seconds of processor time that its threads have used so far, by name.
    pub(crate) fn used_by_threads(&self) -> Result<BTreeMap<String, f64>> {
        let pid = self.child.as_ref().context("nothing runs")?.id();
        let mut used: BTreeMap<String, f64> = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            // One may end meanwhile.
            let Ok(stat) = fs::read_to_string(task?.path().join("stat")) else { continue };
            let name = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
            let name = name.context("no name in stat")?.0.to_owned();
            *used.entry(name).or_default() += seconds_of(&stat)?;
        }
        Ok(used)
    }

    /// A value of `/metrics`; 0 where it is not there yet.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64> {
        let mut client = Client::connect(self.address).await?;
        let reply = client.send(&request("GET", "/metrics", &self.authorization(), b"")).await?;
        anyhow::ensure!(reply.status == 200, shown(reply.status, &reply.body));
        let text = String::from_utf8(reply.body)?;
        let line = text.lines().find(|line| line.split([' ', '{']).next() == Some(name));
        let value = line.and_then(|line| line.rsplit_once(' ')).map(|(_, value)| value);
        Ok(value.and_then(|value| value.parse().ok()).unwrap_or(0.0))
    }

    /// The database, where it is a file, for reading beside the process.
    pub(crate) fn database(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        Ok(Connection::open_with_flags(self.data.join("madura.db"), flags)?)
    }

    /// Waits until nothing is to be settled and nobody to be scored any more.
    pub(crate) async fn settle(&self) -> Result<Duration> {
        let begun = Instant::now();
        let database = self.database()?;
        loop {
            let sql = "SELECT count(*) FROM (SELECT 1 FROM marked_lead LIMIT 1)";
            let waiting: i64 = database.query_row(sql, [], |row| row.get(0))?;
            if waiting == 0 && self.is_inbox_empty()? {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > Duration::from_hours(1) {
                bail!("scores do not follow:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn is_inbox_empty(&self) -> Result<bool> {
        let path = self.data.join("madura.inbox.db");
        if !path.exists() {
            return Ok(true);
        }
        let inbox = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM inbox)";
        Ok(inbox.query_row(sql, [], |row| row.get(0))?)
    }

    /// What it has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.data.join("bench.log")).unwrap_or_default()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Whether it takes facts and answers.
pub(crate) async fn is_ready(address: SocketAddr) -> bool {
    let asking = async {
        let mut client = Client::connect(address).await?;
        client.send(&request("GET", "/ready", "", b"")).await
    };
    matches!(asking.await, Ok(Reply { status: 200, .. }))
}

/// Seconds of processor time in a line of `stat`.
fn seconds_of(stat: &str) -> Result<f64> {
    let after = stat.rsplit_once(')').context("no name in stat")?.1;
    let fields: Vec<&str> = after.split_whitespace().collect();
    // Fields 14 and 15 of the line, in ticks of 10 ms; the name was the second.
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}

pub(crate) fn shown(status: u16, body: &[u8]) -> String {
    format!("{status} {}", String::from_utf8_lossy(&body[..body.len().min(600)]))
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.local_addr()?)
}
