//! What strangers report is shown to people: nothing of it ever runs.

use std::path::Path;
use std::process::Command;

use axum::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::clients::{CHROMIUM, npm};
use crate::others::{directory, has};
use crate::running::{end, port, run};
use crate::support::{As, House};

/// Opens each page in a browser, unfolds whatever can be unfolded, and fails where a text came alive.
const LOOK: &str = r"
const { chromium } = require('playwright-core');
const [, host, cookie, executablePath, ...paths] = process.argv;
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const alive = [];
(async () => {
  const browser = await chromium.launch({ executablePath, args: flags });
  const context = await browser.newContext();
  const [name, value] = cookie.split('=');
  await context.addCookies([{ name, value, url: host }]);
  for (const path of paths) {
    const page = await context.newPage();
    const note = (what) => alive.push(`${path}: ${what}`);
    page.on('dialog', (dialog) => { note(`a dialog ${dialog.message()}`); dialog.dismiss(); });
    page.on('pageerror', (error) => note(`an error ${error.message}`));
    page.on('console', (line) => /Content Security Policy/i.test(line.text()) && note(line.text()));
    page.on('request', (request) => request.url().startsWith(host) || request.url().startsWith('data:')
      || note(`a call to ${request.url()}`));
    await page.goto(host + path);
    await page.waitForSelector('h1');
    // The list and each lead have the texts in them.
    if (/^\/($|leads)/.test(path)) {
      await page.waitForFunction(() => /pwned/.test(document.body.innerText)).catch(async (error) => {
        note(`the texts are not shown (${error.message}): ${await page.evaluate(() => document.body.innerText)}`);
      });
    }
    for (const fold of await page.locator('[aria-expanded=false], summary').all()) {
      if (await fold.isVisible()) await fold.click();
    }
    const bad = await page.evaluate(() => [
      ...(window.pwned ? ['a script'] : []),
      ...[...document.querySelectorAll('iframe, object, embed, base, svg script, [onerror], [onload], [onclick]')]
        .map((element) => element.outerHTML),
      ...[...document.querySelectorAll('[href], [src], [action]')]
        .map((element) => element.getAttribute('href') ?? element.getAttribute('src') ?? element.getAttribute('action'))
        .filter((address) => /^\W*(javascript|data|vbscript):/i.test(address)),
    ]);
    bad.forEach(note);
    const text = await page.evaluate(() => document.body.innerText);
    console.log(`${path} ${/pwned/.test(text) ? 'shows' : 'has'} it`);
    await page.close();
  }
  await browser.close();
  if (alive.length) { console.error(alive.join('\n')); process.exit(2); }
  process.exit(0);
})().catch((error) => { console.error(error); process.exit(3); });
";

/// One of each family: elements, attributes that break out, addresses, templates, entities, direction
/// marks, and texts that end a script or a comment.
const TEXTS: [&str; 16] = [
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "\"><svg onload=window.pwned=1>",
    "' autofocus onfocus='window.pwned=1",
    "</title></style></textarea><script>window.pwned=1</script>",
    "javascript:window.pwned=1//",
    "java\tscript:window.pwned=1",
    "data:text/html,<script>window.pwned=1</script>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<math><mtext><mglyph><style><img src=x onerror=window.pwned=1>",
    "{{constructor.constructor('window.pwned=1')()}}${window.pwned=1}<%=pwned%>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;&#x3c;img src=x onerror=window.pwned=1&#x3e;",
    "--><script>window.pwned=1</script><!--",
    "<a href='javascript:window.pwned=1'>pwned</a><base href='https://evil.example/'>",
    "\u{202e}gnp.exe\u{202c}<b onmouseover=window.pwned=1>pwned",
    "<link rel=stylesheet href=https://evil.example/pwned.css><meta http-equiv=refresh content='0;https://evil.example'>",
];

const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";

/// Everything that a stranger can say of themselves with the key of a site.
fn reports(text: &str, number: usize) -> Json {
    let user = format!("stranger-{number}");
    let context = json!({
        // A program that says that it is a browser, and more.
        "userAgent": format!("{BROWSER} {text}"),
        "locale": text,
        "page": {"url": text, "title": text, "referrer": text, "path": text},
        "campaign": {"name": text, "source": text, "medium": text},
    });
    let traits = json!({
        "email": format!("stranger-{number}@a.example"),
        "name": text, "firstName": text, "title": text, "phone": text, "country": text,
        "company": {"name": text, "industry": text},
        (text): text,
    });
    let call = |kind: &str, more: Json| {
        let mut call = json!({"type": kind, "userId": user, "context": context, "messageId": format!("{number}-{kind}")});
        let members = call.as_object_mut().expect("an object");
        members.extend(more.as_object().expect("an object").clone());
        call
    };
    json!({"batch": [
        call("identify", json!({"traits": traits})),
        call("group", json!({"groupId": text, "traits": {"name": text, "website": text}})),
        call("page", json!({"name": text, "properties": {"path": text, "title": text, "url": text}})),
        call("track", json!({"event": text, "properties": {(text): text, "nested": {(text): [text]}}})),
    ]})
}

#[test]
fn nothing_that_a_stranger_reports_comes_alive_on_any_screen() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist/index.html");
    if !(has(&page) && npm("playwright-core") && has(Path::new(CHROMIUM))) {
        return;
    }
    let port = port();
    let host = format!("http://{}", port.local_addr().expect("an address"));
    let house = House::with(|config| config.public_url.clone_from(&host));
    let owner = house.owner();
    house.model(&owner);
    house.write_key(&owner, json!({"name": TEXTS[0]}));
    // As from a site's own server, where nobody is labelled as a machine: whatever they say is shown.
    let As::Key(key) = house.key(&owner, &["facts:write"]) else { panic!("a key") };
    let key = As::WriteKey(key);
    for (number, text) in TEXTS.iter().enumerate() {
        let reply = house.post("/v1/batch", &key, reports(text, number));
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    }
    house.settle();
    let leads = house.get("/api/v1/leads", &owner).expect(200);
    let leads = leads["leads"].as_array().expect("leads");
    assert_eq!(leads.len(), TEXTS.len());
    let mut paths: Vec<String> =
        ["/", "/companies", "/models", "/models/fit", "/imports", "/settings"]
            .map(str::to_owned)
            .into();
    paths
        .extend(leads.iter().map(|lead| format!("/leads/{}", lead["id"].as_str().expect("an id"))));
    let running = run(&house, port);
    let As::Session(cookie) = &owner else { panic!("a session") };
    let output = Command::new("node")
        .args(["-e", LOOK, &host, cookie, CHROMIUM])
        .args(&paths)
        .env("NODE_PATH", directory().join("node_modules"))
        .output()
        .expect("node");
    end(&house, running);
    let (seen, alive) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{alive}{seen}");
    // They were there to be seen: a test of empty pages would prove nothing.
    assert!(
        seen.lines().filter(|line| line.ends_with("shows it")).count() >= TEXTS.len(),
        "{seen}"
    );
}
