"""U2PL (Wang et al., "Using Unreliable Pseudo-Labels", CVPR 2022) by its paper: L = CE_S + L_U + 0.1 L_C."""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import fill
import networks
import semi_supervised as common
from random_source import RandomSource
from semi_supervised import CLASSES, HEIGHT, IGNORE, LABELLED, UNLABELLED, WIDTH, Decided


class Branch(nn.Module):
    """From DeepLabV3+'s joined map to vectors."""

    def __init__(self, channels, width=256):
        super().__init__()
        self.representation = nn.Sequential(
            networks.conv(channels, width, 3), networks.conv(width, width, 3), nn.Conv2d(width, width, 1))

    def forward(self, joined):
        return self.representation(joined)


class U2PL:
    seed, weight, temperature = 11, 0.1, 0.5
    # Small, so that five classes have ranks on both sides, and queues overflow in the last step.
    anchors, negatives, low_rank, high_rank, queue, background_queue = 32, 10, 2, 4, 250, 300

    def __init__(self, name, percent):
        self.name, self.percent = name, percent
        self.student, self.average = common.filled(), common.filled()
        self.branch = fill.fill(Branch(32 + 16)).double()
        self.average_branch = copy.deepcopy(self.branch)
        self.networks = {"student": self.student, "average": self.average, "representation": self.branch,
                         "average.representation": self.average_branch}
        self.queues = [torch.zeros(0, 256).double() for _ in range(CLASSES)]

    def mix(self, iteration, weak, said):
        """Boxes of half the area, of the next image."""
        mixed = [weak.clone(), said.label.clone()]
        random = RandomSource(self.seed, "u2pl mixing", iteration)
        if random.uniform() >= 0.5:
            return mixed, 0
        for i in range(UNLABELLED):
            width = WIDTH // 2 + 1 + random.below(WIDTH - WIDTH // 2)
            height = min(round(HEIGHT * WIDTH / 2 / width), HEIGHT)
            top, left = random.below(HEIGHT - height + 1), random.below(WIDTH - width + 1)
            other = (i + 1) % UNLABELLED
            common.paste(
                (top, top + height, left, left + width), [x[i] for x in mixed], [weak[other], said.label[other]])
        return mixed, 1

    def terms(self, iteration):
        pictures, label, weak = common.batch(self.name, iteration, "weak")
        zero = torch.zeros(()).double()
        names = "cross_entropy", "unlabelled_cross_entropy", "contrast"
        if iteration == 0:
            # Labels alone; the average's statistics warm up.
            with torch.no_grad():
                self.average.train()(pictures)
            self.remarks = {"percent": self.percent, "mixed": 0, "queued": [0] * CLASSES}
            entropy = common.cross_entropy(self.student.train()(pictures), label)
            return dict(zip(names, (entropy.sum() / (label != IGNORE).sum(), zero, zero)))
        said = common.ask(self.average, weak)
        (mixed, pseudo), has_mixed = self.mix(iteration, weak, said)
        images = torch.cat([pictures, mixed])

        def see(network, branch):
            joined, logits = network.decode(*network.maps(images))
            return logits, branch(joined)

        logits, vectors = see(self.student.train(), self.branch.train())
        with torch.no_grad():
            taught, taught_vectors = see(self.average.train(), self.average_branch.train())
        on_labelled, on_mixed = networks.resize(logits, (HEIGHT, WIDTH)).split([LABELLED, UNLABELLED])
        p = networks.resize(taught, (HEIGHT, WIDTH))[LABELLED:].softmax(1)
        entropy = -torch.xlogy(p, p).sum(1)
        # Iterations are epochs here.
        share = self.percent * (1 - iteration / common.ITERATIONS)
        least, most = np.percentile(entropy.numpy(), [share, 100 - share])
        doubtful = Decided.at_least(entropy, most)
        reliable = ~Decided.at_least(entropy, least)
        kept = torch.where(doubtful, IGNORE, pseudo)
        on_kept = common.cross_entropy(on_mixed, kept).sum() / (~doubtful).sum()
        unlabelled = on_kept * entropy.numel() / (~doubtful).sum()

        def small(x):
            return F.interpolate(x[:, None].double(), size=taught.shape[2:], mode="nearest")[:, 0]

        known = small(label)
        contrast = self.contrast(
            iteration, vectors, taught_vectors, taught.softmax(1), torch.cat([known, small(pseudo)]).long(),
            torch.cat([known != IGNORE, small(reliable) == 1]), torch.cat([known != IGNORE, small(doubtful) == 1]))
        self.remarks = {"percent": self.percent, "mixed": has_mixed, "queued": [len(q) for q in self.queues]}
        entropy_s = common.cross_entropy(on_labelled, label).sum() / (label != IGNORE).sum()
        return dict(zip(names, (entropy_s, unlabelled, self.weight * contrast)))

    def contrast(self, iteration, vectors, taught, p, label, reliable, doubtful):
        """InfoNCE on cosines. Vectors [B, d, h, w], probabilities [B, C, h, w], the others [B, h, w]."""
        vectors, taught, p = (x.movedim(1, -1).flatten(0, 2) for x in (vectors, taught, p))
        is_labelled = torch.arange(len(label))[:, None, None].expand(label.shape).flatten() < LABELLED
        label, reliable, doubtful = label.flatten(), reliable.flatten(), doubtful.flatten()
        ordered = p[doubtful].sort(1, descending=True).values
        assert (ordered[:, :-1] - ordered[:, 1:]).min() > 1e-6, (ordered[:, :-1] - ordered[:, 1:]).min()
        rank = p.argsort(1, descending=True).argsort(1)
        valid = [c for c in range(CLASSES) if (reliable & (label == c)).any()]
        total = 0
        for c in range(CLASSES):
            # Enter this batch's negatives, then forget the oldest.
            negative = doubtful & torch.where(
                is_labelled, (label != c) & (rank[:, c] < self.low_rank),
                (rank[:, c] >= self.low_rank) & (rank[:, c] < self.high_rank))
            longest = self.background_queue if c == 0 else self.queue
            self.queues[c] = torch.cat([self.queues[c], F.normalize(taught[negative], dim=1)])[-longest:]
            own = reliable & (label == c)
            if not own.any():
                continue
            anchors = (own & Decided.at_least(p[:, c], 0.3)).nonzero()[:, 0]
            if not len(anchors) or not len(self.queues[c]):
                continue
            random = RandomSource(self.seed, "u2pl contrast", iteration, c)
            chosen = anchors[[random.below(len(anchors)) for _ in range(self.anchors)]]
            against = self.queues[c][
                [[random.below(len(self.queues[c])) for _ in range(self.negatives)] for _ in range(self.anchors)]]
            positive = taught[own].mean(0).expand(self.anchors, 1, -1)
            cosine = F.cosine_similarity(vectors[chosen][:, None], torch.cat([positive, against], 1), dim=2)
            total = total - (cosine / self.temperature).log_softmax(1)[:, 0].mean()
        return total / len(valid)

    def after(self, iteration):
        # At the end of epoch 0 the average becomes the student.
        decay = 0 if iteration == 0 else min(1 - 1 / (iteration - 1 + 1), 0.99)
        common.follow(self.average, self.student, decay, statistics=False)
        common.follow(self.average_branch, self.branch, decay, statistics=False)
