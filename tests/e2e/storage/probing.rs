//! `check` unmasks a store that commits cannot rely on.

use super::{site::Site, stores::Store};

const NOW: &str = "2026-09-03T12:00:00Z";

fn checked(arrange: impl FnOnce(&Site)) -> (Option<i32>, String) {
    let site = Site::new(NOW, 5, |_| Store::s3());
    arrange(&site);
    let outcome = site.highwater(NOW, &["check"]).run();
    (outcome.code, outcome.stdout + &outcome.stderr)
}

#[test]
fn a_store_that_ignores_conditions_is_unmasked() {
    let (code, said) = checked(|site| site.store.own().server.faults().ignore_conditions(true));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the store ignores conditional writes"), "{said}");
    assert!(said.contains("conditional_writes = \"disabled\""), "{said}");
}

#[test]
fn a_store_that_wants_etags_without_quotes_is_named_with_its_setting() {
    let (code, said) = checked(|site| site.store.own().server.faults().refuse_quotes(true));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("conditional_writes = \"etag-unquoted\""), "{said}");
}

#[test]
fn a_store_that_keeps_its_conditions_passes() {
    let (code, said) = checked(|_| {});
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("conditional writes hold"), "{said}");
}
