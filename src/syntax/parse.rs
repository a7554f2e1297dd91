//! Parses a text by all stages in order.
//!
//! The scanner reads tokens, `balance` completes the brackets, `separate` inserts missing `;`, the grammar reads the
//! repaired text (one of its rules catches what no other rule understands), and the builder makes the tree. Each stage
//! reports what it finds and goes on, so that parsing never fails. `docs/architecture.md` says why each stage is
//! needed.

use crate::base::{FileId, MAX_SOURCE_BYTES, SourceMap, with_deep_stack};
use crate::diag::{Code, Sink};

use super::ast::File;
use super::build::TreeBuilder;
use super::comments::read_comments;
use super::deduplicate::deduplicate;
use super::extent::Extent;
use super::lex::{Lexed, lex};
use super::mend::Repairs;
use super::mend::separate;
use super::mend::{balance, check_depth};
use super::parsed::Parsed;
use super::session::Session;

/// Parses a file of the map and reports its mistakes to the sink. A statement with a mistake stands in the tree as
/// [`StmtKind::Broken`](super::ast::StmtKind::Broken), and the tree is marked as broken.
pub fn parse(map: &SourceMap, file: FileId, sink: &mut Sink) -> Parsed {
    let source: &str = map.text(file);
    let mut found = Sink::default();
    let mut session = Session { file, source, sink: &mut found, failed: false };
    let mut lexed = Lexed::default();
    let (mut tree, mut elements) = read(&mut session, &mut lexed).unwrap_or_default();
    tree.broken |= session.failed;
    for diagnostic in deduplicate(found.into_sorted(), &mut elements) {
        sink.add(diagnostic);
    }
    let Lexed { tokens, comments } = lexed;
    Parsed { file, text: map.text(file).clone(), tokens, comments, tree }
}

