//! Time has passed: everyone is scored anew in memory, and what changed is written.

use std::sync::{Arc, MutexGuard, PoisonError};

use history::{Before, History, LeadId, Scored, Scores};
use leads::Timestamp;
use store::scores::{ScoreRow, each_score, put_scores, score_of, scored_at};
use store::{DbError, marks};

use crate::everyone::Moment;
use crate::judge;
use crate::lineup::Line;
use crate::news::News;
use crate::{Live, LiveError};

/// What a tick found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ticked {
    /// Rows whose numbers changed and nothing else, with those that somebody else wrote meanwhile.
    pub moved: u64,
    /// Leads whose bracket, stage or disqualification changed, marked for the desk.
    pub marked: u64,
}

/// Rows in one commit: some 20 ms, which others may wait for.
const ROWS_PER_COMMIT: usize = 2000;

/// More new numbers than these are not told one by one.
const TOLD_ONE_BY_ONE: usize = 500;

impl Live {
    /// Scores everyone as of `now` and writes what is different, be it through time or through another version
    /// of a model. A lead whose bracket or stage is different is only marked: [`Live::work`] then dates the
    /// change, writes it down and announces it.
    pub fn tick(&self, now: Timestamp) -> Result<Ticked, LiveError> {
        let lineup = self.lineup();
        let moment = self.moment(lineup.needs())?;
        // Should anything fail on the way, the next tick looks at every row.
        let before = std::mem::take(&mut *self.last_tick());
        let history = &moment.history;
        let before = before.filter(|before| before.gathering == moment.gathering);
        let changed = moment.changed();
        let (gathering, number) = (moment.gathering, moment.number);
        let mut last = LastTick { gathering, moment: number, at: now, lines: Vec::new() };
        let mut ticked = Ticked::default();
        let mut news = Vec::new();
        for line in lineup.lines() {
            let known = before.as_ref().and_then(|before| before.known(line, changed.as_deref()));
            let threads = self.inner.around.threads;
            let scores = history.rescore_since(&line.program, now, threads, known);
            let (moved, turned) = match known {
                Some(Before { scores: written, changed, .. }) => {
                    let suspects = suspects(written, &scores, changed);
                    self.differences_of(line, &moment, &scores, &suspects, now)?
                }
                _ => self.differences(line, &moment, &scores, now)?,
            };
            ticked.moved += moved.len() as u64;
            ticked.marked += turned.len() as u64;
            let rows = Rows { line, history, scores: &scores, now };
            let written = self.write_moved(rows, &moved)?;
            if news.len() <= TOLD_ONE_BY_ONE {
                let told = |moved: &Moved| told(moved.before, rows.of(moved));
                news.extend(written.iter().take(TOLD_ONE_BY_ONE + 1).map(told));
            }
            self.mark(turned)?;
            last.lines.push((Arc::clone(line), scores));
        }
        // Of several nodes on one server each hears of its own leads only.
        if self.inner.store.file().is_some() {
            *self.last_tick() = Some(Arc::new(last));
        }
        if news.len() > TOLD_ONE_BY_ONE {
            self.tell(News::Everyone { changed: ticked.moved });
        } else {
            news.into_iter().for_each(|news| self.tell(news));
        }
        if ticked.marked > 0 {
            self.wake();
        }
        Ok(ticked)
    }

    fn last_tick(&self) -> MutexGuard<'_, Option<Arc<LastTick>>> {
        self.inner.last_tick.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the last tick found, where a glance at everyone was taken after it and before the next.
    pub(crate) fn last_before(&self, glance: &Moment) -> Option<Arc<LastTick>> {
        let last = self.last_tick().clone();
        let found = (glance.gathering, glance.number);
        last.filter(|last| (last.gathering, last.moment) == found)
    }

    /// Rows under a model that are different now: every row is looked at.
    fn differences(
        &self,
        line: &Arc<Line>,
        moment: &Moment,
        scores: &Scores,
        now: Timestamp,
    ) -> Result<Differences, LiveError> {
        let mut differences = Differences::default();
        let rows = Rows { line, history: &moment.history, scores, now };
        self.inner.store.read(|tx| {
            each_score(tx, &line.key, |row| {
                let position = rows.history.roster().position(LeadId::of(&row.lead));
                if let Some(position) = position.filter(|_| !moment.is_in_writing(&row.lead)) {
                    rows.compare(row, position as usize, &mut differences);
                }
                Ok(())
            })
        })?;
        Ok(differences)
    }

    /// The same of leads at these positions only.
    fn differences_of(
        &self,
        line: &Arc<Line>,
        moment: &Moment,
        scores: &Scores,
        suspects: &[usize],
        now: Timestamp,
    ) -> Result<Differences, LiveError> {
        let mut differences = Differences::default();
        let rows = Rows { line, history: &moment.history, scores, now };
        self.inner.store.read(|tx| {
            for position in suspects {
                let lead = rows.history.roster().id(*position).to_string();
                if moment.is_in_writing(&lead) {
                    continue;
                }
                if let Some(row) = score_of(tx, &line.key, &lead)? {
                    rows.compare(row, *position, &mut differences);
                }
            }
            Ok::<(), DbError>(())
        })?;
        Ok(differences)
    }

