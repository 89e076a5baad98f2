//! Facts as they are read: one lead with everything about it, a page of events, everybody.

mod all;
mod flatten;
mod page;
mod record;
mod scan;

pub use all::{AllFacts, each_fact};
pub use flatten::properties;
pub use page::{EventQuery, events};
pub use record::{CompaniesRead, CompanyFacts, LeadRecord, lead_facts, lead_facts_after};
pub use scan::{EventSeen, People, each_lead, scan};
