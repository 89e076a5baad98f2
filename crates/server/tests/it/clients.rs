//! Clients that are out there: they believe that what they sent has arrived, and it has, about the people
//! whom they named, whatever program it was that told.

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
const userId = 'segment-node';
analytics.track({ anonymousId: 'a browser', event: 'Looked', timestamp: new Date(Date.now() - 3600e3) });
analytics.identify({ userId, traits: { email: 'segment-node@a.example', firstName: 'Ana', jobTitle: 'CFO' } });
analytics.track({ userId, event: 'Bought' });
analytics.page({ userId, name: 'Prices', properties: { path: '/prices' } });
analytics.screen({ userId, name: 'Home' });
analytics.group({ userId, groupId: 'acme', traits: { name: 'Acme', employees: 50 } });
analytics.alias({ userId, previousId: 'a browser' });
analytics.closeAndFlush().then(() => process.exit(0));
";

const RUDDER_NODE: &str = "
const Analytics = require('@rudderstack/rudder-sdk-node');
const [, host, key] = process.argv;
const client = new (Analytics.default || Analytics)(key, { dataPlaneUrl: host, flushAt: 20, maxInternalQueueSize: 100 });
const userId = 'rudder-node';
client.track({ anonymousId: 'a browser', event: 'Looked', originalTimestamp: new Date(Date.now() - 3600e3) });
client.identify({ userId, traits: { email: 'rudder-node@a.example', firstName: 'Ana', jobTitle: 'CFO' } });
client.track({ userId, event: 'Bought' });
client.page({ userId, name: 'Prices', properties: { path: '/prices' } });
client.screen({ userId, name: 'Home' });
client.group({ userId, groupId: 'acme', traits: { name: 'Acme', employees: 50 } });
client.alias({ userId, previousId: 'a browser' });
setTimeout(() => client.flush((error) => {
  if (error) { console.error(error); process.exit(2); }
  process.exit(0);
}), 100);
setTimeout(() => process.exit(3), 30000);
";

/// Segment's and `RudderStack`'s are called alike.
macro_rules! python {
    ($module:literal, $host:literal, $user:literal) => {
        concat!(
            "
import sys
from datetime import datetime, timedelta, timezone
import ",
            $module,
            ".analytics as analytics
errors = []
analytics.write_key, analytics.",
            $host,
            " = sys.argv[2], sys.argv[1]
analytics.on_error = lambda error, items: errors.append(error)
analytics.max_retries = 0
user = '",
            $user,
            "'
earlier = datetime.now(timezone.utc) - timedelta(hours=1)
analytics.track(anonymous_id='a browser', event='Looked', timestamp=earlier)
analytics.identify(user, {'email': user + '@a.example', 'firstName': 'Ana', 'jobTitle': 'CFO'})
analytics.track(user, 'Bought')
analytics.page(user, None, 'Prices', {'path': '/prices'})
analytics.screen(user, None, 'Home')
analytics.group(user, 'acme', {'name': 'Acme', 'employees': 50})
analytics.alias('a browser', user)
analytics.shutdown()
print(errors, file=sys.stderr)
sys.exit(2 if errors else 0)
"
        )
    };
}

const PYTHON: &str = python!("segment", "host", "segment-python");

const RUDDER_PYTHON: &str = python!("rudderstack", "dataPlaneUrl", "rudder-python");

/// A page of somebody's site, on a server of its own, in a browser that looks like a person's.
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
const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36';
site.listen(0, '127.0.0.1', async () => {
  const chromiumed = await chromium.launch({ executablePath: browser, args: flags });
  const tab = await (await chromiumed.newContext({ userAgent: agent })).newPage();
  tab.on('console', (line) => console.error(line.text()));
  tab.on('requestfailed', (request) => console.error(request.method(), request.url(), request.failure()?.errorText));
  const taken = (path) => tab.waitForResponse((answer) =>
    answer.request().method() === 'POST' && answer.url() === host + path && answer.status() === 200);
  const settings = tab.waitForResponse((answer) => answer.url().endsWith('/settings') && answer.ok());
  await tab.goto(`http://127.0.0.1:${site.address().port}/`);
  const arrived = ['p', 'i', 't', 'g', 's'].map((call) => taken(`/v1/${call}`));
  const aliased = taken('/v1/a');
  await tab.evaluate(async () => {
    await analytics.track('Looked', {}, { timestamp: new Date(Date.now() - 3600e3) });
    await analytics.page();
    await analytics.identify('segment-browser', { email: 'segment-browser@a.example', firstName: 'Ana', jobTitle: 'CFO' });
    await analytics.track('Bought');
    await analytics.screen('Home');
    await analytics.group('acme', { name: 'Acme', employees: 50 });
    await analytics.alias('segment-browser', 'another browser');
  });
  await Promise.all([settings, ...arrived, aliased]);
  await chromiumed.close();
  process.exit(0);
}).on('error', () => process.exit(2));
process.on('unhandledRejection', (error) => { console.error(error); process.exit(2); });
"#;

pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";

pub(crate) fn npm(package: &str) -> bool {
    has(&directory().join("node_modules").join(package))
}

