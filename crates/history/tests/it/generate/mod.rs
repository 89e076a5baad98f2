//! Models and histories by the thousand: few names and few values, so that things really match,
//! and instants that cluster where answers change.

mod criteria;
mod histories;
mod models;
mod tests_of_values;
mod values;
mod variations;
mod yaml;

pub(crate) use histories::{Case, Crowd, Fact, Span, case, crowd};
pub(crate) use models::{Wanted, document};
pub(crate) use variations::{
    forgetful_document, lowered, penalty, shuffled, tried, with_dimensions,
};
pub(crate) use yaml::written_as_yaml;

use proptest::prelude::*;
use proptest::sample::select;

/// Lengths of time that models test and histories straddle.
const DURATIONS: [&str; 12] =
    ["90min", "1h", "36h", "48h", "2d", "7d", "1w", "10d", "0.5h", "61min", "24h", "0.001s"];

/// Traits, and properties of events.
const TRAITS: [&str; 7] =
    ["country", "title.seniority", "company.employees", "size", "renewal", "flag", "created_at"];
const PROPERTIES: [&str; 5] = ["path", "amount", "category", "utm.source", "due"];

/// Names of events; two of them differ by case only, which makes them two.
const EVENTS: [&str; 6] =
    ["page_viewed", "Page_Viewed", "email_opened", "purchased", "demo_requested", "sales_rejected"];

fn duration() -> impl Strategy<Value = &'static str> {
    select(&DURATIONS[..])
}
