//! Converts the connection tables of a text for `conv … table=`.

use std::collections::BTreeSet;

use crate::diag::{Code, Sink};
use crate::ops::ConnectionTable;
use crate::syntax::ast;

/// Converts a table. Reports every mistake in it; `None` if there is one.
pub(super) fn check(table: &ast::Table, sink: &mut Sink) -> Option<ConnectionTable> {
    let (inputs, outputs) = (table.inputs.value, table.outputs.value);
    let mut is_valid = true;
    if table.rows.len() as u64 != outputs {
        let message = format!("the table has {} rows, not {outputs}", table.rows.len());
        sink.error(Code::E0213, table.outputs.span, message)
            .here(format!("{outputs} output maps want {outputs} rows"))
            .emit();
        is_valid = false;
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
                is_valid = false;
            } else if !seen.insert(map.value) {
                sink.error(Code::E0213, map.span, format!("input map {} stands twice in a row", map.value))
                    .here("again")
                    .emit();
                is_valid = false;
            }
        }
        if row.value.is_empty() {
            sink.error(Code::E0213, row.span, "a row of the table is empty")
                .here("an output map needs an input map")
                .emit();
            is_valid = false;
        }
    }
    let rows = table.rows.iter().map(|row| row.value.iter().map(|map| map.value).collect()).collect();
    is_valid.then_some(ConnectionTable { inputs, rows })
}
