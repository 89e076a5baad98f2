//! What became of reports, as it is answered.

use ingest::segment::Note;
use serde::Serialize;
use store::facts::{Appended, Outcome};
use utoipa::ToSchema;

/// What became of a body.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Verdicts {
    /// Whether the body was taken. What its items came to is in `items`.
    pub(crate) success: bool,
    /// Items that are stored now. Of tracking calls, whether one repeats another is not known yet: it
    /// counts once in any case.
    pub(crate) taken: usize,
    /// Items that were stored before.
    pub(crate) repeated: usize,
    /// Items that were not taken, and never will be.
    pub(crate) rejected: usize,
    /// One for each item, in their order.
    pub(crate) items: Vec<Verdict>,
}

/// What became of an item.
#[expect(clippy::struct_field_names, reason = "the words of the API")]
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Verdict {
    /// Its place in the body, from 0.
    pub(crate) index: usize,
    /// `taken`, `repeated` or `rejected`.
    pub(crate) verdict: &'static str,
    /// The lead that it is about; only those who may read leads are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lead: Option<String>,
    /// Why it was not taken, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// Where in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// What was put right in an item that was taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) remarks: Vec<Remark>,
}

/// Something odd about an item, and what was made of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Remark {
    /// Where in the body.
    pub(crate) pointer: String,
    /// For programs, such as `blocked_id`.
    pub(crate) code: &'static str,
    /// What was found, and what was made of it.
    pub(crate) message: String,
}

impl From<&Note> for Remark {
    fn from(note: &Note) -> Self {
        let Note { pointer, code, message } = note;
        Self { pointer: pointer.clone(), code, message: message.clone() }
    }
}

impl Verdict {
    fn of(index: usize, verdict: &'static str) -> Self {
        Self {
            index,
            verdict,
            lead: None,
            code: None,
            message: None,
            pointer: None,
            remarks: Vec::new(),
        }
    }
}

impl Verdicts {
    /// As it is answered when the one item of a body is stored.
    pub(crate) fn of_one_taken() -> Self {
        Self { success: true, taken: 1, items: vec![Verdict::of(0, "taken")], ..Self::default() }
    }
}

/// An item before its reports are stored: how many it has, or why it has none.
pub(crate) type Parsed = Result<usize, (String, String, String)>;

/// Brings together what parsing and storing said. `parsed` has (pointer, code, message) for items
/// without reports.
pub(crate) fn verdicts(parsed: Vec<Parsed>, appended: &Appended, with_leads: bool) -> Verdicts {
    let mut verdicts = Verdicts { success: true, ..Verdicts::default() };
    let mut taken = appended.taken.iter();
    for (index, item) in parsed.into_iter().enumerate() {
        let mut verdict = Verdict::of(index, "rejected");
        match item {
            Err((pointer, code, message)) => {
                verdict.pointer = Some(pointer);
                verdict.code = Some(code);
                verdict.message = Some(message);
            }
            Ok(reports) => {
                verdict.verdict = "repeated";
                for taken in taken.by_ref().take(reports) {
                    if with_leads {
                        verdict.lead = taken.lead.clone().or(verdict.lead);
                    }
                    match taken.outcome {
                        Outcome::New | Outcome::Replaced => verdict.verdict = "taken",
                        Outcome::Repeated => {}
                        Outcome::Refused(refusal) => {
                            // The reports of an item name one person and are refused together.
                            verdict.verdict = "rejected";
                            verdict.code = Some("refused".to_owned());
                            verdict.message = Some(refusal.to_string());
                        }
                    }
                }
            }
        }
        match verdict.verdict {
            "taken" => verdicts.taken += 1,
            "repeated" => verdicts.repeated += 1,
            _ => verdicts.rejected += 1,
        }
        verdicts.items.push(verdict);
    }
    for (outcome, count) in [
        ("taken", verdicts.taken),
        ("repeated", verdicts.repeated),
        ("rejected", verdicts.rejected),
    ] {
        metrics::counter!("madura_facts_total", "outcome" => outcome).increment(count as u64);
    }
    verdicts
}
