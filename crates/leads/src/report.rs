//! Facts as the outside world reports them, before it is settled whose they are.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{EmailAddress, Timestamp};

/// A fact as it arrives: what happened or holds, when, and by which names its subject goes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// What identifies the fact, for ever: of facts with one id the first by instant and content
    /// counts, once. Never empty; at most [`Report::ID_MAX`] bytes.
    pub id: String,
    /// When it happened, by our clock.
    pub at: Timestamp,
    /// When it reached us.
    pub received_at: Timestamp,
    /// Where it comes from, such as `key:web`, `import:0197...` or `form:contact`.
    pub source: String,
    /// How far its claim about who it concerns can be believed.
    pub trust: Trust,
    /// Who it concerns.
    pub who: Who,
    /// What it says.
    pub what: What,
    /// Why a program and not a person is thought to have done it.
    pub machine: Option<MachineSign>,
}

/// How far a report's claim about who it concerns can be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Trust {
    /// Anybody could have sent it: a page's write key is public. It can make a visitor known, but
    /// never brings two known leads together.
    Public,
    /// The customer's own server, an import or a user sent it.
    Trusted,
}

/// The names that a report gives its subject. At least one is there.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Who {
    /// The visitor's id in one browser or device.
    pub anonymous: Option<String>,
    /// The customer's own id for the person.
    pub user: Option<String>,
    /// The person's address.
    pub email: Option<EmailAddress>,
    /// The id that we gave the lead.
    pub lead: Option<String>,
}

/// What a report says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum What {
    /// Something happened.
    Event {
        /// Its name, such as `page_viewed`.
        name: String,
        /// Its properties; objects nest, and a key may be a dotted path (`email.domain`).
        properties: Map<String, Json>,
    },
    /// Something is so from now on. `null` takes a trait away; objects nest, and a key may be a
    /// dotted path.
    Traits(Map<String, Json>),
    /// The person belongs to a company.
    Group {
        /// The customer's id for the company, or its domain.
        group: String,
        /// What the company is.
        traits: Map<String, Json>,
    },
    /// The person was known by another id until now.
    Alias {
        /// That other id: a user's or a visitor's.
        previous: String,
    },
    /// A deal has come to a stage.
    Deal(Deal),
}

/// A piece of business that is open, won or lost.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Deal {
    /// The customer's id for it.
    pub id: String,
    /// Where it stands; `won` and `lost` end it.
    pub stage: String,
    /// What it is called.
    pub name: Option<String>,
    /// What it is worth, in hundredths of the currency's unit.
    pub amount_minor: Option<i64>,
    /// ISO 4217, such as `EUR`.
    pub currency: Option<String>,
    /// Who works on it.
    pub owner: Option<String>,
    /// Whatever else is known of it.
    pub properties: Map<String, Json>,
}

/// Why a fact is thought to be a machine's doing. The fact stays as it is; it just does not score.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MachineSign {
    /// What gave it away, such as `crawler`, `prefetch` or `burst`.
    pub reason: String,
    /// How sure that is, in hundredths: 1 to 100.
    pub confidence: u8,
}

impl Deal {
    /// The stage that a text names: in lower case, and `won` or `lost` for what sales programs call so.
    pub fn stage_named(text: &str) -> String {
        let stage = text.trim().to_lowercase();
        let letters: String = stage.chars().filter(|letter| letter.is_alphabetic()).collect();
        match letters.as_str() {
            "won" | "closedwon" => "won".to_owned(),
            "lost" | "closedlost" => "lost".to_owned(),
            _ => stage,
        }
    }

    /// The currency that a text names: its code of three letters (ISO 4217), in capitals; `None` where it is none.
    pub fn currency_named(text: &str) -> Option<String> {
        let code = text.trim().to_ascii_uppercase();
        let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        is_code.then_some(code)
    }
}

impl MachineSign {
    /// The reasons that facts come with; whoever labels a fact afterwards may give others.
    pub const REASONS: [&str; 13] = [
        "automation",
        "bare_user_agent",
        "burst",
        "crawler",
        "filled_too_fast",
        "head_request",
        "honeypot",
        "library",
        "link_preview",
        "mail_scanner",
        "no_user_agent",
        "odd_user_agent",
        "prefetch",
    ];
}

impl Report {
    /// The longest id that is taken, in bytes. Segment allows 100; ids of imports are longer.
    pub const ID_MAX: usize = 255;
}

impl Who {
    /// Whether nobody is named.
    pub fn is_nobody(&self) -> bool {
        self.anonymous.is_none()
            && self.user.is_none()
            && self.email.is_none()
            && self.lead.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn won_and_lost_are_the_same_in_every_sales_program() {
        for (text, stage) in [
            ("Won", "won"),
            (" Closed Won ", "won"),
            ("closed-won", "won"),
            ("ClosedWon", "won"),
            ("Closed Lost", "lost"),
            ("LOST", "lost"),
            ("Wonderful", "wonderful"),
            ("Contract sent", "contract sent"),
            ("Closed", "closed"),
        ] {
            assert_eq!(Deal::stage_named(text), stage, "{text}");
        }
    }
}
