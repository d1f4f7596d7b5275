"""Records models.h5: of thirteen networks filled by rule, logits in evaluation; losses, gradient norms and
running statistics of one pass in training."""

import numpy as np
import timm
import torch

import fixture
import networks

STEP = 8  # logits are recorded at every 8th pixel


def record_model(group, name, images, label):
    model = networks.filled(name)
    group["parameters"] = [f"{n} {list(p.shape)}" for n, p in model.named_parameters()]
    # The counters of batch norms are not floating-point.
    statistics = [(n, b) for n, b in model.named_buffers() if b.is_floating_point()]
    group["buffers"] = [n for n, _ in statistics]
    with torch.no_grad():
        for what, logits in zip(("eval_logits_s8", "eval_aux_logits_s8"), model.eval()(images)):
            add(group, what, logits[:, :, ::STEP, ::STEP].numpy())
    entropy, jaccard = model.train().losses(images, label)
    (entropy + jaccard).backward()
    group.attrs["loss_ce"], group.attrs["loss_jdt"] = entropy.item(), jaccard.item()
    add(group, "grad_norm", [p.grad.double().norm().item() for p in model.parameters()])
    add(group, "buffer_norm_after", [b.double().norm().item() for _, b in statistics])


def add(group, name, values):
    group.create_dataset(name, data=np.asarray(values), compression="gzip")


def record(file, names):
    file.attrs["torch"], file.attrs["timm"] = str(torch.__version__), timm.__version__
    images, label = networks.batch("models")
    add(file, "image", images)
    add(file, "label", label)
    for name in names:
        record_model(file.create_group(name), name, torch.from_numpy(images), torch.from_numpy(label))


def gradient_norm(new, old, file, path):
    """Relative, above the norm that rounding leaves of a gradient that is 0. The bound is 1 %, but wider
    where a batch norm follows that sees few values, which amplifies rounding in all that lies before it."""
    model = path.split("/")[0]

    def bound(parameter):
        if model.startswith("deeplabv3plus"):
            # One tap a channel sees the image (1x1, or dilated beyond the map's height), and a batch norm
            # follows: scaling these weights changes nothing, so their gradient is what cancellation leaves.
            if parameter in {f"method.aspp.convs.{branch}.0.weight" for branch in (1, 3, 4)}:
                return 0.1
            if parameter.startswith(("method.shortcut.", "method.cat_conv.", "method.aspp.")):
                return 0.05
        few = parameter.startswith("backbone.") or "aspp.convs.0" in parameter or "ppm.pools" in parameter
        return 0.05 if few else 0.01

    names = [line.decode().split()[0] for line in file[f"{model}/parameters"]]
    return np.abs(new - old) / np.maximum(old, 1e-5), np.array([bound(name) for name in names])


RULES = [
    fixture.Rule("image", fixture.absolute(1e-6)),
    fixture.Rule("label", fixture.exact),
    fixture.Rule("(.*)/(parameters|buffers)", fixture.exact),
    fixture.Rule("(.*)/(eval_logits_s8|eval_aux_logits_s8)", fixture.of_deviation(1e-3)),
    fixture.Rule("(.*)@(loss_ce|loss_jdt)", fixture.absolute(1e-4)),
    fixture.Rule("(.*)/(grad_norm)", gradient_norm),
    fixture.Rule("(.*)/(buffer_norm_after)", fixture.relative(0.01, floor=1e-6)),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture.run(__doc__, record, RULES, networks.NAMES)
