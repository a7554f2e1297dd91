"""Exports the networks of torchvision and timm to ONNX files, once; a file that exists is kept.

    python export_models.py FOLDER torchvision|timm|dynamo|folded|opsets [NAME...]

Weights are those that the constructor draws; the statistics of batch normalisation are made random, so that
normalisation is seen in the outputs, and so are biases and factors that begin as equal numbers: those of a trained network
differ, while exporters leave biases of zeros out and store equal tensors once. Each model `NAME.onnx` has its list of keys and sizes beside it, `NAME.keys`.
"""
import os
import sys
import warnings

import torch

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


def randomise(model, scale=1.0):
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and module.running_mean is not None:
            module.running_mean.copy_(torch.rand(module.running_mean.shape, generator=generator) * 0.2 - 0.1)
            module.running_var.copy_(torch.rand(module.running_var.shape, generator=generator) * 0.5 + 0.75)
            if module.affine:
                module.weight.data.copy_((torch.rand(module.weight.shape, generator=generator) * 0.5 + 0.75) * scale)
                module.bias.data.copy_(torch.rand(module.bias.shape, generator=generator) * 0.2 - 0.1)
    for value in model.parameters():
        if value.numel() > 1 and bool((value == value.flatten()[0]).all()):
            value.data.add_(torch.rand(value.shape, generator=generator) * 0.2 - 0.1)


def export(model, size, path, dynamo=False, folded=False, opset=20, scale=1.0):
    """Exports a module; `scale` is that of its batch normalisations: 1 or so."""
    model.eval()
    with torch.no_grad():
        randomise(model, scale)
    keys = [f"{key} {'x'.join(map(str, value.shape))}" for key, value in model.state_dict().items()
            if not key.endswith("num_batches_tracked")]
    example = torch.zeros(1, *size)
    part = path + ".part"
    if dynamo:
        torch.onnx.export(model, (example,), part, dynamo=True, verbose=False, external_data=False)
    elif folded:
        torch.onnx.export(model, (example,), part, dynamo=False, opset_version=opset)
    else:
        torch.onnx.export(model, (example,), part, dynamo=False, opset_version=opset,
                          do_constant_folding=False, training=torch.onnx.TrainingMode.EVAL)
    with open(path[:-5] + ".keys", "w") as file:
        file.write("\n".join(keys) + "\n")
    os.replace(part, path)


def torchvision_model(name):
    import torchvision
    torch.manual_seed(0)
    extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return torchvision.models.get_model(name, weights=None, **extra)


def convolutional_torchvision():
    import torchvision
    names = torchvision.models.list_models(module=torchvision.models)
    return [name for name in names if not name.startswith(("vit", "swin", "maxvit"))]


def timm_model(name):
    import timm
    torch.manual_seed(0)
    return timm.create_model(name, pretrained=False)


def size_of(name, model):
    if name in ("inception_v3",):
        return (3, 299, 299)
    config = getattr(model, "default_cfg", None) or {}
    size = tuple(config.get("input_size", (3, 224, 224)))
    return size if max(size[1:]) <= 320 else (3, 224, 224)


def main():
    folder, kind, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(folder, exist_ok=True)
    if kind == "torchvision" and not names:
        names = convolutional_torchvision()
    for name in names:
        opsets = [9, 11, 13, 16, 17] if kind == "opsets" else [20]
        for opset in opsets:
            stem = f"{name}_opset{opset}" if kind == "opsets" else name
            path = os.path.join(folder, stem + ".onnx")
            if os.path.exists(path):
                continue
            try:
                model = timm_model(name) if kind == "timm" else torchvision_model(name)
                export(model, size_of(name, model), path, kind == "dynamo", kind == "folded", opset)
                print(name, "exported", flush=True)
            except Exception as error:  # a model that cannot be exported is listed, not fatal
                print(name, "not exported:", type(error).__name__, str(error).split("\n")[0][:120], flush=True)


if __name__ == "__main__":
    main()
