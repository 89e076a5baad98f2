//! A PostgreSQL server for this process alone. It is stopped, and its files are removed, when the
//! process ends, however it ends: a shell watches over it, and takes the end of its own input, which
//! only this process holds open, for the order to stop.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use store::{Address, Connection};

/// A new, empty database; `None` where there is no server to be had.
pub(crate) fn database() -> Option<Address> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(|| Server::start(None)).as_ref()?;
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut connection = Connection::open(&server.address("postgres")).expect("a connection");
    // STRATEGY wal_log writes the new database through the log instead of forcing a checkpoint.
    let sql = format!("CREATE DATABASE {name} STRATEGY wal_log");
    connection.run(&sql).expect("a database");
    Some(server.address(&name))
}

pub(crate) struct Server {
    directory: PathBuf,
    /// Holds the pipe whose end stops the server.
    _guardian: Child,
}

impl Server {
    /// With a port, it listens there as well, encrypted.
    pub(crate) fn start(encrypted: Option<(u16, &str, &str)>) -> Option<Self> {
        let Some(programs) = programs() else {
            let notice = "no PostgreSQL is installed: what was to be tested on it is skipped";
            assert!(std::env::var_os("MADURA_NEED_POSTGRES").is_none(), "{notice}");
            #[expect(clippy::print_stdout, reason = "whoever runs the tests should know")]
            {
                println!("{notice}");
            }
            return None;
        };
        let directory = tempfile::Builder::new()
            .prefix("madura-postgres-")
            .tempdir()
            .expect("a directory")
            .keep();
        let data = directory.join("data");
        let copied = Command::new("cp").arg("-R").arg(template(&programs)).arg(&data).status();
        assert!(copied.is_ok_and(|status| status.success()), "a copy of the template");
        // `-h ''`: no port, only a socket in the directory.
        let mut listening = "-h ''".to_owned();
        if let Some((port, certificate, key)) = encrypted {
            fs::write(directory.join("server.pem"), certificate).expect("a certificate");
            fs::write(directory.join("server.key"), key).expect("a key");
            let ours = fs::Permissions::from_mode(0o600);
            fs::set_permissions(directory.join("server.key"), ours).expect("a key");
            listening = format!(
                "-h 127.0.0.1 -p {port} -c ssl=on -c ssl_cert_file='{directory}/server.pem' \
                    -c ssl_key_file='{directory}/server.key'",
                directory = directory.display()
            );
        }
        give_away(&directory);
        let script = format!(
            "cd '{directory}'
             {as_user} '{programs}/postgres' -D '{data}' -k '{directory}' {listening} \
                -c max_connections=40 -c shared_buffers=16MB -c autovacuum=off </dev/null 2>&1 &
             server=$!
             cat >/dev/null
             kill -QUIT $server
             wait $server
             rm -rf '{directory}'",
            directory = directory.display(),
            data = data.display(),
            programs = programs.display(),
            as_user = as_user(),
        );
        let mut guardian = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It outlives this process by a moment: whoever waits for our output must not wait for it.
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let output = BufReader::new(guardian.stdout.take().expect("its output"));
        let mut lines = output.lines().map_while(Result::ok);
        let mut said = Vec::new();
        let ready = lines.by_ref().any(|line| {
            said.push(line);
            said.last().is_some_and(|line| line.contains("ready to accept connections"))
        });
        assert!(ready, "the server does not start: {}", said.join("\n"));
        // Nobody reads on: the thread keeps the server from waiting for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { directory, _guardian: guardian })
    }

    fn address(&self, database: &str) -> Address {
        let directory = self.directory.display().to_string().replace('/', "%2F");
        Address::Postgres(format!("postgres://postgres@{directory}/{database}"))
    }
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

/// A cluster as `initdb` makes it. That takes 2 s; copying it 0.1 s.
fn template(programs: &Path) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres-template-by-language");
    if place.join("PG_VERSION").exists() {
        return place;
    }
    let making = tempfile::tempdir().expect("a directory");
    give_away(making.path());
    let data = making.path().join("data");
    // Most servers sort by a language, not by bytes.
    let by_language = "--locale-provider=icu --icu-locale=en-US --locale=C.UTF-8";
    let made = [by_language, "--locale=C"].into_iter().any(|locale| {
        let script = format!(
            "cd '{}' && rm -rf '{data}' && {} '{}/initdb' -D '{data}' -A trust -U postgres \
                -E UTF8 {locale} --wal-segsize=1 >/dev/null",
            making.path().display(),
            as_user(),
            programs.display(),
            data = data.display(),
        );
        let made = Command::new("sh").args(["-c", &script]).status();
        made.is_ok_and(|status| status.success())
    });
    assert!(made, "initdb fails");
    // Another process may be at the same: whoever renames first has made it.
    let copy = tempfile::Builder::new()
        .prefix("postgres-template-")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a directory");
    let inner = copy.path().join("data");
    let copied = Command::new("cp").arg("-R").arg(&data).arg(&inner).status();
    assert!(copied.is_ok_and(|status| status.success()), "a copy of the cluster");
    let _ = fs::rename(&inner, &place);
    assert!(place.join("PG_VERSION").exists(), "the template is in its place");
    place
}

/// A server refuses to run as root: then it runs as the user whom its package made.
fn as_user() -> &'static str {
    if is_root() { "setpriv --reuid=postgres --regid=postgres --clear-groups" } else { "" }
}

fn give_away(directory: &Path) {
    if is_root() {
        let given = Command::new("chown").args(["-R", "postgres:postgres"]).arg(directory).status();
        assert!(given.is_ok_and(|status| status.success()), "a directory for the server");
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("a user id");
    id.stdout.starts_with(b"0\n")
}
