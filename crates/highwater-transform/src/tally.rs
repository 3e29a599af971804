//! The tally of a pull: what its pages say of themselves, held against one another and against the rows.

use std::collections::BTreeMap;

use highwater_core::{Error, ErrorKind, PageFacts, PageRequest, Result, Window};

use crate::normalised::Normalised;

/// Adds up the facts of a pull's pages, in any order.
#[derive(Clone, Debug)]
pub struct Tally {
    window: Window,
    series: BTreeMap<String, Series>,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    listed: u64,
    total: u64,
}

impl Tally {
    /// The tally of a pull of `window`, without a page yet.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self { window, series: BTreeMap::new() }
    }

    /// Adds the facts of one page.
    ///
    /// # Errors
    /// `Mismatch` when the page answers another window than the one asked, or reports another total than the pages of
    /// its series before it.
    pub fn add(&mut self, request: &PageRequest, facts: &PageFacts) -> Result<()> {
        if let Some(answered) = facts.echo.filter(|echo| *echo != request.window) {
            let (operation, asked) = (&request.operation, request.window);
            return Err(mismatch(format!(
                "the provider answered for another window than the one asked: operation=`{operation}` asked=`{asked}` answered=`{answered}`"
            )));
        }
        let Some(page) = &facts.listing else { return Ok(()) };
        let series =
            self.series.entry(page.series.clone()).or_insert(Series { listed: 0, total: page.total });
        if series.total != page.total {
            let (window, name, before, now) = (self.window, &page.series, series.total, page.total);
            return Err(mismatch(format!(
                "the provider changed its total while it was paged through: window=`{window}` series=`{name}` total=`{before}` then=`{now}`"
            )));
        }
        series.listed = series.listed.saturating_add(page.listed);
        Ok(())
    }

    /// Holds the whole pull against its totals: each series has as many rows as its pages say, and none of them twice.
    ///
    /// # Errors
    /// `Mismatch` naming the series with what was listed and the total, or the number of rows that came twice.
    pub fn check(&self, normalised: &Normalised) -> Result<()> {
        let window = self.window;
        for (name, Series { listed, total }) in &self.series {
            if listed != total {
                return Err(mismatch(format!(
                    "the provider listed another number of rows than it says there are: window=`{window}` series=`{name}` listed=`{listed}` total=`{total}`"
                )));
            }
        }
        if !self.series.is_empty() && normalised.collapsed > 0 {
            let (twice, names) =
                (normalised.collapsed, self.series.keys().cloned().collect::<Vec<_>>().join(", "));
            return Err(mismatch(format!(
                "rows came twice, so that others may have been missed: window=`{window}` series=`{names}` rows=`{twice}`"
            )));
        }
        Ok(())
    }
}

fn mismatch(message: String) -> Error {
    Error::new(ErrorKind::Mismatch, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{normalised, usage, window};
    use highwater_core::Listing;

    fn page(listed: u64, total: u64) -> PageFacts {
        let listing = Some(Listing { series: "assets".to_owned(), listed, total });
        PageFacts { echo: Some(window(0)), listing, ..PageFacts::default() }
    }

    fn tally(pages: &[PageFacts]) -> Result<Tally> {
        let mut tally = Tally::new(window(0));
        let request = PageRequest::new("delivery_usage", window(0));
        pages.iter().try_for_each(|facts| tally.add(&request, facts))?;
        Ok(tally)
    }

    #[test]
    fn pages_that_add_up_to_their_total_pass() {
        let rows = normalised(&[usage("a", 1), usage("b", 2)]).unwrap();
        tally(&[page(1, 2), page(1, 2)]).unwrap().check(&rows).unwrap();
        tally(&[PageFacts::default()]).unwrap().check(&rows).unwrap();
    }

    #[test]
    fn an_answer_for_another_window_names_both() {
        let shifted = PageFacts { echo: Some(window(1)), ..PageFacts::default() };
        let error = tally(&[shifted]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        assert!(error.to_string().contains(&window(0).to_string()));
        assert!(error.to_string().contains(&window(1).to_string()));
    }

    #[test]
    fn a_total_that_moves_between_pages_is_a_mismatch() {
        let error = tally(&[page(1, 2), page(1, 3)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        assert!(error.to_string().contains("series=`assets` total=`2` then=`3`"));
    }

    #[test]
    fn fewer_or_more_rows_than_the_total_is_a_mismatch() {
        let rows = normalised(&[usage("a", 1)]).unwrap();
        for pages in [[page(1, 3), page(1, 3)], [page(2, 3), page(2, 3)], [page(0, 3), page(0, 3)]] {
            let error = tally(&pages).unwrap().check(&rows).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Mismatch);
            assert!(error.to_string().contains("series=`assets` listed="), "{error}");
        }
    }

    #[test]
    fn a_row_that_came_twice_betrays_one_that_was_missed() {
        let rows = normalised(&[usage("a", 1), usage("a", 1)]).unwrap();
        let error = tally(&[page(2, 2)]).unwrap().check(&rows).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        assert!(error.to_string().contains("rows=`1`"));
        Tally::new(window(0)).check(&rows).unwrap();
    }
}
