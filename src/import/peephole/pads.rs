//! Rules that move borders into the window operator behind them.

use super::super::op::Argument;
use super::Rewriter;

/// Makes zeros around the input of a convolution its padding, and −∞ around the input of a `maxpool`.
pub(super) fn into_window(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "pad" {
        return None;
    }
    let (mut more, mut fill) = ([0; 4], 0.0);
    for argument in &rewriter.op(at).arguments {
        match argument {
            Argument::Pads(_, pads) => more = *pads,
            Argument::Named("value", value) => fill = *value,
            // A mode other than constant.
            _ => return None,
        }
    }
    let output = rewriter.op(at).output;
    let words: &[&str] = if fill == 0.0 { &["conv", "dwconv"] } else { &["maxpool"] };
    let window = words.iter().find_map(|word| rewriter.only_user(output, word))?;
    if fill != 0.0 && fill > -1e30 {
        return None;
    }
    let op = rewriter.op(window);
    if op.has_flag("same") || op.has_flag("global") || op.has_flag("to") || op.has_flag("ceil") {
        return None;
    }
    let mut sum = None;
    for argument in &op.arguments {
        if let Argument::Pads("pad", own) = argument {
            let each = |side: usize| own[side].checked_add(more[side]);
            sum = Some([each(0)?, each(1)?, each(2)?, each(3)?]);
        }
    }
    let (sum, input) = (sum?, rewriter.input(at));
    let op = &mut rewriter.network.ops[window];
    let (before, own) = (op.arguments.clone(), op.inputs.clone());
    for argument in &mut op.arguments {
        if let Argument::Pads("pad", own) = argument {
            *own = sum;
        }
    }
    op.inputs = vec![input];
    // If the padding is too large for a pool of the language, the `pad` stays.
    let shape = rewriter.network.shape(input);
    if rewriter.op(window).infer(&[shape]).is_err() {
        let op = &mut rewriter.network.ops[window];
        (op.arguments, op.inputs) = (before, own);
        return None;
    }
    rewriter.users[input.0].push(window);
    rewriter.dead[at] = true;
    Some(())
}
