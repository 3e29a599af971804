//! The query of a request, decoded.

use percent_encoding::percent_decode_str;

use super::errors::Refusal;

/// Names and values in the order sent; brackets and spaces may have come encoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the text after the question mark.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// The last value sent under a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Which resources an account call is restricted to: `(transcoders, vod_streams)`.
    pub(super) fn filtered_resources(&self) -> Result<(bool, bool), Refusal> {
        let (mut transcoders, mut vod_streams) = (true, true);
        for (name, value) in self.0.iter().filter(|(name, _)| name.starts_with("filter")) {
            let operator = operator(name).ok_or_else(|| invalid(name))?;
            let named: Vec<&str> = match operator {
                "field" if value == "resource" => continue,
                "eq" => vec![value.as_str()],
                "in" => value.split(',').map(str::trim).collect(),
                _ => return Err(invalid(name)),
            };
            // The pages misspell the first value of `in`.
            let says_transcoders =
                named.iter().any(|&word| word == "transcoders" || (operator == "in" && word == "transcoder"));
            let says_vod_streams = named.contains(&"vod_streams");
            if named.len() != usize::from(says_transcoders) + usize::from(says_vod_streams) {
                return Err(invalid(value));
            }
            transcoders &= says_transcoders;
            vod_streams &= says_vod_streams;
        }
        if self.0.iter().any(|(name, _)| names_operator(name))
            != self.0.iter().any(|(name, _)| names_field(name))
        {
            return Err(Refusal::Invalid("A filter takes a field and a value.".to_owned()));
        }
        Ok((transcoders, vod_streams))
    }
}

/// The `eq` of `filter[0][eq]`.
fn operator(name: &str) -> Option<&str> {
    let (index, operator) = name.strip_prefix("filter[")?.strip_suffix(']')?.split_once("][")?;
    index.parse::<u32>().ok().map(|_| operator)
}

fn names_operator(name: &str) -> bool {
    matches!(operator(name), Some("eq" | "in"))
}

fn names_field(name: &str) -> bool {
    operator(name) == Some("field")
}

fn invalid(what: &str) -> Refusal {
    Refusal::Invalid(format!("The filter isn't valid: {what}."))
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_brackets_may_be_encoded() {
        let query = Query::parse("from=2026-09-01%2010:00:00&to=2026-09-02+00:00:00&filter%5B0%5D%5Beq%5D=x");
        assert_eq!(query.get("from"), Some("2026-09-01 10:00:00"));
        assert_eq!(query.get("to"), Some("2026-09-02 00:00:00"));
        assert_eq!(query.get("filter[0][eq]"), Some("x"));
    }

    #[test]
    fn a_filter_names_one_resource_or_both() {
        let of = |text: &str| Query::parse(text).filtered_resources().ok();
        assert_eq!(of(""), Some((true, true)));
        assert_eq!(of("filter[0][field]=resource&filter[0][eq]=transcoders"), Some((true, false)));
        assert_eq!(of("filter[0][field]=resource&filter[0][eq]=vod_streams"), Some((false, true)));
        assert_eq!(of("filter[0][field]=resource&filter[0][in]=transcoders,vod_streams"), Some((true, true)));
        assert_eq!(of("filter[0][field]=resource&filter[0][in]=transcoder,vod_streams"), Some((true, true)));
    }

    #[test]
    fn other_fields_operators_and_values_are_refused() {
        for text in [
            "filter[0][field]=name&filter[0][eq]=transcoders",
            "filter[0][field]=resource&filter[0][neq]=transcoders",
            "filter[0][field]=resource&filter[0][eq]=stream_targets",
            "filter[0][field]=resource&filter[0][eq]=transcoders,vod_streams",
            "filter[0][field]=resource",
            "filter[0][eq]=transcoders",
            "filter=transcoders",
        ] {
            assert!(Query::parse(text).filtered_resources().is_err(), "{text}");
        }
    }
}