/// What a client says of one person, whatever its language: who it is, an hour ago something as a visitor
/// of whom an alias says later who it was, something now, a page, a screen, and the company.
struct Journey {
    /// The person's id, which is the client's name.
    user: &'static str,
    program: &'static str,
    flag: &'static str,
    script: &'static str,
}

const MODEL: &str = r"
model: fit
groups:
  - group: Who
    dimension: fit
    criteria:
      - name: Business address
        when: {trait: email.kind, is: business}
        points: 5
      - name: Large company
        trait: company.employees
        at_least: 50
        points: 7
  - group: What
    dimension: engagement
    criteria:
      - {name: Pages, event: page_viewed, points: 10}
      - {name: Screens, event: screen_viewed, points: 3}
      - {name: Events, event: [Looked, Bought], points: 20}
";

/// Runs a client against a running server, with a key that is shown in pages or one of a server, and looks at
/// the lead, its score and its facts.
fn check(journey: &Journey, is_secret: bool) {
    let house = House::new();
    let owner = house.owner();
    house.activate(&owner, MODEL);
    let key = if is_secret {
        let As::Key(key) = house.key(&owner, &["facts:write"]) else { panic!("no key") };
        key
    } else {
        let (As::WriteKey(key), _) = house.write_key(&owner, json!({"name": "site"})) else {
            panic!("no key")
        };
        key
    };
    let running = run(&house, port());
    let output = Command::new(journey.program)
        .arg(journey.flag)
        .arg(journey.script)
        .arg(format!("http://{}", running.address))
        .arg(&key)
        .arg(CHROMIUM)
        .env("NODE_PATH", directory().join("node_modules"))
        .env("PYTHONPATH", directory().join("python"))
        .current_dir(directory())
        .output()
        .expect("a program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    house.settle();
    let user = journey.user;
    let leads = house.get("/api/v1/leads", &owner).expect(200);
    assert_eq!(leads["leads"].as_array().map(Vec::len), Some(1), "{user}: {leads}");
    let lead = &leads["leads"][0];
    let told = |name: &str| lead[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(told("email"), format!("{user}@a.example"));
    assert_eq!(
        (told("company"), told("company_name")),
        ("acme".into(), "Acme".into()),
        "{user}: {lead}"
    );
    let id = told("id");
    let detail = house.get(&format!("/api/v1/leads/{id}"), &owner).expect(200);
    assert_eq!(
        (&detail["traits"]["first_name"], &detail["traits"]["title"]),
        (&json!("Ana"), &json!("CFO")),
        "{user}: {detail}"
    );
    let events = house.get("/api/v1/events", &owner).expect(200);
    let events = events["events"].as_array().expect("events");
    let machines: Vec<&Json> = events.iter().filter(|event| !event["machine"].is_null()).collect();
    assert!(machines.is_empty(), "{user}: {machines:?}");
    let mut names: Vec<String> = events
        .iter()
        .filter(|event| event["kind"] == "event")
        .map(|event| event["name"].as_str().expect("a name").to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["Bought", "Looked", "page_viewed", "screen_viewed"], "{user}");
    // By the server's clock, which stands still in the past, an hour before the call.
    let at = |name: &str| {
        let event = events.iter().find(|event| event["name"] == name).expect("the event");
        event["at"].as_str().expect("an instant").to_owned()
    };
    assert!(at("Looked").as_str() < "2026-06-01T09:00:01Z", "{user}: {}", at("Looked"));
    assert!(at("Looked").as_str() > "2026-06-01T08:55:00Z", "{user}: {}", at("Looked"));
    assert!(at("Bought").as_str() > "2026-06-01T09:55:00Z", "{user}: {}", at("Bought"));
    assert_eq!(lead["score"], 65, "{user}: {detail}");
    end(&house, running);
}

fn check_with_both_keys(journey: &Journey) {
    check(journey, false);
    check(journey, true);
}

#[test]
fn segments_client_for_node_tells_of_people_who_score() {
    if npm("@segment/analytics-node") {
        let user = "segment-node";
        check_with_both_keys(&Journey { user, program: "node", flag: "-e", script: NODE });
    }
}

#[test]
fn segments_client_for_browsers_tells_of_people_who_score() {
    if npm("@segment/analytics-next") && npm("playwright-core") && has(Path::new(CHROMIUM)) {
        let user = "segment-browser";
        check(&Journey { user, program: "node", flag: "-e", script: BROWSER }, false);
    }
}

#[test]
fn segments_client_for_python_tells_of_people_who_score() {
    if pip("segment") {
        let user = "segment-python";
        check_with_both_keys(&Journey { user, program: "python3", flag: "-c", script: PYTHON });
    }
}

#[test]
fn rudderstacks_client_for_node_tells_of_people_who_score() {
    if npm("@rudderstack/rudder-sdk-node") {
        let user = "rudder-node";
        check_with_both_keys(&Journey { user, program: "node", flag: "-e", script: RUDDER_NODE });
    }
}

#[test]
fn rudderstacks_client_for_python_tells_of_people_who_score() {
    if pip("rudderstack") {
        let (user, script) = ("rudder-python", RUDDER_PYTHON);
        check_with_both_keys(&Journey { user, program: "python3", flag: "-c", script });
    }
}
