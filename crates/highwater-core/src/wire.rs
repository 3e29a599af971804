//! Wire structs: JSON objects of a provider, decoded without an allocation a field, that remember the names of the
//! fields we do not know.

/// Declares structs that decode from JSON objects. Every field is optional and defaults when absent or null; what is
/// required is the decoder's business, because only it can name the path. Fields that are not declared are skipped
/// and their names kept in `unknown`.
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

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor<'a>(std::marker::PhantomData<&'a ()>);
                impl<'de: 'a, 'a> serde::de::Visitor<'de> for Visitor<'a> {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut value = $name::default();
                        while let Some(key) = map.next_key::<$crate::wire::Text<'de>>()? {
                            match key.as_str() {
                                $($crate::wire!(@names $field $($($wire)|+)?) => {
                                    value.$field = map.next_value::<Option<$type>>()?;
                                })*
                                other => {
                                    value.unknown.push(other.to_owned());
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(value)
                    }
                }
                deserializer.deserialize_map(Visitor(std::marker::PhantomData))
            }
        }
    )*};
    (@names $field:ident) => { stringify!($field) };
    (@names $field:ident $($wire:literal)|+) => { $($wire)|+ };
}

/// Text of a JSON string, borrowed from the page where it holds no escape.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

impl Text<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// Any JSON value as the text it had on the page: for numbers that must stay exact.
pub type Raw<'a> = &'a serde_json::value::RawValue;

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
}
