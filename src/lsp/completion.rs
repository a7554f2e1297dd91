//! Completion: proposes what can be written at a place.

use gen_lsp_types::{CompletionItem, CompletionItemKind, InsertTextFormat, Position, TextEdit};

use crate::analysis::{Metric, parts};
use crate::base::Span;
use crate::driver::vocabulary;
use crate::ops::{self, Default as Fallback, Kind, Spec};
use crate::report::operators;
use crate::syntax::Token;
use crate::syntax::ast::{Block, Item, ItemKind, NetworkKind, Param};
use crate::tensor::Shape;

use super::analysis::View;
use super::context::{self, Context, Expected};
use super::markdown::markdown;
use super::scope;
use super::signature;
use super::templates::{
    call_template, default_template, operator_template, plain, size_template, value_template,
};

/// The questions of completion about files around the text.
pub(super) trait Surroundings {
    /// The sources that a `use` may name.
    fn files(&self) -> Vec<String>;

    /// The shape that leaves the statement that begins at a byte, if it ended before these bytes.
    fn shape_without(&self, statement: u32, end: Span) -> Option<Shape>;
}

/// The items that fit at a place; `snippets` says whether the client fills in templates.
pub(super) fn items(
    view: View<'_>,
    position: Position,
    snippets: bool,
    around: &dyn Surroundings,
) -> Vec<CompletionItem> {
    let offset = view.places().offset(view.file(), position);
    let context = context::at(view.parsed(), offset);
    let mut list = List { view, context, offset, snippets, items: Vec::new() };
    match context.expected {
        Expected::Nothing => {}
        Expected::Item => {
            list.item_keywords();
            list.statements();
        }
        Expected::Statement => list.statements(),
        Expected::Argument { owner, first, head } => list.arguments(owner, first, head),
        Expected::Table => list.tables(),
        Expected::AttributeValue { owner, attribute } => list.attribute_values(owner, attribute),
        Expected::Suffix { has_shape } => list.suffixes(has_shape),
        Expected::FirstCopy => list.first_copy(),
        Expected::Instance => list.networks(),
        Expected::Shape => list.shape(around),
        Expected::Reference(written) => list.references(written),
        Expected::Metric(written) => list.metrics(written),
        Expected::File(written) => list.files(written, around.files()),
        Expected::CallArgument { callee, index } => list.call_arguments(callee, index),
        Expected::Expression => list.values(),
    }
    list.items
}

struct List<'a> {
    view: View<'a>,
    context: Context<'a>,
    offset: u32,
    snippets: bool,
    items: Vec<CompletionItem>,
}

