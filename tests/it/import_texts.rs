//! How the importer writes what is exported: chains, skips and shared modules as a person would.

use std::io::Cursor;

use cnnc::export::onnx::Batch;
use cnnc::import::{self, import};

use crate::onnx_export::{checked, exported};

/// Exports a network, imports it, and compares the text.
fn comes_back_as(network: &str, wanted: &str) {
    let model = exported(&checked(network), Batch::Fixed(1), 17);
    let options = import::ImportOptions { name: "net".to_owned(), ..import::ImportOptions::default() };
    let imported = import(Cursor::new(&model.bytes), "net.onnx", &options, &model)
        .unwrap_or_else(|failure| panic!("{failure}\n{network}"));
    assert_eq!(imported.notes, Vec::<String>::new(), "{}", imported.text);
    assert_eq!(imported.text, wanted);
}

#[test]
fn concatenated_values_that_follow_from_each_other_are_a_chain() {
    let network = "\
block sppf(c) {
    conv 1x1x(c) bn silu;
    maxpool 5/1 pad=2 as a;
    maxpool 5/1 pad=2 as b;
    maxpool 5/1 pad=2 as c;
    concat < @conv1 | @a | @b | identity >;
}
network net {
    input 16x16x3;
    [
    conv 1x1x4 silu as first;
    maxpool 5/1 pad=2 as a;
    maxpool 5/1 pad=2 as b;
    maxpool 5/1 pad=2 as c;
    concat < @first | @a | @b | identity >;
    conv 1x1x4 silu as last;
    ] as s1;
    [
    conv 1x1x8 silu as first;
    maxpool 5/1 pad=2 as a;
    maxpool 5/1 pad=2 as b;
    maxpool 5/1 pad=2 as c;
    concat < @first | @a | @b | identity >;
    conv 1x1x8 silu as last;
    ] as s2;
}
";
    let wanted = "\
block concat_unit(c) {
    conv 1x1x(c) silu as first;  maxpool 5/1 pad=2 as t1;  maxpool 5/1 pad=2 as t2;
    maxpool 5/1 pad=2;  concat < @first | @t1 | @t2 | identity >;
    conv 1x1x(c) silu as last;
}
network net {
    input 16x16x3;
    concat_unit(4) as s1;  concat_unit(8) as s2;
    expect params == 388;
}
";
    comes_back_as(network, wanted);
}

#[test]
fn a_u_net_takes_earlier_values_by_name() {
    let network = "\
block twice(c) {
    conv 3x3x(c) pad=1 bn relu;
    conv 3x3x(c) pad=1 bn relu;
}
network net {
    input 16x16x3;
    twice(8) as down.0;
    maxpool 2/2;
    twice(16) as down.1;
    maxpool 2/2;
    twice(32) as down.2;
    deconv 2x2x16/2 as up.1;
    concat < @down.1 | identity >;
    twice(16) as merge.1;
    deconv 2x2x8/2 as up.0;
    concat < @down.0 | identity >;
    twice(8) as merge.0;
    conv 1x1x2 as head;
}
";
    let wanted = "\
block conv_bn(c) { conv 3x3x(c) pad=1 bn relu * 2; }
network net {
    input 16x16x3;
    [
        conv_bn(8) as 0;  maxpool 2/2;
        conv_bn(16) as 1;  maxpool 2/2;
        conv_bn(32) as 2
    ]  -> 4x4x32  as down;
    deconv 2x2x16/2                             as up.1;
    concat < @down.1 | identity >;  conv_bn(16) as merge.1;
    deconv 2x2x8/2                              as up.0;
    concat < @down.0 | identity >;  conv_bn(8)  as merge.0;
    conv 1x1x2                                  as head;
    expect params == 29_634;
}
";
    comes_back_as(network, wanted);
}

