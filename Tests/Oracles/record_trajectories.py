"""Records trajectories.h5: the losses and learning rates of ten optimizer steps on one batch."""

import timm
import torch

import fixture
import networks

STEPS, WARM_UP = 10, 1
FLOOR = 1e-6  # of the backbone's learning rate in warm-up
HEAD_MULTIPLIER = 10
NAMES = ("deeplabv3_resnet18d", "deeplabv3_mobilenetv2_100", "segformer_mit_b0")


def factor(step, rate, power):
    """Linear warm-up, then polynomial decay; the same for every group of parameters."""
    if step < WARM_UP:
        return max(FLOOR / rate, step / WARM_UP)
    return (1 - (step - WARM_UP) / (STEPS - WARM_UP)) ** power


def groups(model, rate, decay):
    """Decoder and heads at ten times the rate; no weight decay on 1-d parameters."""
    return [
        dict(
            params=[parameter], base=rate * (1 if name.startswith("backbone.") else HEAD_MULTIPLIER),
            weight_decay=decay if parameter.dim() > 1 else 0)
        for name, parameter in model.named_parameters()]


def record_model(group, name, images, label):
    model = networks.filled(name).train()
    if name.startswith("segformer"):
        rate, power = 6e-5, 1
        optimizer = torch.optim.AdamW(groups(model, rate, decay=0.01), lr=rate)
    else:
        rate, power = 0.01, 0.9
        optimizer = torch.optim.SGD(groups(model, rate, decay=5e-4), lr=rate, momentum=0.9)
    values, rates = [], []
    for step in range(STEPS):
        scale = factor(step, rate, power)
        for parameters in optimizer.param_groups:
            parameters["lr"] = parameters["base"] * scale
        entropy, jaccard = model.losses(images, label)
        optimizer.zero_grad()
        (entropy + jaccard).backward()
        optimizer.step()
        values.append([entropy.item(), jaccard.item()])
        rates.append(rate * scale)
    group["loss_ce_jdt"], group["lr_backbone"] = values, rates


def record(file, names):
    file.attrs["torch"], file.attrs["timm"] = str(torch.__version__), timm.__version__
    images, label = networks.batch("trajectory")
    file.create_dataset("image", data=images, compression="gzip")
    file.create_dataset("label", data=label, compression="gzip")
    for name in names:
        record_model(file.create_group(name), name, torch.from_numpy(images), torch.from_numpy(label))


def loss_by_step(new, old, *_):
    """Relative: 1e-3 for three steps, then 1 %."""
    bound = [[1e-3 if step < 3 else 1e-2] for step in range(STEPS)]
    return abs(new - old) / old, bound


RULES = [
    fixture.Rule("image", fixture.absolute(1e-6)),
    fixture.Rule("label", fixture.exact),
    fixture.Rule("(.*)/(lr_backbone)", fixture.absolute(1e-12)),
    fixture.Rule("(.*)/(loss_ce_jdt)", loss_by_step),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture.run(__doc__, record, RULES, NAMES)
