//! The twenty usage operations: their names, their paths, and what their answers are.

use highwater_core::{Error, ErrorKind, OperationSpec, Result};

/// A list with its summary and its single rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// Transcoders and their egress.
    Transcoders,
    /// VOD streams and their viewing.
    VodStreams,
    /// VOD streams and their egress.
    VodEgress,
}

/// Whose viewing an answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Transcoder,
    VodStream,
    Account,
}

/// What an answer is, to its decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    List(Feed),
    One(Feed),
    Summary(Feed),
    Account,
    Countries(Subject),
    Renditions,
    Trend(Subject),
    Live(Subject),
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) spec: OperationSpec,
    pub(crate) shape: Shape,
}

/// Words that stand where an id could: the provider reads them as its own.
pub(crate) const RESERVED_IDS: [&str; 2] = ["summary", "egress"];

const NUMBERED: &[&str] = &["page", "per_page"];
const KEYED: &[&str] = &["next_page_key", "per_page"];
const FILTER: &[&str] = &["filter[0][field]", "filter[0][eq]", "filter[0][in]"];

const fn operation(name: &'static str, call: &'static str, dataset: &'static str, shape: Shape) -> Operation {
    let takes_id = matches!(
        shape,
        Shape::One(_)
            | Shape::Renditions
            | Shape::Countries(Subject::Transcoder | Subject::VodStream)
            | Shape::Trend(Subject::Transcoder | Subject::VodStream)
            | Shape::Live(Subject::Transcoder | Subject::VodStream)
    );
    let params = match shape {
        Shape::List(Feed::Transcoders) => NUMBERED,
        Shape::List(Feed::VodStreams | Feed::VodEgress) => KEYED,
        Shape::Account | Shape::Countries(Subject::Account) | Shape::Trend(Subject::Account) => FILTER,
        _ => &[],
    };
    let takes_window = !matches!(shape, Shape::Live(_));
    Operation { spec: OperationSpec { name, call, dataset, takes_id, takes_window, params }, shape }
}

/// All operations. The summaries of VOD streams, asked for by themselves, are rows of the account's usage.
#[rustfmt::skip]
const OPERATIONS: [Operation; 20] = [
    operation("transcoders", "GET /usage/transcoders", "transcoders", Shape::List(Feed::Transcoders)),
    operation("transcoder", "GET /usage/transcoders/{id}", "transcoder_viewing", Shape::One(Feed::Transcoders)),
    operation("transcoder_summary", "GET /usage/transcoders/summary", "transcoder_summary", Shape::Summary(Feed::Transcoders)),
    operation("transcoder_countries", "GET /usage/transcoders/{id}/countries", "transcoder_countries", Shape::Countries(Subject::Transcoder)),
    operation("transcoder_trend", "GET /usage/transcoders/{id}/trend", "transcoder_trend", Shape::Trend(Subject::Transcoder)),
    operation("transcoder_live", "GET /usage/transcoders/{id}/live", "transcoder_live", Shape::Live(Subject::Transcoder)),
    operation("account", "GET /usage/accounts", "account", Shape::Account),
    operation("account_countries", "GET /usage/accounts/countries", "account_countries", Shape::Countries(Subject::Account)),
    operation("account_trend", "GET /usage/accounts/trend", "account_trend", Shape::Trend(Subject::Account)),
    operation("account_live", "GET /usage/accounts/live", "account_live", Shape::Live(Subject::Account)),
    operation("vod_streams", "GET /usage/vod_streams", "vod_streams", Shape::List(Feed::VodStreams)),
    operation("vod_stream", "GET /usage/vod_streams/{id}", "vod_details", Shape::One(Feed::VodStreams)),
    operation("vod_summary", "GET /usage/vod_streams/summary", "account", Shape::Summary(Feed::VodStreams)),
    operation("vod_egress", "GET /usage/vod_streams/egress", "vod_egress", Shape::List(Feed::VodEgress)),
    operation("vod_egress_one", "GET /usage/vod_streams/egress/{id}", "vod_egress", Shape::One(Feed::VodEgress)),
    operation("vod_egress_summary", "GET /usage/vod_streams/egress/summary", "account", Shape::Summary(Feed::VodEgress)),
    operation("vod_countries", "GET /usage/vod_streams/{id}/countries", "vod_countries", Shape::Countries(Subject::VodStream)),
    operation("vod_renditions", "GET /usage/vod_streams/{id}/renditions", "vod_renditions", Shape::Renditions),
    operation("vod_trend", "GET /usage/vod_streams/{id}/trend", "vod_trend", Shape::Trend(Subject::VodStream)),
    operation("vod_live", "GET /usage/vod_streams/{id}/live", "vod_live", Shape::Live(Subject::VodStream)),
];

/// What `fetch` takes.
pub(crate) static SPECS: [OperationSpec; OPERATIONS.len()] = {
    let mut specs = [OPERATIONS[0].spec; OPERATIONS.len()];
    let mut nth = 1;
    while nth < specs.len() {
        specs[nth] = OPERATIONS[nth].spec;
        nth += 1;
    }
    specs
};

/// The operation called `name`.
///
/// # Errors
/// `Internal` when there is none: requests are made from this list.
pub(crate) fn find(name: &str) -> Result<Operation> {
    OPERATIONS.into_iter().find(|operation| operation.spec.name == name).ok_or_else(|| {
        Error::new(ErrorKind::Internal, format!("unknown operation of Wowza: operation=`{name}`"))
    })
}

impl Operation {
    /// The path after `/api/{version}`, with `{id}` where the id goes.
    pub(crate) fn path(&self) -> &'static str {
        self.spec.call.trim_start_matches("GET ")
    }
}

impl Feed {
    /// Where a list or a single row stands in its answer.
    pub(crate) const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Transcoders => ("transcoders", "transcoder"),
            Self::VodStreams | Self::VodEgress => ("vod_streams", "vod_stream"),
        }
    }

    /// What its rows are about.
    pub(crate) const fn subject(self) -> Subject {
        match self {
            Self::Transcoders => Subject::Transcoder,
            Self::VodStreams | Self::VodEgress => Subject::VodStream,
        }
    }
}

impl Subject {
    /// The `resource_type`.
    pub(crate) const fn resource_type(self) -> &'static str {
        match self {
            Self::Transcoder => "transcoder",
            Self::VodStream => "vod_stream",
            Self::Account => "account",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_paths_are_unique_and_ids_stand_where_they_are_taken() {
        let names: BTreeSet<_> = SPECS.iter().map(|spec| spec.name).collect();
        let calls: BTreeSet<_> = SPECS.iter().map(|spec| spec.call).collect();
        assert_eq!((names.len(), calls.len()), (20, 20));
        for operation in OPERATIONS {
            assert_eq!(operation.path().contains("{id}"), operation.spec.takes_id);
            assert_eq!(operation.path().ends_with("/live"), !operation.spec.takes_window);
            assert!(operation.path().starts_with("/usage/"));
        }
    }

    #[test]
    fn every_literal_that_could_be_taken_for_an_id_is_reserved() {
        let segments = |call: &'static str| call.split('/').collect::<Vec<_>>();
        for with_id in SPECS.iter().filter(|spec| spec.takes_id) {
            let place = segments(with_id.call).iter().position(|segment| *segment == "{id}").unwrap();
            let before = &segments(with_id.call)[..place];
            for other in SPECS.iter().map(|spec| segments(spec.call)) {
                if let Some(literal) = other.get(place).filter(|_| other[..place] == *before) {
                    assert!(*literal == "{id}" || RESERVED_IDS.contains(literal), "{literal}");
                }
            }
        }
    }
}
