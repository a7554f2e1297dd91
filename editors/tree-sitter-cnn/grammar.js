// The language `.cnn` for Tree-sitter. Operators, flags and attributes are no rules here, as in the compiler's own
// grammar (`grammar/cnn.pest`): a statement is a word and a flat list of arguments. What a word means is said by
// `queries/highlights.scm`, whose lists of words come from the operator catalogue.

const sep1 = (rule, separator) => seq(rule, repeat(seq(separator, rule)));
const list = (rule) => seq('(', optional(seq(sep1(rule, ','), optional(','))), ')');

const SUFFIX = choice('KiB', 'MiB', 'GiB', 'K', 'M', 'G', 'T');

module.exports = grammar({
    name: 'cnn',

    // There is no `word` token: the `x` of a size would be taken for a keyword, and `x5x16` for a name.
    extras: ($) => [/\s/, /\uFEFF/, $.comment],

    rules: {
        source_file: ($) => repeat($._element),

        _element: ($) =>
            choice($.block, $.table, $.network, $.instance, $._statement, ';'),

        comment: (_) => token(seq('#', /[^\n]*/)),

        // Items.
        block: ($) =>
            seq(optional('inline'), 'block', field('name', $.identifier), optional($.parameters), field('body', $.body)),
        network: ($) =>
            seq('network', field('name', $.identifier), optional($.parameters), field('body', $.body)),
        instance: ($) =>
            seq('network', field('name', $.identifier), optional($.parameters), '=', field('of', $.identifier), $.call_arguments),
        table: ($) =>
            seq('table', field('name', $.identifier), $.integer, '->', $.integer, '{', repeat(choice($.row, ';')), '}'),
        row: ($) => prec.right(repeat1($.integer)),
        parameters: ($) => list($.parameter),
        parameter: ($) =>
            seq(optional('word'), field('name', $.identifier), optional(seq('=', field('default', $._expression)))),
        body: ($) => seq('{', repeat($._element), '}'),

        // Statements. The `;` between them is an element of its own, so that a missing one is no mistake here.
        _statement: ($) =>
            choice($.edition, $.use, $.let, $.input, $.labels, $.expect, $.flow),
        edition: ($) => seq('cnn', $.integer),
        use: ($) => seq('use', field('path', $.string)),
        let: ($) => seq('let', field('name', $.identifier), '=', field('value', $._expression)),
        input: ($) => prec.right(seq('input', repeat($._argument), optional($.naming))),
        labels: ($) => seq('labels', $.string),
        expect: ($) =>
            seq('expect', field('path', $.path), field('comparison', choice('==', '<=', '>=')), field('value', choice($.quantity, $.shape))),
        // A whole number without a suffix is a shape of one extent here.
        quantity: (_) =>
            token(choice(
                seq(/[0-9][0-9_]*/, SUFFIX),
                seq(/[0-9][0-9_]*(\.[0-9][0-9_]*([eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)/, optional(SUFFIX)),
            )),

        flow: ($) =>
            prec.right(seq(choice($.group, $.reference, $.shared, $.call, $.form, $.operator), repeat(choice($.repetition, $.stated, $.naming)))),
        group: ($) => seq('[', repeat($._element), ']'),
        reference: ($) => seq('@', $.path),
        shared: ($) => seq('shared', $.path),
        call: ($) => prec.right(seq(field('block', $.identifier), $.call_arguments, repeat($._argument))),
        operator: ($) => prec.right(seq(field('name', $.identifier), repeat($._argument))),
        form: ($) =>
            prec.right(seq(field('name', $.identifier), repeat($._argument), $.branches, repeat($._argument))),
        branches: ($) => seq('<', optional('|'), sep1($.branch, '|'), '>'),
        branch: ($) => repeat1($._element),

        repetition: ($) => seq('*', choice($.integer, $.parenthesised)),
        stated: ($) => seq('->', $.shape),
        naming: ($) => prec.right(seq('as', $.new_path, optional(seq('from', choice($.integer, $.parenthesised))))),

        // Words and arguments. A block call has its parenthesis at once; an operator's value stands behind a space.
        call_arguments: ($) => seq(token.immediate('('), optional(seq(sep1($._call_argument, ','), optional(','))), ')'),
        _call_argument: ($) => choice($.named_argument, $._expression),
        named_argument: ($) => seq(field('name', $.identifier), '=', $._expression),
        _argument: ($) => choice($.attribute, $.real, $.size, $.word),
        attribute: ($) =>
            seq(choice(seq(field('name', $.identifier), '='), field('name', $.table_attribute)), field('value', choice($.signed, $.real, $.integer, $.parenthesised, $.identifier))),
        // One token with its `=`: a `table` alone begins an item.
        table_attribute: (_) => token(prec(3, /table[ \t]*=/)),
        signed: ($) => seq('-', choice($.real, $.integer)),
        // `prelu shared`: behind an operator it is a flag, at the beginning of a statement a keyword.
        word: ($) => choice($.identifier, alias('shared', $.identifier)),

        // One token in the language; white space only inside the parentheses.
        size: ($) => prec.right(seq($._dimension, repeat(seq(choice($.times, $.stride), $._next_dimension)))),
        times: (_) => token.immediate(prec(2, 'x')),
        stride: (_) => token.immediate(prec(2, '/')),
        _dimension: ($) => choice($.integer, $.parenthesised),
        _next_dimension: ($) => choice(alias(token.immediate(/[0-9][0-9_]*/), $.integer), alias($._immediate_parenthesised, $.parenthesised)),
        _immediate_parenthesised: ($) => seq(token.immediate('('), sep1($._expression, ','), optional(','), ')'),
        shape: ($) =>
            prec.right(seq(choice($._dimension, $.open), repeat(seq($.times, choice($._next_dimension, alias(token.immediate('?'), $.open)))))),
        open: (_) => '?',
        parenthesised: ($) => seq('(', sep1($._expression, ','), optional(','), ')'),

        // Paths.
        path: ($) => prec.right(seq($._part, repeat(seq(token.immediate('.'), $._next_part)))),
        _part: ($) => choice(alias($.identifier, $.part), alias($.integer, $.part), alias($.string, $.part)),
        _next_part: ($) => choice(alias(token.immediate(/[A-Za-z0-9_]+/), $.part), alias(token.immediate(/"[^"\n]*"/), $.part)),
        new_path: ($) => choice(seq($.path, optional(token.immediate('[]'))), '[]'),

        // Expressions.
        _expression: ($) =>
            choice($.binary, $.negative, $.real, $.integer, $.arriving, $.function_call, $.name, $.nested),
        binary: ($) =>
            choice(
                prec.left(1, seq($._expression, choice('+', '-'), $._expression)),
                prec.left(2, seq($._expression, choice('*', '/', '//', '%'), $._expression)),
                prec.right(4, seq($._expression, '^', $._expression)),
            ),
        negative: ($) => prec(3, seq('-', $._expression)),
        nested: ($) => seq('(', $._expression, ')'),
        arriving: ($) => seq('in', token.immediate('.'), alias(token.immediate(/[hwc]/), $.extent)),
        function_call: ($) => seq(field('function', $.identifier), '(', sep1($._expression, ','), optional(','), ')'),
        name: ($) => $.identifier,

        // Tokens.
        identifier: (_) => /[A-Za-z_][A-Za-z0-9_]*/,
        integer: (_) => /[0-9][0-9_]*/,
        real: (_) => /[0-9][0-9_]*(\.[0-9][0-9_]*([eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)/,
        string: (_) => /"[^"\n]*"/,
    },
});
