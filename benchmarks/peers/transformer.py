"""SegFormer (Xie et al., NeurIPS 2021), with PyTorch's own fused attention."""

import torch
import torch.nn.functional as F
from timm.layers import DropPath
from torch import Tensor, nn

WIDTHS = {"mit_b0": (32, 64, 160, 256), "mit_b1": (64, 128, 320, 512), "mit_b3": (64, 128, 320, 512)}
DEPTHS = {"mit_b0": (2, 2, 2, 2), "mit_b1": (2, 2, 2, 2), "mit_b3": (3, 4, 18, 3)}
HEADS = (1, 2, 5, 8)
REDUCTIONS = (8, 4, 2, 1)
STOCHASTIC_DEPTH = 0.1


def to_map(tokens: Tensor, size: torch.Size) -> Tensor:
    return tokens.transpose(1, 2).unflatten(2, size)


def to_tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Keys and values come from patches of `reduction` pixels a side."""

    def __init__(self, width: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries = nn.Linear(width, width)
        self.keys_and_values = nn.Linear(width, 2 * width)
        self.project = nn.Linear(width, width)
        self.reduce = nn.Conv2d(width, width, reduction, stride=reduction) if reduction > 1 else None
        self.norm = nn.LayerNorm(width) if reduction > 1 else None

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, size: torch.Size) -> Tensor:
        source = x
        if self.reduce is not None and self.norm is not None:
            source = self.norm(to_tokens(self.reduce(to_map(x, size))))
        keys, values = self.keys_and_values(source).chunk(2, dim=2)
        attended = F.scaled_dot_product_attention(
            self.split(self.queries(x)), self.split(keys), self.split(values)
        )
        return self.project(attended.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Dense, depthwise 3x3, GELU, dense."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.expand = nn.Linear(width, hidden)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.contract = nn.Linear(hidden, width)

    def forward(self, x: Tensor, size: torch.Size) -> Tensor:
        mixed = to_tokens(self.depthwise(to_map(self.expand(x), size)))
        return self.contract(F.gelu(mixed))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, reduction: int, drop: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width, eps=1e-6)
        self.attention = Attention(width, heads, reduction)
        self.feed_forward_norm = nn.LayerNorm(width, eps=1e-6)
        self.feed_forward = FeedForward(width)
        self.drop = DropPath(drop)

    def forward(self, x: Tensor, size: torch.Size) -> Tensor:
        x = x + self.drop(self.attention(self.attention_norm(x), size))
        return x + self.drop(self.feed_forward(self.feed_forward_norm(x), size))


class Stage(nn.Module):
    def __init__(self, inputs: int, width: int, stage: int, depths: tuple[int, ...]) -> None:
        super().__init__()
        kernel, stride = (7, 4) if stage == 0 else (3, 2)
        self.embed = nn.Conv2d(inputs, width, kernel, stride=stride, padding=kernel // 2)
        self.embed_norm = nn.LayerNorm(width)
        before, total = sum(depths[:stage]), sum(depths)
        self.blocks = nn.ModuleList(
            Block(width, HEADS[stage], REDUCTIONS[stage], STOCHASTIC_DEPTH * (before + block) / (total - 1))
            for block in range(depths[stage])
        )
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        size = x.shape[2:]
        tokens = self.embed_norm(to_tokens(x))
        for block in self.blocks:
            tokens = block(tokens, size)
        return to_map(self.norm(tokens), size)


class MixTransformer(nn.Module):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.channels = list(WIDTHS[name])
        inputs = [3, *self.channels[:-1]]
        self.stages = nn.ModuleList(
            Stage(before, width, stage, DEPTHS[name])
            for stage, (before, width) in enumerate(zip(inputs, self.channels))
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = []
        for stage in self.stages:
            images = stage(images)
            maps.append(images)
        return maps


class SegFormerHead(nn.Module):
    """Stages projected to equal width, resized to the first's size, joined and fused."""

    def __init__(self, channels: list[int], width: int) -> None:
        super().__init__()

        def project(inputs: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
            )

        self.projections = nn.ModuleList(project(inputs) for inputs in channels)
        self.fuse = project(width * len(channels))

    def forward(self, maps: list[Tensor]) -> Tensor:
        size = maps[0].shape[2:]
        parts = [
            F.interpolate(project(x), size, mode="bilinear", align_corners=False)
            for project, x in zip(self.projections, maps)
        ]
        return self.fuse(torch.cat(parts, dim=1))