impl List<'_> {
    /// Adds an item; `rank` orders the groups.
    fn add(&mut self, label: &str, kind: CompletionItemKind, rank: u32) -> &mut CompletionItem {
        let item = CompletionItem {
            label: label.to_owned(),
            kind: Some(kind),
            sort_text: Some(format!("{rank}{:03}", self.items.len())),
            ..CompletionItem::default()
        };
        self.items.push(item);
        let last = self.items.len() - 1;
        &mut self.items[last]
    }

    /// Sets the template of an item, in which `$1` is the first place to fill in. Clients without templates get plain
    /// text.
    fn template(&mut self, template: &str) {
        let snippets = self.snippets;
        let Some(item) = self.items.last_mut() else { return };
        if snippets {
            item.insert_text = Some(template.to_owned());
            item.insert_text_format = Some(InsertTextFormat::Snippet);
        } else {
            item.insert_text = Some(plain(template));
        }
    }

    fn item_keywords(&mut self) {
        for (word, template) in [
            ("network", "network ${1:name} {\n    input ${2:224x224x3};\n    $0\n}"),
            ("block", "block ${1:name}(${2:c}) {\n    $0\n}"),
            ("inline block", "inline block ${1:name}(${2:c}) {\n    $0\n}"),
            ("let", "let ${1:name} = $0;"),
            ("table", "table ${1:name} ${2:6} -> ${3:16} {\n    $0;\n}"),
            ("use", "use \"$0\";"),
        ] {
            self.add(word, CompletionItemKind::Keyword, 0);
            self.template(template);
        }
    }

    fn statements(&mut self) {
        let arriving = self.view.shape_before(self.context.statement_start);
        for (item, block) in self.view.blocks() {
            self.add(&block.name.value, CompletionItemKind::Function, 1);
            self.describe_block(item, block);
            let template = call_template(&block.name.value, &block.params);
            self.template(&template);
        }
        for spec in ops::catalogue().chain(ops::forms()).chain([&ops::INPUT]) {
            self.add(spec.name, CompletionItemKind::Operator, 2);
            self.describe_operator(spec);
            let template = operator_template(spec, arriving);
            self.template(&template);
        }
        for (word, template) in [
            ("identity", "identity"),
            ("shared", "shared ${1:name}"),
            ("let", "let ${1:name} = $0;"),
            ("expect", "expect ${1:params} <= $0;"),
            ("labels", "labels \"$0\";"),
        ] {
            self.add(word, CompletionItemKind::Keyword, 3);
            self.template(template);
        }
    }

    fn arguments(&mut self, owner: Option<&'static Spec>, first: bool, head: Option<&str>) {
        let arriving = self.view.shape_before(self.context.statement_start);
        if let (Some(spec), true) = (owner, first) {
            let value = || {
                let value = spec.value.as_ref().filter(|value| value.default != Fallback::Absent)?;
                Some(value_template(spec, value))
            };
            let size = size_template(spec, arriving).map(|size| (size, "size"));
            if let Some((template, what)) = size.or_else(|| Some((value()?, "value"))) {
                let label = plain(&template);
                self.add(&label, CompletionItemKind::Value, 0).detail = Some(what.to_owned());
                self.template(&template);
            }
            if spec.sizes.has_to() {
                self.add("to", CompletionItemKind::Keyword, 0).detail =
                    Some("the size that leaves".to_owned());
                self.template("to ${1:7}x${2:7}");
            }
        }
        if let Some(spec) = owner {
            for flag in spec.flags {
                self.add(flag.name, CompletionItemKind::Keyword, 1).detail = Some(flag.doc.to_owned());
            }
            for attribute in spec.attributes {
                let label = format!("{}=", attribute.name);
                self.add(&label, CompletionItemKind::Property, 2).detail = Some(attribute.doc.to_owned());
                let value = default_template(attribute.kind, attribute.default);
                self.template(&format!("{label}{value}"));
            }
        }
        // Neither an input nor a form before its branches takes trailing words.
        let takes_trailing =
            head.is_none_or(|word| word != "input" && (ops::form(word).is_none() || owner.is_none()));
        if takes_trailing {
            for (name, detail) in scope::words(self.view, self.offset) {
                self.add(&name, CompletionItemKind::Variable, 3).detail = Some(detail);
            }
            self.trailing_words();
        }
        self.suffixes(false);
    }

    fn trailing_words(&mut self) {
        for spec in ops::catalogue().filter(|spec| spec.trailing) {
            self.add(spec.name, CompletionItemKind::Operator, 3);
            self.describe_operator(spec);
        }
    }

    fn suffixes(&mut self, has_shape: bool) {
        let shape = self.view.shape_of_statement_at(self.context.statement_start);
        if let Some(shape) = shape.filter(|_| !has_shape) {
            let label = format!("-> {shape}");
            self.add(&label, CompletionItemKind::Value, 4).detail = Some("states the shape".to_owned());
        }
        self.add("as", CompletionItemKind::Keyword, 5).detail = Some("names the statement".to_owned());
        self.template("as $0");
    }

    fn first_copy(&mut self) {
        self.add("from", CompletionItemKind::Keyword, 0).detail =
            Some("the number of the first copy".to_owned());
        self.template("from ${1:1}");
    }

    fn describe_operator(&mut self, spec: &'static Spec) {
        let Some(item) = self.items.last_mut() else { return };
        item.detail = Some(spec.summary.to_owned());
        item.documentation = Some(markdown(operators::page(spec, vocabulary(spec))).into());
    }

    fn describe_block(&mut self, item: &Item, block: &Block) {
        let label = signature::label(&block.name.value, &block.params, self.view);
        let Some(last) = self.items.last_mut() else { return };
        last.detail = Some(label);
        if !item.doc.is_empty() {
            last.documentation = Some(markdown(item.doc.join("\n")).into());
        }
    }

    fn tables(&mut self) {
        for item in self.view.items() {
            if let ItemKind::Table(table) = &item.kind {
                self.add(&table.name.value, CompletionItemKind::Struct, 0);
            }
        }
    }

    /// The networks of the file, to make an instance of.
    fn networks(&mut self) {
        for item in self.view.items() {
            if let ItemKind::Network(network) = &item.kind
                && let NetworkKind::Body(_) = network.kind
            {
                let name = &network.name.value;
                let label = signature::label(name, &network.params, self.view);
                self.add(name, CompletionItemKind::Class, 0).detail = Some(label);
                self.template(&call_template(name, &network.params));
            }
        }
    }

    fn attribute_values(&mut self, owner: Option<&'static Spec>, attribute: &str) {
        let known = owner.and_then(|spec| spec.attributes.iter().find(|one| one.name == attribute));
        match known.map(|one| one.kind) {
            Some(Kind::Choice(words)) => {
                words.iter().for_each(|word| {
                    self.add(word, CompletionItemKind::EnumMember, 0);
                });
            }
            _ => self.values(),
        }
    }

    /// Adds the names of parameters, and the values that fit the parameter at the cursor.
    fn call_arguments(&mut self, callee: &str, index: u32) {
        let params = self.view.callable(callee).map_or(&[][..], |(_, params)| params);
        let reached = signature::active_parameter(self.view, self.offset, params).unwrap_or(index);
        let takes_word = params.get(reached as usize).is_some_and(|param| param.word);
        for param in params {
            let (label, detail) = named_argument(param, self.view);
            self.add(&label, CompletionItemKind::Property, 0).detail = detail;
        }
        if takes_word {
            self.add(ops::IDENTITY, CompletionItemKind::Keyword, 2);
            self.trailing_words();
        } else {
            self.values();
        }
    }

    fn arriving(&mut self) {
        let arriving = self.view.shape_before(self.context.statement_start);
        for (word, value) in [
            ("in.c", arriving.map(|shape| shape.channels())),
            ("in.h", arriving.map(|shape| shape.extent().0)),
            ("in.w", arriving.map(|shape| shape.extent().1)),
        ] {
            self.add(word, CompletionItemKind::Constant, 2).detail = value.map(|value| value.to_string());
        }
    }

    /// Parameters, constants, the arriving shape and functions.
    fn values(&mut self) {
        for (name, detail) in scope::values(self.view, self.offset) {
            self.add(&name, CompletionItemKind::Variable, 1).detail = Some(detail);
        }
        if self.context.receives {
            self.arriving();
        }
        for word in ["min", "max", "ceil", "floor", "round"] {
            self.add(word, CompletionItemKind::Function, 3);
            self.template(&format!("{word}($0)"));
        }
    }

    fn shape(&mut self, around: &dyn Surroundings) {
        let start = self.context.statement_start;
        let tokens = &self.view.parsed().tokens;
        let arrow = tokens.iter().rev().find(|token| token.is('→') && token.end <= self.offset);
        // Without its shape the statement is not complete, and the shape that leaves it is not known yet.
        let tried = |arrow: &Token| {
            around.shape_without(start, Span { file: self.view.file(), start: arrow.start, end: self.offset })
        };
        let known = self.view.shape_of_statement_at(start);
        if let Some(shape) = known.or_else(|| arrow.and_then(tried)) {
            self.add(&shape.to_string(), CompletionItemKind::Value, 0).preselect = Some(true);
        }
    }

    /// Adds an item that replaces the part of a path that is written, dots included, by a whole path.
    fn path(&mut self, label: &str, kind: CompletionItemKind, rank: u32, written: &str) {
        let start = self.offset - written.len() as u32;
        let range = self.view.places().range(Span { file: self.view.file(), start, end: self.offset });
        let item = self.add(label, kind, rank);
        item.filter_text = Some(label.to_owned());
        item.text_edit = Some(TextEdit { range, new_text: label.to_owned() }.into());
    }

    fn references(&mut self, written: &str) {
        for (name, shape) in scope::names_before(self.view, self.offset) {
            self.path(&name, CompletionItemKind::Reference, 0, written);
            if let Some(item) = self.items.last_mut() {
                item.detail = shape.map(|shape| shape.to_string());
            }
        }
    }

    fn metrics(&mut self, written: &str) {
        let (part, _) = written.rsplit_once('.').unwrap_or(("", written));
        for metric in Metric::ALL.into_iter().filter(|metric| part.is_empty() || metric.of_parts()) {
            let label =
                if part.is_empty() { metric.name().to_owned() } else { format!("{part}.{}", metric.name()) };
            self.path(&label, CompletionItemKind::EnumMember, 0, written);
            if let Some(item) = self.items.last_mut() {
                item.detail = Some(metric.summary().to_owned());
            }
        }
        let network = self.view.network_at(self.offset);
        let mut names: Vec<String> = scope::names_before(self.view, self.offset)
            .into_iter()
            .map(|(name, _)| name)
            .chain(network.iter().flat_map(|network| parts::names(network.graph())).map(str::to_owned))
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            self.path(&name, CompletionItemKind::Reference, 1, written);
        }
    }

    fn files(&mut self, written: &str, files: Vec<String>) {
        for file in files {
            self.path(&file, CompletionItemKind::File, 0, written);
        }
    }
}

fn named_argument(param: &Param, view: View<'_>) -> (String, Option<String>) {
    let detail = param.default.as_ref().map(|value| format!("{} if left out", view.snippet(value.span)));
    (format!("{}=", param.name.value), detail)
}
