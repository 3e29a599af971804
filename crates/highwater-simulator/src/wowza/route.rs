//! Which operation a path names. Literal segments win over ids.

use percent_encoding::percent_decode_str;

/// A version of the API that this account speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1_8,
    V1_9,
    V1_10,
    Beta,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "v1.8" => Some(Self::V1_8),
            "v1.9" => Some(Self::V1_9),
            "v1.10" => Some(Self::V1_10),
            "beta" => Some(Self::Beta),
            _ => None,
        }
    }

    /// Whether key headers and signatures count beside the token.
    pub(super) fn accepts_keys(self) -> bool {
        matches!(self, Self::V1_8 | Self::Beta)
    }

    /// Whether the version's own page prints live samples with milliseconds.
    pub(super) fn prints_milliseconds(self) -> bool {
        matches!(self, Self::V1_8 | Self::Beta)
    }
}

/// A list with its summary and single rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feed {
    Transcoders,
    VodStreams,
    VodEgress,
}

/// Whose viewing is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Transcoder(String),
    VodStream(String),
    Account,
}

/// The twenty usage operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    List(Feed),
    Summary(Feed),
    One(Feed, String),
    Account,
    Countries(Subject),
    Renditions(String),
    Trend(Subject),
    Live(Subject),
}

/// The version and the segments after `/api/{version}/usage`, or `None` for a version or prefix not spoken here.
pub(super) fn version(path: &str) -> Option<(Version, Vec<String>)> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut segments = path.split('/').map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned());
    if segments.next()? != "api" {
        return None;
    }
    Some((Version::parse(&segments.next()?)?, segments.collect()))
}

/// The operation that the segments after the version name.
pub(super) fn operation(segments: &[String]) -> Option<Operation> {
    use Operation as O;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let owned = str::to_owned;
    let found = match segments.as_slice() {
        ["usage", "transcoders"] => O::List(Feed::Transcoders),
        ["usage", "transcoders", "summary"] => O::Summary(Feed::Transcoders),
        ["usage", "transcoders", id] => O::One(Feed::Transcoders, owned(id)),
        ["usage", "transcoders", id, "countries"] => O::Countries(Subject::Transcoder(owned(id))),
        ["usage", "transcoders", id, "trend"] => O::Trend(Subject::Transcoder(owned(id))),
        ["usage", "transcoders", id, "live"] => O::Live(Subject::Transcoder(owned(id))),
        ["usage", "accounts"] => O::Account,
        ["usage", "accounts", "countries"] => O::Countries(Subject::Account),
        ["usage", "accounts", "trend"] => O::Trend(Subject::Account),
        ["usage", "accounts", "live"] => O::Live(Subject::Account),
        ["usage", "vod_streams"] => O::List(Feed::VodStreams),
        ["usage", "vod_streams", "summary"] => O::Summary(Feed::VodStreams),
        ["usage", "vod_streams", "egress"] => O::List(Feed::VodEgress),
        ["usage", "vod_streams", "egress", "summary"] => O::Summary(Feed::VodEgress),
        ["usage", "vod_streams", "egress", id] => O::One(Feed::VodEgress, owned(id)),
        ["usage", "vod_streams", id] => O::One(Feed::VodStreams, owned(id)),
        ["usage", "vod_streams", id, "countries"] => O::Countries(Subject::VodStream(owned(id))),
        ["usage", "vod_streams", id, "renditions"] => O::Renditions(owned(id)),
        ["usage", "vod_streams", id, "trend"] => O::Trend(Subject::VodStream(owned(id))),
        ["usage", "vod_streams", id, "live"] => O::Live(Subject::VodStream(owned(id))),
        _ => return None,
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<Operation> {
        version(path).and_then(|(_, segments)| operation(&segments))
    }

    #[test]
    fn literal_segments_win_over_ids() {
        assert_eq!(of("/api/v1.10/usage/transcoders/summary"), Some(Operation::Summary(Feed::Transcoders)));
        assert_eq!(of("/api/v1.10/usage/vod_streams/egress"), Some(Operation::List(Feed::VodEgress)));
        assert_eq!(
            of("/api/v1.10/usage/vod_streams/egress/summary"),
            Some(Operation::Summary(Feed::VodEgress))
        );
        let odd = Operation::One(Feed::VodEgress, "countries".to_owned());
        assert_eq!(of("/api/v1.10/usage/vod_streams/egress/countries"), Some(odd));
    }

    #[test]
    fn an_escaped_id_is_one_segment() {
        let one = Operation::One(Feed::Transcoders, "a/b".to_owned());
        assert_eq!(of("/api/beta/usage/transcoders/a%2Fb"), Some(one));
    }

    #[test]
    fn other_versions_are_not_spoken() {
        for path in [
            "/api/v1.7/usage/transcoders",
            "/api/v1.11/usage/accounts",
            "/api/v2.0/usage/account",
            "/usage/accounts",
        ] {
            assert!(version(path).is_none(), "{path}");
        }
    }
}
