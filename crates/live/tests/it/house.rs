//! A system on a store in a directory of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use leads::{EmailAddress, Report, Timestamp, Trust, What, Who};
use live::{Live, LiveError, Surroundings};
use serde_json::{Map, Value as Json};
use store::scores::{ScoreRow, VersionState, scores_of};
use store::{Address, Segments, Store, Syncing, webhooks};
use tempfile::TempDir;

/// Monday, 5 January 2026, 10:00 UTC.
pub(crate) const MONDAY: i64 = 1_767_607_200_000;

pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Ten points for a visit, halved every week; a bracket and a stage at twenty.
pub(crate) const MODEL: &str = "
model: shop
time_zone: UTC
groups:
  - group: Who
    dimension: fit
    criteria:
      - {name: Director, trait: title, is: director, points: 5}
  - group: What
    dimension: engagement
    criteria:
      - {name: Visits, event: page_viewed, points: 10, decay: {half_life: 7d}}
      - {name: Spam, event: spam_reported, points: -50}
gates:
  - {name: Rival, when: {trait: email.domain, in: [rival.example]}, disqualify: true}
brackets: [{name: cold, from: 0}, {name: hot, from: 20}]
stages:
  - {stage: marketing_qualified, enter: {score: 20}, leave: {score: 15}}
";

pub(crate) struct House {
    pub(crate) live: Live,
    directory: TempDir,
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::saturating_from_millis(MONDAY + millis)
}

pub(crate) fn fresh_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("id-{:016}", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[expect(clippy::unnecessary_wraps, reason = "the form that the system asks for")]
fn email_kind(domain: &str) -> Option<&'static str> {
    Some(if domain == "gmail.com" { "personal" } else { "business" })
}

impl House {
    /// With the model above active.
    pub(crate) fn new() -> Self {
        let house = Self::empty();
        house.activate(MODEL, 0);
        house
    }

    pub(crate) fn empty() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let live = open(&directory, &to_disk());
        Self { live, directory }
    }

    /// With the model above active, and another way to bring files to disk.
    pub(crate) fn syncing(syncing: &Syncing) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let live = open(&directory, syncing);
        let house = Self { live, directory };
        house.activate(MODEL, 0);
        house
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The same, as after a restart.
    pub(crate) fn restarted(self) -> Self {
        let Self { live, directory } = self;
        drop(live);
        let live = open(&directory, &to_disk());
        Self { live, directory }
    }

    pub(crate) fn activate(&self, document: &str, millis: i64) -> i64 {
        let drafted = self.live.add_draft(document, "", "ana", at(millis)).expect("a draft");
        let active = VersionState::Active;
        let (model, version) = (drafted.model, drafted.version);
        self.live.set_state(&model, version, active, "ana", at(millis)).expect("active");
        version
    }

    pub(crate) fn take(&self, reports: Vec<Report>) {
        self.live.take_and_wait(reports).expect("taken");
    }

    /// Works until nothing is left to do.
    pub(crate) fn work(&self, millis: i64) -> usize {
        let mut done = 0;
        loop {
            match self.live.work(at(millis), 100).expect("worked") {
                0 => return done,
                some => done += some,
            }
        }
    }

    pub(crate) fn lead(&self, user: &str) -> String {
        let found = self
            .live
            .store()
            .read(|tx| store::identity::find_lead(tx, store::identity::IdentifierKind::User, user));
        found.expect("read").expect("a lead")
    }

    pub(crate) fn score(&self, user: &str) -> ScoreRow {
        let lead = self.lead(user);
        let rows = self.live.store().read(|tx| scores_of(tx, &lead)).expect("read");
        rows.into_iter().find(|row| row.model == "shop").expect("a score")
    }

    pub(crate) fn transitions(&self) -> Vec<String> {
        let query = store::scores::TransitionQuery { limit: 100, ..Default::default() };
        let found = self.live.store().read(|tx| store::scores::transitions(tx, &query));
        let mut told: Vec<String> = found
            .expect("read")
            .into_iter()
            .map(|transition| {
                let (from, to) = (transition.from, transition.to);
                let after = transition.at.as_millis() - MONDAY;
                format!(
                    "{after} {} {} -> {}: {}",
                    transition.kind.name(),
                    from.unwrap_or_default(),
                    to.unwrap_or_default(),
                    transition.reason
                )
            })
            .collect();
        told.reverse();
        told
    }

    /// An endpoint that hears of everything.
    pub(crate) fn listen(&self) {
        let endpoint = |tx: &mut store::Tx<'_>| {
            let secret =
                webhooks::SigningSecret::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned());
            let endpoint = webhooks::NewEndpoint {
                id: "crm",
                url: "https://crm.example/hook",
                description: "",
                event_types: &[],
                secret: &secret,
                created_by: "ana",
            };
            webhooks::create(tx, &endpoint, at(0)).map(|_| ())
        };
        self.live.store().write(endpoint).expect("an endpoint");
    }

    /// What it is to be told.
    pub(crate) fn messages(&self) -> Vec<Json> {
        let sql =
            "SELECT m.payload FROM webhook_message m JOIN webhook_delivery d ON d.message = m.id
            ORDER BY m.created_at, m.id";
        let texts: Vec<String> =
            self.live.store().read(|tx| tx.query(sql, &[], |row| row.get(0))).expect("read");
        texts.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
    }
}

fn to_disk() -> Syncing {
    Arc::new(|_, file| file.sync_data())
}

pub(crate) fn open(directory: &TempDir, syncing: &Syncing) -> Live {
    let address = Address::File(directory.path().join("madura.db"));
    let store = Store::open_syncing(&address, syncing, at(0)).expect("a store");
    let segments = Segments::open(&directory.path().join("events")).expect("segments");
    let around = Surroundings { email_kind, fresh_id, threads: 2 };
    Live::open(store, segments, around, at(0)).expect("a system")
}

/// Hands reports in as tracking calls do.
pub(crate) fn accept(live: &Live, reports: Vec<Report>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let accepted: Result<(), LiveError> = runtime.block_on(async {
        let room = live.room(reports.len()).await?;
        live.accept(reports, room, at(0)).await
    });
    accepted.expect("accepted");
}

pub(crate) fn event(user: &str, name: &str, millis: i64) -> Report {
    let what = What::Event { name: name.to_owned(), properties: Map::new() };
    report(user, millis, what)
}

pub(crate) fn traits(user: &str, traits: &Json, millis: i64) -> Report {
    report(user, millis, What::Traits(traits.as_object().expect("an object").clone()))
}

pub(crate) fn group(user: &str, group: &str, traits: &Json, millis: i64) -> Report {
    let traits = traits.as_object().expect("an object").clone();
    report(user, millis, What::Group { group: group.to_owned(), traits })
}

fn report(user: &str, millis: i64, what: What) -> Report {
    let email = match &what {
        What::Traits(traits) => traits.get("email").and_then(Json::as_str),
        _ => None,
    };
    let email = email.map(|text| EmailAddress::parse(text).expect("an address"));
    Report {
        id: fresh_id(),
        at: at(millis),
        received_at: at(millis),
        source: "test".to_owned(),
        trust: Trust::Trusted,
        who: Who { user: Some(user.to_owned()), email, ..Who::default() },
        what,
        machine: None,
    }
}
