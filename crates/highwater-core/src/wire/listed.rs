//! A page whose rows are handed out one by one while it is read, so that they never stand side by side in memory.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::names::Name;
use super::object::{Object, fill};

/// A page that was read by [`EachRow`].
#[derive(Debug)]
pub struct Listed<P> {
    /// All but the rows: the field of the list is empty.
    pub page: P,
    /// How many rows the list has; `None` where there is no list.
    pub rows: Option<usize>,
    /// Whether the list stood on the page more than once: then its rows were all handed out, and no telling which of
    /// them were meant.
    pub ambiguous: bool,
}

/// Reads an object of type `P`; each row of its field called `list` is given to `take` as soon as it is read, before
/// it is known whether the rest of the page is good.
#[derive(Debug)]
pub struct EachRow<P, R, F> {
    list: &'static str,
    take: F,
    of: PhantomData<(P, R)>,
}

impl<P, R, F: FnMut(&mut R)> EachRow<P, R, F> {
    /// Of the field called `list`, which `P` must declare as a list of `R`.
    pub fn of(list: &'static str, take: F) -> Self {
        Self { list, take, of: PhantomData }
    }
}

impl<'de, P: Object<'de>, R: Object<'de>, F: FnMut(&mut R)> DeserializeSeed<'de> for EachRow<P, R, F> {
    type Value = Listed<P>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, P: Object<'de>, R: Object<'de>, F: FnMut(&mut R)> Visitor<'de> for EachRow<P, R, F> {
    type Value = Listed<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut listed = Listed { page: P::default(), rows: None, ambiguous: false };
        let mut lists = 0;
        while let Some(field) = map.next_key_seed(Name::of(&mut listed.page, 0))? {
            match field {
                Some(field) if P::is_called(field, self.list) => {
                    lists += 1;
                    listed.ambiguous = lists > 1;
                    listed.rows = map.next_value_seed(Rows(&mut self.take, PhantomData))?;
                }
                Some(field) => listed.page.read(field, &mut map)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(listed)
    }
}

/// Reads a list, or null.
struct Rows<'f, R, F>(&'f mut F, PhantomData<R>);

impl<'de, R: Object<'de>, F: FnMut(&mut R)> DeserializeSeed<'de> for Rows<'_, R, F> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Object<'de>, F: FnMut(&mut R)> Visitor<'de> for Rows<'_, R, F> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut row, mut rows) = (R::default(), 0);
        while list.next_element_seed(Row(&mut row))?.is_some() {
            (self.0)(&mut row);
            rows += 1;
            row = R::default();
        }
        Ok(Some(rows))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads one row where it stands.
struct Row<'r, R>(&'r mut R);

impl<'de, R: Object<'de>> DeserializeSeed<'de> for Row<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        fill(self.0, deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Raw, Text};
    use super::*;

    crate::wire! {
        struct Page<'a> {
            rows: Vec<Row<'a>> = "rows" | "data",
            total: u64,
        }
        struct Row<'a> {
            id: Text<'a>,
            size: Raw<'a>,
        }
    }

    fn read(text: &str) -> serde_json::Result<(Listed<Page<'_>>, Vec<String>)> {
        let mut taken = Vec::new();
        let rows = EachRow::of("data", |row: &mut Row<'_>| {
            taken.push(format!("{:?} {:?}", row.id.as_deref(), row.size.map(|size| size.get())));
        });
        let listed = rows.deserialize(&mut serde_json::Deserializer::from_str(text))?;
        Ok((listed, taken))
    }

    #[test]
    fn each_row_is_handed_out_by_itself_and_the_page_keeps_the_rest() {
        let text = r#"{"total":2,"data":[{"id":"a","size":1.50},{"size":2}],"new":[1]}"#;
        let (listed, taken) = read(text).unwrap();
        assert_eq!(taken, [r#"Some("a") Some("1.50")"#, r#"None Some("2")"#]);
        assert_eq!((listed.rows, listed.page.total, listed.ambiguous), (Some(2), Some(2), false));
        assert!(listed.page.rows.is_none());
        assert_eq!(listed.page.unknown, ["new"]);
    }

    #[test]
    fn no_list_and_null_are_told_from_an_empty_one() {
        for (text, rows) in [("{}", None), (r#"{"data":null}"#, None), (r#"{"data":[]}"#, Some(0))] {
            assert_eq!(read(text).unwrap().0.rows, rows, "{text}");
        }
    }

    #[test]
    fn a_list_that_stands_there_twice_is_ambiguous() {
        for second in ["null", "[]", r#"[{"id":"b"}]"#] {
            let text = format!(r#"{{"data":[{{"id":"a"}}],"rows":{second}}}"#);
            assert!(read(&text).unwrap().0.ambiguous, "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_objects_is_an_error() {
        for text in
            ["[]", r#"{"data":{}}"#, r#"{"data":[null]}"#, r#"{"data":[[]]}"#, r#"{"data":[{"id":1}]}"#]
        {
            assert!(read(text).unwrap_err().is_data(), "{text}");
        }
    }
}
