//! Objects for tests, by our writer and by the library's.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use highwater_core::Table;
use parquet::arrow::ArrowWriter;

use crate::object_record::ObjectRecord;
use crate::object_writer::ObjectWriter;
use crate::packed::unpacked_batch;
use crate::writer::properties;

/// What every object here says of itself.
pub(crate) fn record() -> ObjectRecord {
    ObjectRecord {
        commit_id: "one".to_owned(),
        table: Table::Resources,
        unit: "s/d/2026-09-01".parse().unwrap(),
        windows: Vec::new(),
        sealed: false,
        first_offset: 4,
    }
}

/// An object of `batches` as we write it.
pub(crate) fn object(schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = ObjectWriter::new(Table::Resources, schema, None).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish(&record()).unwrap().1
}

/// The same as the library writes it, of plain rows.
pub(crate) fn library_object(schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<u8> {
    let properties = properties(Table::Resources, schema);
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties)).unwrap();
    batches.iter().for_each(|batch| writer.write(&unpacked_batch(batch, schema).unwrap()).unwrap());
    record().to_key_values().into_iter().for_each(|pair| writer.append_key_value_metadata(pair));
    writer.into_inner().unwrap()
}
