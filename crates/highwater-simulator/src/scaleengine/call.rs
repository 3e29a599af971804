//! A decoded request: its members in the order received.

use super::failure::Failure;
use super::php_json::Json;

/// The members of one request's JSON object.
#[derive(Debug)]
pub(super) struct Call {
    members: Vec<(String, Json)>,
}

impl Call {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        match Json::decode(text) {
            Some(Json::Members(members)) => Ok(Self { members }),
            _ => Err(Failure::missing("json")),
        }
    }

    pub(super) fn members(&self) -> &[(String, Json)] {
        &self.members
    }

    /// The member, unless it is absent or null.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        let (_, value) = self.members.iter().find(|(member, _)| member == name)?;
        (*value != Json::Null).then_some(value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An integer, also when it is written as a decimal text: PHP makes no difference.
    pub(super) fn int(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Json::Int(number) => Some(*number),
            Json::Text(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn required_text(&self, name: &str) -> Result<&str, Failure> {
        self.text(name).ok_or_else(|| Failure::missing(name))
    }

    /// An integer that may be left out, but not be something else.
    pub(super) fn optional_int(&self, name: &str) -> Result<Option<i64>, Failure> {
        match (self.get(name), self.int(name)) {
            (Some(_), None) => Err(Failure::missing(name)),
            (_, number) => Ok(number),
        }
    }

    pub(super) fn required_int(&self, name: &str) -> Result<i64, Failure> {
        self.int(name).ok_or_else(|| Failure::missing(name))
    }

    /// A member that may be one value or an array of them; absent is an empty list.
    pub(super) fn one_or_many(&self, name: &str) -> &[Json] {
        match self.get(name) {
            Some(Json::List(values)) => values,
            Some(value) => std::slice::from_ref(value),
            None => &[],
        }
    }
}
