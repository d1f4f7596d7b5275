"""Records forms.h5: region losses by their definitions, gradients by autograd, in double precision."""

import numpy as np
import torch

import fixture

B, C, H, W = 2, 5, 6, 7
rng = np.random.default_rng(7)
logits = rng.normal(0, 2, (B, C, H, W)).astype(np.float32)
label = rng.integers(0, C - 1, (B, H, W)).astype(np.uint8)  # the last class is absent
label[1][label[1] == 2] = 0  # one class is in one image only
label[:, :2, :3] = 255
soft = rng.dirichlet(np.full(C - 1, 0.4), (B, H, W)).transpose(0, 3, 1, 2)
soft = np.concatenate([soft, np.zeros((B, 1, H, W))], 1).astype(np.float32)  # the last class is absent
keep = (rng.random((B, H, W)) > 0.2).astype(np.uint8)
class_weights = [0.5, 2.0, 1.0, 1.5, 0.7]

CASES = {
    "plain": dict(),
    "dice": dict(alpha=0.5, beta=0.5),
    "tversky": dict(alpha=0.3, beta=0.7, smooth=1e-3, d=0.0, i=0.5, c=0.5),
    "log": dict(log=True, d=0.4, i=0.4, c=0.2),
    "gamma": dict(gamma=1.5, alpha=0.7, beta=1.2, weights=class_weights),
    "log_gamma": dict(log=True, gamma=2.0, weights=class_weights, d=0.0, i=1.0, c=0.0),
}


def sums(form, p, y):
    """tp, fp, fn over the last axis."""
    if form in ("jml1", "jml2"):
        overlap = torch.minimum(p, y) if form == "jml1" else p * y
        return overlap.sum(-1), torch.relu(p - y).sum(-1), torch.relu(y - p).sum(-1)
    p_size, y_size = (p, y) if form == "sjl-l1" else (p * p, y * y)
    return (p * y).sum(-1), (p_size - p * y).sum(-1), (y_size - p * y).sum(-1)


def region(form, p, y, active_mode, smooth=1.0, alpha=1.0, beta=1.0, d=1.0, i=0.0, c=0.0, log=False,
           gamma=1.0, weights=None):
    """p, y: [B, C, N], zero where ignored."""
    factor = torch.tensor(weights or [1.0] * C, dtype=torch.float64)
    greatest = torch.full(y.shape[::2], -1)
    labelled = y.sum(1) > 0
    greatest[labelled] = y.argmax(1)[labelled]
    present = torch.stack([(greatest == k).any(1) for k in range(C)], 1)
    active = torch.ones(B, C, dtype=torch.bool) if active_mode == "all" else present

    def loss(tp, fp, fn):
        ratio = (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)
        return (-torch.log(ratio) if log else 1 - ratio) ** gamma * factor

    tp, fp, fn = sums(form, p, y)
    per_set = loss(tp.sum(0), fp.sum(0), fn.sum(0))[active.any(0)].mean()
    matrix = loss(tp, fp, fn)
    per_image = torch.stack([matrix[b][active[b]].mean() for b in range(B) if active[b].any()]).mean()
    per_class = torch.stack([matrix[:, k][active[:, k]].mean() for k in range(C) if active[:, k].any()]).mean()
    return d * per_set + i * per_image + c * per_class


def lovasz(p, y, keep, active_mode):
    losses = []
    for k in range(C):
        fg = y[:, k].reshape(-1)[keep.reshape(-1)]
        if active_mode == "present" and fg.sum() == 0:
            continue
        errors = (fg - p[:, k].reshape(-1)[keep.reshape(-1)]).abs()
        errors, order = torch.sort(errors, descending=True, stable=True)
        fg = fg[order]
        jaccard = 1 - (fg.sum() - fg.cumsum(0)) / (fg.sum() + (1 - fg).cumsum(0))
        losses.append((errors * torch.diff(jaccard, prepend=torch.zeros(1, dtype=torch.float64))).sum())
    return torch.stack(losses).mean()


def record(file):
    hard = torch.zeros(B, C, H, W, dtype=torch.float64)
    for k in range(C):
        hard[:, k] = torch.from_numpy((label == k).astype(np.float64))
    targets = {"hard": (hard, torch.from_numpy(label != 255)),
               "soft": (torch.from_numpy(soft).double(), torch.from_numpy(keep > 0))}
    file.attrs["script"] = "Tests/Oracles/record_forms.py"
    file.attrs["torch"] = str(torch.__version__)
    file.attrs["class_weights"] = class_weights
    for name, value in [("logits", logits), ("label", label), ("soft", soft), ("keep", keep)]:
        file[name] = value

    def add(name, function):
        z = torch.from_numpy(logits).double().requires_grad_()
        value = function(z.softmax(1))
        value.backward()
        group = file.create_group(name)
        group.attrs["value"] = value.item()
        group["grad"] = z.grad.float().numpy()

    for target, (y, kept) in targets.items():
        mask = kept[:, None].double()
        for form in ("jml1", "jml2", "sjl-l1", "sjl-l2"):
            for case, options in CASES.items():
                for mode in ("all", "present"):
                    add(f"{form}/{target}/{case}/{mode}", lambda p: region(
                        form, (p * mask).flatten(2), (y * mask).flatten(2), mode, **options))
    for mode in ("all", "present"):
        add(f"lovasz/hard/{mode}", lambda p: lovasz(p, hard, targets["hard"][1], mode))


RULES = [
    fixture.Rule("logits|label|soft|keep|@class_weights", fixture.exact),
    fixture.Rule("([^/]*/(?:hard|soft)).*@(value)", fixture.absolute(3e-7)),
    fixture.Rule("([^/]*/(?:hard|soft)).*/(grad)", fixture.absolute(3e-8)),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture.run(__doc__, record, RULES)
