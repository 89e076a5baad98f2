//! What one report says about who is who, and what comes of it.

use leads::{Report, Timestamp, Trust};

use super::batch::{Leads, Why};
use super::names::{IdentifierKind, Name, Named};
use super::{DEVICE_OWNERS_MAX, Note};
use crate::db::{DbError, Tx};

/// Whose a report's fact is.
pub(crate) struct Settled {
    pub(crate) person: String,
    pub(crate) notes: Vec<Note>,
}

/// Where the walk through a report's identifiers stands.
enum Place {
    /// None of the identifiers so far is known to us.
    New(Vec<Name>),
    /// They are this person's.
    At(String),
}

/// Finds or makes the person that a report is about, and brings together what it may bring
/// together. `None`: it names nobody.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    leads: &mut Leads<'_>,
    report: &Report,
    named: &Named,
) -> Result<Option<Settled>, DbError> {
    let mut walk = Walk {
        tx,
        leads,
        report,
        // A machine that follows every link of a mail proves nothing about who reads it.
        links: report.machine.is_none(),
        user: named.strong.first().filter(|name| name.kind == IdentifierKind::User),
        notes: named.notes.clone(),
    };
    let mut place = Place::New(Vec::new());
    for name in &named.strong {
        place = walk.strong(place, name)?;
    }
    if let Some(previous) = &named.previous {
        place = walk.previous(place, previous)?;
    }
    for visitor in &named.visitors {
        place = walk.visitor(place, visitor)?;
    }
    let person = match place {
        Place::At(person) => person,
        Place::New(names) if names.is_empty() => return Ok(None),
        Place::New(names) => walk.make(&names)?,
    };
    if walk.links {
        for name in named.all() {
            // A user id alone says nothing of who it is.
            let is_believed = report.trust == Trust::Trusted && named.strong.len() > 1;
            walk.leads.witness(walk.tx, name, &person, report, is_believed)?;
        }
    }
    for name in &named.strong {
        walk.leads.seen(walk.tx, name, report.at)?;
    }
    let mut notes = walk.notes;
    notes.sort();
    notes.dedup();
    Ok(Some(Settled { person, notes }))
}

struct Walk<'w, 'c, 'f> {
    tx: &'w mut Tx<'c>,
    leads: &'w mut Leads<'f>,
    report: &'w Report,
    links: bool,
    /// The user id that the report names.
    user: Option<&'w Name>,
    notes: Vec<Note>,
}

