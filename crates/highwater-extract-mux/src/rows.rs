//! The rows of a page, taken one by one while it is read.

use highwater_core::wire::Raw;
use highwater_core::{Column, Error, Figure, Grain, RawPage, Relation, Result, Role, Sink, Table};
use highwater_http::drift;

use crate::datasets::OPERATION;
use crate::report::{Refused, Report};
use crate::wire;

/// The rows of a page as they come.
pub(crate) struct Rows<'p, 's> {
    page: &'p RawPage,
    sink: &'s mut dyn Sink,
    taken: usize,
    delivered_micros: i128,
    tiers_micros: i128,
    unknown: Vec<String>,
    texts: Option<Vec<Raw<'p>>>,
    drifted: Option<Error>,
}

impl<'p, 's> Rows<'p, 's> {
    /// No rows yet of `page`, which go to `sink` or, for a page of totals, are added up.
    pub(crate) fn of(page: &'p RawPage, sink: &'s mut dyn Sink) -> Self {
        Self {
            page,
            sink,
            taken: 0,
            delivered_micros: 0,
            tiers_micros: 0,
            unknown: Vec::new(),
            texts: None,
            drifted: None,
        }
    }

    /// Takes a row. That its form is not as we know it is told by [`finish`](Self::finish): what is wrong with the page
    /// around it comes first.
    pub(crate) fn take(&mut self, row: &mut wire::Report<'_>) {
        if self.drifted.is_some() {
            return;
        }
        match Report::check(row) {
            Ok(report) if self.for_totals() => {
                self.delivered_micros += report.delivered_micros();
                self.tiers_micros += report.tiers_micros();
            }
            Ok(report) => report.put(self.page.request.window, self.sink),
            Err(Refused::Drift { field, what }) => {
                self.drifted = Some(drift(OPERATION, &self.path(field), what))
            }
            Err(Refused::Row { field, what }) => self.refuse(field, what),
        }
        self.taken += 1;
        self.keep_unknown_fields(row);
    }

    fn for_totals(&self) -> bool {
        self.page.request.role == Role::Control
    }

    fn path(&self, field: &str) -> String {
        format!("data[{}].{field}", self.taken)
    }

    /// Sets the row aside. From a sum it is left out, as it is from our side.
    #[cold]
    fn refuse(&mut self, field: &str, what: &str) {
        if !self.for_totals() {
            let texts = self.texts.get_or_insert_with(|| row_texts(&self.page.body));
            let text = texts.get(self.taken).map_or("", |text| text.get());
            self.sink.reject_row(what, &self.path(field), text);
        }
    }

    fn keep_unknown_fields(&mut self, row: &wire::Report<'_>) {
        for name in &row.unknown {
            self.unknown.push(format!("data[].{name}"));
        }
        for name in row.delivered_seconds_by_resolution.iter().flat_map(|tiers| &tiers.unknown) {
            self.unknown.push(format!("data[].delivered_seconds_by_resolution.{name}"));
        }
    }

    /// Ends `page`, all of whose rows were taken: the figures, for a page of totals.
    ///
    /// # Errors
    /// `Drift` with the path of the first row that is not of the form we know.
    pub(crate) fn finish(self, page: &wire::Page<'_>) -> Result<Vec<Figure>> {
        if let Some(error) = self.drifted {
            return Err(error);
        }
        if self.for_totals() {
            return Ok(self.figures());
        }
        page.unknown.iter().chain(&self.unknown).for_each(|name| self.sink.unknown_field(name));
        Ok(Vec::new())
    }

    /// What the provider says over a longer span, added up.
    fn figures(&self) -> Vec<Figure> {
        // Every figure is rounded to a microsecond: one here against one for each hour on our side.
        let hours = self.page.request.window.buckets(Grain::Hour).count();
        let tolerance_micros = (self.taken * hours) as i128;
        let figure = |table, micros| Figure {
            table,
            measure: Column::DeliveredSeconds,
            micros,
            tolerance_micros,
            relation: Relation::Equal,
        };
        vec![
            figure(Table::ResourceUsage, self.delivered_micros),
            figure(Table::ResourceUsageByRendition, self.tiers_micros),
        ]
    }
}

fn row_texts(body: &[u8]) -> Vec<Raw<'_>> {
    serde_json::from_slice::<wire::RowTexts<'_>>(body).ok().and_then(|page| page.data).unwrap_or_default()
}
