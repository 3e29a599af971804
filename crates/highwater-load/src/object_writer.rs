//! Writing the row groups and the footer of one object, in memory.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use highwater_core::{Result, Table};
use parquet::arrow::ArrowWriter;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::writer::SerializedFileWriter;

use crate::column_writers::ColumnWriters;
use crate::object_record::ObjectRecord;
use crate::packed::same_value;
use crate::writer::{ROW_GROUP_ROWS, encoding, properties};

/// Takes sorted rows and makes row groups of them, each of as many rows as there may be.
pub(crate) struct ObjectWriter {
    file: SerializedFileWriter<Kept>,
    columns: ColumnWriters,
    /// Bytes of the previous version, which are not kept here.
    left_out: usize,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    /// By position: the column of one value that was last encoded for a whole row group.
    repeated: Vec<Option<Repeated>>,
}

/// A column chunk whose rows all hold the same. The next row group has the same bytes.
#[derive(Clone)]
struct Repeated {
    value: ArrayRef,
    close: ColumnCloseResult,
    bytes: Bytes,
}

impl ObjectWriter {
    /// An object of `table` that begins as all do, or with the bytes of `previous`, which are counted and not copied.
    pub(crate) fn new(table: Table, schema: &SchemaRef, previous: Option<&[u8]>) -> Result<Self> {
        let left_out = previous.map_or(0, <[u8]>::len);
        let kept = Kept { left_out, bytes: Vec::new() };
        let properties = properties(table, schema);
        let writer = ArrowWriter::try_new(kept, Arc::clone(schema), Some(properties));
        let (mut file, _) = writer.and_then(ArrowWriter::into_serialized_writer).map_err(encoding)?;
        let columns = ColumnWriters::new(table, schema).map_err(encoding)?;
        // The writer has begun a file of its own with the magic number that the old bytes begin with, too.
        let rest = previous.and_then(|bytes| bytes.get(file.bytes_written()..)).unwrap_or_default();
        file.write_all(rest).map_err(|error| encoding(error.into()))?;
        let repeated = vec![None; schema.fields().len()];
        Ok(Self { file, columns, left_out, waiting: Vec::new(), waiting_rows: 0, repeated })
    }

    /// Lets the first row group begin at `offset`, with zeros before it: no page header begins with one.
    pub(crate) fn begin_at(&mut self, offset: u64) -> Result<()> {
        let missing = usize::try_from(offset).unwrap_or_default().saturating_sub(self.file.bytes_written());
        self.file.write_all(&vec![0; missing]).map_err(|error| encoding(error.into()))
    }

    /// Adds rows behind those before. A column whose rows all hold the same may be a run, texts keys of a dictionary.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut start = 0;
        while start < batch.num_rows() {
            let length = (ROW_GROUP_ROWS - self.waiting_rows).min(batch.num_rows() - start);
            self.waiting.push(batch.slice(start, length));
            self.waiting_rows += length;
            start += length;
            if self.waiting_rows == ROW_GROUP_ROWS {
                self.end_group().map_err(encoding)?;
            }
        }
        Ok(())
    }

    /// Writes the footer with `record` in it; what was written, without the bytes of a previous version.
    pub(crate) fn finish(mut self, record: &ObjectRecord) -> Result<(ParquetMetaData, Vec<u8>)> {
        if self.waiting_rows > 0 {
            self.end_group().map_err(encoding)?;
        }
        for pair in record.to_key_values() {
            self.file.append_key_value_metadata(pair);
        }
        let footer = self.file.finish().map_err(encoding)?;
        Ok((footer, std::mem::take(&mut self.file.inner_mut().bytes)))
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        let batches = std::mem::take(&mut self.waiting);
        let rows = std::mem::take(&mut self.waiting_rows);
        let mut group = self.file.next_row_group()?;
        let mut encoded = Vec::new();
        for position in 0..self.repeated.len() {
            let parts: Vec<&ArrayRef> = batches.iter().map(|batch| batch.column(position)).collect();
            let value = same_value(&parts).filter(|_| rows == ROW_GROUP_ROWS);
            let known = self.repeated[position].as_ref();
            if let Some(known) =
                known.filter(|known| value.as_ref().is_some_and(|value| **value == *known.value))
            {
                group.append_column(&known.bytes, known.close.clone())?;
                continue;
            }
            let chunk = self.columns.chunk(position, &parts)?;
            encoded.extend(value.map(|value| (position, value, chunk.close().clone())));
            chunk.append_to(&mut group)?;
        }
        let group = group.close()?;
        encoded
            .into_iter()
            .try_for_each(|(position, value, close)| self.remember(&group, position, value, close))
    }

    /// Keeps a column chunk that was just written.
    fn remember(
        &mut self,
        group: &RowGroupMetaData,
        position: usize,
        value: ArrayRef,
        close: ColumnCloseResult,
    ) -> Result<(), ParquetError> {
        self.file.flush()?;
        let (start, length) = group.column(position).byte_range();
        let start = usize::try_from(start).ok().and_then(|start| start.checked_sub(self.left_out));
        let written = start.zip(usize::try_from(length).ok());
        let bytes = written.and_then(|(start, length)| self.file.inner().bytes.get(start..start + length));
        let pages = close.offset_index.as_ref().map(|pages| pages.page_locations());
        if let (Some(bytes), Some(pages)) = (bytes, pages) {
            // The dictionary was encoded last and written first.
            let data: usize =
                pages.iter().filter_map(|page| usize::try_from(page.compressed_page_size).ok()).sum();
            let close = close.update_dictionary_location(bytes.len().saturating_sub(data))?;
            let bytes = Bytes::copy_from_slice(bytes);
            self.repeated[position] = Some(Repeated { value, close, bytes });
        }
        Ok(())
    }
}

