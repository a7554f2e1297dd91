//! Keys and hints: the module of the author's code to which a tensor or a node belongs.

use super::super::model::Node;

/// The last parts of the name of a weight, behind that of the module.
pub(super) const WEIGHT: &[&str] = &["weight", "kernel", "w", "kernel:0"];
pub(super) const BIAS: &[&str] = &["weight_bias", "bias", "b", "bias:0"];
pub(super) const GAMMA: &[&str] = &["weight", "gamma", "scale", "gamma:0"];
pub(super) const BETA: &[&str] = &["weight_bias", "bias", "beta", "beta:0"];
pub(super) const MEAN: &[&str] = &["running_mean", "mean", "moving_mean", "moving_mean:0"];
pub(super) const VARIANCE: &[&str] = &["running_var", "var", "moving_variance", "moving_variance:0"];
pub(super) const SLOPE: &[&str] = &["weight", "slope", "alpha:0"];

/// The longest path.
const MAX_LENGTH: usize = 250;

/// The module that made a node, by the conventions of PyTorch's exporters, as a path with dots.
pub(super) fn hint(node: &Node) -> Option<String> {
    let scopes = node.metadata.iter().find(|(key, _)| key == "pkg.torch.onnx.name_scopes");
    if let Some((_, scopes)) = scopes {
        // A Python list of quoted paths; the last is the node's own.
        let paths: Vec<&str> = scopes.split('\'').skip(1).step_by(2).collect();
        return Some(paths.len().checked_sub(2).map_or("", |at| paths[at]).to_owned());
    }
    let name = node.name.strip_prefix('/')?;
    let parts: Vec<&str> = name.split('/').collect();
    let (_, modules) = parts.split_last()?;
    // `layer1/layer1.0/conv2` is the path of a child, then of its child.
    let mut path = Vec::new();
    for (index, part) in modules.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| modules[at]);
        let child =
            before.and_then(|before| part.strip_prefix(before)).and_then(|rest| rest.strip_prefix('.'));
        path.push(child.unwrap_or(part));
    }
    let path = path.join(".");
    (path.is_empty() || is_path(&path)).then_some(path)
}

/// Returns whether a text can be written as a path of names.
pub(in crate::import) fn is_path(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| !c.is_control() && !matches!(c, '"' | '*') && !crate::base::is_hidden(c))
    };
    text.len() <= MAX_LENGTH && text.split('.').all(part)
}

/// Returns whether exporters give this name to a constant of the code, which is no parameter: `/bn1/Constant_output_0`.
pub(super) fn is_constant(tensor: &str) -> bool {
    let last = tensor.rsplit('/').next().unwrap_or_default();
    tensor.starts_with('/') && last.starts_with("Constant")
}

/// The module to which a tensor of this name belongs, if the name ends with one of the endings.
pub(super) fn module_of(tensor: &str, endings: &[&str]) -> Option<String> {
    let stem = endings.iter().find_map(|ending| {
        let stem = tensor.strip_suffix(ending)?;
        stem.strip_suffix(['.', '_', '/']).filter(|stem| !stem.is_empty())
    })?;
    let path = stem.trim_matches('/').replace('/', ".");
    let made_up = ["onnx::", "onnx.", "val_", "_v_", "const_", "Constant_"];
    (is_path(&path) && !made_up.iter().any(|start| tensor.starts_with(start))).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Node {
        Node { name: name.to_owned(), ..Node::default() }
    }

    #[test]
    fn hints_are_the_modules_of_pytorch() {
        assert_eq!(hint(&named("/layer1/layer1.0/conv2/Conv")).as_deref(), Some("layer1.0.conv2"));
        assert_eq!(hint(&named("/Add")).as_deref(), Some(""));
        assert_eq!(hint(&named("Conv_3")), None);
        let scopes = "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_1']".to_owned();
        let node =
            Node { metadata: vec![("pkg.torch.onnx.name_scopes".to_owned(), scopes)], ..Node::default() };
        assert_eq!(hint(&node).as_deref(), Some("layer1.0.conv1"));
    }

    #[test]
    fn modules_are_what_stands_before_the_ending() {
        assert_eq!(module_of("layer1.0.conv1.weight", WEIGHT).as_deref(), Some("layer1.0.conv1"));
        assert_eq!(module_of("conv1.weight_bias", BIAS).as_deref(), Some("conv1"));
        assert_eq!(module_of("stage/conv/kernel", WEIGHT).as_deref(), Some("stage.conv"));
        assert_eq!(module_of("onnx::Conv_193", WEIGHT), None);
        assert_eq!(module_of("a\nb.weight", WEIGHT), None);
    }
}
