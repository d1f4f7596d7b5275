"""Records losses.h5: values and gradients of Jaccard metric losses and cross entropies over one batch."""

import numpy as np
import torch

import fill
import fixture
import losses

SHAPE, CLASSES = (3, 16, 24), 7  # [B, H, W]
IGNORE = CLASSES
# (name in the file, options): weights of the per-dataset, per-image and per-class forms; Jaccard and Dice.
FORMS = [("D1_I0_C0", dict(dataset=1)), ("D0_I0.5_C0.5", dict(dataset=0, image=0.5, classwise=0.5))]
RATIOS = [("1", dict(alpha=1, beta=1)), ("0.5", dict(alpha=0.5, beta=0.5))]


def soft_labels():
    """[B, C, H, W] float32: peaked, summing to 1, without class 2."""
    batch, height, width = SHAPE
    share = fill.uniform("loss/soft", (batch, CLASSES, height, width)).astype(np.float32)
    share = torch.from_numpy(share) ** 6
    share = share / share.sum(1, keepdim=True)
    share[:, 2] = 0
    return (share / share.sum(1, keepdim=True)).numpy()


def record(file):
    batch, height, width = SHAPE
    logits = fill.symmetric("loss/logits", (batch, CLASSES, height, width), 4).astype(np.float32)
    label = fill.labels("loss/label", SHAPE, CLASSES - 1, IGNORE)  # without the last class
    soft = soft_labels()
    keep = (label != IGNORE).astype(np.uint8)
    file.attrs["torch"] = str(torch.__version__)
    for name, value in [("logits", logits), ("label", label), ("soft", soft), ("keep", keep)]:
        file[name] = value

    hard, kept = losses.one_hot(torch.from_numpy(label), CLASSES)
    targets = {"hard": hard.double(), "soft": torch.from_numpy(soft).double()}

    def add(name, loss):
        z = torch.from_numpy(logits).double().requires_grad_()
        value = loss(z)
        value.backward()
        group = file.create_group(name)
        group.attrs["value"] = value.item()
        group["grad"] = z.grad.float().numpy()

    for kind, target in targets.items():
        add(f"ce/{kind}", lambda z: losses.cross_entropy(z, target, kept))
        for smooth in (1, 0.001):
            for form, weights in FORMS:
                for ratio, factors in RATIOS:
                    for active in ("ALL", "PRESENT"):
                        add(
                            f"jml1/{kind}/smooth{smooth}/{form}/alphabeta{ratio}/{active}",
                            lambda z: losses.jaccard(z, target, kept, active, smooth, **factors, **weights))
    add("kl/soft", lambda z: losses.divergence(z, targets["soft"], kept))


RULES = [
    fixture.Rule("(logits|soft)", fixture.absolute(1e-6)),
    fixture.Rule("(label|keep)", fixture.exact),
    fixture.Rule("((?:ce|kl|jml1)/(?:hard|soft)).*@(value)", fixture.absolute(1e-5)),
    fixture.Rule("((?:ce|kl|jml1)/(?:hard|soft)).*/(grad)", fixture.absolute(1e-6)),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture.run(__doc__, record, RULES)
