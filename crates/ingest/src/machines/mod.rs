//! Programs that look like visitors. What they do is kept and marked, never thrown away: the mark
//! has a reason and a confidence, and can be taken back.

mod burst;
mod names;

use leads::MachineSign;

pub use burst::{Burst, Click};
use names::{CRAWLERS, HUMAN, LIBRARIES, PAGE_LIBRARIES, PREVIEWS, RELAYS, SCANNERS, SDKS};

/// The request headers that say why something is fetched; the first that is there goes into
/// [`Signs::purpose`].
pub const PURPOSE_HEADERS: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// What a request gives away about who made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Signs<'a> {
    /// The `User-Agent` header; `Some("")` where there was none, `None` where nobody looked.
    pub user_agent: Option<&'a str>,
    /// What one of [`PURPOSE_HEADERS`] says.
    pub purpose: Option<&'a str>,
    /// Whether the page's script found `navigator.webdriver` set.
    pub webdriver: bool,
}

/// Longer ones are no browser's; only this much is looked at.
const USER_AGENT_BYTES_MAX: usize = 1024;

/// The surest sign of a machine, if there is any.
///
/// The reasons are `crawler`, `library`, `link_preview`, `mail_scanner`, `prefetch`, `automation`,
/// `no_user_agent`, `bare_user_agent` and `odd_user_agent`.
pub fn classify(signs: &Signs<'_>) -> Option<MachineSign> {
    let by_purpose = signs.purpose.and_then(of_purpose);
    let by_agent = signs.user_agent.and_then(of_user_agent);
    // Set by every browser that a program drives; a person's browser never sets it.
    let by_driver = signs.webdriver.then_some(("automation", 95));
    let found = [by_agent, by_driver, by_purpose].into_iter().flatten();
    surest(found.map(|(reason, confidence)| MachineSign { reason: reason.to_owned(), confidence }))
}

/// The surest of several signs; of equally sure ones the first.
pub(crate) fn surest(signs: impl IntoIterator<Item = MachineSign>) -> Option<MachineSign> {
    signs
        .into_iter()
        .reduce(|best, next| if next.confidence > best.confidence { next } else { best })
}

/// Whether a call comes from a program that tells of people, so that its `User-Agent` header says
/// nothing about them: an SDK of a server or an app, by the header or by the name under which it puts
/// itself into the call (`library`), or a service that hands forms on.
///
/// Who says `Mozilla/` is a browser, or wants to be taken for one, and is looked at.
pub fn is_relay(agent: &str, library: Option<&str>) -> bool {
    let agent = agent.trim().to_ascii_lowercase();
    if agent.starts_with("mozilla/") && !agent.contains("google-apps-script") {
        return false;
    }
    is_sdk(&agent)
        || library.is_some_and(|name| is_sdk(&name.trim().to_ascii_lowercase()))
        || RELAYS.iter().any(|name| contains_name(&agent, name))
}

fn is_sdk(name: &str) -> bool {
    let name = name
        .strip_prefix("@segment/")
        .or_else(|| name.strip_prefix("@rudderstack/"))
        .unwrap_or(name);
    SDKS.iter().any(|sdk| name.starts_with(sdk)) && !PAGE_LIBRARIES.contains(&name)
}

type Sign = (&'static str, u8);

/// A page that the browser fetched for later has not been seen. A prerendered one may be shown
/// afterwards, but its script then reports it again.
fn of_purpose(purpose: &str) -> Option<Sign> {
    let purpose = purpose.to_ascii_lowercase();
    let early = ["prefetch", "prerender", "preview"].iter().any(|word| purpose.contains(word));
    early.then_some(("prefetch", 90))
}

fn of_user_agent(agent: &str) -> Option<Sign> {
    let agent = agent.trim();
    if agent.is_empty() {
        return Some(("no_user_agent", 60));
    }
    let cut = agent.char_indices().nth(USER_AGENT_BYTES_MAX).map_or(agent.len(), |(at, _)| at);
    let agent = agent[..cut].to_ascii_lowercase();
    // What mail programs' proxies and apps fetch, a person looks at.
    if HUMAN.iter().any(|name| agent.contains(name)) {
        return None;
    }
    let groups: [(&[&str], Sign); 4] = [
        (&SCANNERS, ("mail_scanner", 95)),
        (&PREVIEWS, ("link_preview", 95)),
        (&CRAWLERS, ("crawler", 99)),
        (&LIBRARIES, ("library", 95)),
    ];
    for (names, sign) in groups {
        if names.iter().any(|name| contains_name(&agent, name)) {
            return Some(sign);
        }
    }
    // Crawlers leave an address where to complain; no browser has one.
    if calls_itself_bot(&agent) || agent.contains("http://") || agent.contains("https://") {
        return Some(("crawler", 95));
    }
    // What browsers said until Internet Explorer went; since then programs do, with nothing behind it.
    let old = ["msie", "trident", "konqueror"].iter().any(|name| agent.contains(name));
    if agent.starts_with("mozilla/") && agent.contains("(compatible;") && !old {
        return Some(("odd_user_agent", 80));
    }
    // Nobody's browser says only this. Apple's mail proxy is said to.
    if matches!(agent.as_str(), "mozilla/5.0" | "mozilla/4.0" | "mozilla" | "-") {
        return Some(("bare_user_agent", 70));
    }
    // Every browser has a version and most of the long line; apps have a name and a version.
    if !agent.contains('/') && !agent.contains(' ') {
        return Some(("odd_user_agent", 50));
    }
    None
}

/// Whether the name stands there with no letter before it: `curl/` is in `curl/8.5`, not in
/// `libcurl-app`. A name that begins with a character that is no letter stands anywhere.
fn contains_name(agent: &str, name: &str) -> bool {
    agent.match_indices(name).any(|(at, _)| {
        let before = agent[..at].chars().next_back();
        let starts_anywhere = !name.starts_with(|first: char| first.is_ascii_alphabetic());
        starts_anywhere || !before.is_some_and(|letter| letter.is_ascii_alphabetic())
    })
}

/// A word that ends in `bot`, `crawler`, `spider` or `scraper`, as crawlers' names do. Cubot makes
/// telephones.
fn calls_itself_bot(agent: &str) -> bool {
    let words = agent.split(|letter: char| !letter.is_ascii_alphabetic());
    let ends = ["bot", "bots", "crawler", "crawl", "spider", "scraper"];
    words.filter(|word| *word != "cubot").any(|word| ends.iter().any(|end| word.ends_with(end)))
}
