//! What the operators refuse: arguments that are wrong by themselves, and inputs that do not fit.

use super::program::compile;

/// The codes of the errors of a statement that a 8x8x4 map arrives at.
fn codes(statement: &str) -> Vec<String> {
    let errors = compile(&format!("input 8x8x4; {statement};")).err().unwrap_or_default();
    errors.into_iter().map(|error| error.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn wrong_statements_have_one_error_with_its_code() {
    let table = [
        // Words, values and sizes.
        ("conv 3x3x8 sam", "E0201"),
        ("conv 3x3x8 strides=2", "E0201"),
        ("conv 3x3x8 same same", "E0202"),
        ("maxpool 2/2 countpad", "E0201"),
        ("conv 3x3x8 ceil", "E0201"),
        ("conv 3x3", "E0210"),
        ("conv 3", "E0210"),
        ("conv", "E0203"),
        ("dwconv 3x3x8", "E0210"),
        ("maxpool", "E0203"),
        ("lrn 5 k=1 alpha=1", "E0203"),
        ("relu 3", "E0204"),
        ("conv 0x3x8", "E0205"),
        ("conv 3x3x8 groups=0", "E0205"),
        ("conv 3x3x3000000000", "E0313"),
        ("lrn 4 k=1 alpha=1 beta=1", "E0205"),
        ("dropout 1", "E0205"),
        ("bn eps=-1", "E0205"),
        ("deconv 3x3x2/2 outpad=2", "E0205"),
        // What excludes each other.
        ("conv 3x3x8 same pad=1", "E0206"),
        ("conv 3x3x8 bias nobias", "E0206"),
        ("maxpool 2/2 same ceil", "E0206"),
        ("maxpool 2/2 global", "E0206"),
        ("avgpool to 2 pad=1", "E0206"),
        ("upsample 2 nearest bilinear", "E0206"),
        ("deconv 3x3x2/2 same outpad=1", "E0206"),
        ("residual project zeropad < identity >", "E0206"),
        ("residual nobias < identity >", "E0206"),
        // Shapes.
        ("dense 10", "E0302"),
        ("rbf 10", "E0302"),
        ("unflatten 8x8x4", "E0302"),
        ("flatten; conv 1x1x8", "E0302"),
        ("flatten; flatten", "E0302"),
        ("flatten; lrn 1 k=1 alpha=1 beta=1", "E0302"),
        ("conv 3x3x8 groups=3", "E0303"),
        ("shuffle 3", "E0303"),
        ("residual < conv 3x3x8 >", "E0304"),
        ("conv 9x9x8", "E0305"),
        ("maxpool 9/1", "E0305"),
        ("deconv 1x1x2/2 same", "E0305"),
        ("concat < identity | conv 3x3x4 >", "E0306"),
        ("add < identity | conv 1x1x1 >", "E0307"),
        ("mul < identity | conv 3x3x4 >", "E0307"),
        ("flatten; unflatten 8x8x5", "E0307"),
        ("split 3 < identity | identity | identity >", "E0308"),
        ("maxpool 2/2 pad=2", "E0311"),
        ("maxpool 2/9 pad=1 dilate=9", "E0311"),
        ("residual zeropad < conv 1x1x2 >", "E0318"),
        ("deconv 2x2x2 pad=5", "E0319"),
    ];
    let wrong: Vec<_> = table.into_iter().filter(|(statement, code)| codes(statement) != [*code]).collect();
    let shown: Vec<_> = wrong.iter().map(|(statement, code)| (statement, code, codes(statement))).collect();
    assert!(wrong.is_empty(), "statement, expected code, actual codes: {shown:#?}");
}

#[test]
fn unusual_but_legal_statements_are_taken() {
    let legal = [
        "conv 3x3x8 pad=9",
        "deconv 1x1x2/2",
        "deconv 3x3x2 dilate=3 outpad=2",
        "maxpool 3/2 ceil pad=1",
        "avgpool to 16",
        "dropout 0",
        "upsample 1",
        "pad 0",
        "leaky",
        "flatten; bn layernorm dropout 0.5 scale bias prelu softmax",
    ];
    for statement in legal {
        assert_eq!(codes(statement), Vec::<String>::new(), "{statement}");
    }
}
