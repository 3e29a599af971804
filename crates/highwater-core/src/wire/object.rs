//! How an object of declared fields is read: in place, member by member.

use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::names::Name;

/// What [`wire!`](crate::wire!) declares: an object whose fields have numbers.
pub trait Object<'de>: Default {
    /// How many fields there are.
    const FIELDS: usize;

    /// Whether the field of this number is called `name` on the wire.
    fn is_called(field: usize, name: &str) -> bool;

    /// Reads the value that comes next in `map` as that of field number `field`.
    ///
    /// # Errors
    /// When the value is of another type, or `map` is not JSON.
    fn read<A: MapAccess<'de>>(&mut self, field: usize, map: &mut A) -> Result<(), A::Error>;

    /// Where the names of the fields go that are not declared.
    fn unknown(&mut self) -> &mut Vec<String>;
}

/// Reads an object into `object`, where it stands: nothing is moved. Fields that do not come keep their value, those
/// that come more than once have the last one.
///
/// # Errors
/// When the value is not an object, a field is of another type, or the text is not JSON.
#[inline]
pub fn fill<'de, O, D>(object: &mut O, deserializer: D) -> Result<(), D::Error>
where
    O: Object<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(Members(object))
}

/// Reads the members of an object.
struct Members<'o, O>(&'o mut O);

impl<'de, O: Object<'de>> Visitor<'de> for Members<'_, O> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        members(self.0, map)
    }
}

/// Reads the members of `map` into `object`.
#[inline]
pub(super) fn members<'de, O: Object<'de>, A: MapAccess<'de>>(
    object: &mut O,
    mut map: A,
) -> Result<(), A::Error> {
    let mut expected = 0;
    while let Some(field) = map.next_key_seed(Name::of(object, expected))? {
        match field {
            Some(field) => {
                object.read(field, &mut map)?;
                expected = field + 1;
            }
            None => drop(map.next_value::<IgnoredAny>()?),
        }
    }
    Ok(())
}
