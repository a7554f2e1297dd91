//! Sizes at and beyond the limits: each program gives a graph with all its figures, or an error with a code.

use cnnc::analysis::Checked;

use super::program::compile;

/// The largest dimension.
const MAX: u64 = (1 << 31) - 1;

#[test]
fn no_size_is_too_large_to_be_answered() {
    let numbers = [1, 2, 65_537, MAX, MAX + 1, u64::MAX];
    for &a in &numbers {
        for &b in &numbers {
            let statements = [
                format!("conv {a}x1x1/{b}"),
                format!("conv 1x1x{a} groups={b}"),
                format!("conv {a}x1x1 pad={b}"),
                format!("conv {a}x1x1 dilate={b}"),
                format!("conv {a}x1x1/{b} same dilate={b}"),
                format!("dwconv {a}x3/{b} pad={a}"),
                format!("dwconv 1x1 mult={a}"),
                format!("deconv {a}x1x{b}/{b}"),
                format!("deconv {a}x1x1/{b} same"),
                format!("deconv 3x1x1/{a} dilate={b} outpad=(1,0)"),
                format!("deconv {a}x1x1 pad={b}"),
                format!("maxpool {a}/{b} same"),
                format!("maxpool {a}x1/{b} pad=({b},0)"),
                format!("avgpool {a}x1/1 dilate={b} pad=({b},0) countpad"),
                format!("avgpool {a}x1/{b} pad=({a},0) ceil"),
                format!("avgpool 2/1 dilate={b} pad={a}"),
                format!("avgpool to {a}x{b}"),
                format!("subsample {a}x1/{b}"),
                format!("upsample {a}x{b}"),
                format!("pad ({a},{b},{a},{b})"),
                format!("shuffle {a}"),
                format!("lrn {a} k=1 alpha=1 beta=1"),
                format!("flatten; dense {a}"),
                format!("flatten; rbf {a}"),
                format!("flatten; unflatten {a}x{b}x{a}"),
                format!("split {a} < identity | identity >"),
                format!("residual zeropad < conv 1x1x{a}/{b} >"),
            ];
            for input in ["3x3x1".to_owned(), format!("{MAX}x{MAX}x1"), format!("1x1x{MAX}")] {
                for statement in &statements {
                    let text = format!("input {input}; {statement};");
                    match compile(&text) {
                        Ok(graph) => drop(Checked::new(graph)),
                        Err(errors) => assert!(!errors.is_empty(), "{text} is refused without an error"),
                    }
                }
            }
        }
    }
}
