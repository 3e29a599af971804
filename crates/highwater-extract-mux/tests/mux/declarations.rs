//! What the provider declares as data.

use highwater_core::{ErrorKind, Grain, Provider, Settings};
use highwater_extract_mux::Mux;

use crate::source::{TOKEN_ID, TOKEN_SECRET, connect, context, offline, settings};

#[test]
fn every_column_named_as_fed_belongs_to_its_table() {
    let specs = Mux.datasets(&Settings::default());
    for feed in specs.iter().flat_map(|spec| spec.feeds) {
        for (column, field) in feed.provider_fields {
            assert!(feed.table.def().position(*column).is_some(), "{} has no {column}", feed.table);
            assert!(!field.is_empty());
        }
    }
}

#[test]
fn the_dataset_can_be_planned_without_a_secret() {
    let [spec] = &Mux.datasets(&Settings::default())[..] else { panic!("one dataset") };
    assert_eq!((spec.name.as_str(), spec.grain, spec.step), ("delivery_usage", Grain::Hour, Grain::Hour));
    assert_eq!(spec.span, spec.step.duration());
    assert!(spec.retention.is_some_and(|retention| retention > spec.lag + spec.settles_after()));
    let operations = offline().operations();
    assert!(spec.operations.iter().all(|name| operations.iter().any(|operation| operation.name == *name)));
}

#[test]
fn a_missing_secret_is_named() {
    let error = Mux.connect(&Settings::default(), context()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`token_id`"), "{error}");
}

#[test]
fn a_base_url_that_is_none_is_refused_before_anything_is_sent() {
    let error = Mux.connect(&settings("not a url", 100), context()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("base_url"));
}

#[test]
fn no_secret_is_printed_by_the_source() {
    let text = format!("{:?} {:#?} {Mux:?}", offline(), connect(&settings("http://127.0.0.1:9", 7)));
    assert!(!text.contains(TOKEN_ID) && !text.contains(TOKEN_SECRET), "{text}");
}
