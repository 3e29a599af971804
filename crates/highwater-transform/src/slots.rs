//! Where each column stands in each table, looked up without a search.

use highwater_core::{Column, Table};

/// Marks a column that the table does not have.
const ABSENT: u8 = u8::MAX;

/// For one table: the position of every column, or a position beyond all of them.
#[derive(Debug)]
pub(crate) struct Slots([u8; Column::ALL.len()]);

static SLOTS: [Slots; Table::ALL.len()] = {
    let mut all = [const { Slots([ABSENT; Column::ALL.len()]) }; Table::ALL.len()];
    let mut table = 0;
    while table < all.len() {
        let columns = Table::ALL[table].def().columns;
        let mut position = 0;
        while position < columns.len() {
            all[table].0[columns[position] as usize] = position as u8;
            position += 1;
        }
        table += 1;
    }
    all
};

impl Slots {
    /// The positions of `table`'s columns.
    pub(crate) fn of(table: Table) -> &'static Self {
        &SLOTS[table as usize]
    }

    /// The position of `column`; beyond the last column when the table lacks it.
    pub(crate) fn position(&self, column: Column) -> usize {
        usize::from(self.0[column as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_definitions() {
        for table in Table::ALL {
            for column in Column::ALL {
                let position = Slots::of(*table).position(*column);
                let found = (position < table.def().columns.len()).then_some(position);
                assert_eq!(found, table.def().position(*column), "{table} {column}");
            }
        }
    }
}
