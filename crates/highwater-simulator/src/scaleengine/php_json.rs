//! JSON as PHP reads and prints it with default flags: members keep their order, `/` and everything beyond ASCII is
//! escaped.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A JSON value with ordered members. Integers only: no field of the API takes a fraction, and PHP would print one
/// differently from how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Json>),
    Members(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) fn members<'a>(members: impl IntoIterator<Item = (&'a str, Json)>) -> Self {
        Self::Members(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Reads a text as `json_decode` to an array does; nothing if it is not JSON or has a number that is not a 64-bit integer.
    pub(super) fn decode(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Prints the value as `json_encode` does.
    pub(super) fn encode(&self) -> String {
        let mut out = String::new();
        self.print(&mut out);
        out
    }

    fn print(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => out.push_str(&value.to_string()),
            Self::Text(text) => print_text(text, out),
            Self::List(values) => print_list(values.iter(), out),
            Self::Members(members) => print_members(members, out),
        }
    }
}

/// Prints members as the PHP array they become on decoding: keys 0, 1, 2 … in order (or no key at all) make it a list.
fn print_members(members: &[(String, Json)], out: &mut String) {
    if members.iter().enumerate().all(|(index, (name, _))| *name == index.to_string()) {
        return print_list(members.iter().map(|(_, value)| value), out);
    }
    for (index, (name, value)) in members.iter().enumerate() {
        out.push(if index == 0 { '{' } else { ',' });
        print_text(name, out);
        out.push(':');
        value.print(out);
    }
    out.push('}');
}

fn print_list<'a>(values: impl Iterator<Item = &'a Json>, out: &mut String) {
    out.push('[');
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(',');
        }
        value.print(out);
    }
    out.push(']');
}

fn print_text(text: &str, out: &mut String) {
    out.push('"');
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('/') => out.push_str("\\/"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(plain @ ' '..='\u{7f}') => out.push(plain),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out.push('"');
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without fractions")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        i64::try_from(value).map(Json::Int).map_err(E::custom)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some((name, value)) = entries.next_entry()? {
            match members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, earlier)) => *earlier = value,
                None => members.push((name, value)),
            }
        }
        Ok(Json::Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn again(text: &str) -> String {
        Json::decode(text).expect("valid JSON").encode()
    }

    #[test]
    fn text_is_escaped_as_php_escapes_it() {
        let text = "a/b \"q\" \\ é 😀 \u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}<>&' \u{2028}";
        let printed = Json::text(text).encode();
        let expected = concat!(
            r#""a\/b \"q\" \\ \u00e9 \ud83d\ude00 \b\f\n\r\t\u0001\u001f"#,
            "\u{7f}",
            r#"<>&' \u2028""#
        );
        assert_eq!(printed, expected);
        assert_eq!(Json::decode(&printed), Some(Json::text(text)));
    }

    #[test]
    fn members_keep_the_order_they_came_in() {
        assert_eq!(
            again(r#" { "z" : 1, "a" : [ 1, "x", null, true ], "m" : {"k":-5} } "#),
            r#"{"z":1,"a":[1,"x",null,true],"m":{"k":-5}}"#
        );
    }

    #[test]
    fn a_repeated_member_keeps_its_first_place_and_its_last_value() {
        assert_eq!(again(r#"{"a":1,"b":2,"a":3}"#), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn objects_that_php_takes_for_lists_come_back_as_lists() {
        assert_eq!(
            again(r#"{"empty":{},"list":{"0":"x","1":"y"},"not":{"1":"x"}}"#),
            r#"{"empty":[],"list":["x","y"],"not":{"1":"x"}}"#
        );
    }

    #[test]
    fn what_is_not_json_or_not_an_integer_is_refused() {
        for text in ["", "{", "{\"a\":1.5}", "[1e3]", "18446744073709551615", "\"\\ud800\""] {
            assert_eq!(Json::decode(text), None, "{text}");
        }
    }
}
