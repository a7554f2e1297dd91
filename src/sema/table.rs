//! Connection tables: the rows of the text become the table that `conv … table=` takes.

use std::collections::BTreeSet;

use crate::diag::{Code, Sink};
use crate::ops::ConnectionTable;
use crate::syntax::ast;

/// Checks a table. Reports what is wrong with it, and then gives none.
pub(super) fn check(table: &ast::Table, sink: &mut Sink) -> Option<ConnectionTable> {
    let (inputs, outputs) = (table.inputs.value, table.outputs.value);
    let mut fine = true;
    if table.rows.len() as u64 != outputs {
        let message = format!("the table has {} rows, not {outputs}", table.rows.len());
        sink.error(Code::E0213, table.outputs.span, message)
            .here(format!("{outputs} output maps want {outputs} rows"))
            .emit();
        fine = false;
    }
    for row in &table.rows {
        let mut seen = BTreeSet::new();
        for map in &row.value {
            if map.value >= inputs {
                sink.error(Code::E0213, map.span, format!("there is no input map {}", map.value))
                    .here("too large")
                    .label(
                        table.inputs.span,
                        format!("{inputs} input maps: 0 to {}", inputs.saturating_sub(1)),
                    )
                    .emit();
                fine = false;
            } else if !seen.insert(map.value) {
                sink.error(Code::E0213, map.span, format!("input map {} stands twice in a row", map.value))
                    .here("again")
                    .emit();
                fine = false;
            }
        }
        if row.value.is_empty() {
            sink.error(Code::E0213, row.span, "a row of the table is empty")
                .here("an output map needs an input map")
                .emit();
            fine = false;
        }
    }
    let rows = table.rows.iter().map(|row| row.value.iter().map(|map| map.value).collect()).collect();
    fine.then_some(ConnectionTable { inputs, rows })
}
