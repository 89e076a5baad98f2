//! Parcels become facts, in one transaction, all together or each for itself.

use leads::{Event, Report};
use store::facts::{Appended, Prepared, append_prepared};
use store::{DbError, Tx};

use crate::dossiers::{Fresh, event, fresh};
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

/// What follows from reports alone: worked out beside the writer, whom everybody waits for.
pub(crate) struct Ready(Vec<(Prepared, Option<Event>)>);

impl Ready {
    pub(crate) fn of(taken: &[Waiting]) -> Self {
        Self(all_reports(taken).map(|report| (Prepared::of(report), event(report))).collect())
    }
}

fn all_reports(taken: &[Waiting]) -> impl Iterator<Item = &Report> {
    taken.iter().flat_map(|next| &next.parcel.reports)
}

impl Done {
    fn add(
        &mut self,
        appended: Appended,
        events: Vec<Option<Event>>,
        is_new: impl Iterator<Item = bool>,
    ) {
        self.leads.extend(fresh(&appended, events, self.settling));
        // What was settled before the last start changes nothing now, and may have changed a score then.
        let again = appended.taken.into_iter().zip(is_new).filter(|(_, is_new)| !is_new);
        self.leads.extend(again.filter_map(|(taken, _)| Some((taken.lead?, Fresh::ToRead))));
    }
}

/// Settles parcels for which everything is [`Ready`].
pub(crate) fn settle_all(
    tx: &mut Tx<'_>,
    taken: &[Waiting],
    ready: Ready,
    settling: u64,
    fresh_id: fn() -> String,
) -> Result<Done, LiveError> {
    let mut done = Done { settling, ..Done::default() };
    let (prepared, events): (Vec<Prepared>, Vec<Option<Event>>) = ready.0.into_iter().unzip();
    let reports: Vec<(&Report, &Prepared)> = all_reports(taken).zip(&prepared).collect();
    let appended = append(tx, &reports, fresh_id)?;
    done.add(appended, events, taken.iter().flat_map(Waiting::are_new));
    Ok(done)
}

/// The same of each parcel for itself, so that one that fails holds up no other.
pub(crate) fn settle_each(
    tx: &mut Tx<'_>,
    taken: &[Waiting],
    settling: u64,
    fresh_id: fn() -> String,
) -> Result<Done, LiveError> {
    let mut done = Done { settling, ..Done::default() };
    for next in taken {
        let reports = &next.parcel.reports;
        match tx.apart(|tx| append_all(tx, reports, fresh_id)) {
            Ok(appended) => {
                done.add(appended, reports.iter().map(event).collect(), next.are_new());
            }
            Err(LiveError::Db(DbError::Statement(why) | DbError::Exists(why))) => {
                done.refused.push((next.parcel.id.clone(), why));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Appends reports that were not prepared.
pub(crate) fn append_all(
    tx: &mut Tx<'_>,
    reports: &[Report],
    fresh_id: fn() -> String,
) -> Result<Appended, LiveError> {
    let prepared: Vec<Prepared> = reports.iter().map(Prepared::of).collect();
    let reports: Vec<(&Report, &Prepared)> = reports.iter().zip(&prepared).collect();
    append(tx, &reports, fresh_id)
}

/// Appends reports. Of whom they concern those are marked who would not be found were the parcel settled
/// again: leads that became one, and those of a company that changed.
fn append(
    tx: &mut Tx<'_>,
    reports: &[(&Report, &Prepared)],
    fresh_id: fn() -> String,
) -> Result<Appended, LiveError> {
    let appended = append_prepared(tx, reports, &mut || fresh_id())?;
    if !(appended.joined.is_empty() && appended.companies.is_empty()) {
        let mark = fresh_id();
        Live::touch(tx, appended.joined.iter().map(String::as_str), &mark)?;
        Live::tell_of_joined(tx, &appended, latest(reports.iter().map(|(report, _)| *report)))?;
        Live::touch_companies(tx, &appended, &mark)?;
    }
    Ok(appended)
}
