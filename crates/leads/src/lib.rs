//! The vocabulary of the house: instants, durations, points, values, and the facts that are
//! known about leads. Nothing here decides anything, and nothing here touches the outside world.

pub mod batch;
mod duration;
mod email;
mod fact;
mod points;
mod report;
mod time;
mod value;

pub use duration::{CalendarDuration, Duration, DurationError};
pub use email::{EmailAddress, EmailError};
pub use fact::{Event, LeadFacts, TraitFact};
pub use points::{Points, PointsError};
pub use report::{Deal, MachineSign, Report, Trust, What, Who};
pub use time::{Timestamp, TimestampError, read_local};
pub use value::{Value, read_bool, read_number};
