//! The modules that a constructor makes, with their arguments.

use crate::ops::TorchArgument;

/// An argument of a constructor call.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    /// Its name.
    pub(super) name: String,
    /// Its value as Python source.
    pub(super) value: String,
    /// The value at which it may be omitted.
    pub(super) default: Option<String>,
    /// Whether it is written without its name.
    pub(super) positional: bool,
}

/// The argument of an operator's form.
pub(super) fn argument(argument: TorchArgument) -> Argument {
    let TorchArgument { name, value, default, positional } = argument;
    Argument { name: name.to_owned(), value, default, positional }
}

/// A module as a constructor makes it.
#[derive(Clone, Debug)]
pub(super) enum Module {
    /// A module of torch or of a helper.
    Torch(String, Vec<Argument>),
    /// A class of this file, with the values of all its arguments.
    Class(usize, Vec<Argument>),
    /// `nn.Sequential`
    Sequence(Vec<Module>),
    /// `nn.ModuleList`
    List(Vec<Module>),
}

/// The Python class or container that a scope is translated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An operator.
    Leaf,
    /// A class with a `forward`.
    Class,
    /// `nn.Sequential`
    Sequence,
    /// `nn.ModuleList`
    List,
    /// A class that only holds modules.
    Holder,
}

/// Collects all arguments of a module, in the order in which they are written.
pub(super) fn flatten(module: &Module, into: &mut Vec<Argument>) {
    match module {
        Module::Torch(_, arguments) | Module::Class(_, arguments) => into.extend(arguments.iter().cloned()),
        Module::Sequence(members) | Module::List(members) => {
            members.iter().for_each(|member| flatten(member, into));
        }
    }
}

/// Appends a key that is equal for modules of the same class structure.
pub(super) fn structure(module: &Module, key: &mut String) {
    match module {
        Module::Torch(class, arguments) => {
            let names: Vec<&str> = arguments.iter().map(|argument| argument.name.as_str()).collect();
            key.push_str(&format!("{class}{names:?}\n"));
        }
        Module::Class(class, _) => key.push_str(&format!("class {class}\n")),
        Module::Sequence(members) => {
            key.push_str("sequence (");
            members.iter().for_each(|member| structure(member, key));
            key.push_str(")\n");
        }
        Module::List(members) => {
            key.push_str("list (");
            members.iter().for_each(|member| structure(member, key));
            key.push_str(")\n");
        }
    }
}
