"""SegFormer's backbone (Xie et al., NeurIPS 2021, section 3.1), under the names of its published weights."""

import torch
import torch.nn.functional as F
from torch import nn

HEADS, REDUCTIONS = (1, 2, 5, 8), (8, 4, 2, 1)
# Channels and blocks of the four stages.
SIZES = {
    "mit_b0": ((32, 64, 160, 256), (2, 2, 2, 2)),
    "mit_b1": ((64, 128, 320, 512), (2, 2, 2, 2)),
    "mit_b3": ((64, 128, 320, 512), (3, 4, 18, 3)),
    "mit_b5": ((64, 128, 320, 512), (3, 6, 40, 3)),
}


def to_map(tokens, height, width):
    """[B, N, C] to [B, C, H, W]."""
    return tokens.transpose(1, 2).unflatten(2, (height, width))


def to_tokens(map):
    """[B, C, H, W] to [B, N, C]."""
    return map.flatten(2).transpose(1, 2)


class PatchEmbedding(nn.Module):
    """A strided convolution whose windows overlap, then a layer norm."""

    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)
        self.norm = nn.LayerNorm(outputs, eps=1e-5)

    def forward(self, map):
        y = self.proj(map)
        return self.norm(to_tokens(y)), y.shape[2], y.shape[3]


class Attention(nn.Module):
    """Attention of every pixel over keys and values made from patches of reduction x reduction pixels."""

    def __init__(self, channels, heads, reduction):
        super().__init__()
        self.heads, self.reduction = heads, reduction
        self.q = nn.Linear(channels, channels)
        self.kv = nn.Linear(channels, 2 * channels)
        self.proj = nn.Linear(channels, channels)
        if reduction > 1:
            self.sr = nn.Conv2d(channels, channels, reduction, reduction)
            self.norm = nn.LayerNorm(channels, eps=1e-5)

    def forward(self, x, height, width):
        source = x
        if self.reduction > 1:
            source = self.norm(to_tokens(self.sr(to_map(x, height, width))))
        queries, keys, values = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2)  # [B, heads, N, C / heads]
            for part in (self.q(x), *self.kv(source).chunk(2, 2)))
        share = (queries @ keys.transpose(2, 3) * queries.shape[3] ** -0.5).softmax(3)
        return self.proj((share @ values).transpose(1, 2).flatten(2))


class DepthwiseConvolution(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)


class MixFeedForward(nn.Module):
    """Dense, depthwise 3x3, GELU, dense."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.dwconv = DepthwiseConvolution(hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x, height, width):
        mixed = self.dwconv.dwconv(to_map(self.fc1(x), height, width))
        return self.fc2(F.gelu(to_tokens(mixed)))


class Block(nn.Module):
    def __init__(self, channels, heads, reduction):
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=1e-6)
        self.attn = Attention(channels, heads, reduction)
        self.norm2 = nn.LayerNorm(channels, eps=1e-6)
        self.mlp = MixFeedForward(channels, 4 * channels)

    def forward(self, x, height, width):
        x = x + self.attn(self.norm1(x), height, width)
        return x + self.mlp(self.norm2(x), height, width)


class MixTransformer(nn.Module):
    """[B, 3, H, W] to maps of strides 4, 8, 16 and 32. No stochastic depth."""

    def __init__(self, name):
        super().__init__()
        self.channels, depths = SIZES[name]
        for index, outputs in enumerate(self.channels):
            inputs, kernel, stride = (self.channels[index - 1], 3, 2) if index else (3, 7, 4)
            self.add_module(f"patch_embed{index + 1}", PatchEmbedding(inputs, outputs, kernel, stride))
        for index, (channels, depth) in enumerate(zip(self.channels, depths)):
            blocks = [Block(channels, HEADS[index], REDUCTIONS[index]) for _ in range(depth)]
            self.add_module(f"block{index + 1}", nn.ModuleList(blocks))
            self.add_module(f"norm{index + 1}", nn.LayerNorm(channels, eps=1e-6))

    def forward(self, x):
        maps = []
        for stage in range(1, 5):
            tokens, height, width = self.get_submodule(f"patch_embed{stage}")(x)
            for block in self.get_submodule(f"block{stage}"):
                tokens = block(tokens, height, width)
            x = to_map(self.get_submodule(f"norm{stage}")(tokens), height, width)
            maps.append(x)
        return maps
