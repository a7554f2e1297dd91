//! Rules that move a border into the window operator behind it.

use super::super::op::Argument;
use super::Rewriter;

/// Joins a border of rows and one of columns of the same kind.
pub(super) fn around(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    let border = |at: usize| match rewriter.op(at).arguments[..] {
        [Argument::Pads("", pads), Argument::Flag(mode)] => Some((pads, mode)),
        _ => None,
    };
    if rewriter.op(at).word != "pad" {
        return None;
    }
    let inner = rewriter.only_for(rewriter.input(at), "pad")?;
    let ((outer_pads, outer_mode), (inner_pads, inner_mode)) = (border(at)?, border(inner)?);
    let is_apart = |axis: usize| outer_pads[axis..axis + 2] == [0; 2] || inner_pads[axis..axis + 2] == [0; 2];
    if outer_mode != inner_mode || !is_apart(0) || !is_apart(2) {
        return None;
    }
    let pads = std::array::from_fn(|side| outer_pads[side].max(inner_pads[side]));
    let arguments = vec![Argument::Pads("", pads), Argument::Flag(outer_mode)];
    let input = rewriter.input(inner);
    rewriter.become_word(at, "pad", arguments, vec![input], &[inner])
}

/// Makes zeros behind the output of a transposed convolution without bias more of its rows and columns.
pub(super) fn behind_transposed(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    let (rows, columns) = match rewriter.op(at).arguments[..] {
        [Argument::Pads("", [0, rows, 0, columns])] if rewriter.op(at).word == "pad" => (rows, columns),
        _ => return None,
    };
    let before = rewriter.only_for(rewriter.input(at), "deconv")?;
    let shape = rewriter.network.shape(rewriter.op(at).output);
    let mut wider = rewriter.op(before).clone();
    if wider.tensor("bias").is_some() || wider.has_flag("same") {
        return None;
    }
    for argument in &mut wider.arguments {
        match argument {
            // Cropped rows are no zeros.
            Argument::Pads("pad", [_, bottom, _, right])
                if rows > 0 && *bottom > 0 || columns > 0 && *right > 0 =>
            {
                return None;
            }
            Argument::Pair("outpad", more, _) => {
                *more = (more.0.checked_add(rows)?, more.1.checked_add(columns)?);
            }
            _ => {}
        }
    }
    let (inferred, _) = wider.infer(&rewriter.network.operand_shapes(&wider)).ok()?;
    if inferred != shape {
        return None;
    }
    rewriter.network.shapes[wider.output.0] = shape;
    rewriter.network.ops[before] = wider;
    rewriter.bypass(at);
    Some(())
}

/// Makes zeros around the input of a convolution its padding, and −∞ around that of a maximum. A border of another kind
/// becomes the convolution's own if one module made both nodes.
pub(super) fn into_window(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "pad" {
        return None;
    }
    let (mut more, mut fill, mut mode) = ([0; 4], 0.0, None);
    for argument in &rewriter.op(at).arguments {
        match argument {
            Argument::Pads(_, pads) => more = *pads,
            Argument::Named("value", value) => fill = *value,
            Argument::Flag(flag) => mode = Some(*flag),
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
    // An operator that runs again with the same weight keeps its padding.
    if mode.is_none() && rewriter.shares(window) {
        return None;
    }
    // One padding has one kind of border.
    if ["reflect", "replicate", "circular"].iter().any(|mode| op.has_flag(mode)) {
        return None;
    }
    let mut sum = None;
    for argument in &op.arguments {
        if let Argument::Pads("pad", own) = argument {
            let each = |side: usize| own[side].checked_add(more[side]);
            sum = Some([each(0)?, each(1)?, each(2)?, each(3)?]);
        }
    }
    let one_module = op.hint.as_ref().is_some_and(|hint| !hint.is_empty())
        && op.hint == rewriter.op(at).hint
        && sum == Some(more);
    if mode.is_some() && !(one_module && matches!(op.word, "conv" | "dwconv")) {
        return None;
    }
    let (sum, input) = (sum?, rewriter.input(at));
    let op = &mut rewriter.network.ops[window];
    let (before, own) = (op.arguments.clone(), op.inputs.clone());
    for argument in &mut op.arguments {
        if let Argument::Pads("pad", own) = argument {
            *own = sum;
        }
    }
    op.arguments.extend(mode.map(Argument::Flag));
    op.inputs = vec![input];
    // If the padding is larger than a pool of the language allows, the `pad` stays.
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
