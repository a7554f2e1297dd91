//! Signature help: shows the parameters of the block or network that is being called.

use gen_lsp_types::{ParameterInformation, Position, SignatureHelp, SignatureInformation};

use crate::syntax::ast::Param;

use super::analysis::View;
use super::context::{self, Expected};
use super::markdown::markdown;

/// The signature of the call that encloses a position.
pub(super) fn help(view: View<'_>, position: Position) -> Option<SignatureHelp> {
    let offset = view.places().offset(view.file(), position);
    let Expected::CallArgument { callee, index } = context::at(view.parsed(), offset).expected else {
        return None;
    };
    let (item, params) = view.callable(callee)?;
    let active = active_parameter(view, offset, params).unwrap_or(index);
    let parameters = params
        .iter()
        .map(|param| ParameterInformation { label: shown(param, view).into(), documentation: None });
    let signature = SignatureInformation {
        label: label(callee, params, view),
        documentation: (!item.doc.is_empty()).then(|| markdown(item.doc.join("\n")).into()),
        parameters: Some(parameters.collect()),
        active_parameter: None,
    };
    Some(SignatureHelp {
        signatures: vec![signature],
        active_signature: Some(0),
        active_parameter: Some(active.into()),
    })
}

/// The index of the parameter that is named before the cursor: `s=` in `bottleneck(64, s=`.
pub(super) fn active_parameter(view: View<'_>, offset: u32, params: &[Param]) -> Option<u32> {
    let before = view.text().get(..offset as usize)?;
    let argument = before.rsplit(['(', ',']).next()?;
    let (name, _) = argument.split_once('=')?;
    params.iter().position(|param| param.name.value == name.trim()).map(|index| index as u32)
}

/// `bottleneck(c, s = 1)`
pub(super) fn label(name: &str, params: &[Param], view: View<'_>) -> String {
    let shown: Vec<String> = params.iter().map(|param| shown(param, view)).collect();
    format!("{name}({})", shown.join(", "))
}

fn shown(param: &Param, view: View<'_>) -> String {
    match &param.default {
        Some(value) => {
            format!("{} = {}", param.name.value, view.snippet(value.span))
        }
        None => param.name.value.to_string(),
    }
}