/// Memory for what is written, but for the first bytes, which stand elsewhere already.
struct Kept {
    left_out: usize,
    bytes: Vec<u8>,
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let known = self.left_out.min(bytes.len());
        self.left_out -= known;
        self.bytes.extend_from_slice(&bytes[known..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fixture::{library_object, object, record};
    use crate::packed::{cast_whole, run, unpacked_batch};
    use crate::sorting::held_batch;
    use arrow::array::{Decimal64Array, DictionaryArray, Int64Array, StringArray};
    use arrow::compute::concat_batches;
    use arrow::datatypes::{DataType, Field, Int32Type, Schema};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("source", DataType::Utf8, false),
            Field::new("tier", DataType::Utf8, true),
            Field::new("requests", DataType::Int64, true),
            Field::new("rows", DataType::Int64, true),
            Field::new("delivered_seconds", DataType::Decimal128(18, 6), true),
        ]))
    }

    /// Rows whose first column is the same in all, whose second is plain in every other batch and keys of a dictionary in
    /// the others, whose third is null in all but the last batch, and whose last has 64 bits in every other batch.
    fn batch(first: i64, rows: usize, requests: Option<i64>) -> RecordBatch {
        let numbers = first..first + i64::try_from(rows).unwrap();
        let tier = |number: i64| (number % 3 > 0).then(|| format!("{}p", number % 5));
        let tiers: StringArray = numbers.clone().map(tier).collect();
        let keyed: DictionaryArray<Int32Type> = tiers.iter().collect();
        let tiers: ArrayRef = if first / 8_192 % 2 == 0 { Arc::new(tiers) } else { Arc::new(keyed) };
        let source: ArrayRef = Arc::new(StringArray::from(vec!["main"]));
        let requests: ArrayRef = Arc::new(Int64Array::from(vec![requests]));
        let micros = |number: i64| (number % 7 > 0).then(|| number * number % 999_999_999_999_999_999);
        let seconds: Decimal64Array = numbers.clone().map(micros).collect();
        let seconds = seconds.with_precision_and_scale(18, 6).unwrap();
        let wide = cast_whole(&seconds, schema().field(4).data_type()).unwrap();
        let columns = vec![
            run(&source, rows).unwrap(),
            tiers,
            run(&requests, rows).unwrap(),
            Arc::new(Int64Array::from_iter_values(numbers)),
            if first / 8_192 % 2 == 0 { Arc::new(seconds) } else { wide },
        ];
        held_batch(&schema(), columns, rows).unwrap()
    }

    #[test]
    fn an_object_of_runs_has_the_bytes_that_the_library_writes_of_plain_rows() {
        let mut batches: Vec<RecordBatch> = (0..11).map(|n| batch(n * 8_192, 8_192, None)).collect();
        batches.push(batch(90_112, 40_960, Some(7)));
        let mut ours = ObjectWriter::new(Table::Resources, &schema(), None).unwrap();
        batches.iter().for_each(|batch| ours.write(batch).unwrap());
        assert!(ours.repeated[0].is_some() && ours.repeated[1].is_none());
        let (_, ours) = ours.finish(&record()).unwrap();
        assert!(ours == library_object(&schema(), &batches));
    }

    #[test]
    fn texts_that_hardly_repeat_are_written_without_a_dictionary() {
        let texts = |of: fn(usize) -> String| -> ArrayRef {
            let texts: Vec<String> = (0..ROW_GROUP_ROWS).map(of).collect();
            Arc::new(texts.iter().map(|text| Some(text.as_str())).collect::<DictionaryArray<Int32Type>>())
        };
        let schema = Arc::new(Schema::new(vec![
            Field::new("id", DataType::Utf8, false),
            Field::new("rendition", DataType::Utf8, false),
        ]));
        let ids = [texts(|row| format!("{row:05}")), texts(|row| format!("{:05}", row / 2))];
        let batches = ids.map(|ids| {
            let renditions = texts(|row| format!("{}p", row % 3));
            held_batch(&schema, vec![ids, renditions], ROW_GROUP_ROWS).unwrap()
        });
        let mut writer = ObjectWriter::new(Table::Resources, &schema, None).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        let (footer, bytes) = writer.finish(&record()).unwrap();
        let dictionaries = footer.row_groups().iter().map(|group| {
            group.columns().iter().map(|column| column.dictionary_page_offset().is_some()).collect::<Vec<_>>()
        });
        assert_eq!(dictionaries.collect::<Vec<_>>(), [[false, true], [true, true]]);
        let rows =
            ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes.clone())).unwrap().build().unwrap();
        let rows = concat_batches(&schema, &rows.map(Result::unwrap).collect::<Vec<_>>()).unwrap();
        let unpacked = batches.map(|batch| unpacked_batch(&batch, &schema).unwrap());
        assert_eq!(rows, concat_batches(&schema, &unpacked).unwrap());
        assert!(object(&schema, &unpacked) == bytes, "packing changes no byte");
    }
}
