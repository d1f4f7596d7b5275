"""Records semi_supervised_steps.h5: steps of the semi-supervised methods of Table 11 by their formulas, on a small network.

Each method does three steps, an epoch each: terms of the loss, the gradient of every part of the network (its norm, and its
component along a fixed direction), and after the update how far every part of each network has moved, and some tensors;
of U2PL the queues, too."""

import numpy as np
import torch

import fill
import fixture
import semi_supervised as common
from semi_supervised import LABELLED
from semi_supervised_methods import IMAS, AugSeg, UniMatch
from u2pl import U2PL

PARTS = (
    "backbone.backbone.conv1", "backbone.backbone.bn1", "backbone.backbone.layer1", "backbone.backbone.layer2",
    "backbone.backbone.layer3", "backbone.backbone.layer4", "method.aspp", "method.bottleneck", "method.shortcut",
    "method.cat_conv", "head", "representation")
TENSORS = (
    "backbone.backbone.conv1.0.weight", "backbone.backbone.layer2.0.bn1.running_var",
    "backbone.backbone.layer4.1.bn2.running_mean", "method.aspp.convs.0.1.1.running_var",
    "method.cat_conv.1.1.running_mean", "method.cat_conv.1.1.weight", "head.1.weight", "head.1.bias")


# Thresholds near the methods' own that no confidence is near to. Names are the pictures' too: "jml_ssl_smoothed" would have an
# activation of the fourth stage so near to zero (5e-7 of their deviation) that single precision decides its gradient.
METHODS = {
    "augseg": lambda name: AugSeg(name, 0.945),
    "jml_ssl_smoothed_labels": lambda name: AugSeg(name, 0.95, (0.25, 0.75), epsilon=0.5),
    # The choices that Appendix I leaves open, taken otherwise.
    "jml_ssl_kept": lambda name: AugSeg(
        name, 0.55, (0.25, 0.75), epsilon=0.5, smooths_first=False, divides_by_all=False),
    "jml_ssl_hard": lambda name: AugSeg(name, 0.938, (0.25, 0.75)),
    "imas": IMAS,
    "unimatch": lambda name: UniMatch(name, 0.471, dropout=0),
    "unimatch_dropped": lambda name: UniMatch(name, 0.45, dropout=0.5),
    "u2pl": lambda name: U2PL(name, 28.98),
}


def along(name, tensor):
    return (tensor * torch.from_numpy(fill.symmetric(name, tuple(tensor.shape), 1))).sum().item()


def digest(group, name, tensors):
    """The norm of each part, and its component along a fixed direction."""
    norms, components = np.zeros(len(PARTS)), np.zeros(len(PARTS))
    for index, part in enumerate(PARTS):
        for key, tensor in tensors:
            if key.startswith(part + "."):
                norms[index] += tensor.square().sum().item()
                components[index] += along("direction." + key, tensor)
    norms = norms**0.5
    group[f"{name}_norm"], group[f"{name}_along"] = norms, components


def state(network):
    return {key: tensor.detach().clone() for key, tensor in network.state_dict().items()
            if tensor.is_floating_point()}


def record_method(file, name):
    method = METHODS[name](name)
    file.require_group(name).attrs["seed"] = method.seed
    optimizer = common.SGD([
        (key, parameter) for network in method.networks if not network.startswith("average")
        for key, parameter in method.networks[network].named_parameters()])
    for iteration in range(common.ITERATIONS):
        group = file.create_group(f"{name}/{iteration}")
        before = {key: state(network) for key, network in method.networks.items()}
        terms = method.terms(iteration)
        for network in method.networks.values():
            network.zero_grad()
        sum(terms.values()).backward()
        for key, value in terms.items():
            group.attrs[f"term.{key}"] = value.item()
        for key, value in method.remarks.items():
            group.attrs[key] = value
        digest(group, "gradient", [
            (key, p.grad) for network in ("student", "representation") if network in method.networks
            for key, p in method.networks[network].named_parameters() if p.grad is not None])
        optimizer.step(common.RATES[iteration])
        method.after(iteration)
        for key, network in method.networks.items():
            new = state(network)
            digest(group.create_group(key), "moved", [(k, t - before[key][k]) for k, t in new.items()])
            for tensor in TENSORS:
                if tensor in new:
                    group[f"{key}/{tensor}"] = new[tensor].numpy().astype("float32")
        if isinstance(method, U2PL):
            # Class by class, the oldest vector first.
            group["queues_along"] = [along(f"direction.queue {c}", q) for c, q in enumerate(method.queues)]


def record(file, names):
    file.attrs["script"] = "Tests/Oracles/record_semi_supervised_steps.py"
    file.attrs["torch"] = str(torch.__version__)
    for name in names:
        file.create_dataset(f"{name}/labels", compression="gzip", data=torch.stack([
            common.labels(f"{name}/{iteration}/label", LABELLED) for iteration in range(common.ITERATIONS)]).numpy())
        record_method(file, name)


def of_norm(bound):
    """A component, in units of the part's norm."""
    return lambda new, old, file, path: (
        abs(new - old) / file[path.replace("_along", "_norm")][()].clip(1e-9), bound)


RULES = [
    fixture.Rule("([^/]*)/(labels)", fixture.exact),
    fixture.Rule("([^/]*).*@(seed|threshold|kept|injected|cut_mixed|boxes|dropout|percent|mixed|queued)", fixture.exact),
    fixture.Rule("([^/]*)/.*@(term).*", fixture.relative(1e-9, 1e-9)),
    fixture.Rule("([^/]*)/.*/(queues)_along", fixture.absolute(1e-6)),
    fixture.Rule("([^/]*)/.*/(gradient|moved)_norm", fixture.relative(1e-6, 1e-9)),
    fixture.Rule("([^/]*)/.*/(gradient|moved)_along", of_norm(1e-6)),
    fixture.Rule("([^/]*)/[^/]*/(student|average)/.*", fixture.absolute(1e-6)),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture.run(__doc__, record, RULES, tuple(METHODS))
