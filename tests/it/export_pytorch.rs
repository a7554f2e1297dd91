//! `cnnc export --to pytorch`: the text that comes out. `tests/interop/export_pytorch.py` executes it.

use cnnc::driver::{Options, Session};
use cnnc::export::{PytorchOptions, is_class_name, pytorch};

fn exported(source: &str) -> Result<String, String> {
    let session = Session::load(&(), "net.cnn", source.as_bytes().to_vec(), "net");
    let outcome = session.compile(&Options::default()).unwrap();
    let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    let text = pytorch(checked.graph(), &PytorchOptions::default());
    assert_eq!(text, pytorch(checked.graph(), &PytorchOptions::default()));
    text
}

#[test]
fn the_calls_of_a_block_become_one_class_and_a_loop() {
    let text = exported(
        "block basic(c) { residual < conv 3x3x(c) pad=1 bn relu; conv 3x3x(c) pad=1 bn > relu; }
         input 8x8x4;
         [basic(4) * 3] as low[];
         conv 1x1x8/2;
         [basic(8)] as high[];
         avgpool global; flatten; dense 10 as fc;",
    )
    .unwrap();
    assert_eq!(text.matches("(nn.Module):").count(), 2, "{text}");
    for line in [
        "    def __init__(self, in_channels: int) -> None:\n",
        "        self.conv1 = nn.Conv2d(\n            in_channels, in_channels, kernel_size=3, padding=1, bias=False\n        )\n",
        "        self.low = nn.Sequential(*[Basic(4) for _ in range(3)])\n",
        "        self.high = nn.Sequential(Basic(8))\n",
        "        x = self.conv1(x)  # 4x4x8\n",
        "        self.fc = nn.Linear(8, 10)\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 88), "{text}");
}

#[test]
fn heads_that_only_train_are_returned_in_training() {
    let text = exported(
        "input 8x8x4; conv 1x1x4; aux train < avgpool global; flatten; dense 3 > as helper; conv 1x1x2;",
    )
    .unwrap();
    assert!(text.contains("        if self.training:\n            helper = self.helper(x)"), "{text}");
    assert!(
        text.ends_with(
            "        if self.training:\n            return x, helper\n        return x\n\n\nif __name__ == \"__main__\":\n    model = Net()\n    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)\n    frozen = sum(p.numel() for p in model.parameters() if not p.requires_grad)\n    print(f\"{trainable:,} trainable and {frozen:,} frozen parameters\")\n"
        ),
        "{text}"
    );
}

#[test]
fn names_of_python_and_torch_keep_their_keys() {
    let text =
        exported("input 8x8x4; conv 1x1x4 as type; conv 1x1x4 as class; conv 1x1x4 as \"a-b\";").unwrap();
    for name in ["type", "class", "a-b"] {
        assert!(text.contains(&format!("        self._modules[\"{name}\"] = nn.Conv2d(4, 4, ")), "{text}");
        assert!(text.contains(&format!("self._modules[\"{name}\"](x)")), "{text}");
    }
    assert!(!is_class_name("class") && !is_class_name("1Net") && is_class_name("Net1"));
}

#[test]
fn a_shared_part_is_called_again() {
    let text = exported(
        "block tower() { conv 3x3x4 same relu; conv 3x3x4 same; }
         input 9x9x4 as left; input 9x9x4 as right;
         @left; tower() as tower;
         @right; shared tower as again;
         add < @tower | @again >;",
    )
    .unwrap();
    assert_eq!(text.matches("self.tower(").count(), 2, "{text}");
    assert!(!text.contains("self.again"), "{text}");
}

#[test]
fn parts_that_differ_in_their_numbers_are_one_class() {
    let text = exported(
        "input 8x8x4;
         [conv 1x1x8; relu] as down1; [conv 1x1x16; relu] as down2;
         deconv 2x2x8/2 as up1.up; conv 3x3x8 pad=1 as up1.conv; deconv 2x2x4/2 as up2.up; conv 3x3x4 pad=1 as up2.conv;",
    )
    .unwrap();
    assert_eq!(text.matches("(nn.Module):").count(), 3, "{text}");
    for line in [
        "class Down(nn.Module):\n",
        "class Up(nn.Module):\n",
        "        self.down2 = Down(8)\n",
        "        self.up1 = Up(16)\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_part_computes_what_stands_between_its_operators() {
    let text = exported(
        "input 8x8x4; conv 1x1x4 as inc; maxpool 2/2;
         deconv 2x2x4/2 as up.up; concat < @inc | identity >; conv 3x3x4 pad=1 as up.conv;",
    )
    .unwrap();
    for line in [
        "    def forward(self, x: Tensor, y: Tensor) -> Tensor:\n",
        "        x = torch.cat([y, x], dim=1)\n",
        "        return self.conv(x)\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // What is needed elsewhere too stays in the network.
    let text = exported(
        "input 8x8x4; conv 1x1x4 as inc; maxpool 2/2;
         deconv 2x2x4/2 as up.up; concat < @inc | identity > as both; conv 3x3x8 pad=1 as up.conv; add < @both | identity >;",
    )
    .unwrap();
    assert!(text.contains("self.up.up(") && text.contains("self.up.conv("), "{text}");
}

#[test]
fn a_part_that_only_trains_asks_nothing_itself() {
    let text = exported(
        "block head() { conv 1x1x4 relu; flatten; dense 3; }
         input 8x8x4; conv 1x1x4; aux train < head() > as helper; conv 1x1x2;",
    )
    .unwrap();
    let (_, head) = text.split_once("class Head").unwrap();
    let (head, network) = head.split_once("class Net").unwrap();
    assert!(!head.contains("self.training") && network.contains("if self.training:"), "{text}");
}

#[test]
fn parameters_of_one_role_stand_for_each_other() {
    let text = exported(
        "block unit(k, s) { conv 1x1x(2 * in.c) relu; dwconv (k)x(k)/(s) pad=(k // 2) relu; }
         input 8x8x4; unit(3, s=1) as a; unit(5, s=2) as b;",
    )
    .unwrap();
    assert!(text.contains("(self, in_channels: int, kernel_size: int, stride: int)"), "{text}");
    for argument in ["padding=kernel_size // 2", "groups=2 * in_channels"] {
        assert!(text.contains(argument), "{argument}\n{text}");
    }
}

#[test]
fn documentation_is_as_wide_as_the_code() {
    let line = "a b c d e f g h i j k l m n o p q r s t u v w x y z ".repeat(3);
    let text = format!("## {line}\n## the end\n##\n## short\nnetwork n {{ input 8x8x4; conv 1x1x4; }}");
    let session = Session::load(&(), "net.cnn", text.into_bytes(), "net");
    let checked = session.compile(&Options::default()).unwrap().checked.unwrap();
    let docs = [("n".to_owned(), format!("{line}\nthe end\n\nshort"))].into();
    let text = pytorch(checked.graph(), &PytorchOptions { docs, class: None }).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 88), "{text}");
    assert!(text.contains("z the end\n\n    short\n"), "{text}");
}

/// The texts of a few networks as files, so that a change of them is read; `UPDATE=1` writes them anew.
#[test]
fn networks_of_the_zoo_read_as_before() {
    for network in ["lenet5", "resnet18", "googlenet", "unet", "mobilenet_v2", "retinanet_head"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_cnnc"))
            .args(["export", &format!("zoo:{network}"), "--to", "pytorch"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{network}");
        let text = String::from_utf8(output.stdout).unwrap();
        let path = format!("{}/tests/fixtures/pytorch/{network}.py", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, golden, "{path}: look at the change, then run with UPDATE=1");
    }
}

#[test]
fn uneven_padding_brings_its_module_along_and_others_do_not() {
    let text = exported("input 8x8x4; conv 3x3x6/2 same;").unwrap();
    assert!(text.contains("class PaddedConv2d(nn.Conv2d):") && text.contains("pads=(0, 1, 0, 1)"), "{text}");
    assert!(!exported("input 8x8x4; conv 3x3x6 same;").unwrap().contains("PaddedConv2d"));
}

#[test]
fn an_operator_that_is_a_scope_too_is_refused() {
    let message = exported("input 8x8x4; conv 1x1x4 as c; relu as c.r;").unwrap_err();
    assert!(message.contains("`c.r`"), "{message}");
}
