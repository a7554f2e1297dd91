//! The canonical form of a file.
//!
//! ```text
//! Parsed ─read─▶ Body of statements, words and remarks ─layout─▶ rows ─align─▶ text
//! ```
//!
//! Every token of the file is printed as it was written, and every comment once, in order. Only `;` and a first `|` are
//! added or removed, and the arguments of an operator are reordered, which does not change their meaning. The author
//! decides the line breaks between statements, the formatter those within a statement. `docs/language/format.md`
//! defines the form.
//!
//! A program that makes a text, such as an importer, writes one statement a line without regard to layout, parses it
//! and prints it with [`format()`]. Made texts and formatted ones then look alike.

mod align;
mod layout;
mod read;
mod spacing;
mod words;

use super::Parsed;
use super::ast::Arg;

/// The longest line, in columns, that is not one word or comment.
pub const WIDTH: usize = 100;

/// The order in which the arguments of an operator word are written.
pub trait ArgumentOrder {
    /// The places of the arguments in canonical order. `head` is the word before them, or `None` for the trailing words
    /// of a block call or branch form.
    fn order(&self, head: Option<&str>, args: &[Arg]) -> Vec<usize>;
}

/// Keeps arguments in the order of the text.
impl ArgumentOrder for () {
    fn order(&self, _head: Option<&str>, args: &[Arg]) -> Vec<usize> {
        (0..args.len()).collect()
    }
}

/// The canonical text of a file; `None` where it has syntax errors.
pub fn format(parsed: &Parsed, order: &dyn ArgumentOrder) -> Option<String> {
    if parsed.tree.broken {
        return None;
    }
    let mut rows = layout::file(&read::file(parsed, order));
    let mut text = String::with_capacity(parsed.text.len() + parsed.text.len() / 8);
    rows.drain(..).for_each(|row| row.write(&mut text));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use crate::diag::Sink;
    use crate::syntax::parse;

    fn formatted(text: &str) -> String {
        let mut map = SourceMap::default();
        let file = map.add("test.cnn", text);
        let mut sink = Sink::default();
        let parsed = parse(&map, file, &mut sink);
        format(&parsed, &()).unwrap_or_else(|| panic!("{text}: {:?}", sink.into_sorted()))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let once = formatted(text);
        assert_eq!(once, expected, "{text}");
        assert_eq!(formatted(&once), once, "formatted twice: {text}");
    }

    #[test]
    fn white_space_within_a_statement_is_canonical() {
        check(
            "conv   3x3x( 4*c )/( s ) pad=( 1,2 ) bn eps=1e-3;@a;leaky (-0.1) ;b (1,s=2 ,) relu",
            "conv 3x3x(4 * c)/(s) pad=(1, 2) bn eps=1e-3;  @a;  leaky (-0.1);  b(1, s=2,) relu;\n",
        );
        check(
            "let a=- -2^2*( 1+x )//3-min( in.c,-4);dense (1_000)*2->1000 as s.\"b*\" from 1",
            "let a = --2 ^ 2 * (1 + x) // 3 - min(in.c, -4);  dense (1_000) * 2 -> 1000 as s.\"b*\" from 1;\n"
                .replace("2 -> 1000 as", "2  -> 1000  as")
                .as_str(),
        );
        check(
            "cnn 1;use \"a.cnn\";inline block b(c,s=1,word act=relu){relu}network n=m(3,c=2);table t 2->2{0;1}",
            "cnn 1;  use \"a.cnn\";\ninline block b(c, s = 1, word act = relu) { relu; }\nnetwork n = m(3, c=2);\n\
             table t 2 -> 2 { 0;  1; }\n",
        );
    }

    #[test]
    fn a_statement_is_broken_where_it_is_too_long() {
        check("add < a;\n>", "add < a >;\n");
        check("add < | a; | b; >", "add < a | b >;\n");
        check(
            "add < a;\nb | c >  relu->?x?x3 as x",
            "add <\n    | a;\n      b\n    | c\n> relu  -> ?x?x3  as x;\n",
        );
        check("[a;\nb]*2", "[\n    a;\n    b\n] * 2;\n");
        check("[ a ; b ] * 2", "[a; b] * 2;\n");
        let long = "conv 3x3x64 pad=1 nobias bn relu";
        check(
            &format!("concat < {long}; {long} | {long} | a >"),
            &format!("concat <\n    | {long};  {long}\n    | {long}\n    | a\n>;\n"),
        );
        check(
            &format!("residual < {long}; {long}; {long} > relu"),
            &format!("residual <\n    {long};\n    {long};\n    {long}\n> relu;\n"),
        );
    }

    #[test]
    fn columns_of_neighbouring_lines_are_aligned() {
        check(
            "conv 5x5x6;  relu -> 1x1x6;  # one\nflatten -> 400 as x;# two\ndense 1 as yy;\n\nrelu as z;",
            "conv 5x5x6;  relu  -> 1x1x6;      # one\nflatten            -> 400  as x;  # two\n\
             dense 1                    as yy;\n\nrelu as z;\n",
        );
        let long = "x".repeat(60);
        check(
            &format!("a as {long};\nb(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) as y;"),
            &format!("a as {long};\nb(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) as y;\n"),
        );
    }

    #[test]
    fn comments_stay_with_their_statements() {
        check(
            "# head\n\n\n# doc\nrelu # a\n; # b\nadd < # c\n # d\n a # e\n | # f\n b # g\n # h\n > # i\n relu # j",
            "# head\n\n# doc\nrelu;  # a\n# b\nadd <  # c\n    # d\n    | a  # e\n    # f\n    | b  # g\n    # h\n\
             >  # i\n        relu;  # j\n",
        );
        check(
            "block b(c, # channels\n s # stride\n){ # body\n relu\n # end\n} # after\n# last",
            "block b(c,  # channels\n        s  # stride\n        ) {  # body\n    relu;\n    # end\n}  # after\n# last\n",
        );
        check("# only a comment", "# only a comment\n");
        check("", "");
    }
}
