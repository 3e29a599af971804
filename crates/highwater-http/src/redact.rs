//! Redaction: what a provider says, made fit to be shown.

use std::fmt;
use std::sync::Arc;

use highwater_core::Secret;

/// The longest quotation, in characters.
const LONGEST: usize = 300;

const REDACTED: &str = "[redacted]";

/// Names after which a value is never shown, in lower case.
const NAMES: &[&str] = &[
    "authorization",
    "wsc-api-key",
    "wsc-access-key",
    "wsc-signature",
    "signature",
    "api_key",
    "access_key",
    "token",
    "secret",
    "password",
];

/// Cuts credentials out of text: the known ones wherever they stand, and whatever follows a name that announces one.
#[derive(Clone, Default)]
pub struct Redaction(Arc<[Secret]>);

impl Redaction {
    /// A redaction that knows these credentials.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut secrets: Vec<Secret> =
            secrets.into_iter().filter(|secret| !secret.expose().is_empty()).collect();
        // A credential that is part of another must not spoil the match of the longer one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Self(secrets.into())
    }

    /// `text` without credentials, on one line, and cut after a few hundred characters.
    #[must_use]
    pub fn quote(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.0.iter() {
            text = text.replace(secret.expose(), REDACTED);
        }
        let masked = mask_named_values(&text);
        let line = masked.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction")
    }
}

/// `text` with each value masked that follows a name of [`NAMES`] and `=` or `:`, quoted or not.
fn mask_named_values(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(value) = next_named_value(&lower, at) {
        out.push_str(&text[at..value.start]);
        out.push_str(REDACTED);
        at = value.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Where the first named value at or after `from` stands.
fn next_named_value(lower: &str, from: usize) -> Option<std::ops::Range<usize>> {
    let mut candidates: Vec<usize> = NAMES
        .iter()
        .flat_map(|name| lower[from..].match_indices(name).map(|(start, name)| from + start + name.len()))
        .collect();
    candidates.sort_unstable();
    candidates.into_iter().find_map(|name_end| {
        let after_name = lower[name_end..].trim_start_matches(['"', '\'', '\\', ' ']);
        let after_mark = after_name.strip_prefix([':', '='])?.trim_start_matches(['"', '\'', '\\', ' ']);
        let value = ["bearer ", "basic "]
            .iter()
            .find_map(|scheme| after_mark.strip_prefix(scheme))
            .unwrap_or(after_mark);
        let start = lower.len() - value.len();
        let length = value.find(|c: char| c.is_whitespace() || "\"'&,;}".contains(c)).unwrap_or(value.len());
        (length > 0).then_some(start..start + length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_known_credential_is_cut_out_wherever_it_stands() {
        let redaction = Redaction::new(["k3y", "k3y-long"].map(|text| Secret::new(text.to_owned())));
        assert_eq!(redaction.quote("no key `k3y-long` or xk3yx"), "no key `[redacted]` or x[redacted]x");
    }

    #[test]
    fn what_a_telling_name_announces_is_masked() {
        let redaction = Redaction::default();
        for (text, shown) in [
            ("Authorization: Bearer abc.def rest", "Authorization: Bearer [redacted] rest"),
            ("authorization: Basic Zm9v", "authorization: Basic [redacted]"),
            ("/path?api_key=abc&day=3", "/path?api_key=[redacted]&day=3"),
            (r#"{"signature":"a\/b=","day":3}"#, r#"{"signature":"[redacted]","day":3}"#),
            ("wsc-signature = 00ff", "wsc-signature = [redacted]"),
            ("Invalid signature.", "Invalid signature."),
            ("token=a token=b", "token=[redacted] token=[redacted]"),
        ] {
            assert_eq!(redaction.quote(text), shown);
        }
    }

    #[test]
    fn a_quotation_is_one_short_line() {
        let quoted = Redaction::default().quote(&"a\n\tb ".repeat(500));
        assert_eq!(quoted.chars().count(), LONGEST + 1);
        assert!(quoted.starts_with("a b a b"));
    }

    proptest! {
        #[test]
        fn a_known_credential_never_survives(before in ".{0,20}", secret in "[a-zA-Z0-9+/=]{8,40}", after in ".{0,20}") {
            let redaction = Redaction::new([Secret::new(secret.clone())]);
            let text = format!("{before}{secret}{after}");
            prop_assert!(!redaction.quote(&text).contains(&secret));
        }

        #[test]
        fn any_text_is_quoted_without_panic(text in "(token|signature|:|=|\"| |é|.){0,30}") {
            let _ = Redaction::default().quote(&text);
        }
    }
}
