//! The guide to the first visitor, step by step: our script in a browser, on a site of somebody's, before
//! a server that runs.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use crate::clients::{CHROMIUM, npm};
use crate::others::{directory, has};
use crate::running::{end, port, read_until, request, run};
use crate::support::{As, House};

/// The site: pages with the line of HTML from the settings, and a form that knows nothing of us. The visitor
/// looks as a person's browser does, reads for half a minute, looks at another page, and fills the form in.
const VISIT: &str = r#"
const { createServer } = require('node:http');
const { chromium } = require('playwright-core');
const [, host, key, browser] = process.argv;
const head = `<!doctype html><meta charset=utf-8><title>A site</title><script>
  window.madura = window.madura || [];
  madura.push(['consent', {analytics: true}]);
</script><script async src="${host}/m.js" data-key="${key}"></script>`;
const form = `<form role=search><input name=q><button>Search</button></form>
  <form id=contact method=post action=/thanks><input name=your-name><input name=your-email type=email>
  <input name=your-company><input name=your-phone type=tel><textarea name=message></textarea>
  <input type=hidden name=csrf_token value=hunter2><button id=send>Send</button></form>`;
const site = createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(request.url === '/thanks' ? '<!doctype html>Thanks' : head + form);
});
// What the browser sends as a page ends is the browser's own, not the page's.
const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36';
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--disable-blink-features=AutomationControlled', `--user-agent=${agent}`];
site.listen(0, '127.0.0.1', async () => {
  const opened = await chromium.launch({ executablePath: browser, args: flags });
  const tab = await opened.newPage();
  tab.on('console', (line) => console.error(line.text()));
  tab.on('pageerror', (error) => console.error(error));
  await tab.clock.install();
  const origin = `http://127.0.0.1:${site.address().port}`;
  const taken = () => tab.waitForResponse((answer) => answer.url() === host + '/v1/b' && answer.status() === 200);
  const open = async (path) => {
    await tab.goto(origin + path);
    await tab.waitForFunction(() => window.madura?.version);
    const answered = taken();
    await tab.clock.runFor(2_000);
    await answered;
  };
  await open('/');
  await tab.clock.runFor(30_000);
  await open('/prices');
  for (const [name, value] of Object.entries({ name: 'Ana Pop', email: 'Ana@Capsulas.example',
    company: 'Capsulas SL', phone: '+34 600 000 000' })) await tab.fill(`[name=your-${name}]`, value);
  await tab.click('#send');
  await tab.waitForURL(origin + '/thanks');
  // What the page handed over as it ended is on its way: the browser stays until it is told to go.
  process.stdin.resume().on('end', async () => {
    await opened.close();
    process.exit(0);
  });
});
process.on('unhandledRejection', (error) => { console.error(error); process.exit(2); });
"#;

const MODEL: &str = r"
model: fit
groups:
  - group: Who
    dimension: fit
    criteria:
      - name: Business address
        when: {trait: email.kind, is: business}
        points: 5
  - group: What
    dimension: engagement
    criteria:
      - name: Pages
        event: page_viewed
        points: 10
      - name: Reads
        event: page_read
        where: {seconds: {at_least: 30}}
        points: 3
      - name: Asks
        event: form_submitted
        where: {form: {is: contact}}
        points: 40
";

#[test]
fn a_visitor_of_a_site_becomes_a_scored_lead_with_a_name_by_the_sites_own_form() {
    if !(npm("playwright-core") && has(Path::new(CHROMIUM))) {
        return;
    }
    let house = House::new();
    let owner = house.owner();
    house.activate(&owner, MODEL);
    let (As::WriteKey(key), _) = house.write_key(&owner, json!({"name": "site"})) else { panic!() };
    let running = run(&house, port());
    let As::Session(cookie) = &owner else { panic!("a session") };
    let head =
        format!("GET /api/v1/stream HTTP/1.1\nHost: leads.example.com\nCookie: {cookie}\n\n");
    let mut stream = house.runtime.block_on(request(running.address, &head));
    house.runtime.block_on(read_until(&mut stream, "event: hello"));
    let mut visitor = Command::new("node")
        .arg("-e")
        .arg(VISIT)
        .arg(format!("http://{}", running.address))
        .arg(&key)
        .arg(CHROMIUM)
        .env("NODE_PATH", directory().join("node_modules"))
        .current_dir(directory())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a visitor");
    // Nobody knows yet who it is, and the list has the visitor already.
    house.runtime.block_on(read_until(&mut stream, "\"score\":10"));
    // Two pages, half a minute, the form, an address of a company's own.
    house.runtime.block_on(read_until(&mut stream, "\"score\":68"));
    drop(visitor.stdin.take());
    let ended = visitor.wait().expect("an end");
    let mut said = String::new();
    let _ = visitor.stderr.take().expect("its words").read_to_string(&mut said);
    assert!(ended.success(), "{said}");

    let leads = house.get("/api/v1/leads", &owner).expect(200);
    let list = leads["leads"].as_array().expect("leads");
    assert_eq!(list.len(), 1, "what was read before belongs to the lead: {leads}");
    assert_eq!(
        (&list[0]["email"], &list[0]["name"], &list[0]["score"]),
        (&json!("ana@capsulas.example"), &json!("Ana Pop"), &json!(68)),
        "{leads}"
    );
    let id = list[0]["id"].as_str().expect("an id");
    let lead = house.get(&format!("/api/v1/leads/{id}"), &owner).expect(200);
    assert_eq!(
        (&lead["traits"]["company"]["name"], &lead["traits"]["phone"]),
        (&json!("Capsulas SL"), &json!("+34 600 000 000")),
        "{lead}"
    );
    let events = house.get("/api/v1/events?kind=event", &owner).expect(200);
    let events: Vec<&Json> = events["events"].as_array().expect("events").iter().collect();
    assert!(events.iter().all(|event| event["machine"].is_null()), "{events:?}");
    assert!(!format!("{events:?}").contains("hunter2"), "{events:?}");
    end(&house, running);
}
