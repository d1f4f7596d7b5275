"""Records distillation.h5: the rivals' terms by their formulas, gradients by autograd, in double precision."""

import numpy as np
import torch
import torch.nn.functional as F

import fill
import fixture

B, STUDENT, TEACHER, CLASSES, H, W = 3, 10, 14, 6, 5, 7
TOKENS = 4
IGNORE = 255

student = fill.symmetric("student features", (B, STUDENT, H, W), 1.5)
teacher = fill.symmetric("teacher features", (B, TEACHER, H, W), 1.5)
student_logits = fill.symmetric("student logits", (B, CLASSES, H, W), 3)
teacher_logits = fill.symmetric("teacher logits", (B, CLASSES, H, W), 3)
adapter = fill.symmetric("adapter", (TEACHER, STUDENT), 0.5)
tokens = fill.symmetric("tokens", (TOKENS, CLASSES), 0.8)
keys = fill.symmetric("keys", (37, TEACHER), 1)
# The last class is absent, and one more is in one image only.
label = (fill.uniform("label", (B, 4 * H, 4 * W)) * (CLASSES - 1)).astype(np.uint8)
label[1:][label[1:] == 2] = 0
label[:, :6, :9] = IGNORE


def nearest(labels):
    return labels[:, ::4, ::4]


def pair_wise(fs, ft, window):
    def affinity(f):
        f = F.max_pool2d(f, window, window, 0, ceil_mode=True).flatten(2)
        f = f / f.norm(dim=1, keepdim=True)
        return f.transpose(1, 2) @ f

    a = affinity(fs)
    return ((a - affinity(ft)) ** 2).sum() / (B * a.shape[1] ** 2)


def channel_wise(s, t, temperature):
    p, q = (x.flatten(2) / temperature for x in (t, s))
    kl = (p.softmax(2) * (p.log_softmax(2) - q.log_softmax(2))).sum()
    return temperature**2 * kl / (s.shape[0] * s.shape[1])


def intra_class_variation(fs, ft, labels):
    def similarity(f):
        result = torch.ones(labels.shape, dtype=f.dtype)
        for b in range(B):
            for k in range(CLASSES):
                inside = labels[b] == k
                if inside.any():
                    own = f[b][:, inside]
                    centre = own.sum(1) / (inside.sum() + 1e-6)
                    result[b][inside] = F.cosine_similarity(own, centre[:, None], dim=0, eps=1e-12)
        return result

    return ((similarity(fs) - similarity(ft)) ** 2).mean()


def cross_image(fs, ft, temperature):
    fs, ft = (F.normalize(f, dim=1).flatten(2).transpose(1, 2) for f in (fs, ft))
    total = 0
    for i in range(B):
        for j in range(B):
            s, t = fs[i] @ fs[j].T / temperature, ft[i] @ ft[j].T / temperature
            total = total + (t.softmax(1) * (t.log_softmax(1) - s.log_softmax(1))).sum(1).mean()
    return total / B**2


def memory(projected, ft, labels, memory_keys, temperature):
    kept = torch.from_numpy((labels != IGNORE).reshape(-1))
    s, t = (F.normalize(f, dim=1).flatten(2).transpose(1, 2).reshape(-1, TEACHER)[kept] @ memory_keys.T
            / temperature for f in (projected, ft))
    return (t.softmax(1) * (t.log_softmax(1) - s.log_softmax(1))).sum(1).mean()


def correlation(s, t, inter, intra):
    def pearson(a, b):
        a, b = (x - x.mean(-1, keepdim=True) for x in (a, b))
        return ((a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1) + 1e-8)).mean()

    p, q = (z.softmax(1).permute(0, 2, 3, 1).reshape(-1, CLASSES) for z in (s, t))
    return inter * (1 - pearson(p, q)) + intra * (1 - pearson(p.T, q.T))


def masks(e, z):
    return torch.sigmoid(torch.einsum("tc,bchw->bthw", e, z)).flatten(2)


def masked(s, t, e):
    m = masks(e, t)
    square = ((s - t) ** 2).flatten(2)
    per = torch.einsum("btn,bcn->btc", m**2, square) / (m.sum(2)[:, :, None] + 1e-5)
    return 0.5 * per.mean()


def token_terms(e, t, labels):
    m = masks(e, t)
    z = t * m.sum(1).reshape(B, 1, H, W)
    z = F.interpolate(z, scale_factor=4, mode="bilinear", align_corners=False)
    ce = F.cross_entropy(z, torch.from_numpy(labels.astype(np.int64)), ignore_index=IGNORE)
    dice = []
    for a in range(TOKENS):
        for b in range(TOKENS):
            if a != b:
                x, y = m[:, a], m[:, b]
                dice.append(2 * (x * y).sum(1) / ((x**2).sum(1) + (y**2).sum(1)))
    return ce, torch.stack(dice).mean()