impl Walk<'_, '_, '_> {
    fn strong(&mut self, place: Place, name: &Name) -> Result<Place, DbError> {
        let holder = self.leads.holder(name, self.report.at);
        match (place, holder) {
            (Place::New(mut names), None) => {
                if self.links || names.is_empty() {
                    names.push(name.clone());
                }
                Ok(Place::New(names))
            }
            (Place::New(names), Some(person)) => self.take_in(names, person, false),
            (Place::At(person), None) => {
                self.give(&person, name)?;
                Ok(Place::At(person))
            }
            (Place::At(person), Some(other)) => {
                self.bring_together(&person, &other, false)?;
                Ok(Place::At(person))
            }
        }
    }

    /// An alias: the customer says that two ids are one person's, so that different user ids do not
    /// speak against it.
    fn previous(&mut self, place: Place, name: &Name) -> Result<Place, DbError> {
        let holder = self.leads.holder(name, self.report.at);
        if self.report.trust == Trust::Public {
            // Anybody may say so. As a visitor's id it gets its chance.
            if holder.is_some() {
                self.notes.push(Note::NotTrusted);
            }
            return Ok(place);
        }
        match (place, holder) {
            (Place::New(mut names), None) => {
                names.push(name.clone());
                Ok(Place::New(names))
            }
            (Place::New(names), Some(person)) => self.take_in(names, person, true),
            (Place::At(person), None) => {
                self.give(&person, name)?;
                Ok(Place::At(person))
            }
            (Place::At(person), Some(other)) => {
                self.bring_together(&person, &other, true)?;
                Ok(Place::At(person))
            }
        }
    }

    fn visitor(&mut self, place: Place, name: &Name) -> Result<Place, DbError> {
        let holder = self.leads.holder(name, self.report.at);
        let is_alone = matches!(&place, Place::New(names) if names.is_empty());
        if !is_alone && !self.links {
            return Ok(place);
        }
        match (place, holder) {
            (Place::New(mut names), None) => {
                names.push(name.clone());
                Ok(Place::New(names))
            }
            (Place::At(person), None) => {
                self.give(&person, name)?;
                Ok(Place::At(person))
            }
            (Place::New(_), Some(person)) if is_alone => Ok(Place::At(person)),
            (place, Some(_)) if self.is_shared(name) => {
                self.notes.push(Note::SharedDevice);
                Ok(place)
            }
            (Place::New(names), Some(person)) => {
                let lead = self.leads.lead_of(&person);
                if !self.leads.counts(self.tx, &lead)?.is_known() {
                    return self.take_in(names, person, false);
                }
                let made = self.make(&names)?;
                self.pass_on(name, &made)?;
                Ok(Place::At(made))
            }
            (Place::At(person), Some(other)) => {
                let (lead, others) = (self.leads.lead_of(&person), self.leads.lead_of(&other));
                if lead == others {
                    // Theirs already.
                } else if self.leads.counts(self.tx, &others)?.is_known() {
                    self.pass_on(name, &person)?;
                } else if self.may_join(&lead, &others)? {
                    self.join(&lead, &others, "the visitor became known")?;
                }
                Ok(Place::At(person))
            }
        }
    }

    /// New identifiers named with a person we know: they are that person's, if nothing speaks
    /// against it.
    fn take_in(
        &mut self,
        names: Vec<Name>,
        person: String,
        is_alias: bool,
    ) -> Result<Place, DbError> {
        if names.is_empty() {
            return Ok(Place::At(person));
        }
        if !self.links {
            return Ok(Place::New(names));
        }
        let lead = self.leads.lead_of(&person);
        let counts = self.leads.counts(self.tx, &lead)?;
        let names_user = names.iter().any(|name| name.kind == IdentifierKind::User);
        if names_user && counts.has_user() && !is_alias {
            self.notes.push(Note::DifferentUsers);
            if self.report.trust == Trust::Public || counts.has_believed_user() {
                return Ok(Place::New(names));
            }
            self.leads.displace_users(self.tx, &lead)?;
        }
        // The strongest decides whose the fact is: if there is no room for that, the rest must wait.
        if names.first().is_some_and(|name| !counts.has_room(name.kind)) {
            self.notes.push(Note::TooMany);
            return Ok(Place::New(names));
        }
        for name in &names {
            self.give(&person, name)?;
        }
        Ok(Place::At(person))
    }

    /// Gives a person an identifier that nobody has.
    fn give(&mut self, person: &str, name: &Name) -> Result<(), DbError> {
        if !self.links {
            return Ok(());
        }
        let lead = self.leads.lead_of(person);
        if self.leads.counts(self.tx, &lead)?.has_room(name.kind) {
            self.leads.attach(self.tx, name, person, Timestamp::MIN, self.report)
        } else {
            self.notes.push(Note::TooMany);
            Ok(())
        }
    }

    /// Two persons that are both known by strong identifiers.
    fn bring_together(&mut self, person: &str, other: &str, is_alias: bool) -> Result<(), DbError> {
        for lead in [self.leads.lead_of(person), self.leads.lead_of(other)] {
            self.leads.read_person(self.tx, &lead)?;
        }
        let (winner, loser) = self.leads.older_first(person, other);
        if !self.links {
            return Ok(());
        }
        let trust = self.report.trust;
        if winner == loser {
            return match trust {
                Trust::Public => Ok(()),
                Trust::Trusted => self.leads.confirm(self.tx, person, other, self.report),
            };
        }
        if trust == Trust::Public {
            self.notes.push(Note::NotTrusted);
            return Ok(());
        }
        let both_users = self.leads.counts(self.tx, &winner)?.has_user()
            && self.leads.counts(self.tx, &loser)?.has_user();
        let mut displaced = None;
        if both_users && !is_alias {
            self.notes.push(Note::DifferentUsers);
            match (self.has_sure_user(&winner)?, self.has_sure_user(&loser)?) {
                (true, false) => displaced = Some(&loser),
                (false, true) => displaced = Some(&winner),
                _ => return Ok(()),
            }
        }
        if self.may_join(&winner, &loser)? {
            if let Some(lead) = displaced {
                self.leads.displace_users(self.tx, lead)?;
            }
            let reason = if is_alias { "an alias" } else { "named together" };
            self.join(&winner, &loser, reason)?;
        }
        Ok(())
    }

    /// Whether a lead has a user id that a trusted report has given it, such as this one.
    fn has_sure_user(&mut self, lead: &str) -> Result<bool, DbError> {
        let is_theirs = |name: &Name| {
            let mut holdings = self.leads.holdings(name).iter();
            holdings.any(|held| self.leads.lead_of(&held.person) == lead)
        };
        Ok(self.user.is_some_and(is_theirs)
            || self.leads.counts(self.tx, lead)?.has_believed_user())
    }

    fn may_join(&mut self, one: &str, other: &str) -> Result<bool, DbError> {
        if Leads::are_separated(self.tx, one, other)? {
            self.notes.push(Note::Separated);
            return Ok(false);
        }
        let (counts, others) =
            (self.leads.counts(self.tx, one)?, self.leads.counts(self.tx, other)?);
        if !counts.fits_with(others) {
            self.notes.push(Note::TooMany);
            return Ok(false);
        }
        Ok(true)
    }

    fn join(&mut self, winner: &str, loser: &str, reason: &str) -> Result<(), DbError> {
        let why = Why { at: self.report.received_at, reason, source: &self.report.source };
        self.leads.join(self.tx, winner, loser, &why)
    }

    /// The device is in other hands from this report on: what the visitor does from then on is that
    /// person's, as an edge of its own, so that a user can undo it.
    fn pass_on(&mut self, name: &Name, person: &str) -> Result<(), DbError> {
        let holdings = self.leads.holdings(name);
        if holdings.iter().any(|held| held.since == self.report.at) {
            self.notes.push(Note::SharedDevice);
            return Ok(());
        }
        let is_last = holdings.len() == DEVICE_OWNERS_MAX;
        let (since, made_at) = (self.report.at, self.report.received_at);
        let visitor = self.leads.make_person(self.tx, made_at)?;
        self.leads.attach(self.tx, name, &visitor, since, self.report)?;
        if is_last {
            // From here on it is a visitor whom nobody knows, and `is_shared` keeps it so.
            self.notes.push(Note::SharedDevice);
            return Ok(());
        }
        self.notes.push(Note::DevicePassedOn);
        let lead = self.leads.lead_of(person);
        if self.may_join(&lead, &visitor)? {
            self.join(&lead, &visitor, "the device passed on")?;
        }
        Ok(())
    }

    fn is_shared(&self, name: &Name) -> bool {
        self.leads.holdings(name).len() > DEVICE_OWNERS_MAX
    }

    /// Makes a person with these identifiers.
    fn make(&mut self, names: &[Name]) -> Result<String, DbError> {
        let person = self.leads.make_person(self.tx, self.report.received_at)?;
        for name in names {
            self.leads.attach(self.tx, name, &person, Timestamp::MIN, self.report)?;
        }
        Ok(person)
    }
}
