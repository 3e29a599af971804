//! What the provider declares as data.

use chrono::TimeDelta;
use highwater_core::{Duplicates, Grain, Provider, SettingValue, Settings};
use highwater_extract_scaleengine::ScaleEngine;

use crate::bench::named;

fn scope_of(apps: SettingValue) -> String {
    let mut settings = Settings::default();
    settings.insert("apps", apps);
    ScaleEngine.datasets(&settings)[0].scope.clone()
}

#[test]
fn every_column_named_as_fed_belongs_to_its_table() {
    let specs = ScaleEngine.datasets(&Settings::default());
    for feed in specs.iter().flat_map(|spec| spec.feeds) {
        for (column, field) in feed.provider_fields {
            assert!(feed.table.def().position(*column).is_some(), "{} has no {column}", feed.table);
            assert!(!field.is_empty());
        }
    }
}

#[test]
fn the_dataset_can_be_planned_without_a_secret() {
    let [spec] = &ScaleEngine.datasets(&Settings::default())[..] else { panic!("one dataset") };
    assert_eq!((spec.name.as_str(), spec.grain, spec.step), ("video_usage", Grain::Day, Grain::Day));
    assert_eq!((spec.span, spec.lag), (TimeDelta::days(1), TimeDelta::hours(6)));
    assert_eq!(spec.revisits, [TimeDelta::hours(48), TimeDelta::hours(120)]);
    assert_eq!((spec.retention, spec.duplicates), (None, Duplicates::Sum));
}

#[test]
fn an_added_application_is_another_scope_and_another_order_is_not() {
    assert_ne!(scope_of(named(&["a", "b"])), scope_of(named(&["a"])));
    assert_eq!(scope_of(named(&["a", "b"])), scope_of(named(&["b", "a"])));
    assert_ne!(scope_of(named(&["all"])), scope_of(SettingValue::Text("all".to_owned())));
}
