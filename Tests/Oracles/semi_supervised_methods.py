"""Steps of semi-supervised methods by their formulas: AugSeg, JML-SSL, iMAS, UniMatch (U2PL is in u2pl.py).

`terms` gives the terms of one iteration's loss, for autograd; `after` is what follows the student's update. Random numbers
are drawn in the order that the package's steps document."""

import copy

import torch

import semi_supervised as common
from losses import jaccard
from random_source import RandomSource
from semi_supervised import CLASSES, HEIGHT, IGNORE, LABELLED, UNLABELLED, WIDTH, Decided


class AugSeg:
    """Zhao et al., "Augmentation Matters", CVPR 2023. L = CE_S + CE_U, or with `weights` of CE and JML that of JML-SSL:
    weights[0] (CE_S + CE_U) / 2 + weights[1] (JML_S + JML_U) / 2, labels smoothed where `epsilon` is given."""

    seed = 11

    def __init__(self, name, threshold, weights=None, epsilon=None, smooths_first=True, divides_by_all=True):
        self.name, self.weights, self.epsilon, self.threshold = name, weights, epsilon, threshold
        self.smooths_first, self.divides_by_all = smooths_first, divides_by_all
        self.student = common.filled()
        self.average = copy.deepcopy(self.student)
        self.networks = {"student": self.student, "average": self.average}

    def mix(self, iteration, pictures, label, strong, said):
        """The pictures that the student sees, their labels and confidences."""
        random = RandomSource(self.seed, "augseg mixing", iteration)
        image_confidence = (said.q * (1 - said.entropy / torch.tensor(CLASSES).double().log())).mean((1, 2))
        others = random.permutation(UNLABELLED)
        source = [x.clone() for x in (strong, said.label, said.q)]
        truth = pictures, label, torch.ones(label.shape).double()
        side = (1 - random.beta(8, 2)) ** 0.5
        for i in range(UNLABELLED):
            draw = random.uniform()
            assert abs(draw - image_confidence[i]) > 0.001
            box = common.centred_box(random, side, margin=8)
            if draw > image_confidence[i]:
                # Where there are fewer labelled images they come round again.
                other = others[i] % LABELLED
                common.paste(box, [x[i] for x in source], [x[other] for x in truth])
                self.injected += 1
        mixed = [x.clone() for x in (strong, said.label, said.q)]
        side = (1 - random.beta(4, 4)) ** 0.5
        for i in range(UNLABELLED):
            box = common.centred_box(random, side, margin=8)
            common.paste(box, [x[i] for x in mixed], [x[others[i]] for x in source])
        return mixed

    def terms(self, iteration):
        pictures, label, weak, strong = common.batch(self.name, iteration, "weak", "strong")
        self.injected = 0
        said = common.ask(self.average, weak)
        mixed, pseudo, q = self.mix(iteration, pictures, label, strong, said)
        kept = torch.where(Decided.at_least(q, self.threshold), pseudo, IGNORE).to(torch.uint8)
        self.student.train()
        on_labelled, on_mixed = self.student(torch.cat([pictures, mixed])).split([LABELLED, UNLABELLED])
        self.remarks = {"threshold": self.threshold, "kept": (kept != IGNORE).sum().item(), "injected": self.injected}
        all_pixels = kept.numel() if self.divides_by_all else None
        terms = self.loss("", on_labelled, label, label, None)
        terms.update(self.loss("unlabelled_", on_mixed, kept, pseudo if self.smooths_first else kept, all_pixels))
        return terms

    def loss(self, prefix, logits, label, borders, pixels):
        """Of one side. `borders`: the labels among which borders are looked for. `pixels`: divides cross entropy, else
        the number of kept ones."""
        target, keep = common.hard(label)
        if self.epsilon is not None:
            soft, _ = common.smoothed(borders, 3, self.epsilon)
            target = torch.where(keep[:, None], soft, 0.0)
        # The divergence from the target, which for hard labels is cross entropy.
        divergence = torch.xlogy(target, target) - target * logits.log_softmax(1)
        entropy = divergence.sum(1)[keep].sum() / (pixels or keep.sum())
        if self.weights is None:
            return {f"{prefix}cross_entropy": entropy}
        active = "PRESENT" if self.epsilon is None else "ALL"
        region = jaccard(logits, target, keep, active, smooth=1)
        return {f"{prefix}cross_entropy": self.weights[0] / 2 * entropy,
                f"{prefix}jaccard": self.weights[1] / 2 * region}

    def after(self, iteration):
        decay = 0 if iteration == 0 else min(1 - 1 / (iteration + 1), 0.999)
        common.follow(self.average, self.student, decay)