#[test]
fn modules_that_run_again_are_shared_as_a_whole() {
    let network = "\
block tower(c) {
    conv 3x3x8 pad=1 relu;
    conv 3x3x8 pad=1 relu;
    conv 1x1x(c) as last;
}
network net {
    input 16x16x3;
    conv 3x3x8 pad=1 relu as stem;
    tower(4) as boxes;
    @stem;
    tower(6) as classes;
    @stem;
    maxpool 2/2 as small;
    shared boxes as boxes_2;
    @small;
    shared classes as classes_2;
    concat < @boxes_2 | identity >;
    aux < @boxes > as first;
    aux < @classes > as second;
}
";
    let wanted = "\
block unit(c) {
    conv 3x3x8 pad=1 relu * 2;
    conv 1x1x(c) as last;
}
network net {
    input 16x16x3;
    conv 3x3x8 pad=1 relu as stem;
    unit(4)               as boxes;
    aux < identity >      as first;
    @stem;  unit(6)       as classes;
    aux < identity >      as second;
    @stem;  maxpool 2/2;
    concat < shared boxes as boxes_2 | shared classes as classes_2 >;
    expect params == 2_650;
}
";
    comes_back_as(network, wanted);
}

#[test]
fn parts_of_a_value_begin_branches() {
    let network = "\
network net {
    input 16x16x3;
    conv 1x1x8 as stem;
    [
    layernorm as norm;
    conv 1x1x24 as fc1;
    mul < concat < slice 6 at=12 | slice 6 at=18; dwconv 3x3 same as conv > | slice 12 gelu >;
    conv 1x1x8 as fc2;
    add < identity | @stem >;
    ] as a;
    [
    layernorm as norm;
    conv 1x1x24 as fc1;
    mul < concat < slice 6 at=12 | slice 6 at=18; dwconv 3x3 same as conv > | slice 12 gelu >;
    conv 1x1x8 as fc2;
    add < identity | @a >;
    ] as b;
}
";
    let wanted = "\
block basic() {
    residual <
        layernorm   as norm;
        conv 1x1x24 as fc1;
        mul < concat < slice 6 at=12 | slice 6 at=18; dwconv 3x3 pad=1 as conv > | slice 12 gelu >;
        conv 1x1x8 as fc2
    >;
}
network net {
    input 16x16x3;
    conv 1x1x8             as stem;
    basic() as a;  basic() as b;
    expect params == 824;
}
";
    comes_back_as(network, wanted);
}

#[test]
fn what_trails_a_shared_operator_at_each_place_is_repeated_with_it() {
    let text = "\
network net {
    input 8x8x3;
    conv 3x3x3 pad=1 bn as first;  relu;
    shared first as again;
    bn noscale   as third;
    shared third as fourth;
    expect params == 90;
}
";
    comes_back_as(text, text);
}

#[test]
fn rows_behind_a_transposed_convolution_are_its_own() {
    let text = "\
network net {
    input 6x4x1;
    deconv 5x5x3/2 dilate=3 outpad=2;
    expect params == 78;
}
";
    comes_back_as(text, text);
}

#[test]
fn words_behind_a_shared_operator_in_a_module_stand_alone_where_they_must() {
    let network = "\
network net {
    input 8x4x1;
    bn noscale neg hardtanh as p.first;
    shared p.first          as again;
}
";
    let wanted = "\
network net {
    input 8x4x1;
    bn noscale as p.first;
    neg hardtanh;
    shared p.first as again;
    neg hardtanh;
    expect params == 1;
}
";
    comes_back_as(network, wanted);
}

#[test]
fn modules_may_be_called_like_ports_and_words_of_the_language() {
    let text = "\
network net {
    input 8x8x1                          as input1;
    conv 1x1x2                           as input;
    conv 1x1x2                           as out;
    conv 1x1x2                           as conv;
    conv 1x1x2 relu                      as network;
    [conv 1x1x2 as 0; conv 1x1x2 as 1x1] as as;
    conv 1x1x2                           as expect;
    expect params == 40;
}
";
    comes_back_as(text, text);
}
