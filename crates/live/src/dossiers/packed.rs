//! A lead's facts in a sixth of the memory: texts that come again, such as names of events, paths of properties and
//! addresses of pages, are kept once, numbers that are small in a byte, instants as what passed since the one before.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use leads::{Event, LeadFacts, Timestamp, TraitFact, Value};
use store::scores::LeadRow;

/// Facts and the row of a lead, packed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Packed(Box<[u8]>);

impl Packed {
    /// Of facts, and the row that is written of them.
    pub(super) fn of(facts: &LeadFacts, row: &LeadRow) -> Self {
        let mut pack = Pack::default();
        pack.facts(facts);
        pack.row(row);
        Self(pack.bytes.into_boxed_slice())
    }

    /// Memory that it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The same as they were.
    pub(super) fn open(&self) -> Result<(LeadFacts, LeadRow), Torn> {
        let mut unpack = Unpack { rest: &self.0, texts: Vec::new(), at: 0 };
        let opened = (unpack.facts()?, unpack.row()?);
        if unpack.rest.is_empty() { Ok(opened) } else { Err(Torn) }
    }
}

#[derive(Default)]
struct Pack<'t> {
    bytes: Vec<u8>,
    /// Texts that were written, by what they are, with their numbers.
    texts: HashMap<&'t str, u64, RandomState>,
    /// The instant before, in ms.
    at: i64,
}

impl<'t> Pack<'t> {
    fn facts(&mut self, facts: &'t LeadFacts) {
        let LeadFacts { lead, created_at, traits, events } = facts;
        self.text(lead);
        self.instant(*created_at);
        self.number(traits.len() as u64);
        for TraitFact { path, value, at } in traits {
            self.text(path);
            self.bytes.push(u8::from(value.is_some()));
            if let Some(value) = value {
                self.value(value);
            }
            self.instant(*at);
        }
        self.number(events.len() as u64);
        for Event { id, name, at, properties } in events {
            self.bytes.push(u8::from(id.is_some()));
            if let Some(id) = id {
                // Never the same as another.
                self.whole(id);
            }
            self.text(name);
            self.moment(*at);
            self.number(properties.len() as u64);
            for (path, value) in properties {
                self.text(path);
                self.value(value);
            }
        }
    }

    fn row(&mut self, row: &'t LeadRow) {
        let LeadRow {
            lead,
            created_at,
            last_seen_at,
            email,
            name,
            company,
            country,
            owner,
            traits,
        } = row;
        self.text(lead);
        self.instant(*created_at);
        self.instant(*last_seen_at);
        for text in [email, name, company, country, owner] {
            self.bytes.push(u8::from(text.is_some()));
            if let Some(text) = text {
                self.text(text);
            }
        }
        self.whole(traits);
    }

    fn value(&mut self, value: &'t Value) {
        match value {
            Value::Text(text) => {
                self.bytes.push(TEXT);
                self.text(text);
            }
            Value::Number(number) => {
                let whole = *number as u32;
                // Not where it is -0.
                if f64::from(whole).to_bits() == number.to_bits() {
                    self.bytes.push(WHOLE);
                    self.number(u64::from(whole));
                } else {
                    self.bytes.push(NUMBER);
                    self.bytes.extend(number.to_le_bytes());
                }
            }
            Value::Bool(truth) => self.bytes.push(if *truth { TRUE } else { FALSE }),
            Value::Instant(at) => {
                self.bytes.push(INSTANT);
                self.moment(*at);
            }
            Value::List(values) => {
                self.bytes.push(LIST);
                self.number(values.len() as u64);
                for value in values {
                    self.value(value);
                }
            }
        }
    }

    fn instant(&mut self, at: Option<Timestamp>) {
        self.bytes.push(u8::from(at.is_some()));
        if let Some(at) = at {
            self.moment(at);
        }
    }

