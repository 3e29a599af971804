//! Whether rows are about certain resources.

use std::collections::BTreeSet;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use highwater_core::Column;

/// Whether a row of `batch` is about a resource of `ids`. A table without resources mentions none.
#[must_use]
pub fn mentions(batch: &RecordBatch, ids: &BTreeSet<&str>) -> bool {
    let Some(column) = batch.column_by_name(Column::ResourceId.name()) else { return false };
    let Some(column) = column.as_string_opt::<i32>() else { return false };
    (0..column.len()).any(|row| column.is_valid(row) && ids.contains(column.value(row)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::StringArray;

    use super::*;

    #[test]
    fn only_rows_of_the_resources_count() {
        let ids = StringArray::from(vec![Some("a"), None, Some("b")]);
        let batch = RecordBatch::try_from_iter([("resource_id", Arc::new(ids) as _)]).unwrap();
        assert!(mentions(&batch, &BTreeSet::from(["x", "b"])));
        assert!(!mentions(&batch, &BTreeSet::from(["x"])));
        let other =
            RecordBatch::try_from_iter([("scope", Arc::new(StringArray::from(vec!["a"])) as _)]).unwrap();
        assert!(!mentions(&other, &BTreeSet::from(["a"])));
    }
}
