"""The distillation methods of Table 4 as a framework invites to write them: every matrix of similarities in memory."""


import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peers.losses import IGNORE

Features = tuple[Tensor, Tensor, Tensor]  # main logits, auxiliary logits, the decoder's features after dropout


def divergence(student: Tensor, teacher: Tensor, dim: int) -> Tensor:
    """Sum of KL(softmax(teacher) || softmax(student)) along `dim`."""
    return (teacher.softmax(dim) * (teacher.log_softmax(dim) - student.log_softmax(dim))).sum(dim)


def pixel_wise(student: Tensor, teacher: Tensor) -> Tensor:
    return divergence(student, teacher, 1).mean()


def pair_wise(student: Tensor, teacher: Tensor) -> Tensor:
    def affinity(features: Tensor) -> Tensor:
        nodes = F.normalize(F.max_pool2d(features, 2, 2, ceil_mode=True).flatten(2), dim=1)
        return nodes.transpose(1, 2) @ nodes

    return F.mse_loss(affinity(student), affinity(teacher))


def channel_wise(student: Tensor, teacher: Tensor, temperature: float = 4) -> Tensor:
    return temperature**2 * divergence(student.flatten(2) / temperature, teacher.flatten(2) / temperature, 2).mean()


def intra_class_variation(student: Tensor, teacher: Tensor, labels: Tensor, classes: int) -> Tensor:
    masks = F.one_hot(labels.masked_fill(labels == IGNORE, classes), classes + 1)[..., :classes].float().flatten(1, 2)

    def similarity(features: Tensor) -> Tensor:
        pixels = features.flatten(2).transpose(1, 2)
        centres = masks.transpose(1, 2) @ pixels / (masks.sum(1)[..., None] + 1e-6)
        own = masks @ centres
        return torch.where(masks.sum(2) > 0, F.cosine_similarity(pixels, own, dim=2), torch.ones(()))

    return F.mse_loss(similarity(student), similarity(teacher))


def cross_image(student: Tensor, teacher: Tensor, temperature: float = 0.1) -> Tensor:
    s, t = (F.normalize(x, dim=1).flatten(2).transpose(1, 2) for x in (student, teacher))
    total = torch.zeros(())
    for i in range(len(s)):
        for j in range(len(s)):
            total = total + divergence(s[i] @ s[j].T / temperature, t[i] @ t[j].T / temperature, 1).mean()
    return total / len(s) ** 2


def correlation(student: Tensor, teacher: Tensor) -> Tensor:
    def pearson(a: Tensor, b: Tensor) -> Tensor:
        return F.cosine_similarity(a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True), eps=1e-8).mean()

    p, q = (z.softmax(1).transpose(0, 1).flatten(1).T for z in (student, teacher))
    return 2 - pearson(p, q) - pearson(p.T, q.T)


def masked(student: Tensor, teacher: Tensor, tokens: Tensor) -> Tensor:
    masks = torch.einsum("tc,bchw->bthw", tokens, teacher).sigmoid().flatten(2)
    square = (student - teacher).square().flatten(2)
    return 0.5 * (torch.einsum("btn,bcn->btc", masks**2, square) / (masks.sum(2)[..., None] + 1e-5)).mean()


