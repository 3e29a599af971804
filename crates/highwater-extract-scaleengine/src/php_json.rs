//! Request members as the bytes that PHP's `json_encode` would print: the provider may verify a signature over what it
//! decoded and printed again, so ours must not differ in a single byte.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

/// The value of a request member. There are no fractions: PHP would print one differently from how it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A bare integer.
    Int(i64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Value>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(values: Vec<V>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

/// The members of a request in the order they are sent and signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Vec<(&'static str, Value)>);

impl Members {
    /// The members with one more at the end. A name must not be given twice.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        debug_assert!(self.0.iter().all(|(known, _)| *known != name), "member `{name}` is given twice");
        self.0.push((name, value.into()));
        self
    }

    /// The JSON text, byte for byte as PHP's `json_encode` prints it with default flags. It is ASCII.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, PhpFormatter);
        self.serialize(&mut serializer).expect("members have text keys and a Vec takes every byte");
        String::from_utf8(bytes).expect("the formatter writes ASCII")
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Where PHP differs from compact JSON: `/` is escaped, and everything beyond ASCII is written as UTF-16 units.
struct PhpFormatter;

impl Formatter for PhpFormatter {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for letter in fragment.chars() {
            match u8::try_from(letter) {
                Ok(b'/') => writer.write_all(b"\\/")?,
                Ok(ascii) if ascii.is_ascii() => writer.write_all(&[ascii])?,
                _ => {
                    for unit in letter.encode_utf16(&mut [0; 2]) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_escaped_as_php_escapes_it() {
        let text = "a/b \"q\" \\ \u{e9} \u{1f600} \u{8}\u{c}\n\r\t\0\u{1f}\u{7f}\u{80}<>&' \u{2028}\u{ffff}";
        let expected = concat!(
            r#"{"url":"a\/b \"q\" \\ \u00e9 \ud83d\ude00 \b\f\n\r\t\u0000\u001f"#,
            "\u{7f}",
            r#"\u0080<>&' \u2028\uffff"}"#
        );
        assert_eq!(Members::default().with("url", text).encode(), expected);
    }

    #[test]
    fn members_keep_their_order_and_nothing_stands_between_them() {
        let empty = Vec::<Value>::new();
        let members =
            Members::default().with("z", 1).with("a", vec!["x", "y"]).with("m", -5).with("e", empty);
        assert_eq!(members.encode(), r#"{"z":1,"a":["x","y"],"m":-5,"e":[]}"#);
    }

    proptest! {
        #[test]
        fn whatever_the_text_the_bytes_are_ascii_and_decode_to_it(text in any::<String>()) {
            let encoded = Members::default().with("url", text.as_str()).encode();
            prop_assert!(encoded.is_ascii());
            let decoded: serde_json::Value = serde_json::from_str(&encoded).unwrap();
            prop_assert_eq!(decoded["url"].as_str(), Some(text.as_str()));
        }
    }
}