    fn moment(&mut self, at: Timestamp) {
        let passed = at.as_millis().wrapping_sub(self.at);
        self.at = at.as_millis();
        // The sign goes last, so that little is short in both directions.
        self.number(((passed << 1) ^ (passed >> 63)).cast_unsigned());
    }

    /// A text that may come again.
    fn text(&mut self, text: &'t str) {
        let next = self.texts.len() as u64 + 1;
        if let Some(number) = self.texts.get(text) {
            self.number(*number);
        } else {
            self.texts.insert(text, next);
            self.number(0);
            self.whole(text);
        }
    }

    /// A text in full.
    fn whole(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Seven bits to a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

const TEXT: u8 = 0;
const WHOLE: u8 = 1;
const NUMBER: u8 = 2;
const FALSE: u8 = 3;
const TRUE: u8 = 4;
const INSTANT: u8 = 5;
const LIST: u8 = 6;

/// Reads what [`Pack`] wrote.
struct Unpack<'b> {
    rest: &'b [u8],
    texts: Vec<&'b str>,
    at: i64,
}

/// What [`Pack`] never wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Torn;

impl<'b> Unpack<'b> {
    fn facts(&mut self) -> Result<LeadFacts, Torn> {
        let lead = self.text()?.to_owned();
        let created_at = self.maybe(Self::moment)?;
        let traits = self.many(|unpack| {
            let path = unpack.text()?.to_owned();
            let value = unpack.maybe(Self::value)?;
            Ok(TraitFact { path, value, at: unpack.maybe(Self::moment)? })
        })?;
        let events = self.many(|unpack| {
            let id = unpack.maybe(Self::whole)?.map(str::to_owned);
            let (name, at) = (unpack.text()?.to_owned(), unpack.moment()?);
            let properties =
                unpack.many(|unpack| Ok((unpack.text()?.to_owned(), unpack.value()?)))?;
            Ok(Event { id, name, at, properties })
        })?;
        Ok(LeadFacts { lead, created_at, traits, events })
    }

    fn row(&mut self) -> Result<LeadRow, Torn> {
        let text = |unpack: &mut Self| Ok(unpack.maybe(Self::text)?.map(str::to_owned));
        Ok(LeadRow {
            lead: self.text()?.to_owned(),
            created_at: self.maybe(Self::moment)?,
            last_seen_at: self.maybe(Self::moment)?,
            email: text(self)?,
            name: text(self)?,
            company: text(self)?,
            country: text(self)?,
            owner: text(self)?,
            traits: self.whole()?.to_owned(),
        })
    }

    fn value(&mut self) -> Result<Value, Torn> {
        Ok(match self.byte()? {
            TEXT => Value::Text(self.text()?.to_owned()),
            WHOLE => Value::Number(f64::from(u32::try_from(self.number()?).map_err(|_| Torn)?)),
            NUMBER => {
                let (bytes, rest) = self.rest.split_first_chunk().ok_or(Torn)?;
                self.rest = rest;
                Value::Number(f64::from_le_bytes(*bytes))
            }
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INSTANT => Value::Instant(self.moment()?),
            LIST => Value::List(self.many(Self::value)?),
            _ => return Err(Torn),
        })
    }

    fn many<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, Torn>,
    ) -> Result<Vec<T>, Torn> {
        let many = self.length()?;
        // Each takes a byte at least.
        let mut all = Vec::with_capacity(many.min(self.rest.len()));
        for _ in 0..many {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn maybe<T>(
        &mut self,
        one: impl FnOnce(&mut Self) -> Result<T, Torn>,
    ) -> Result<Option<T>, Torn> {
        if self.byte()? == 1 { one(self).map(Some) } else { Ok(None) }
    }

    fn moment(&mut self) -> Result<Timestamp, Torn> {
        let passed = self.number()?;
        let passed = (passed >> 1).cast_signed() ^ -(passed & 1).cast_signed();
        self.at = self.at.wrapping_add(passed);
        Ok(Timestamp::saturating_from_millis(self.at))
    }

    fn text(&mut self) -> Result<&'b str, Torn> {
        let number = self.length()?;
        if number > 0 {
            return self.texts.get(number - 1).copied().ok_or(Torn);
        }
        let text = self.whole()?;
        self.texts.push(text);
        Ok(text)
    }

    fn whole(&mut self) -> Result<&'b str, Torn> {
        let length = self.length()?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(Torn)?;
        self.rest = rest;
        std::str::from_utf8(text).map_err(|_| Torn)
    }

