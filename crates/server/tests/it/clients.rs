//! Clients that are out there: they believe that what they sent has arrived, and it has.
//!
//! They are looked for in `target/clients`, and put there where `MADURA_NEED_CLIENTS` is set; without
//! them there is nothing to test.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::{As, House};

const NODE: &str = "
const { Analytics } = require('@segment/analytics-node');
const [, host, key] = process.argv;
const analytics = new Analytics({ writeKey: key, host, maxRetries: 0, flushAt: 3 });
analytics.on('error', (error) => { console.error(error); process.exit(2); });
analytics.identify({ userId: 'segment-node', traits: { email: 'segment-node@a.example' } });
analytics.track({ userId: 'segment-node', event: 'From segment-node' });
analytics.group({ userId: 'segment-node', groupId: 'acme', traits: { name: 'Acme' } });
analytics.closeAndFlush().then(() => process.exit(0));
";

const RUDDER_NODE: &str = "
const Analytics = require('@rudderstack/rudder-sdk-node');
const [, host, key] = process.argv;
const client = new (Analytics.default || Analytics)(key, { dataPlaneUrl: host, flushAt: 1, maxInternalQueueSize: 10 });
client.track({ userId: 'rudder-node', event: 'From rudder-node' }, (error) => {
  if (error) { console.error(error); process.exit(2); }
  process.exit(0);
});
setTimeout(() => process.exit(3), 30000);
";

const PYTHON: &str = "
import sys
import segment.analytics as analytics
errors = []
analytics.write_key, analytics.host = sys.argv[2], sys.argv[1]
analytics.on_error = lambda error, items: errors.append(error)
analytics.max_retries = 0
analytics.identify('segment-python', {'email': 'segment-python@a.example'})
analytics.track('segment-python', 'From segment-python')
analytics.shutdown()
sys.exit(2 if errors else 0)
";

const RUDDER_PYTHON: &str = "
import sys
import rudderstack.analytics as analytics
errors = []
analytics.write_key, analytics.dataPlaneUrl = sys.argv[2], sys.argv[1]
analytics.on_error = lambda error, items: errors.append(error)
analytics.track('rudder-python', 'From rudder-python')
analytics.flush()
sys.exit(2 if errors else 0)
";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("target").join("clients")
}

/// Whether something is there; where it is needed, it is put there.
fn has(wanted: &Path, install: &mut Command) -> bool {
    if wanted.exists() {
        return true;
    }
    if std::env::var_os("MADURA_NEED_CLIENTS").is_none() {
        println!("{} is not there: nothing is tested with it", wanted.display());
        return false;
    }
    std::fs::create_dir_all(directory()).expect("a directory");
    let installed = install.status().expect("an installer");
    assert!(installed.success() && wanted.exists(), "{} could not be installed", wanted.display());
    true
}

fn npm(package: &str) -> bool {
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(directory()).arg(package);
    has(&directory().join("node_modules").join(package), &mut install)
}

fn pip(package: &str, module: &str) -> bool {
    let place = directory().join("python");
    let mut install = Command::new("pip");
    install.args(["install", "--quiet", "--target"]).arg(&place).arg(package);
    has(&place.join(module), &mut install)
}

/// Runs a client against the running server, and answers the names of the events that arrived.
fn events_after(program: &str, flag: &str, script: &str) -> Vec<String> {
    let house = House::new();
    let owner = house.owner();
    let (As::WriteKey(key), _) = house.write_key(&owner, json!({"name": "site"})) else { panic!() };
    let (stop, stopped) = oneshot::channel::<()>();
    let (address, served) = house.runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = house.server.clone();
        let ended = async move {
            let _ = stopped.await;
        };
        (address, tokio::spawn(server.serve(listener, ended)))
    });
    let output = Command::new(program)
        .arg(flag)
        .arg(script)
        .arg(format!("http://{address}"))
        .arg(&key)
        .env("NODE_PATH", directory().join("node_modules"))
        .env("PYTHONPATH", directory().join("python"))
        .current_dir(directory())
        .output()
        .expect("a program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = house.get("/api/v1/events?kind=event", &owner).expect(200);
    stop.send(()).expect("a server");
    house.runtime.block_on(served).expect("no panic").expect("in good order");
    let names = page["events"].as_array().expect("events").iter();
    names.map(|event: &Json| event["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn segments_client_for_node_is_understood() {
    if npm("@segment/analytics-node") {
        assert_eq!(events_after("node", "-e", NODE), ["From segment-node"]);
    }
}

#[test]
fn segments_client_for_python_is_understood() {
    if pip("segment-analytics-python", "segment") {
        assert_eq!(events_after("python3", "-c", PYTHON), ["From segment-python"]);
    }
}

#[test]
fn rudderstacks_client_for_node_is_understood() {
    if npm("@rudderstack/rudder-sdk-node") {
        assert_eq!(events_after("node", "-e", RUDDER_NODE), ["From rudder-node"]);
    }
}

#[test]
fn rudderstacks_client_for_python_is_understood() {
    if pip("rudder-sdk-python", "rudderstack") {
        assert_eq!(events_after("python3", "-c", RUDDER_PYTHON), ["From rudder-python"]);
    }
}
