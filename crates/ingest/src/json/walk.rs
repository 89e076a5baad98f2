//! Walks through JSON as it is read and hands the wanted values to [`Fields`].

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Fields, RoleKind, Scalar};
use crate::rows::Rows;

/// Where in the row reading stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) in_props: bool,
    pub(super) listed: bool,
}

/// What the value at a path is wanted for.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Nothing,
    /// The row itself, or its object of properties.
    Object,
    /// An entry of the index, or a path that is in none.
    Field(Option<usize>),
}

/// Reads one value.
pub(super) struct Walk<'w> {
    pub(super) fields: &'w mut Fields,
    pub(super) rows: &'w mut Rows,
    pub(super) place: Place,
    pub(super) target: Target,
}

impl Walk<'_> {
    fn scalar(self, scalar: Scalar<'_>) {
        if let Target::Field(entry) = self.target {
            self.fields.take_scalar(self.rows, self.place, entry, scalar);
        }
    }

    fn no_object<E: serde::de::Error>(&mut self) -> Result<(), E> {
        match self.target {
            Target::Object => {
                self.fields.refused_props = self.place.in_props;
                Err(E::custom("is no JSON object, such as {\"a\": 1}"))
            }
            _ => Ok(()),
        }
    }

    /// Whether something within an object or list at this path may be wanted.
    fn goes_on(&self) -> bool {
        match self.target {
            Target::Nothing => false,
            Target::Object => true,
            Target::Field(_) if self.fields.takes_all() => true,
            Target::Field(entry) => {
                let index = if self.place.in_props { &self.fields.props } else { &self.fields.top };
                entry.is_some_and(|entry| index.entries[entry].prefix)
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<(), E> {
        self.no_object()?;
        self.scalar(Scalar::Text(text));
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(mut self, number: i64) -> Result<(), E> {
        self.no_object()?;
        self.scalar(Scalar::Integer(number));
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(mut self, number: u64) -> Result<(), E> {
        self.no_object()?;
        self.scalar(match i64::try_from(number) {
            Ok(number) => Scalar::Integer(number),
            Err(_) => Scalar::Unsigned(number),
        });
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(mut self, number: f64) -> Result<(), E> {
        self.no_object()?;
        self.scalar(Scalar::Float(number));
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(mut self, truth: bool) -> Result<(), E> {
        self.no_object()?;
        self.scalar(Scalar::Bool(truth));
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(mut self) -> Result<(), E> {
        // `"props": null` has no properties; a row must be an object.
        if self.place.in_props { Ok(()) } else { self.no_object() }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if let (Target::Field(Some(entry)), false) = (self.target, self.place.in_props)
            && let Some(role) = self.fields.top.entries[entry].role
        {
            self.fields.roles[role].kind = RoleKind::Nested;
        }
        if !self.goes_on() {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let base = self.fields.path.len();
        let top = matches!(self.target, Target::Object);
        while let Some(target) =
            map.next_key_seed(Key { fields: self.fields, place: self.place, top })?
        {
            match target {
                Target::Nothing => {
                    map.next_value::<IgnoredAny>()?;
                }
                Target::Object => {
                    self.fields.path.clear();
                    let place = Place { in_props: true, listed: false };
                    map.next_value_seed(Walk {
                        fields: self.fields,
                        rows: self.rows,
                        place,
                        target,
                    })?;
                }
                Target::Field(_) => map.next_value_seed(Walk {
                    fields: self.fields,
                    rows: self.rows,
                    place: self.place,
                    target,
                })?,
            }
            self.fields.path.truncate(base);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.no_object::<A::Error>()?;
        let Target::Field(entry) = self.target else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        let place = Place { listed: true, ..self.place };
        let (mut count, mut objects) = (0_u64, 0_u64);
        while let Some(object) = items.next_element_seed(Element(Walk {
            fields: self.fields,
            rows: self.rows,
            place,
            target: self.target,
        }))? {
            count += 1;
            objects += u64::from(object);
        }
        // A list of objects is lists at the paths of their fields, and nothing at its own.
        if count == 0 || objects < count {
            self.fields.take_list(self.rows, place, entry);
        }
        Ok(())
    }
}

/// Reads an element of a list and says whether it was an object.
struct Element<'w>(Walk<'w>);

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<bool, E> {
        self.0.visit_str(text).map(|()| false)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<bool, E> {
        self.0.visit_i64(number).map(|()| false)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<bool, E> {
        self.0.visit_u64(number).map(|()| false)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<bool, E> {
        self.0.visit_f64(number).map(|()| false)
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<bool, E> {
        self.0.visit_bool(truth).map(|()| false)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        self.0.visit_map(map).map(|()| true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<bool, A::Error> {
        self.0.visit_seq(items).map(|()| false)
    }
}

/// Reads a key, appends it to the path, and finds what the path is wanted for.
struct Key<'k> {
    fields: &'k mut Fields,
    place: Place,
    top: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Target;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Target, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Target;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Target, E> {
        if self.top {
            if !self.place.in_props && self.fields.props_key.as_deref() == Some(key) {
                return Ok(Target::Object);
            }
        } else {
            self.fields.path.push('.');
        }
        self.fields.path.push_str(key);
        Ok(self.fields.target(self.place))
    }
}
