//! One lead's facts as a small history of its own, so that explaining one lead runs the very fold
//! that scores a million.

use leads::{LeadFacts, Timestamp, TraitFact, Value};

use crate::amount::Amount;
use crate::bound::Bound;
use crate::fold::{ALWAYS, LeadView, Profile, Score, Tally};
use crate::program::Program;
use crate::vocabulary::{Shape, Vocabulary};

/// One lead's facts in the form of the fold, and where each of its events came from.
pub(crate) struct Single {
    vocabulary: Vocabulary,
    created_at: i64,
    at: Vec<i64>,
    shapes: Vec<u32>,
    profile: Changes,
    /// Per event of the fold, its index in the facts.
    pub(crate) events: Vec<usize>,
}

/// A profile as changes: per column, the value from each instant (ms) on, in rising order.
pub(crate) struct Changes(Vec<Vec<(i64, u32)>>);

impl Single {
    /// Gathers what the program looks at.
    pub(crate) fn new(program: &Program, facts: &LeadFacts) -> Self {
        let needs = &program.needs;
        let mut vocabulary = Vocabulary::default();
        let mut changes = Vec::with_capacity(needs.traits.len());
        for path in &needs.traits {
            let (values, course) = column(path, facts);
            vocabulary.traits.push(values);
            changes.push(course);
        }
        let mut events: Vec<usize> = (0..facts.events.len()).collect();
        events.sort_by(|a, b| {
            let (a, b) = (&facts.events[*a], &facts.events[*b]);
            (a.at, &a.id, &a.name).cmp(&(b.at, &b.id, &b.name))
        });
        let shape_of = |event: &leads::Event| {
            let index = needs.events.binary_search_by(|(name, _)| name.cmp(&event.name)).ok()?;
            let property = |property: &usize| {
                let path = &needs.properties[*property];
                event
                    .properties
                    .iter()
                    .find(|(known, _)| known == path)
                    .map(|(_, value)| value.clone())
            };
            let properties = needs.events[index].1.iter().map(property).collect();
            Some(Shape { event: index, properties })
        };
        let mut single = Self {
            vocabulary,
            created_at: facts.created_at.map_or(ALWAYS, Timestamp::as_millis),
            at: Vec::new(),
            shapes: Vec::new(),
            profile: Changes(changes),
            events: Vec::new(),
        };
        // Events of whose properties nothing is looked at are all alike.
        let mut alike: Vec<Option<u32>> = vec![None; needs.events.len()];
        for index in events {
            let event = &facts.events[index];
            let Some(shape) = shape_of(event) else { continue };
            let known = alike[shape.event].filter(|_| shape.properties.is_empty());
            let number = known.unwrap_or(single.vocabulary.shapes.len() as u32);
            if known.is_none() {
                alike[shape.event] = Some(number);
                single.vocabulary.shapes.push(shape);
            }
            single.shapes.push(number);
            single.at.push(event.at.as_millis());
            single.events.push(index);
        }
        single
    }

    /// The program bound to these facts.
    pub(crate) fn bind<'p>(&self, program: &'p Program) -> Bound<'p> {
        let end = |at: Option<&i64>| {
            at.map_or(Timestamp::MIN, |at| Timestamp::saturating_from_millis(*at))
        };
        program.bind(&self.vocabulary, end(self.at.first()), end(self.at.last()))
    }

    /// The lead as the fold sees it.
    pub(crate) fn view(&self) -> LeadView<'_, Changes> {
        LeadView {
            created_at: self.created_at,
            at: &self.at,
            shapes: &self.shapes,
            profile: &self.profile,
        }
    }

    /// The value of a column at an instant (ms).
    pub(crate) fn value(&self, column: usize, at: i64) -> Option<&Value> {
        self.vocabulary.traits[column][self.profile.value(column, at) as usize].as_ref()
    }
}

/// One lead's facts, ready to be asked about any instant: a program is bound to them once.
pub struct OneLead<'f> {
    pub(crate) facts: &'f LeadFacts,
    pub(crate) single: Single,
    pub(crate) bound: Bound<'f>,
}

impl<'f> OneLead<'f> {
    /// `facts` may be in any order.
    pub fn new(program: &'f Program, facts: &'f LeadFacts) -> Self {
        let single = Single::new(program, facts);
        Self { facts, bound: single.bind(program), single }
    }

    /// The numbers at an instant.
    pub fn score(&self, at: Timestamp) -> Score {
        self.bound.score(&self.single.view(), at, &mut Tally::default())
    }
}

impl Program {
    /// The numbers of one lead at each of these instants, and what each criterion gives there (in
    /// the order of [`crate::Model::criteria`], held to its own limit). `facts` may be in any order.
    pub fn scores(&self, facts: &LeadFacts, instants: &[Timestamp]) -> Vec<(Score, Vec<Amount>)> {
        let single = Single::new(self, facts);
        let (bound, view) = (single.bind(self), single.view());
        let mut tally = Tally::default();
        let at = |at: &Timestamp| {
            let score = bound.score(&view, *at, &mut tally);
            let mut amounts = Vec::new();
            bound.amounts_of(&view, *at, &tally, &mut amounts);
            (score, amounts)
        };
        instants.iter().map(at).collect()
    }
}

/// The distinct values of a trait and its course over time.
fn column(path: &str, facts: &LeadFacts) -> (Vec<Option<Value>>, Vec<(i64, u32)>) {
    let created_at = TraitFact {
        path: path.to_owned(),
        value: facts.created_at.map(Value::Instant),
        at: facts.created_at,
    };
    let mut changes: Vec<&TraitFact> =
        facts.traits.iter().filter(|fact| fact.path == path).collect();
    if path == CREATED_AT {
        changes.push(&created_at);
    }
    // Of two values from one instant the greater text counts, whatever their order.
    let text = |fact: &TraitFact| fact.value.as_ref().map(Value::to_string);
    changes.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| text(a).cmp(&text(b))));
    let mut values = vec![None];
    let mut course: Vec<(i64, u32)> = Vec::new();
    for fact in changes {
        let from = fact.at.map_or(ALWAYS, Timestamp::as_millis);
        let value = if fact.value.is_none() {
            0
        } else {
            values.push(fact.value.clone());
            values.len() as u32 - 1
        };
        match course.last_mut() {
            Some((at, last)) if *at == from => *last = value,
            _ => course.push((from, value)),
        }
    }
    (values, course)
}

/// The trait that every lead with a known beginning has.
pub const CREATED_AT: &str = "created_at";

impl Profile for Changes {
    fn value(&self, column: usize, at: i64) -> u32 {
        let course = &self.0[column];
        let known = course.partition_point(|(from, _)| *from <= at);
        if known == 0 { 0 } else { course[known - 1].1 }
    }

    fn is_blank(&self, _: i64) -> bool {
        false
    }

    fn values(&self, column: usize, first: i64, last: i64, visit: &mut dyn FnMut(u32)) {
        visit(self.value(column, first));
        let inside = self.0[column].iter().filter(|(from, _)| first < *from && *from <= last);
        inside.for_each(|(_, value)| visit(*value));
    }

    fn turns(&self, first: i64, last: i64, visit: &mut dyn FnMut(i64)) {
        let all = self.0.iter().flatten().map(|(from, _)| *from);
        all.filter(|from| first < *from && *from <= last).for_each(visit);
    }
}
