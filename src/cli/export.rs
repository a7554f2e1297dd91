//! `cnnc export`: a network in the form that another program reads.

use crate::analysis::Checked;
use crate::diag::{Code, Failure};
use crate::driver::Session;
use crate::export::{PytorchOptions, is_class_name, pytorch};

use super::source::Source;
use super::{Done, Stop, output, write};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The PyTorch file needs nothing but torch; its state_dict() has the keys and shapes that `cnnc weights` lists.\n\nExamples:\n  cnnc export examples/digits/lenet5.cnn --to pytorch\n  cnnc export zoo:resnet50 --to pytorch --class ResNet50 -o /tmp/resnet50.py"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The form
    #[arg(long, value_enum, value_name = "FORM")]
    to: Form,
    /// The name of the network's class; made from the network's name where none is given
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// Where it goes, instead of stdout
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// A Python file of `nn.Module` classes
    Pytorch,
}

pub(super) fn run(arguments: &Arguments) -> Done {
    match arguments.to {
        Form::Pytorch => to_pytorch(arguments),
    }
}

fn to_pytorch(arguments: &Arguments) -> Done {
    if let Some(class) = arguments.class.as_deref().filter(|class| !is_class_name(class)) {
        let message = format!("`{class}` cannot be the name of a class in Python");
        let help = "a name has letters, digits and `_`, begins with no digit and is no word of Python";
        return Err(Stop::Usage(Failure::new(Code::E0205, message).help(help)));
    }
    arguments.source.compile(|session, checked| {
        let options = PytorchOptions { class: arguments.class.clone(), docs: docs(session) };
        let text = text(checked, &options)?;
        match &arguments.output {
            Some(path) => write::text(path, &text),
            None => output::print_text(&text),
        }
    })
}

fn text(checked: &Checked, options: &PytorchOptions) -> Result<String, Stop> {
    pytorch(checked.graph(), options).map_err(|reason| {
        let message = format!("the network cannot be said in PyTorch: {reason}");
        Stop::Environment(Failure::new(Code::E0205, message))
    })
}

/// The doc comments of blocks and networks by name.
fn docs(session: &Session) -> std::collections::BTreeMap<String, String> {
    let documented = session.program().visible_items().filter(|item| !item.doc.is_empty());
    documented.filter_map(|item| Some((item.name()?.value.clone(), item.doc.join("\n")))).collect()
}
