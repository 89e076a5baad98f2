//! The program as a running server, on a port that is free and a directory of its own, and a desk
//! beside it for whoever talks to it.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Lines, Read as _};
use std::process::{Child, ChildStderr, ChildStdout};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::{Value as Json, json};
use ureq::Agent;

use crate::desk::{Desk, Run};

const PASSWORD: &str = "correct horse battery";

/// What a key for all that is tested may do.
pub(crate) const ALL: [&str; 8] = [
    "facts:write",
    "leads:read",
    "leads:write",
    "models:read",
    "models:write",
    "imports:write",
    "exports:read",
    "status:read",
];

/// A server that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) desk: Desk,
    child: Child,
    /// What it said, and who reads it.
    log: Arc<Mutex<String>>,
    reading: Option<JoinHandle<()>>,
    agent: Agent,
    cookie: String,
}

/// Somebody who hears what changes.
pub(crate) struct Listener {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    /// Starts it, and makes its first user. Nobody is logged in at the desk.
    pub(crate) fn start() -> Self {
        Self::begin(Desk::small(), "serve --data kept --bind 127.0.0.1:0")
    }

    /// The same with a desk and words of one's own.
    pub(crate) fn begin(desk: Desk, words: &str) -> Self {
        let mut child = desk.command(words).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let link = loop {
            let line = said.next().expect("a server that starts prints a link").unwrap();
            if line.contains("/setup#token=") {
                break line;
            }
        };
        // Its log goes on: somebody has to read it, or it stands still.
        let log = Arc::new(Mutex::new(String::new()));
        let reading = read_on(said, &log);
        let (url, token) = link.trim().split_once("/setup#token=").unwrap();
        let agent = Agent::config_builder().http_status_as_error(false).proxy(None).build();
        let agent = Agent::new_with_config(agent);
        let user = json!({"token": token, "email": "ana@example.com", "name": "Ana",
            "password": PASSWORD});
        let sent = agent
            .post(format!("{url}/api/v1/setup"))
            .header("content-type", "application/json")
            .send(user.to_string())
            .unwrap();
        assert_eq!(sent.status(), 201);
        let cookie = sent.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let url = url.to_owned();
        Self { url, desk, child, log, reading: Some(reading), agent, cookie }
    }

    /// Starts it with somebody logged in at the desk, who may do all that is tested.
    pub(crate) fn logged_in() -> Self {
        let running = Self::start();
        running.log_in();
        running
    }

    /// Logs somebody in at the desk, who may do all that is tested.
    pub(crate) fn log_in(&self) {
        let run = self.desk.run_with(&format!("login {} --key-file -", self.url), self.key(&ALL));
        assert_eq!(run.code, 0, "{}", run.stderr);
    }

    /// Starts it again on what it kept.
    pub(crate) fn start_again(&mut self) {
        self.stop();
        let mut child = self.desk.command("serve --data kept --bind 127.0.0.1:0").spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        self.url = loop {
            let line = said.next().expect("a server that starts says where it is").unwrap();
            if let Some(url) = line.strip_prefix("Madura ") {
                break url.trim().to_owned();
            }
        };
        self.child = child;
        self.reading = Some(read_on(said, &self.log));
    }

    /// Sends JSON as nobody, and answers the status.
    pub(crate) fn post(&self, path: &str, body: &Json) -> u16 {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json");
        request.send(body.to_string()).unwrap().status().as_u16()
    }

    /// The same with a key.
    pub(crate) fn post_as(&self, key: &str, path: &str, body: &Json) -> u16 {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {key}"));
        request.send(body.to_string()).unwrap().status().as_u16()
    }

    /// Sends a request as nobody, and answers its status.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.call().unwrap().status().as_u16()
    }

    /// Ends it, and answers all that it wrote into its log.
    pub(crate) fn log(&mut self) -> String {
        self.stop();
        if let Some(reading) = self.reading.take() {
            reading.join().unwrap();
        }
        self.log.lock().unwrap().clone()
    }

    /// The same with a model in force.
    pub(crate) fn with_model() -> Self {
        let running = Self::logged_in();
        running.fine("models push model.yaml --activate --yes");
        running
    }

    /// A new key.
    pub(crate) fn key(&self, scopes: &[&str]) -> String {
        let wish = json!({"name": "tests", "scopes": scopes});
        let mut sent = self
            .agent
            .post(format!("{}/api/v1/keys", self.url))
            .header("content-type", "application/json")
            .header("origin", &self.url)
            .header("cookie", &self.cookie)
            .send(wish.to_string())
            .unwrap();
        let made: Json = serde_json::from_reader(sent.body_mut().as_reader()).unwrap();
        made["key"].as_str().expect("the key is in the answer").to_owned()
    }

    /// Runs the program, which has to end well.
    pub(crate) fn fine(&self, words: &str) -> Run {
        self.fine_with(words, "")
    }

    /// The same with something on standard input.
    pub(crate) fn fine_with(&self, words: &str, stdin: &str) -> Run {
        let run = self.desk.run_with(words, stdin);
        assert_eq!(run.code, 0, "{words}\n{}{}", run.stdout, run.stderr);
        run
    }

    /// The leads as they are listed now.
    pub(crate) fn leads(&self) -> Vec<Json> {
        let run = self.fine("leads --format ndjson");
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Begins to listen; answers when the stream is open.
    pub(crate) fn listen(&self) -> Listener {
        let mut child = self.desk.command("watch --format ndjson").spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = said.next().expect("it says that it watches").unwrap();
        assert!(first.contains("watching"), "{first}");
        thread::spawn(move || said.for_each(drop));
        let lines = BufReader::new(child.stdout.take().unwrap());
        Listener { child, lines }
    }

    /// Ends it, however it stands; what it kept stays on the desk.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_on(said: Lines<BufReader<ChildStderr>>, log: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let written = Arc::clone(log);
    thread::spawn(move || {
        for line in said.map_while(Result::ok) {
            let mut written = written.lock().unwrap();
            written.push_str(&line);
            written.push('\n');
        }
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Listener {
    /// Waits until so many leads have new numbers, and gives what was heard of them.
    pub(crate) fn leads(&mut self, wanted: usize) -> Vec<Json> {
        let mut heard = Vec::new();
        let mut leads = BTreeSet::new();
        while leads.len() < wanted {
            let news = self.next();
            if news["kind"] == "lead" {
                leads.insert(news["lead"].as_str().unwrap().to_owned());
                heard.push(news);
            }
        }
        heard
    }

    /// The next that is heard.
    pub(crate) fn next(&mut self) -> Json {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the stream ended");
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.lines.read_to_end(&mut Vec::new());
    }
}
