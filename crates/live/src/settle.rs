//! Parcels become facts, in one transaction, all together or each for itself.

use std::borrow::Borrow;

use leads::Report;
use store::facts::Appended;
use store::{DbError, Tx};

use crate::dossiers::{Fresh, fresh};
use crate::inbox::Waiting;
use crate::{Live, LiveError, latest};

/// What came of settling parcels.
#[derive(Default)]
pub(crate) struct Done {
    /// Who is to be scored, and what is new of them.
    pub(crate) leads: Vec<(String, Fresh)>,
    /// Parcels that the store does not take, and why.
    pub(crate) refused: Vec<(String, String)>,
    /// The number of their settling.
    pub(crate) settling: u64,
}

impl Done {
    fn add<R: Borrow<Report>>(
        &mut self,
        appended: Appended,
        reports: &[R],
        is_new: impl Iterator<Item = bool>,
    ) {
        self.leads.extend(fresh(&appended, reports, self.settling));
        // What was settled before the last start changes nothing now, and may have changed a score then.
        let again = appended.taken.into_iter().zip(is_new).filter(|(_, is_new)| !is_new);
        self.leads.extend(again.filter_map(|(taken, _)| Some((taken.lead?, Fresh::ToRead))));
    }
}

/// One of the two below.
pub(crate) type SettleAll =
    fn(&mut Tx<'_>, &[Waiting], u64, fn() -> String) -> Result<Done, LiveError>;

pub(crate) fn settle_all(
    tx: &mut Tx<'_>,
    taken: &[Waiting],
    settling: u64,
    fresh_id: fn() -> String,
) -> Result<Done, LiveError> {
    let mut done = Done { settling, ..Done::default() };
    let reports: Vec<&Report> = taken.iter().flat_map(|next| &next.parcel.reports).collect();
    let appended = append(tx, &reports, fresh_id)?;
    done.add(appended, &reports, taken.iter().flat_map(Waiting::are_new));
    Ok(done)
}

pub(crate) fn settle_each(
    tx: &mut Tx<'_>,
    taken: &[Waiting],
    settling: u64,
    fresh_id: fn() -> String,
) -> Result<Done, LiveError> {
    let mut done = Done { settling, ..Done::default() };
    for next in taken {
        match tx.apart(|tx| append(tx, &next.parcel.reports, fresh_id)) {
            Ok(appended) => {
                done.add(appended, &next.parcel.reports, next.are_new());
            }
            Err(LiveError::Db(DbError::Statement(why) | DbError::Exists(why))) => {
                done.refused.push((next.parcel.id.clone(), why));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Appends reports. Of whom they concern those are marked who would not be found were the parcel settled
/// again: leads that became one, and those of a company that changed.
pub(crate) fn append<R: Borrow<Report>>(
    tx: &mut Tx<'_>,
    reports: &[R],
    fresh_id: fn() -> String,
) -> Result<Appended, LiveError> {
    let appended = store::facts::append(tx, reports, &mut || fresh_id())?;
    if !(appended.joined.is_empty() && appended.companies.is_empty()) {
        let mark = fresh_id();
        Live::touch(tx, appended.joined.iter().map(String::as_str), &mark)?;
        Live::tell_of_joined(tx, &appended, latest(reports))?;
        Live::touch_companies(tx, &appended, &mark)?;
    }
    Ok(appended)
}
