//! What a null says, column by column.

use highwater_core::{Column, Table, TableKind};

/// What a null in `column` of `table` says; `never null` where there is none.
pub(super) fn null_meaning(table: Table, column: Column) -> &'static str {
    let def = table.def();
    if !def.is_nullable(column) {
        return "never null";
    }
    match (def.kind, column) {
        (TableKind::Fact, _) => "not reported by this row's dataset; never a zero",
        (TableKind::Description, _) => "not said by the provider",
        (_, Column::Old) => "the key appeared",
        (_, Column::New) => "the key vanished",
        (_, Column::Verdict) => "not compared with the provider's figures",
        (_, Column::ExpiresAt) => "the provider does not say how far back it answers",
        (_, Column::PulledAt | Column::FinalAt | Column::Rows | Column::RejectedRows | Column::Pulls) => {
            "nothing is published of the window"
        }
        (_, Column::Theirs | Column::Difference | Column::Tolerance) => {
            "the provider gave no figure to compare with"
        }
        (_, Column::Cause) => "not known",
        _ if table == Table::Restatements => "not a column of the table named by table_name",
        _ => "not known",
    }
}
