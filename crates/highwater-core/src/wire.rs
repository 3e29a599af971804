//! Wire structs: JSON objects of a provider, decoded without an allocation a field, that remember the names of the
//! fields we do not know.

mod listed;
mod names;
mod object;
mod reader;
mod value;

pub use listed::{EachRow, Listed};
pub use object::{Object, fill};
pub use reader::{Refused, read_whole};
pub use value::{Raw, Slot, Text, Value};

/// Declares structs that decode from JSON objects. Every field is optional and defaults when absent or null; what is
/// required is the decoder's business, because only it can name the path. Fields that are not declared are skipped
/// and their names kept in `unknown`. Fields may come in any order; they are found soonest in that of their declaration.
///
/// ```
/// highwater_core::wire! {
///     /// A row.
///     pub struct Row<'a> {
///         /// Its id.
///         id: highwater_core::wire::Text<'a>,
///         /// Its size, as the text of the number.
///         size: highwater_core::wire::Raw<'a> = "size_bytes",
///     }
/// }
/// let row: Row = serde_json::from_str(r#"{"id":"a","size_bytes":1.50,"colour":"red"}"#).unwrap();
/// assert_eq!(row.size.unwrap().get(), "1.50");
/// assert_eq!(row.unknown, ["colour"]);
/// ```
#[macro_export]
macro_rules! wire {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident<'a> {
            $($(#[$field_meta:meta])* $field:ident : $type:ty $(= $($wire:literal)|+)?),* $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Default)]
        $vis struct $name<'a> {
            $($(#[$field_meta])* pub $field: Option<$type>,)*
            /// Names of fields that are not declared, in the order of their appearance.
            pub unknown: Vec<String>,
            /// Ties the lifetime also where no field borrows.
            #[doc(hidden)]
            pub lifetime: std::marker::PhantomData<&'a ()>,
        }

        const _: () = {
            #[allow(non_camel_case_types)]
            enum FieldNumber {
                $($field),*
            }

            impl<'a> $crate::wire::Object<'a> for $name<'a> {
                const FIELDS: usize = <[&str]>::len(&[$(stringify!($field)),*]);

                #[inline]
                fn is_called(field: usize, name: &str) -> bool {
                    match field {
                        $(number if number == FieldNumber::$field as usize => {
                            matches!(name, $crate::wire!(@names $field $($($wire)|+)?))
                        })*
                        _ => false,
                    }
                }

                #[inline]
                fn read<A: serde::de::MapAccess<'a>>(&mut self, field: usize, map: &mut A) -> Result<(), A::Error> {
                    match field {
                        $(number if number == FieldNumber::$field as usize => {
                            map.next_value_seed($crate::wire::Slot(&mut self.$field))
                        })*
                        _ => map.next_value::<serde::de::IgnoredAny>().map(|_| ()),
                    }
                }

                fn unknown(&mut self) -> &mut Vec<String> {
                    &mut self.unknown
                }
            }
        };

        impl<'a> serde::Deserialize<'a> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
                let mut object = Self::default();
                $crate::wire::fill(&mut object, deserializer)?;
                Ok(object)
            }
        }
    )*};
    (@names $field:ident) => { stringify!($field) };
    (@names $field:ident $($wire:literal)|+) => { $($wire)|+ };
}

#[cfg(test)]
mod tests {
    use super::{Raw, Text};

    crate::wire! {
        struct Row<'a> {
            id: Text<'a>,
            size: Raw<'a> = "size" | "size_bytes",
            parts: Vec<Part<'a>>,
        }
        struct Part<'a> {
            name: Text<'a>,
        }
    }

    #[test]
    fn known_fields_are_read_and_unknown_ones_are_named() {
        let text = r#"{"id":"a\"b","size_bytes":1.50,"parts":[{"name":"x","new":{"deep":[1]}}],"also_new":null,"id2":3}"#;
        let row: Row<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(row.id.as_deref(), Some("a\"b"));
        assert_eq!(row.size.map(|size| size.get()), Some("1.50"));
        assert_eq!(row.unknown, ["also_new", "id2"]);
        let parts = row.parts.unwrap();
        assert_eq!((parts[0].name.as_deref(), &parts[0].unknown[..]), (Some("x"), &["new".to_owned()][..]));
    }

    #[test]
    fn null_is_absent_and_another_type_is_an_error() {
        let row: Row<'_> = serde_json::from_str(r#"{"id":null}"#).unwrap();
        assert!(row.id.is_none() && row.size.is_none());
        assert!(serde_json::from_str::<Row<'_>>(r#"{"id":3}"#).is_err());
        assert!(serde_json::from_str::<Row<'_>>("[]").is_err());
    }

    #[test]
    fn fields_come_in_any_order_and_the_last_of_one_name_or_another_stays() {
        let text = r#"{"parts":[],"new":1,"size_bytes":1,"id":"a","size":2,"id":"b","new":2,"parts":null}"#;
        let row: Row<'_> = serde_json::from_str(text).unwrap();
        assert_eq!((row.id.as_deref(), row.size.map(|size| size.get())), (Some("b"), Some("2")));
        assert!(row.parts.is_none());
        assert_eq!(row.unknown, ["new", "new"]);
        let row: Row<'_> =
            serde_json::from_str(r#"{"size":1,"id":"a","size_bytes":null,"id":null}"#).unwrap();
        assert!(row.size.is_none() && row.id.is_none());
    }

    #[test]
    fn an_escaped_name_is_the_name_it_stands_for() {
        let row: Row<'_> = serde_json::from_str(r#"{"\u0069d":"a","n\u00e9w":1}"#).unwrap();
        assert_eq!((row.id.as_deref(), &row.unknown[..]), (Some("a"), &["n\u{e9}w".to_owned()][..]));
    }

    #[test]
    fn objects_within_objects_may_be_null_and_stand_there_twice() {
        crate::wire! {
            struct Whole<'a> {
                part: Part<'a>,
            }
        }
        let read = |text| serde_json::from_str::<Whole<'_>>(text).map(|whole| whole.part);
        assert!(read(r#"{"part":{"name":"x"},"part":null}"#).unwrap().is_none());
        let part = read(r#"{"part":{"name":"x","new":1},"part":{}}"#).unwrap().unwrap();
        assert!(part.name.is_none() && part.unknown.is_empty());
        for text in [r#"{"part":[]}"#, r#"{"part":"x"}"#, r#"{"part":1}"#] {
            assert!(read(text).unwrap_err().is_data(), "{text}");
        }
    }

    #[test]
    fn texts_borrow_from_the_page_unless_they_hold_an_escape() {
        let page = r#"["plain","esc\naped"]"#.to_owned();
        let texts: Vec<Text<'_>> = serde_json::from_str(&page).unwrap();
        assert_eq!((texts[0].as_str(), texts[1].as_str()), ("plain", "esc\naped"));
        assert_eq!(texts[0].as_ptr(), page[2..].as_ptr());
    }
}
