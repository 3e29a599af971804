//! The values of fields: texts and raw values borrow from the page.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::object::{Object, members};

/// What may stand in a field.
pub trait Value<'de>: Deserialize<'de> {
    /// Reads a value into `slot`; null leaves it empty.
    ///
    /// # Errors
    /// When the value is of another type, or the text is not JSON.
    #[inline]
    fn read<D: Deserializer<'de>>(slot: &mut Option<Self>, deserializer: D) -> Result<(), D::Error> {
        *slot = Option::deserialize(deserializer)?;
        Ok(())
    }
}

impl Value<'_> for u64 {}
impl Value<'_> for i64 {}
impl Value<'_> for IgnoredAny {}
impl<'de, T: Deserialize<'de>> Value<'de> for Vec<T> {}

/// The place of a field's value, which a value is read into.
#[derive(Debug)]
pub struct Slot<'s, T>(pub &'s mut Option<T>);

impl<'de, T: Value<'de>> DeserializeSeed<'de> for Slot<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::read(self.0, deserializer)
    }
}

/// Any JSON value as the text it had on the page: for numbers that must stay exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

/// The name by which a deserializer of ours knows that the text of a value is wanted.
pub(super) const RAW: &str = "highwater::Raw";

impl<'a> Raw<'a> {
    /// The text: valid JSON without white space around it.
    #[must_use]
    #[inline]
    pub fn get(self) -> &'a str {
        self.0
    }
}

impl<'a> Deserialize<'a> for Raw<'a> {
    #[inline]
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW, RawVisitor)
    }
}

struct RawVisitor;

impl<'a> Visitor<'a> for RawVisitor {
    type Value = Raw<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Raw<'a>, E> {
        Ok(Raw(text))
    }

    /// From serde_json, which has a type of its own for it.
    #[inline]
    fn visit_newtype_struct<D: Deserializer<'a>>(self, deserializer: D) -> Result<Raw<'a>, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Raw(raw.get()))
    }
}

impl<'a> Value<'a> for Raw<'a> {
    #[inline]
    fn read<D: Deserializer<'a>>(slot: &mut Option<Self>, deserializer: D) -> Result<(), D::Error> {
        let raw = Self::deserialize(deserializer)?;
        *slot = (raw.get() != "null").then_some(raw);
        Ok(())
    }
}

/// Text of a JSON string, borrowed from the page where it holds no escape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> Deserialize<'a> for Text<'a> {
    #[inline]
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'a> Visitor<'a> for TextVisitor {
    type Value = Text<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'a> Value<'a> for Text<'a> {
    #[inline]
    fn read<D: Deserializer<'a>>(slot: &mut Option<Self>, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(TextSlot(slot))
    }
}

/// Sees in one look whether a string or null comes.
struct TextSlot<'s, 'a>(&'s mut Option<Text<'a>>);

impl<'a> Visitor<'a> for TextSlot<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or null")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<(), E> {
        *self.0 = Some(Text(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        *self.0 = Some(Text(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        *self.0 = None;
        Ok(())
    }
}

impl<'a, O: Object<'a> + Deserialize<'a>> Value<'a> for O {
    #[inline]
    fn read<D: Deserializer<'a>>(slot: &mut Option<Self>, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(ObjectSlot(slot))
    }
}

struct ObjectSlot<'s, O>(&'s mut Option<O>);

impl<'a, O: Object<'a>> Visitor<'a> for ObjectSlot<'_, O> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    #[inline]
    fn visit_map<A: MapAccess<'a>>(self, map: A) -> Result<(), A::Error> {
        members(self.0.insert(O::default()), map)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        *self.0 = None;
        Ok(())
    }
}