    /// Writes rows anew, and answers which of them were not right already.
    fn write_moved(&self, rows: Rows<'_>, moved: &[Moved]) -> Result<Vec<Moved>, LiveError> {
        let mut written = Vec::with_capacity(moved.len());
        for part in moved.chunks(ROWS_PER_COMMIT) {
            let new: Vec<ScoreRow> = part.iter().map(|moved| rows.of(moved)).collect();
            let live = self.clone();
            let are_written = self.inner.store.write(move |tx| {
                // A lead that the desk has scored meanwhile, or that is gone, is right already. What another node did
                // is known by its instant.
                let mut are_written = Vec::with_capacity(new.len());
                let mut current = Vec::with_capacity(new.len());
                for row in new {
                    let at = scored_at(tx, &row.model, &row.lead)?;
                    let is_before = at.is_some_and(|at| at < row.scored_at);
                    let is_to_write = is_before && !live.inner.everyone.is_written_since(&row.lead);
                    are_written.push(is_to_write);
                    current.extend(is_to_write.then_some(row));
                }
                put_scores(tx, &current)?;
                Ok::<_, LiveError>(are_written)
            })?;
            let both = part.iter().zip(are_written);
            written.extend(both.filter_map(|(moved, is_written)| is_written.then_some(*moved)));
        }
        Ok(written)
    }

    fn mark(&self, leads: Vec<String>) -> Result<(), LiveError> {
        if leads.is_empty() {
            return Ok(());
        }
        let mark = (self.inner.around.fresh_id)();
        self.inner.store.write(move |tx| {
            marks::put(tx, leads.iter().map(String::as_str), &mark).map_err(LiveError::from)
        })
    }

    /// Marks everyone who has facts, a part at a time: after the models in force changed.
    pub(crate) fn mark_everyone(&self) -> Result<(), LiveError> {
        let mark = (self.inner.around.fresh_id)();
        let mut last = Some(String::new());
        while let Some(after) = last.take() {
            let mark = mark.clone();
            last = self.inner.store.write(move |tx| {
                marks::put_on_those_after(tx, &after, ROWS_PER_COMMIT, &mark)
                    .map_err(LiveError::from)
            })?;
        }
        self.wake();
        Ok(())
    }
}

/// What the last tick found and wrote. Whoever scored the same then and now, and was not touched
/// meanwhile, has the row that is right; of a million leads that is nearly everyone.
pub(crate) struct LastTick {
    gathering: u64,
    /// The number of its moment.
    moment: u64,
    at: Timestamp,
    lines: Vec<(Arc<Line>, Scores)>,
}

impl LastTick {
    /// Everyone's scores under a model, for whoever scores again where only these leads are `changed` since;
    /// none where it may be anybody.
    pub(crate) fn known<'b>(
        &'b self,
        line: &Arc<Line>,
        changed: Option<&'b [usize]>,
    ) -> Option<Before<'b>> {
        let (_, scores) = self.lines.iter().find(|(known, _)| Arc::ptr_eq(known, line))?;
        Some(Before { scores, at: self.at, changed: changed? })
    }
}

/// Rows whose numbers alone are different, or only their version; and leads for whom more than that is different.
type Differences = (Vec<Moved>, Vec<String>);

/// A row to be written anew: after a change of the model that may be everyone's.
#[derive(Clone, Copy, Debug)]
struct Moved {
    position: u32,
    /// The score that was written.
    before: i64,
    at_stake: i64,
}

/// Positions of leads whose rows may be different: whoever came since then was touched.
fn suspects(written: &Scores, scores: &Scores, touched: &[usize]) -> Vec<usize> {
    let both = written.len().min(scores.len());
    let mut suspects = touched.to_vec();
    suspects.extend((0..both).filter(|at| written.get(*at) != scores.get(*at)));
    suspects.sort_unstable();
    suspects.dedup();
    suspects
}

/// What rows should be.
#[derive(Clone, Copy)]
struct Rows<'r> {
    line: &'r Line,
    history: &'r History,
    scores: &'r Scores,
    now: Timestamp,
}

impl Rows<'_> {
    fn of(self, moved: &Moved) -> ScoreRow {
        let position = moved.position as usize;
        let lead = self.history.roster().id(position).to_string();
        self.row(&lead, position, moved.at_stake)
    }

    /// The row that a lead's numbers make. The money at stake changes only with facts: it is what stands there.
    fn row(self, lead: &str, position: usize, at_stake: i64) -> ScoreRow {
        let Self { line, scores, now, .. } = self;
        let Scored { score, stage } = scores.get(position);
        let stages = &line.program.model().stages;
        let stage = stage.map(|stage| stages[usize::from(stage)].name.clone());
        judge::row(line, lead, &score, stage, at_stake, now)
    }

    /// Compares a row with what it should be.
    fn compare(self, row: ScoreRow, position: usize, differences: &mut Differences) {
        if self.history.roster().is_gone(position) {
            return;
        }
        // Of stages below, the desk learns when it looks at the lead the next time.
        let mut after = self.row(&row.lead, position, row.at_stake);
        after.held.clone_from(&row.held);
        let turns = (&after.bracket, &after.stage, &after.disqualified)
            != (&row.bracket, &row.stage, &row.disqualified);
        if turns {
            differences.1.push(row.lead);
        } else if !row.is_like(&after) {
            let (before, at_stake) = (row.score, row.at_stake);
            differences.0.push(Moved { position: position as u32, before, at_stake });
        }
    }
}

fn told(before: i64, row: ScoreRow) -> News {
    News::Lead {
        lead: row.lead,
        model: row.model,
        score: row.score,
        before: Some(before),
        bracket: row.bracket,
        stage: row.stage,
        priority: row.priority,
        disqualified: row.disqualified.is_some(),
    }
}
