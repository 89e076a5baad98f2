//! Facts as they are read: one lead with everything about it, a page of events, everybody.

mod flatten;
mod page;
mod record;
mod scan;

pub use flatten::properties;
pub use page::{EventQuery, events};
pub use record::{CompanyFacts, LeadRecord, companies_are, lead_facts};
pub use scan::{EventSeen, People, each_lead, scan};
