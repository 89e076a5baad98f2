//! Leads of whom nothing has been heard for long, and who never bought.

use std::collections::BTreeSet;

use leads::Timestamp;
use serde_json::json;
use store::retention;

use crate::models::ModelProblem;
use crate::{Live, LiveError};

/// Events of which one makes a customer.
const BOUGHT: [&str; 2] = ["deal_won", "purchased"];

impl Live {
    /// Leads of whom nothing has been heard since an instant and who never won a deal or bought, the quietest
    /// first.
    pub fn quiet(&self, since: Timestamp, now: Timestamp) -> Result<Vec<String>, ModelProblem> {
        let quiet = self.store().read(|tx| retention::quiet(tx, since).map_err(LiveError::from))?;
        if quiet.is_empty() {
            return Ok(quiet);
        }
        let never = json!({"not": {"event": BOUGHT}});
        let never: BTreeSet<String> = self.members(&never, now)?.into_iter().collect();
        Ok(quiet.into_iter().filter(|lead| never.contains(lead)).collect())
    }
}