class SelfAttention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key = nn.Conv2d(channels, channels // 8, 1), nn.Conv2d(channels, channels // 8, 1)
        self.value, self.gamma = nn.Conv2d(channels, channels, 1), nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        weights = (self.query(x).flatten(2).transpose(1, 2) @ self.key(x).flatten(2)).softmax(2)
        return x + self.gamma * (self.value(x).flatten(2) @ weights.transpose(1, 2)).reshape(x.shape)


class Adversarial(nn.Module):
    """SKD's discriminator with its own optimizer. `finish` takes its step, after the student's."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.BatchNorm2d(classes)]
        for inputs, outputs in [(classes, 64), (64, 128), (128, 256), (256, 512)]:
            layers += [nn.utils.spectral_norm(nn.Conv2d(inputs, outputs, 4, 2, 1)), nn.LeakyReLU(0.1)]
            if outputs >= 256:
                layers.append(SelfAttention(outputs))
        self.network = nn.Sequential(*layers, nn.Conv2d(512, 1, 4))
        self.optimizer = torch.optim.Adam(self.parameters(), lr=4e-4, betas=(0.9, 0.99), fused=True)

    def scores(self, logits: Tensor) -> Tensor:
        scale = max(64 / min(logits.shape[2:]), 1)
        return self.network(F.interpolate(logits, scale_factor=scale, mode="bilinear", align_corners=False))

    def finish(self, student: Tensor, teacher: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        hinge = F.relu(1 - self.scores(teacher)).mean() + F.relu(1 + self.scores(student.detach())).mean()
        (0.1 * hinge).backward()
        self.optimizer.step()


class Memory(nn.Module):
    """CIRKD's queues of pixels and regions, and the student's projection head."""

    def __init__(self, classes: int, student: int, teacher: int) -> None:
        super().__init__()
        self.project = nn.Sequential(
            nn.Conv2d(student, teacher, 1, bias=False), nn.BatchNorm2d(teacher), nn.ReLU(inplace=True),
            nn.Conv2d(teacher, teacher, 1, bias=False))
        self.queues = [F.normalize(torch.randn(classes, capacity, teacher), dim=2) for capacity in (20000, 2000)]
        self.heads = torch.zeros(2, classes, dtype=torch.long)
        self.slots = [4096 // classes + 1, 1024 // classes + 1]

    def put(self, queue: int, label: int, vectors: Tensor) -> None:
        capacity = self.queues[queue].shape[1]
        places = (self.heads[queue, label] + torch.arange(len(vectors))) % capacity
        self.queues[queue][label, places] = vectors
        self.heads[queue, label] = (self.heads[queue, label] + len(vectors)) % capacity

    def forward(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
        taught = F.normalize(teacher, dim=1).flatten(2).transpose(1, 2)
        for pixels, label in zip(taught, labels.flatten(1)):
            for present in label.unique().tolist():
                if present != IGNORE:
                    own = pixels[label == present]
                    self.put(1, present, F.normalize(own.mean(0, keepdim=True), dim=1))
                    self.put(0, present, own[torch.randperm(len(own))[:16]])
        kept = labels.flatten() != IGNORE
        s = F.normalize(self.project(student), dim=1).flatten(2).transpose(1, 2).flatten(0, 1)[kept]
        t = taught.flatten(0, 1)[kept]
        total = torch.zeros(())
        for queue, slots in zip(self.queues, self.slots):
            keys = queue[:, torch.randperm(queue.shape[1])[:slots]].flatten(0, 1)
            total = total + divergence(s @ keys.T / 0.1, t @ keys.T / 0.1, 1).mean()
        return total


class Distiller(nn.Module):
    """The terms of a method, by the name of its file in experiments/distillation."""

    def __init__(self, method: str, classes: int, student: int, teacher: int) -> None:
        super().__init__()
        self.method, self.classes = method, classes
        self.tokens = torch.rand(8, classes) * 2 - 1
        self.adversarial = Adversarial(classes) if method in ("skd", "ifvd", "cd") else None
        self.adapter = nn.Conv2d(student, teacher, 1, bias=False) if method == "cd" else None
        self.memory = Memory(classes, student, teacher) if method.startswith("cirkd") else None

    def trained_with_student(self) -> list[nn.Parameter]:
        return [p for part in (self.adapter, self.memory) if part is not None for p in part.parameters()]

    def forward(self, student: Features, teacher: Features, labels: Tensor) -> Tensor:
        (s, s_aux, fs), (t, t_aux, ft) = student, teacher
        small = labels[:, :: labels.shape[1] // fs.shape[2], :: labels.shape[2] // fs.shape[3]]
        match self.method:
            case "maskd":
                return masked(s, t, self.tokens) + 0.4 * masked(s_aux, t_aux, self.tokens)
            case "ce_kd":
                # 0.5 of the divergence at full resolution, half of it from each head, as the cross entropy.
                full = [F.interpolate(z, labels.shape[1:], mode="bilinear", align_corners=False) for z in (s, t, s_aux, t_aux)]
                return 0.25 * (pixel_wise(*full[:2]) + pixel_wise(*full[2:]))
            case "dist":
                return correlation(s, t) + 0.4 * correlation(s_aux, t_aux)
        loss = pixel_wise(s, t)
        if self.memory is not None:
            return loss + cross_image(fs, ft) + 0.1 * self.memory(fs, ft, small)
        match self.method:
            case "skd":
                loss = loss + 10 * pair_wise(fs, ft)
            case "ifvd":
                loss = loss + 20 * intra_class_variation(fs, ft, small, self.classes)
            case "cd":
                loss = loss + 50 * channel_wise(self.adapter(fs), ft) + 3 * channel_wise(s, t)
        if self.adversarial is not None:
            loss = loss - 0.001 * self.adversarial.scores(s).mean()
        return loss

    def finish(self, student: Features, teacher: Features) -> None:
        if self.adversarial is not None:
            self.adversarial.finish(student[0], teacher[0])