class IMAS:
    """Zhao et al., "Instance-specific and Model-adaptive Supervision", CVPR 2023. L = CE_S + 3 L_U."""

    # With this seed some steps have a CutMix.
    seed, threshold, weight = 17, 0.942, 3

    def __init__(self, name):
        self.name, self.student = name, common.filled()
        self.average = copy.deepcopy(self.student)
        self.networks = {"student": self.student, "average": self.average}

    @staticmethod
    def agreement(label, reference):
        """[B]: the IoU of each class but background, weighted by how often `reference` has it."""
        y, z = (common.hard(x)[0].flatten(2)[:, 1:] for x in (label, reference))
        both = (y * z).sum(2)
        iou = both / (y.sum(2) + z.sum(2) - both).clip(min=1)
        share = z.sum(2)
        return (share * iou).sum(1) / share.sum(1).clip(min=1)

    def term(self, logits, label, q, ease):
        """Mean over images of g times the mean over all pixels of CE where q is above the threshold."""
        entropy = common.cross_entropy(logits, label) * Decided.at_least(q, self.threshold)
        return (ease * entropy.mean((1, 2))).mean()

    def terms(self, iteration):
        pictures, label, weak, strong = common.batch(self.name, iteration, "weak", "strong")
        own, said = common.ask(self.student, weak), common.ask(self.average, weak)
        sure, sure_own = (Decided.at_least(x.q, self.threshold).double().mean((1, 2)) for x in (said, own))
        ease = 0.5 * (sure * self.agreement(own.label, said.label) + sure_own * self.agreement(said.label, own.label))
        strong = torch.stack([g * s + (1 - g) * w for g, s, w in zip(ease, strong, weak)])
        random = RandomSource(self.seed, "imas mixing", iteration)
        draw = random.uniform()
        assert abs(draw - ease.mean()) > 0.001 and ease.sort().values.diff().min() > 0.001
        mixed = None
        if draw < ease.mean():
            side = random.uniform(0.1, 0.9)
            rank = ease.argsort().tolist()
            mixed = [x.clone() for x in (weak, said.label, said.q)]
            for i in range(UNLABELLED):
                other = rank[UNLABELLED - 1 - rank.index(i)]
                common.paste(common.centred_box(random, side, margin=16), [x[i] for x in mixed],
                             [x[other] for x in (weak, said.label, said.q)])
        self.student.train()
        seen = [pictures, weak, *([mixed[0]] if mixed else []), strong]
        on_labelled, _, *on_mixed, on_strong = self.student(torch.cat(seen)).split([len(x) for x in seen])
        share = 0.5 if mixed else 1
        zero = torch.zeros(()).double()
        self.remarks = {"threshold": self.threshold, "cut_mixed": int(mixed is not None)}
        return {
            "cross_entropy": common.cross_entropy(on_labelled, label).sum() / (label != IGNORE).sum(),
            "strong_cross_entropy": self.weight * share * self.term(on_strong, said.label, said.q, ease),
            "cutmix_cross_entropy":
                self.weight * share * self.term(on_mixed[0], *mixed[1:], ease) if mixed else zero}

    after = AugSeg.after