/// The tree and its parts; `None` for a text that is not read at all.
fn read(session: &mut Session<'_>, lexed: &mut Lexed) -> Option<(File, Vec<Extent>)> {
    let source = session.source;
    if source.len() > MAX_SOURCE_BYTES {
        let span = session.span(0, 0);
        let message = format!("{} bytes of source; the limit is {MAX_SOURCE_BYTES}", source.len());
        session.error(Code::E0010, span, message).emit();
        return None;
    }
    let mut repairs = Repairs::default();
    *lexed = lex(session, &mut repairs);
    if !check_depth(session, &lexed.tokens) {
        return None;
    }
    let balanced = balance(session, &mut repairs, &lexed.tokens)?;
    separate(session, &mut repairs, &balanced);
    drop(balanced);
    let repaired = repairs.apply(source);
    let mut builder = TreeBuilder::new(session, &repaired, lexed);
    if let Err(at) = with_deep_stack(|| builder.file()) {
        let at = repaired.original(at);
        let span = session.span(at, at);
        session.error(Code::E0001, span, "unexpected text").emit();
        return None;
    }
    let (mut tree, elements) = builder.finish();
    read_comments(session, lexed, &mut tree, &elements);
    Some((tree, elements))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::ast::{BranchForm, Head, ItemKind, StmtKind};

    /// The tree, and the diagnostics as `line:column: code: message`.
    fn parsed(text: &str) -> (File, Vec<String>) {
        let mut map = SourceMap::default();
        let file = map.add("test.cnn", text);
        let mut sink = Sink::default();
        let tree = parse(&map, file, &mut sink).tree;
        let shown = sink.into_sorted().into_iter().map(|one| {
            let place = map.location(one.primary.span);
            format!("{}:{}: {}: {}", place.line, place.column, one.code, one.message)
        });
        (tree, shown.collect())
    }

    #[test]
    fn correct_programs_have_no_diagnostics() {
        for text in [
            include_str!("../../tests/corpus/bare.cnn"),
            include_str!("../../tests/corpus/inception_module.cnn"),
            include_str!("../../tests/corpus/lenet5.cnn"),
            include_str!("../../tests/corpus/lenet5_1998.cnn"),
            include_str!("../../tests/corpus/resnet.cnn"),
            include_str!("../../tests/corpus/squeeze_excitation.cnn"),
            include_str!("../../tests/corpus/syntax.cnn"),
        ] {
            let (tree, diagnostics) = parsed(text);
            assert_eq!(diagnostics, Vec::<String>::new(), "{text}");
            assert!(!tree.broken);
            assert!(tree.skipped_names.is_empty());
        }
    }

    /// The kinds of the statements of a text without a network.
    fn heads(text: &str) -> Vec<String> {
        let (tree, diagnostics) = parsed(text);
        assert_eq!(diagnostics, Vec::<String>::new(), "{text}");
        let body = tree.statements.expect("bare statements");
        let shown = body.statements.iter().map(|statement| match &statement.kind {
            StmtKind::Flow(flow) => match &flow.head {
                Head::Op { word, args } => format!("{} with {}", word.value, args.len()),
                Head::Call(call) => {
                    format!("{}({}) with {}", call.block.value, call.args.len(), call.trailing.len())
                }
                Head::Form(form) => {
                    let BranchForm { word, args, branches, trailing } = &**form;
                    format!("{} {} <{}> {}", word.value, args.len(), branches.len(), trailing.len())
                }
                Head::Group(body) => format!("[{}]", body.statements.len()),
                Head::Reference(path) => format!("@{}", path.parts.len()),
                Head::Shared(path) => format!("shared {}", path.parts.len()),
            },
            StmtKind::Let(constant) => format!("let {}", constant.name.value),
            other => format!("{other:?}").chars().take_while(|one| one.is_alphabetic()).collect(),
        });
        shown.collect()
    }

    #[test]
    fn a_parenthesis_directly_behind_a_word_is_a_call() {
        let text = "b(); b(1, s=2) bn relu; b (1, s=2); b () relu; dense (n) relu; leaky(0.1)";
        let expected =
            ["b(0) with 0", "b(2) with 2", "b(2) with 0", "b(0) with 1", "dense with 2", "leaky(1) with 0"];
        assert_eq!(heads(text), expected);
    }

    #[test]
    fn the_words_of_a_statement_are_a_flat_list() {
        let text = "conv 3x3x8 pad=(1,2) bn eps=1e-3 leaky 0.1; residual bn scale=-0.5 < | a; b | c > relu bn; let x = 1;
            [a; [b] * 2] -> ?x?x3 as s[]; @s.0; input; labels \"a\"; expect a.b == ?x?x3";
        let expected = ["conv with 6", "residual 2 <2> 2", "let x", "[2]", "@2", "Input", "Labels", "Expect"];
        assert_eq!(heads(text), expected);
    }

    #[test]
    fn words_of_the_second_edition_of_practice() {
        let text = "conv 3x3x8 as a.b; shared a.\"b\" -> 8x8x8 as c; prelu shared relu; slice 4 at=2; mean channels;
            max < a | b > relu; split (1, 2) < a | b >; times (-0.5); crop to 2x2; upsample to 5x7 bilinear;
            [shared c; b()] * 2 as s.\"b*\" from 1; input 8x8x3 letterbox=0.5 order=bgr orient resize=(4, 5) ; inline(3)";
        let expected = [
            "conv with 1",
            "shared 2",
            "prelu with 2",
            "slice with 2",
            "mean with 1",
            "max 0 <2> 1",
            "split 1 <2> 0",
            "times with 1",
            "crop with 2",
            "upsample with 3",
            "[2]",
            "Input",
            "inline(1) with 0",
        ];
        assert_eq!(heads(text), expected);
    }

    #[test]
    fn blocks_may_be_inline_and_take_words() {
        let text = "inline block a(k, word act = relu, word) { conv 3x3x(k) act }\n## of b\nblock b(word) { relu }\nrelu";
        let (tree, diagnostics) = parsed(text);
        assert_eq!(diagnostics, Vec::<String>::new());
        let shown = tree.items.iter().map(|item| match &item.kind {
            ItemKind::Block(block) => {
                let params = block.params.iter().map(|param| (param.word, param.name.value.as_str()));
                (block.inline, item.doc.len(), params.collect::<Vec<_>>())
            }
            other => panic!("{other:?}"),
        });
        let expected = [
            (true, 0, vec![(false, "k"), (true, "act"), (false, "word")]),
            (false, 1, vec![(false, "word")]),
        ];
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_cannot_be_read_is_salvaged() {
        let (tree, diagnostics) =
            parsed("relu; conv 3 ] as a.\"b-1\"[]; [conv -> ; relu as inner] as outer; relu");
        assert_eq!(diagnostics.len(), 2, "{diagnostics:?}");
        assert!(tree.broken);
        let skipped_names: Vec<&str> = tree.skipped_names.iter().map(String::as_str).collect();
        assert_eq!(skipped_names, ["a", "as", "b-1", "conv"]);
        let body = tree.statements.expect("bare statements");
        let bad = body.statements.iter().filter(|one| matches!(one.kind, StmtKind::Broken(_))).count();
        assert_eq!((body.statements.len(), bad), (4, 1));
    }

    #[test]
    fn a_constant_is_an_item_until_the_first_statement() {
        let (tree, diagnostics) = parsed("let a = 1; block b() { relu } relu; let c = 2; b()");
        assert_eq!(diagnostics, Vec::<String>::new());
        assert_eq!(tree.items.len(), 2);
        assert_eq!(tree.statements.expect("bare statements").statements.len(), 3);
    }

    #[test]
    fn an_empty_text_is_an_empty_file() {
        for text in ["", "\u{feff}", "# a comment", "\r\n\t"] {
            let (tree, diagnostics) = parsed(text);
            assert_eq!(diagnostics, Vec::<String>::new());
            assert!(tree.items.is_empty() && tree.statements.is_none() && !tree.broken);
        }
    }
}
