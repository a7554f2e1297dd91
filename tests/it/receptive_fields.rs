//! Receptive field, effective stride and padding against the published table of Araujo et al. 2019, "Computing
//! Receptive Fields of Convolutional Neural Networks" (google-research/receptive_field, 224x224 inputs).

use cnnc::driver::{Options, Session};

/// The TF-Slim networks of the table; values have the names of its end points.
const ALEXNET_V2: &str = "input 224x224x3;
conv 11x11x64/4 relu as conv1; maxpool 3/2 as pool1;
conv 5x5x192 same relu as conv2; maxpool 3/2;
conv 3x3x384 same relu as conv3; conv 3x3x384 same relu as conv4; conv 3x3x256 same relu as conv5;
maxpool 3/2 as pool5";

const VGG_A: &str = "input 224x224x3;
conv 3x3x64 same relu as conv1_1; maxpool 2/2 as pool1;
conv 3x3x128 same relu as conv2_1; maxpool 2/2 as pool2;
conv 3x3x256 same relu as conv3_1; conv 3x3x256 same relu as conv3_2; maxpool 2/2 as pool3;
conv 3x3x512 same relu as conv4_1; conv 3x3x512 same relu as conv4_2; maxpool 2/2 as pool4;
conv 3x3x512 same relu as conv5_1; conv 3x3x512 same relu as conv5_2; maxpool 2/2 as pool5";

/// ResNet v1 with the stride in the last unit of a stage, as TF-Slim has it.
fn resnet_v1([n1, n2, n3, n4]: [u32; 4]) -> String {
    format!(
        "block unit(c, s = 1) {{
            residual project bn < conv 1x1x(c) bn relu; conv 3x3x(c)/(s) pad=1 bn relu; conv 1x1x(4*c) bn > relu;
        }}
        block stage(c, n, s) {{ unit(c) * (n - 1); unit(c, s=s); }}
        network resnet_v1 {{
            input 224x224x3;
            conv 7x7x64/2 pad=3 bn relu; maxpool 3/2 same;
            stage(64, {n1}, 2) as block1; stage(128, {n2}, 2) as block2;
            stage(256, {n3}, 2) as block3; stage(512, {n4}, 1) as block4;
        }}"
    )
}

/// Rows of the table: end point, receptive field, effective stride, effective padding.
type Row = (&'static str, u128, f64, f64);

fn compare(network: &str, text: &str, rows: &[Row]) {
    let session = Session::load(&(), network, text.as_bytes().to_vec(), "network");
    let outcome = session.compile(&Options::default()).unwrap();
    let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    for &(name, size, stride, padding) in rows {
        let id = checked.graph().value(name).unwrap();
        let receptive = checked.receptive(id);
        for axis in [&receptive.rows, &receptive.columns] {
            let found = (axis.size, axis.stride.to_f64(), axis.padding.to_f64());
            assert_eq!(found, (size, stride, padding), "{network}, {name}");
        }
    }
}

#[test]
fn plain_networks_have_the_published_fields() {
    compare(
        "alexnet_v2",
        ALEXNET_V2,
        &[
            ("conv1", 11, 4.0, 0.0),
            ("pool1", 19, 8.0, 0.0),
            ("conv2", 51, 8.0, 16.0),
            ("conv3", 99, 16.0, 32.0),
            ("conv4", 131, 16.0, 48.0),
            ("conv5", 163, 16.0, 64.0),
            ("pool5", 195, 32.0, 64.0),
        ],
    );
    compare(
        "vgg_a",
        VGG_A,
        &[
            ("conv1_1", 3, 1.0, 1.0),
            ("pool1", 4, 2.0, 1.0),
            ("conv2_1", 8, 2.0, 3.0),
            ("pool2", 10, 4.0, 3.0),
            ("conv3_1", 18, 4.0, 7.0),
            ("conv3_2", 26, 4.0, 11.0),
            ("pool3", 30, 8.0, 11.0),
            ("conv4_1", 46, 8.0, 19.0),
            ("conv4_2", 62, 8.0, 27.0),
            ("pool4", 70, 16.0, 27.0),
            ("conv5_1", 102, 16.0, 43.0),
            ("conv5_2", 134, 16.0, 59.0),
            ("pool5", 150, 32.0, 59.0),
        ],
    );
}

#[test]
fn residual_networks_have_the_published_fields() {
    let published: [([u32; 4], [Row; 4]); 3] = [
        (
            [3, 4, 6, 3],
            [
                ("block1", 35, 8.0, 15.0),
                ("block2", 99, 16.0, 47.0),
                ("block3", 291, 32.0, 143.0),
                ("block4", 483, 32.0, 239.0),
            ],
        ),
        (
            [3, 4, 23, 3],
            [
                ("block1", 35, 8.0, 15.0),
                ("block2", 99, 16.0, 47.0),
                ("block3", 835, 32.0, 415.0),
                ("block4", 1027, 32.0, 511.0),
            ],
        ),
        (
            [3, 8, 36, 3],
            [
                ("block1", 35, 8.0, 15.0),
                ("block2", 163, 16.0, 79.0),
                ("block3", 1315, 32.0, 655.0),
                ("block4", 1507, 32.0, 751.0),
            ],
        ),
    ];
    for (units, rows) in published {
        compare(&format!("resnet_v1 {units:?}"), &resnet_v1(units), &rows);
    }
}
