"""Records semi_supervised.h5: of the networks of semi-supervised segmentation (plain DeepLabV3+, multi-grid), filled by
rule, joined map and logits in evaluation; logits, gradient norms and running statistics of one pass in training.

The last norms of residual branches have an eighth of the scale that the rule gives, and all is computed in double
precision. With the whole scale, 33 blocks of batch norms amplify rounding in training: PyTorch's logits in single precision
are 4e-3 of a standard deviation from those in double precision, its gradient norms 2 %. So they are 2e-5 and 0.1 %."""

import numpy as np
import timm
import torch

import fill
import fixture
import networks

CLASSES = 21
SHAPE = (4, 3, 96, 160)
STEP = 4  # of maps, every 4th pixel and every 8th channel are recorded
# Dilations of the last stage's blocks.
NETWORKS = {
    "deeplabv3plus_resnet101d_os16": (1, 2, 2), "deeplabv3plus_resnet101d_os16_mg124": (2, 4, 8),
    "deeplabv3plus_resnet101d_os16_mg224": (4, 4, 8)}


def values(name, shape):
    return torch.from_numpy(fill.symmetric(f"semi_supervised/{name}", shape, 1).astype(np.float32)).double()


def filled(dilations):
    model = fill.fill(networks.SemiSupervisedNetwork(dilations, CLASSES))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".bn3.weight"):
                parameter /= 8
    return model.double()


def record_network(group, dilations):
    model = filled(dilations)
    group["parameters"] = [f"{n} {list(p.shape)}" for n, p in model.named_parameters()]
    # The counters of batch norms are not floating-point.
    statistics = [(n, b) for n, b in model.named_buffers() if b.is_floating_point()]
    group["buffers"] = [n for n, _ in statistics]
    images = values("image", SHAPE)
    with torch.no_grad():
        joined, logits = model.eval()(images)
        add(group, "eval_joined", joined[:, ::8, ::STEP, ::STEP])
        add(group, "eval_logits", logits[:, :, ::STEP, ::STEP])
    _, logits = model.train()(images)
    add(group, "train_logits", logits.detach()[:, :, ::STEP, ::STEP])
    (logits * values("gradient", tuple(logits.shape))).sum().backward()
    add(group, "grad_norm", [p.grad.double().norm().item() for p in model.parameters()])
    add(group, "buffer_norm_after", [b.double().norm().item() for _, b in statistics])


def add(group, name, values):
    numbers = np.asarray(values)
    # Norms stay in double precision.
    group.create_dataset(name, data=numbers if numbers.ndim == 1 else numbers.astype(np.float32), compression="gzip")


def record(file, names):
    file.attrs["torch"], file.attrs["timm"] = str(torch.__version__), timm.__version__
    for name in names:
        record_network(file.create_group(name), NETWORKS[name])


RULES = [
    fixture.Rule("(.*)/(parameters|buffers)", fixture.exact),
    fixture.Rule("(.*)/(eval_joined|eval_logits|train_logits)", fixture.of_deviation(1e-3)),
    fixture.Rule("(.*)/(grad_norm)", fixture.relative(0.01, floor=1e-3)),
    fixture.Rule("(.*)/(buffer_norm_after)", fixture.relative(0.01, floor=1e-6)),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture.run(__doc__, record, RULES, tuple(NETWORKS))
