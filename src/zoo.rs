//! The shipped networks: the files of `examples/zoo`, as text in the binary.
//!
//! Every file stands alone (it uses no other), and a network has the same name in the file, in the list and on the
//! command line; no name is given twice. Nothing is compiled here.

/// A file of the zoo.
#[derive(Debug)]
pub struct ZooFile {
    /// The file's name without `.cnn`.
    pub name: &'static str,
    /// The year of the publication.
    pub year: u16,
    /// Its networks that need no arguments, in the order of the file.
    pub networks: &'static [&'static str],
    /// The source.
    pub text: &'static str,
}

/// The files, in the order of the years.
pub const FILES: &[ZooFile] = &[
    ZooFile {
        name: "lenet5_1998",
        year: 1998,
        networks: &["lenet5_1998"],
        text: include_str!("../examples/zoo/lenet5_1998.cnn"),
    },
    ZooFile {
        name: "lenet5",
        year: 1998,
        networks: &["lenet5"],
        text: include_str!("../examples/zoo/lenet5.cnn"),
    },
    ZooFile {
        name: "alexnet",
        year: 2012,
        networks: &["alexnet"],
        text: include_str!("../examples/zoo/alexnet.cnn"),
    },
    ZooFile {
        name: "alexnet_two_towers",
        year: 2012,
        networks: &["alexnet_two_towers"],
        text: include_str!("../examples/zoo/alexnet_two_towers.cnn"),
    },
    ZooFile {
        name: "nin",
        year: 2013,
        networks: &["nin", "nin_cifar10"],
        text: include_str!("../examples/zoo/nin.cnn"),
    },
    ZooFile {
        name: "alexnet_torchvision",
        year: 2014,
        networks: &["alexnet_torchvision"],
        text: include_str!("../examples/zoo/alexnet_torchvision.cnn"),
    },
    ZooFile {
        name: "vgg",
        year: 2014,
        networks: &["vgg11", "vgg11_lrn", "vgg13", "vgg16_c", "vgg16", "vgg19"],
        text: include_str!("../examples/zoo/vgg.cnn"),
    },
    ZooFile {
        name: "inception_naive",
        year: 2014,
        networks: &["inception_naive", "inception_naive_grows"],
        text: include_str!("../examples/zoo/inception_naive.cnn"),
    },
    ZooFile {
        name: "inception_bottleneck",
        year: 2014,
        networks: &["inception_bottleneck"],
        text: include_str!("../examples/zoo/inception_bottleneck.cnn"),
    },
    ZooFile {
        name: "googlenet",
        year: 2014,
        networks: &["googlenet"],
        text: include_str!("../examples/zoo/googlenet.cnn"),
    },
    ZooFile {
        name: "googlenet_torchvision",
        year: 2014,
        networks: &["googlenet_torchvision"],
        text: include_str!("../examples/zoo/googlenet_torchvision.cnn"),
    },
    ZooFile {
        name: "plain",
        year: 2015,
        networks: &["plain18", "plain34"],
        text: include_str!("../examples/zoo/plain.cnn"),
    },
    ZooFile {
        name: "resnet_v1",
        year: 2015,
        networks: &["resnet50_v1", "resnet101_v1", "resnet152_v1"],
        text: include_str!("../examples/zoo/resnet_v1.cnn"),
    },
    ZooFile {
        name: "resnet_shortcuts",
        year: 2015,
        networks: &["resnet18_a", "resnet34_a", "resnet34_c"],
        text: include_str!("../examples/zoo/resnet_shortcuts.cnn"),
    },
    ZooFile {
        name: "resnet",
        year: 2015,
        networks: &["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"],
        text: include_str!("../examples/zoo/resnet.cnn"),
    },
    ZooFile {
        name: "resnet_cifar",
        year: 2015,
        networks: &["resnet20", "resnet32", "resnet44", "resnet56", "resnet110"],
        text: include_str!("../examples/zoo/resnet_cifar.cnn"),
    },
    ZooFile {
        name: "inception_v3",
        year: 2015,
        networks: &["inception_v3"],
        text: include_str!("../examples/zoo/inception_v3.cnn"),
    },
    ZooFile {
        name: "unet_2015",
        year: 2015,
        networks: &["unet_2015"],
        text: include_str!("../examples/zoo/unet_2015.cnn"),
    },
    ZooFile { name: "unet", year: 2015, networks: &["unet"], text: include_str!("../examples/zoo/unet.cnn") },
    ZooFile {
        name: "fcn8s",
        year: 2015,
        networks: &["fcn8s"],
        text: include_str!("../examples/zoo/fcn8s.cnn"),
    },
    ZooFile {
        name: "siamese",
        year: 2015,
        networks: &["siamese"],
        text: include_str!("../examples/zoo/siamese.cnn"),
    },
    ZooFile {
        name: "dcgan",
        year: 2015,
        networks: &["dcgan_generator", "dcgan_discriminator"],
        text: include_str!("../examples/zoo/dcgan.cnn"),
    },
    ZooFile {
        name: "inception_resnet_v1",
        year: 2016,
        networks: &["inception_resnet_v1"],
        text: include_str!("../examples/zoo/inception_resnet_v1.cnn"),
    },
    ZooFile {
        name: "inception_resnet_v2",
        year: 2016,
        networks: &["inception_resnet_v2", "inception_resnet_v2_paper"],
        text: include_str!("../examples/zoo/inception_resnet_v2.cnn"),
    },
    ZooFile {
        name: "squeezenet",
        year: 2016,
        networks: &["squeezenet1_0", "squeezenet1_1"],
        text: include_str!("../examples/zoo/squeezenet.cnn"),
    },
    ZooFile {
        name: "resnext",
        year: 2016,
        networks: &["resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2"],
        text: include_str!("../examples/zoo/resnext.cnn"),
    },
    ZooFile {
        name: "densenet",
        year: 2016,
        networks: &["densenet121", "densenet169", "densenet201", "densenet161"],
        text: include_str!("../examples/zoo/densenet.cnn"),
    },
    ZooFile {
        name: "ssd300",
        year: 2016,
        networks: &["ssd300"],
        text: include_str!("../examples/zoo/ssd300.cnn"),
    },
    ZooFile {
        name: "espcn",
        year: 2016,
        networks: &["espcn"],
        text: include_str!("../examples/zoo/espcn.cnn"),
    },
    ZooFile {
        name: "xception",
        year: 2017,
        networks: &["xception"],
        text: include_str!("../examples/zoo/xception.cnn"),
    },
    ZooFile {
        name: "retinanet_head",
        year: 2017,
        networks: &["retinanet_head"],
        text: include_str!("../examples/zoo/retinanet_head.cnn"),
    },
    ZooFile {
        name: "deeplabv3",
        year: 2017,
        networks: &["deeplabv3"],
        text: include_str!("../examples/zoo/deeplabv3.cnn"),
    },
    ZooFile {
        name: "mobilenet_v2",
        year: 2018,
        networks: &["mobilenet_v2"],
        text: include_str!("../examples/zoo/mobilenet_v2.cnn"),
    },
    ZooFile {
        name: "shufflenet_v2",
        year: 2018,
        networks: &["shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"],
        text: include_str!("../examples/zoo/shufflenet_v2.cnn"),
    },
    ZooFile {
        name: "yolov3_tiny",
        year: 2018,
        networks: &["yolov3_tiny"],
        text: include_str!("../examples/zoo/yolov3_tiny.cnn"),
    },
    ZooFile {
        name: "mobilenet_v3",
        year: 2019,
        networks: &["mobilenet_v3_large", "mobilenet_v3_small"],
        text: include_str!("../examples/zoo/mobilenet_v3.cnn"),
    },
    ZooFile {
        name: "efficientnet_b0",
        year: 2019,
        networks: &["efficientnet_b0"],
        text: include_str!("../examples/zoo/efficientnet_b0.cnn"),
    },
    ZooFile {
        name: "res2net50",
        year: 2019,
        networks: &["res2net50"],
        text: include_str!("../examples/zoo/res2net50.cnn"),
    },
    ZooFile {
        name: "regnet",
        year: 2020,
        networks: &["regnet_x_400mf", "regnet_x_800mf", "regnet_x_1_6gf", "regnet_y_400mf", "regnet_y_800mf"],
        text: include_str!("../examples/zoo/regnet.cnn"),
    },
    ZooFile {
        name: "convnext_tiny",
        year: 2022,
        networks: &["convnext_tiny"],
        text: include_str!("../examples/zoo/convnext_tiny.cnn"),
    },
    ZooFile {
        name: "yolov8n",
        year: 2023,
        networks: &["yolov8n"],
        text: include_str!("../examples/zoo/yolov8n.cnn"),
    },
];