class Attention(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.query_conv = torch.nn.Linear(channels, channels // 8)
        self.key_conv = torch.nn.Linear(channels, channels // 8)
        self.value_conv = torch.nn.Linear(channels, channels)
        self.gamma = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        n = x.flatten(2).transpose(1, 2)
        weights = (self.query_conv(n) @ self.key_conv(n).transpose(1, 2)).softmax(-1)
        return x + self.gamma * (weights @ self.value_conv(n)).transpose(1, 2).reshape(x.shape)


class Discriminator(torch.nn.Module):
    """torch's own spectral norm; weights by name (fill.py)."""

    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm2d(CLASSES)
        widths = [CLASSES, 64, 128, 256, 512]
        for index in range(4):
            convolution = torch.nn.Conv2d(widths[index], widths[index + 1], 4, 2, 1)
            self.add_module(f"l{index + 1}", convolution)
        self.attn1, self.attn2 = Attention(256), Attention(512)
        self.last = torch.nn.Conv2d(512, 1, 4)
        for name, tensor in self.named_parameters():
            value = fill.weight("discriminator." + name, tuple(tensor.shape))
            if name.endswith("gamma"):
                value = np.full(1, 0.3)  # from 0 on, attention would have no gradient
            tensor.data = torch.from_numpy(value).double()
        self.double()
        for index in range(4):
            convolution = getattr(self, f"l{index + 1}")
            torch.nn.utils.spectral_norm(convolution, n_power_iterations=1)
            u = fill.symmetric(f"discriminator.l{index + 1}.weight_u", tuple(convolution.weight_u.shape), 1)
            convolution.weight_u.data = torch.from_numpy(u / np.linalg.norm(u))
        self.train()

    def forward(self, z):
        x = F.interpolate(z, size=(64, 64 * z.shape[3] // z.shape[2]), mode="bilinear", align_corners=False)
        x = self.norm(x)
        for index in range(4):
            x = F.leaky_relu(getattr(self, f"l{index + 1}")(x), 0.1)
            if index >= 2:
                x = getattr(self, f"attn{index - 1}")(x)
        return self.last(x)


def record(file):
    file.attrs["script"] = "Tests/Oracles/record_distillation.py"
    file.attrs["torch"] = str(torch.__version__)
    file["label"] = label

    def leaf(value):
        return torch.from_numpy(np.asarray(value, dtype=np.float64)).requires_grad_()

    def add(name, function, **inputs):
        leaves = {key: leaf(value) for key, value in inputs.items()}
        value = function(**leaves)
        value.backward()
        group = file.create_group(name)
        group.attrs["value"] = value.item()
        for key, tensor in leaves.items():
            group[f"grad_{key}"] = tensor.grad.numpy().astype(np.float32)

    ft, zt = leaf(teacher).detach(), leaf(teacher_logits).detach()
    small = nearest(label)
    for window in (1, 2, 3):
        add(f"pair_wise/{window}", lambda s: pair_wise(s, ft, window), s=student)
    for temperature in (1, 4):
        add(f"channel_wise/logits{temperature}", lambda s: channel_wise(s, zt, temperature), s=student_logits)
    add("channel_wise/features", lambda s, adapter: channel_wise(
        torch.einsum("dc,bchw->bdhw", adapter, s), ft, 4), s=student, adapter=adapter)
    add("intra_class_variation", lambda s: intra_class_variation(s, ft, torch.from_numpy(small)), s=student)
    for temperature in (0.1, 1):
        add(f"cross_image/{temperature}", lambda s: cross_image(s, ft, temperature), s=student)
    unit = F.normalize(leaf(keys).detach(), dim=1)
    add("memory", lambda s: memory(torch.einsum("dc,bchw->bdhw", leaf(adapter).detach(), s), ft, small, unit,
                                   0.1), s=student)
    for name, weights in [("inter", (1, 0)), ("intra", (0, 1)), ("both", (1, 2))]:
        add(f"correlation/{name}", lambda s: correlation(s, zt, *weights), s=student_logits)
    add("masked", lambda s: masked(s, zt, leaf(tokens).detach()), s=student_logits)
    add("tokens/cross_entropy", lambda e: token_terms(e, zt, label)[0], e=tokens)
    add("tokens/diversity", lambda e: token_terms(e, zt, label)[1], e=tokens)

    network = Discriminator()
    # Of 260 pairs the one whose activations stay farthest (3e-6) from the kink of their leaky ReLU, where single precision would
    # decide a gradient.
    real = leaf(fill.symmetric("real.170", (2, CLASSES, 16, 24), 3)).detach()
    fake = leaf(fill.symmetric("fake.170", (2, CLASSES, 16, 24), 3))
    group = file.create_group("adversarial")
    scores = network(fake)
    scores.mean().backward()
    group["scores"] = scores.detach().numpy().astype(np.float32)
    group["grad_fake"] = fake.grad.numpy().astype(np.float32)
    network.zero_grad()
    hinge = torch.relu(1 - network(real)).mean() + torch.relu(1 + network(fake.detach())).mean()
    hinge.backward()
    group.attrs["hinge"] = hinge.item()
    for name, tensor in network.named_parameters():
        name = name.replace("weight_orig", "weight")
        direction = torch.from_numpy(fill.symmetric("direction." + name, tuple(tensor.shape), 1)).double()
        group.attrs["norm." + name] = tensor.grad.norm().item()
        group.attrs["along." + name] = (tensor.grad * direction).sum().item()
    for index in range(4):
        u = getattr(network, f"l{index + 1}").weight_u
        group[f"u{index + 1}"] = u.numpy().astype(np.float32)


RULES = [
    fixture.Rule("label", fixture.exact),
    fixture.Rule("([^/]*).*@(value|hinge|norm.*|along.*)", fixture.relative(1e-6, 1e-6)),
    fixture.Rule("([^/]*).*/(grad.*|scores|u.)", fixture.absolute(1e-6)),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture.run(__doc__, record, RULES)