    fn length(&mut self) -> Result<usize, Torn> {
        usize::try_from(self.number()?).map_err(|_| Torn)
    }

    fn number(&mut self) -> Result<u64, Torn> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Torn)
    }

    fn byte(&mut self) -> Result<u8, Torn> {
        let (first, rest) = self.rest.split_first().ok_or(Torn)?;
        self.rest = rest;
        Ok(*first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![2 => "[a-c]?", 1 => ".{0,200}"]
    }

    fn instant() -> impl Strategy<Value = Timestamp> {
        let edges = prop_oneof![Just(Timestamp::MIN), Just(Timestamp::MAX)];
        let any = any::<i64>().prop_map(Timestamp::saturating_from_millis);
        prop_oneof![edges, any, (0_i64..9).prop_map(Timestamp::saturating_from_millis)]
    }

    fn value() -> impl Strategy<Value = Value> {
        let number = prop_oneof![
            any::<f64>().prop_filter("finite", |number| number.is_finite()),
            Just(-0.0),
            Just(f64::from(u32::MAX) + 1.0),
            any::<u32>().prop_map(f64::from),
        ];
        let one = prop_oneof![
            text().prop_map(Value::Text),
            number.prop_map(Value::Number),
            any::<bool>().prop_map(Value::Bool),
            instant().prop_map(Value::Instant),
        ];
        let list = prop::collection::vec(one.clone(), 0..3).prop_map(Value::List);
        prop_oneof![4 => one, 1 => list]
    }

    fn facts() -> impl Strategy<Value = LeadFacts> {
        let (of, id) = (prop::option::of(value()), prop::option::of(text()));
        let one_trait = (text(), of, prop::option::of(instant()))
            .prop_map(|(path, value, at)| TraitFact { path, value, at });
        let properties = prop::collection::vec((text(), value()), 0..4);
        let event = (id, text(), instant(), properties)
            .prop_map(|(id, name, at, properties)| Event { id, name, at, properties });
        let traits = prop::collection::vec(one_trait, 0..4);
        let events = prop::collection::vec(event, 0..5);
        (text(), prop::option::of(instant()), traits, events).prop_map(
            |(lead, created_at, traits, events)| LeadFacts { lead, created_at, traits, events },
        )
    }

    fn row() -> impl Strategy<Value = LeadRow> {
        let maybe = || prop::option::of(text());
        let instants = (prop::option::of(instant()), prop::option::of(instant()));
        let texts = (maybe(), maybe(), maybe(), maybe(), maybe());
        (text(), instants, texts, text()).prop_map(|(lead, instants, texts, traits)| {
            let (created_at, last_seen_at) = instants;
            let (email, name, company, country, owner) = texts;
            LeadRow { lead, created_at, last_seen_at, email, name, company, country, owner, traits }
        })
    }

    /// What tells `0` from `-0`, too.
    fn shown(of: &(LeadFacts, LeadRow)) -> String {
        format!("{of:?}")
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out_as_it_was(facts in facts(), row in row()) {
            let packed = Packed::of(&facts, &row);
            let opened = packed.open().expect("opened");
            prop_assert_eq!(shown(&opened), shown(&(facts, row)));
        }

        #[test]
        fn what_is_cut_off_is_not_opened_as_something_else(
            facts in facts(),
            row in row(),
            cut in any::<prop::sample::Index>(),
        ) {
            let Packed(bytes) = Packed::of(&facts, &row);
            let cut = cut.index(bytes.len());
            prop_assert_eq!(Packed(bytes[..cut].into()).open(), Err(Torn));
        }
    }
}