/// The names of all networks, in the order of the files.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().flat_map(|file| file.networks.iter().copied())
}

/// The network that a name means, with its file; or a file, if the name means no network in particular.
pub fn find(name: &str) -> Option<(&'static ZooFile, Option<&'static str>)> {
    let network = FILES.iter().find_map(|file| {
        let network = file.networks.iter().copied().find(|network| *network == name)?;
        Some((file, Some(network)))
    });
    network.or_else(|| FILES.iter().find(|file| file.name == name).map(|file| (file, None)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::driver::Session;

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/zoo");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let listed: BTreeSet<String> = FILES.iter().map(|file| format!("{}.cnn", file.name)).collect();
        assert_eq!(listed, files);
        assert_eq!(listed.len(), FILES.len(), "a file is listed twice");
        for file in FILES {
            let text = std::fs::read_to_string(format!("{folder}/{}.cnn", file.name)).unwrap();
            assert_eq!(text, file.text, "{}", file.name);
        }
    }

    #[test]
    fn the_listed_networks_are_those_of_the_files() {
        for file in FILES {
            // A loader that knows no files: a file that used another one would fail.
            let session = Session::load(&(), file.name, file.text.as_bytes().to_vec(), file.name);
            let entries = session.entries();
            let ready: Vec<&str> = entries
                .iter()
                .filter(|entry| entry.needs.is_empty())
                .map(|entry| entry.name.as_str())
                .collect();
            assert_eq!(ready, file.networks, "{}", file.name);
        }
    }

    #[test]
    fn names_mean_one_thing() {
        let all: BTreeSet<&str> = names().collect();
        assert_eq!(all.len(), names().count(), "two networks have the same name");
        for file in FILES {
            let of_others = FILES.iter().filter(|other| other.name != file.name);
            for other in of_others {
                assert!(
                    !other.networks.contains(&file.name),
                    "`{}` is a network of `{}`",
                    file.name,
                    other.name
                );
            }
        }
        assert!(find("nothing").is_none());
        let (file, network) = find("resnet50").unwrap();
        assert_eq!((file.name, network), ("resnet", Some("resnet50")));
        assert_eq!(find("resnet").unwrap().1, None);
    }
}