class UniMatch:
    """Yang et al., "Revisiting Weak-to-Strong Consistency", CVPR 2023. L = (CE_S + 0.25 L_1 + 0.25 L_2 + 0.5 L_F) / 2. A network
    filled by rule is less sure with batch statistics: the threshold is low."""

    seed = 11

    def __init__(self, name, threshold, dropout):
        self.name, self.threshold, self.dropout, self.student = name, threshold, dropout, common.filled()
        self.networks = {"student": self.student}

    @staticmethod
    def shown():
        """Where pictures are no padding, of the stream and of the one that is pasted, [B, H, W]."""
        shown = torch.ones(2, UNLABELLED, HEIGHT, WIDTH, dtype=torch.bool)
        shown[0, 2, :, 61:] = shown[0, 1, 40:] = shown[1, 0, 33:] = shown[1, 1, :, 50:] = False
        return shown

    def drop(self, x, iteration, layer):
        """Channels of images to 0, or divided by the probability of staying."""
        random = RandomSource(self.seed, "dropout", iteration, layer)
        factors = [0 if random.uniform() < self.dropout else 1 / (1 - self.dropout) for _ in range(x[..., 0, 0].numel())]
        return x * torch.tensor(factors).double().reshape(*x.shape[:2], 1, 1)

    def box(self, random):
        """A share of the crop, and its height by its width; the latter again until the box is inside."""
        area = random.uniform(0.02, 0.4) * HEIGHT * WIDTH
        while True:
            ratio = random.uniform(0.3, 1 / 0.3)
            width, height = int((area / ratio) ** 0.5), int((area * ratio) ** 0.5)
            left, top = random.below(WIDTH), random.below(HEIGHT)
            if left + width <= WIDTH and top + height <= HEIGHT:
                return top, top + height, left, left + width

    def consistency(self, logits, label, q, valid):
        sure = Decided.at_least(q, self.threshold) & valid
        return (common.cross_entropy(logits, label) * sure).sum() / valid.sum()

    def terms(self, iteration):
        views = "strong_1", "strong_2"
        pictures, label, weak, *strong = common.batch(self.name, iteration, "weak", *views)
        _, _, paste, *paste_strong = common.batch(f"{self.name}_paste", iteration, "weak", *views)
        valid, paste_valid = self.shown()
        pasted = common.ask(self.student, paste, self.threshold)
        self.student.train()
        maps = self.student.maps(torch.cat([pictures, weak]))
        dropped = [self.drop(x, iteration, layer) for layer, x in enumerate(maps)]
        _, logits = self.student.decode(*[torch.cat(pair) for pair in zip(maps, dropped)])
        logits = common.networks.resize(logits, (HEIGHT, WIDTH))
        on_labelled, on_weak, _, on_dropped = logits.split([LABELLED, UNLABELLED] * 2)
        said = common.Saying(on_weak.detach().softmax(1), self.threshold)
        boxes, seen = 0, []
        for view in range(2):
            mixed = [x.clone() for x in (strong[view], said.label, said.q, valid)]
            for i in range(UNLABELLED):
                random = RandomSource(self.seed, "unimatch boxes", iteration, view * UNLABELLED + i)
                if random.uniform() < 0.5:
                    boxes += 1
                    common.paste(self.box(random), [x[i] for x in mixed], [
                        x[i] for x in (paste_strong[view], pasted.label, pasted.q, paste_valid)])
            seen.append(mixed)
        on_strong = self.student(torch.cat([mixed[0] for mixed in seen])).split(UNLABELLED)
        self.remarks = {"threshold": self.threshold, "boxes": boxes, "dropout": float(self.dropout)}
        first, second = (self.consistency(z, *mixed[1:]) for z, mixed in zip(on_strong, seen))
        return {
            "cross_entropy": common.cross_entropy(on_labelled, label).sum() / (label != IGNORE).sum() / 2,
            "unlabelled_strong_1_cross_entropy": 0.25 * first / 2,
            "unlabelled_strong_2_cross_entropy": 0.25 * second / 2,
            "unlabelled_features_cross_entropy":
                0.5 * self.consistency(on_dropped, said.label, said.q, valid) / 2}

    def after(self, iteration):
        pass
