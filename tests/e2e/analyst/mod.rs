//! The analyst's side from outside: what `sql` and `schema` print, in the programs that it is printed for.

mod athena;
mod check;
mod coverage;
mod estate;
mod json;
mod readme;
mod reads;
mod script;
mod shapes;
mod sums;

use chrono::{DateTime, Utc};

/// When the tests take place: all data of [`FROM`] to [`TO`] are there.
const NOW: &str = "2026-09-29T12:00:00Z";
/// The first day that is loaded.
const FROM: &str = "2026-09-24";
/// The first day that is not.
const TO: &str = "2026-09-27";

/// An instant, or the midnight of a date.
fn at(text: &str) -> DateTime<Utc> {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    text.parse().expect("a literal instant")
}
