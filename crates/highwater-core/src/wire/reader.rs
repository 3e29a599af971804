//! Reading a page of many small rows: plain texts, numbers and the marks between them are read here, in one pass and
//! without looking back; what is rarer is left to serde_json.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor, value::BorrowedStrDeserializer,
};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::value::RawValue;

use super::value::RAW;

/// Reads `seed` from all of `text`: what serde_json reads from it, and refuses what it refuses.
///
/// # Errors
/// Without saying why: that is for another reading to find out, of a page that is refused anyway.
pub fn read_whole<'de, S: DeserializeSeed<'de>>(text: &'de str, seed: S) -> Result<S::Value, Refused> {
    let mut reader = Reader { text, at: 0 };
    let value = seed.deserialize(&mut reader)?;
    if reader.peek().is_some() { Err(Refused) } else { Ok(value) }
}

/// The text is not JSON, or not of the type that was to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not what was to be read")
    }
}

impl std::error::Error for Refused {}

impl serde::de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Text, and how far it is read.
struct Reader<'de> {
    text: &'de str,
    at: usize,
}

impl<'de> Reader<'de> {
    /// The next byte that is not white space; it is not taken.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Takes `mark`, which must come next.
    #[inline]
    fn mark(&mut self, mark: u8) -> Result<(), Refused> {
        if self.peek() != Some(mark) {
            return Err(Refused);
        }
        self.at += 1;
        Ok(())
    }

    /// Whether another member or element comes before `end`, behind its comma unless it is the `first`; no end is taken.
    #[inline]
    fn another(&mut self, first: &mut bool, end: u8) -> Result<bool, Refused> {
        if self.peek() == Some(end) {
            return Ok(false);
        }
        if !std::mem::take(first) {
            self.mark(b',')?;
        }
        Ok(true)
    }

    /// Takes a text that begins here and holds no escape; `None` where it does hold one, and nothing is taken then.
    #[inline]
    fn plain_text(&mut self) -> Result<Option<&'de str>, Refused> {
        let start = self.at + 1;
        let end = start + plain_bytes(self.text.as_bytes().get(start..).unwrap_or_default());
        match self.text.as_bytes().get(end) {
            Some(b'"') => {
                self.at = end + 1;
                self.text.get(start..end).map(Some).ok_or(Refused)
            }
            Some(b'\\') => Ok(None),
            _ => Err(Refused),
        }
    }

    /// Takes a number.
    #[inline]
    fn number(&mut self) -> Result<&'de str, Refused> {
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            let start = at;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            if at > start { Ok(at) } else { Err(Refused) }
        };
        let whole = self.at + usize::from(bytes.get(self.at) == Some(&b'-'));
        let mut end = if bytes.get(whole) == Some(&b'0') { whole + 1 } else { digits(whole)? };
        if bytes.get(end) == Some(&b'.') {
            end = digits(end + 1)?;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
            end = digits(end + 1 + usize::from(signed))?;
        }
        let number = self.text.get(self.at..end).ok_or(Refused)?;
        self.at = end;
        Ok(number)
    }

    /// Takes `word`, which must stand here.
    fn word(&mut self, word: &'static str) -> Result<&'static str, Refused> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Refused);
        }
        self.at += word.len();
        Ok(word)
    }

    /// Takes a value, any value, as the text that it is.
    #[inline]
    fn raw(&mut self) -> Result<&'de str, Refused> {
        match self.peek().ok_or(Refused)? {
            b'"' => {
                let start = self.at;
                match self.plain_text()? {
                    Some(_) => self.text.get(start..self.at).ok_or(Refused),
                    None => self.left_to_serde_json::<&RawValue>().map(RawValue::get),
                }
            }
            b'{' | b'[' => self.left_to_serde_json::<&RawValue>().map(RawValue::get),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    /// Takes a text, a list or an object.
    #[cold]
    fn left_to_serde_json<T: Deserialize<'de>>(&mut self) -> Result<T, Refused> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        let value = values.next().and_then(Result::ok).ok_or(Refused)?;
        self.at += values.byte_offset();
        Ok(value)
    }
}

/// How many of the first bytes are those of a text without an escape.
#[inline]
fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    // The highest bit of each byte that is below `n`, and perhaps of bytes after such a one.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & (ONES << 7);
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let same = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let special = same(b'"') | same(b'\\') | below(word, 0x20);
        if special != 0 {
            return at * 8 + (special.trailing_zeros() / 8) as usize;
        }
    }
    let before = words.len() * 8;
    before + rest.iter().position(is_special).unwrap_or(rest.len())
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Refused;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.peek().ok_or(Refused)? {
            b'"' => match self.plain_text()? {
                Some(text) => visitor.visit_borrowed_str(text),
                None => visitor.visit_string(self.left_to_serde_json()?),
            },
            b'{' => {
                self.at += 1;
                let value = visitor.visit_map(Members { reader: self, first: true })?;
                self.mark(b'}').map(|()| value)
            }
            b'[' => {
                self.at += 1;
                let value = visitor.visit_seq(Elements { reader: self, first: true })?;
                self.mark(b']').map(|()| value)
            }
            b't' => self.word("true").and_then(|_| visitor.visit_bool(true)),
            b'f' => self.word("false").and_then(|_| visitor.visit_bool(false)),
            b'n' => self.word("null").and_then(|_| visitor.visit_unit()),
            _ => {
                let mut number = serde_json::Deserializer::from_str(self.number()?);
                number.deserialize_any(visitor).map_err(|_| Refused)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.peek() == Some(b'n') {
            return self.word("null").and_then(|_| visitor.visit_none());
        }
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if name == RAW { visitor.visit_borrowed_str(self.raw()?) } else { visitor.visit_newtype_struct(self) }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.raw().and_then(|_| visitor.visit_unit())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct enum identifier
    }
}

/// The members of an object, behind its brace.
struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Refused;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        if !self.reader.another(&mut self.first, b'}')? {
            return Ok(None);
        }
        if self.reader.peek() != Some(b'"') {
            return Err(Refused);
        }
        let name = match self.reader.plain_text()? {
            Some(name) => seed.deserialize(BorrowedStrDeserializer::new(name))?,
            None => seed.deserialize(&mut *self.reader)?,
        };
        self.reader.mark(b':').map(|()| Some(name))
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        seed.deserialize(&mut *self.reader)
    }
}

/// The elements of a list, behind its bracket.
struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Refused;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        if !self.reader.another(&mut self.first, b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

#[cfg(test)]
mod tests;
