//! Faults in the answers themselves: pages that move, and figures that are wrong.

use crate::mux::behaviour::MuxBehaviour;
use crate::mux::hours::Hour;
use crate::mux::ranking::Row;
use crate::mux::request::Asked;

/// Lets a page after the first shift while such faults are left, and returns by how much its total drifts.
pub(crate) fn unsettle(
    behaviour: &mut MuxBehaviour,
    page: &mut [Row],
    ranked: &[Row],
    asked: &Asked,
) -> usize {
    let before = asked.offset().checked_sub(1).and_then(|place| ranked.get(place));
    let (Some(first), Some(before)) = (page.first_mut(), before) else { return 0 };
    if behaviour.shifting_pages > 0 {
        behaviour.shifting_pages -= 1;
        *first = *before;
    }
    let drifts = behaviour.drifting_totals > 0;
    behaviour.drifting_totals -= u32::from(drifts);
    usize::from(drifts)
}

/// Under-reports long spans, and makes the one bad row.
pub(crate) fn spoil(page: &mut [Row], ranked: &[Row], asked: &Asked, behaviour: &MuxBehaviour) {
    let per_mille = behaviour.reported_per_mille_of_long_spans;
    if asked.window.len() > 1 && per_mille != 1000 {
        for row in page.iter_mut() {
            row.by_tier = row.by_tier.map(|tier| tier.scaled(per_mille));
            row.total = row.by_tier.into_iter().sum();
        }
    }
    let spans_bad_hour =
        behaviour.bad_row_in.is_some_and(|bad| asked.window.iter().any(|hour| hour == Hour::floor(bad)));
    let last = ranked.last().map(|row| row.asset);
    if let Some(row) = page.last_mut().filter(|row| spans_bad_hour && Some(row.asset) == last) {
        row.total = row.total.spoiled();
    }
}
