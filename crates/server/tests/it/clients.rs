//! Clients that are out there: they believe that what they sent has arrived, and it has.

use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::others::{directory, has, pip};
use crate::running::{end, port, run};
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

/// A page of somebody's site, on a server of its own, in a browser.
const BROWSER: &str = r#"
const { createServer } = require('node:http');
const { readFile } = require('node:fs');
const { dirname, join, basename } = require('node:path');
const { chromium } = require('playwright-core');
const [, host, key, browser] = process.argv;
const files = join(dirname(require.resolve('@segment/analytics-next/package.json')), 'dist', 'umd');
const page = `<!doctype html><title>A site</title><script src="/index.js"></script><script>
  // The settings name the public address, which leads nowhere in a test.
  const there = { apiHost: '${new URL(host).host}/v1', protocol: 'http' };
  window.analytics = AnalyticsNext.AnalyticsBrowser.load(
    { writeKey: '${key}', cdnURL: '${host}' }, { integrations: { 'Segment.io': there } });
</script>`;
const site = createServer((request, response) => {
  if (request.url === '/') return response.setHeader('content-type', 'text/html').end(page);
  readFile(join(files, basename(request.url)), (error, bytes) => {
    response.statusCode = error ? 404 : 200;
    response.setHeader('content-type', 'text/javascript').end(bytes);
  });
});
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
site.listen(0, '127.0.0.1', async () => {
  const chromiumed = await chromium.launch({ executablePath: browser, args: flags });
  const tab = await chromiumed.newPage();
  tab.on('console', (line) => console.error(line.text()));
  tab.on('requestfailed', (request) => console.error(request.method(), request.url(), request.failure()?.errorText));
  const taken = (path) => tab.waitForResponse((answer) =>
    answer.request().method() === 'POST' && answer.url() === host + path && answer.status() === 200);
  const settings = tab.waitForResponse((answer) => answer.url().endsWith('/settings') && answer.ok());
  await tab.goto(`http://127.0.0.1:${site.address().port}/`);
  const [page, identify, track] = [taken('/v1/p'), taken('/v1/i'), taken('/v1/t')];
  await tab.evaluate(async () => {
    await analytics.page();
    await analytics.identify('segment-browser', { email: 'segment-browser@a.example' });
    await analytics.track('From a browser');
  });
  await Promise.all([settings, page, identify, track]);
  await chromiumed.close();
  process.exit(0);
}).on('error', () => process.exit(2));
process.on('unhandledRejection', (error) => { console.error(error); process.exit(2); });
"#;

pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";

pub(crate) fn npm(package: &str) -> bool {
    has(&directory().join("node_modules").join(package))
}

/// Runs a client against the running server, and answers the names of the events that arrived.
fn events_after(program: &str, flag: &str, script: &str) -> Vec<String> {
    let house = House::new();
    let owner = house.owner();
    let (As::WriteKey(key), _) = house.write_key(&owner, json!({"name": "site"})) else { panic!() };
    let running = run(&house, port());
    let output = Command::new(program)
        .arg(flag)
        .arg(script)
        .arg(format!("http://{}", running.address))
        .arg(&key)
        .arg(CHROMIUM)
        .env("NODE_PATH", directory().join("node_modules"))
        .env("PYTHONPATH", directory().join("python"))
        .current_dir(directory())
        .output()
        .expect("a program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = house.get("/api/v1/events?kind=event", &owner).expect(200);
    end(&house, running);
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
fn segments_client_for_browsers_is_understood() {
    if npm("@segment/analytics-next") && npm("playwright-core") && has(Path::new(CHROMIUM)) {
        let mut events = events_after("node", "-e", BROWSER);
        events.sort();
        assert_eq!(events, ["From a browser", "page_viewed"]);
    }
}

#[test]
fn segments_client_for_python_is_understood() {
    if pip("segment") {
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
    if pip("rudderstack") {
        assert_eq!(events_after("python3", "-c", RUDDER_PYTHON), ["From rudder-python"]);
    }
}
