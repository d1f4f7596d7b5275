"""What the oracles of semi-supervised steps share: network, batches, the teacher's decisions, pasted boxes, losses, and SGD.
Everything in double precision, from the methods' papers."""

import math

import numpy as np
import timm
import torch
import torch.nn.functional as F
from torch import nn

import fill
import losses
import networks

CLASSES, IGNORE = 5, 255
HEIGHT, WIDTH = 48, 80
LABELLED, UNLABELLED = 2, 3
ITERATIONS = 3  # as many epochs
RATES = (1e-4, 7e-5, 3e-5)
MOMENTUM, DECAY, HEAD_MULTIPLIER = 0.9, 5e-4, 10
VARIANCE = 0.26
# No decision may hang on the last bits of single precision.
MARGIN = 4e-6


class Network(nn.Module):
    """Logits at full resolution, [B, C, H, W], or its parts."""

    def __init__(self):
        super().__init__()
        features = timm.create_model("resnet18d", pretrained=False, features_only=True, output_stride=16)
        self.backbone = networks.Backbone(features)
        self.method = networks.PlainDeepLabV3Plus(features.feature_info.channels(), 32, (1, 2), narrow=16)
        self.head = nn.Sequential(nn.Identity(), nn.Conv2d(32, CLASSES, 1))

    def maps(self, images):
        """What the decoder reads: stride 4, stride 16."""
        maps = self.backbone(images)
        return maps[-4], maps[-1]

    def decode(self, fine, last):
        """The joined map, and logits, both at stride 4."""
        joined, decoded = self.method([fine, last, last, last])
        return joined, self.head(decoded)

    def forward(self, images):
        return networks.resize(self.decode(*self.maps(images))[1], images.shape[2:])


def gain(name):
    """Factor on the rule's value. Running variances are such that confidences in evaluation mode are spread over [1 / C, 1].
    Norms at the ends of residual branches, and the one over a value an image, are small: they amplify rounding, and a
    ReLU that it switches shows in gradients."""
    if name.endswith("running_var"):
        return VARIANCE
    return 0.125 if name.endswith((".bn2.weight", "aspp.convs.0.1.1.weight")) else 1


@torch.no_grad()
def filled():
    network = fill.fill(Network()).double()
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if tensor.is_floating_point():
            tensor *= gain(name)
    return network


def images(name, count):
    """[B, 3, H, W]: tiles of one colour each under noise."""
    tiles = fill.symmetric(f"{name}/tiles", (count, 3, HEIGHT // 8, WIDTH // 8), 2)
    noise = fill.symmetric(f"{name}/noise", (count, 3, HEIGHT, WIDTH), 1)
    # Single precision, as the other side has them.
    tiles, noise = tiles.astype(np.float32), noise.astype(np.float32)
    return torch.from_numpy((tiles.repeat(8, 2).repeat(8, 3) + noise).astype(float))


def labels(name, count):
    """[B, H, W] uint8: squares without the last class, ignored rows and an ignored rectangle in the first image."""
    label = fill.labels(name, (count, HEIGHT, WIDTH), CLASSES - 1, IGNORE)
    label[0, 21:30, 40:59] = IGNORE
    return torch.from_numpy(label)


def batch(name, iteration, *views):
    """Labelled images and labels, then the unlabelled images' views."""
    stem = f"{name}/{iteration}"
    return (images(f"{stem}/labelled", LABELLED), labels(f"{stem}/label", LABELLED),
            *[images(f"{stem}/{view}", UNLABELLED) for view in views])


class Decided:
    """Decisions on real numbers that stay the same when these change a little."""

    @staticmethod
    def at_least(values, threshold):
        assert (values - threshold).abs().min() > MARGIN, (values - threshold).abs().min()
        return values >= threshold

    @staticmethod
    def greatest(probabilities, sure):
        """The greatest over classes and where it is, which matters if it is at least `sure`."""
        first, second = probabilities.topk(2, 1).values.unbind(1)
        lead = (first - second)[first >= sure]
        assert lead.min() > MARGIN, lead.min()
        return probabilities.max(1)


class Saying:
    """What a network says of every pixel: label, confidence q, entropy [B, H, W]."""

    def __init__(self, probabilities, sure=0):
        self.q, label = Decided.greatest(probabilities, sure)
        self.label = label.to(torch.uint8)
        self.entropy = -torch.xlogy(probabilities, probabilities).sum(1)


@torch.no_grad()
def ask(network, pictures, sure=0):
    """A pass in evaluation mode."""
    network.eval()
    return Saying(network(pictures).softmax(1), sure)


def paste(box, target, source):
    """`target` and `source`: lists of arrays [..., H, W] of one image each. A box: top, bottom, left, right."""
    top, bottom, left, right = box
    for to, from_ in zip(target, source):
        to[..., top:bottom, left:right] = from_[..., top:bottom, left:right]


def centred_box(random, side, margin):
    """`side` of both extents, rounded down, its centre uniform from 1 / margin of them, clipped. Draws column, row."""
    edges = {}
    for extent in (WIDTH, HEIGHT):
        first = extent // margin
        centre = first + random.below(extent - first)
        half = math.floor(side * extent) // 2
        edges[extent] = max(centre - half, 0), min(centre + half, extent)
    return *edges[HEIGHT], *edges[WIDTH]


def hard(label):
    """One-hot labels [B, C, H, W] and the mask of kept pixels [B, H, W]."""
    target, keep = losses.one_hot(label.long(), CLASSES)
    return target.double(), keep


def smoothed(label, kernel, epsilon):
    """`hard` with (1 - epsilon) y + epsilon / C where a window kernel x kernel has another class and nothing ignored."""
    target, keep = hard(label)
    channels = torch.cat([target, ~keep[:, None]], 1)

    def least(x):
        return -F.max_pool2d(-x, kernel, stride=1, padding=kernel // 2)

    alone = (channels[:, :-1] - least(channels[:, :-1])).amax(1) == 0
    sees_ignored = F.max_pool2d(channels[:, -1:], kernel, stride=1, padding=kernel // 2)[:, 0] == 1
    boundary = keep & ~alone & ~sees_ignored
    return torch.where(boundary[:, None], (1 - epsilon) * target + epsilon / CLASSES, target), keep


def cross_entropy(logits, label):
    """[B, H, W]; 0 where the label is ignored."""
    return F.cross_entropy(logits, label.long(), ignore_index=IGNORE, reduction="none")


class SGD:
    """torch's, without decay of one-dimensional parameters; ten times the rate but for the backbone."""

    def __init__(self, named_parameters):
        self.optimizer = torch.optim.SGD([
            dict(params=[parameter], factor=1 if name.startswith("backbone.") else HEAD_MULTIPLIER,
                 weight_decay=DECAY if parameter.dim() > 1 else 0)
            for name, parameter in named_parameters], lr=1, momentum=MOMENTUM)

    def step(self, rate):
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        self.optimizer.step()


@torch.no_grad()
def follow(average, student, decay, statistics=True):
    """The average's parameters, and running statistics if asked for, decay * own + (1 - decay) * the student's."""
    pairs = [*zip(average.parameters(), student.parameters())]
    if statistics:
        pairs += [pair for pair in zip(average.buffers(), student.buffers()) if pair[0].is_floating_point()]
    for mine, other in pairs:
        mine.copy_(decay * mine + (1 - decay) * other)
