"""Decoders over timm backbones, equal in structure and parameters to jml's models of the same name."""

from dataclasses import dataclass

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peers.transformer import MixTransformer, SegFormerHead


def conv_norm_act(inputs: int, outputs: int, kernel: int, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def resize(x: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(x, size, mode="bilinear", align_corners=False)


class PooledBranch(nn.Module):
    """Averages over bins x bins cells, projects, resizes back."""

    def __init__(self, inputs: int, outputs: int, bins: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(bins)
        self.project = conv_norm_act(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return resize(self.project(self.pool(x)), x.shape[2:])


class DeepLabV3(nn.Module):
    def __init__(self, inputs: int, outputs: int, rates: tuple[int, ...] = (12, 24, 36)) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [PooledBranch(inputs, outputs, 1), conv_norm_act(inputs, outputs, 1)]
            + [conv_norm_act(inputs, outputs, 3, rate) for rate in rates]
        )
        self.bottleneck = conv_norm_act(outputs * len(self.branches), outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.bottleneck(torch.cat([branch(x) for branch in self.branches], dim=1))


class DeepLabV3Plus(nn.Module):
    """Plain convolutions throughout, 48 channels from stride 4: the network of the public semi-supervised codes."""

    def __init__(self, channels: list[int], outputs: int, rates: tuple[int, ...] = (6, 12, 18)) -> None:
        super().__init__()
        inputs = channels[-1]
        self.branches = nn.ModuleList(
            [PooledBranch(inputs, outputs, 1), conv_norm_act(inputs, outputs, 1)]
            + [conv_norm_act(inputs, outputs, 3, rate) for rate in rates]
        )
        self.bottleneck = conv_norm_act(outputs * len(self.branches), outputs, 1)
        self.shortcut = conv_norm_act(channels[-4], 48, 1)
        self.fusion = nn.Sequential(conv_norm_act(outputs + 48, outputs, 3), conv_norm_act(outputs, outputs, 3))

    def forward(self, maps: list[Tensor]) -> Tensor:
        pyramid = self.bottleneck(torch.cat([branch(maps[-1]) for branch in self.branches], dim=1))
        fine = self.shortcut(maps[-4])
        return self.fusion(torch.cat([resize(pyramid, fine.shape[2:]), fine], dim=1))


class PSPNet(nn.Module):
    def __init__(self, inputs: int, outputs: int, bins: tuple[int, ...] = (1, 2, 3, 6)) -> None:
        super().__init__()
        width = inputs // len(bins)
        self.branches = nn.ModuleList(PooledBranch(inputs, width, size) for size in bins)
        self.bottleneck = conv_norm_act(inputs + width * len(bins), outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.bottleneck(torch.cat([x] + [branch(x) for branch in self.branches], dim=1))


class UNet(nn.Module):
    """Five times: double the size, join the backbone's map of that size, convolve twice."""

    def __init__(self, channels: list[int], widths: tuple[int, ...]) -> None:
        super().__init__()
        skips = [*channels[-2::-1], 0]
        inputs = [channels[-1], *widths[:-1]]
        self.blocks = nn.ModuleList(
            nn.Sequential(conv_norm_act(before + skip, width, 3), conv_norm_act(width, width, 3))
            for before, skip, width in zip(inputs, skips, widths)
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        x = maps[-1]
        for block, skip in zip(self.blocks, [*maps[-2::-1], None]):
            x = resize(x, torch.Size(2 * size for size in x.shape[2:]))
            x = block(x if skip is None else torch.cat([x, skip], dim=1))
        return x


class Last(nn.Module):
    """A decoder that reads the last map alone."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, maps: list[Tensor]) -> Tensor:
        return self.decoder(maps[-1])


@dataclass(frozen=True)
class Architecture:
    backbone: str
    decoder: str
    channels: int
    # 0: no auxiliary head.
    auxiliary_channels: int
    output_stride: int = 8
    dropout: float = 0.1
    # Dilations of the last stage's blocks, one each.
    multi_grid: tuple[int, ...] = ()
    # Channels after each of a UNet's stages; the last is `channels`.
    widths: tuple[int, ...] = ()

    def make_backbone(self) -> tuple[nn.Module, list[int]]:
        if self.backbone.startswith("mit"):
            backbone = MixTransformer(self.backbone)
            return backbone, backbone.channels
        backbone = timm.create_model(
            self.backbone, pretrained=False, features_only=True, output_stride=self.output_stride
        )
        for block, dilation in zip(backbone.layer4, self.multi_grid):
            block.conv2.dilation = block.conv2.padding = (dilation, dilation)
        return backbone, backbone.feature_info.channels()

    def make_decoder(self, channels: list[int]) -> nn.Module:
        match self.decoder:
            case "deeplabv3plus":
                return DeepLabV3Plus(channels, self.channels)
            case "deeplabv3":
                return Last(DeepLabV3(channels[-1], self.channels))
            case "pspnet":
                return Last(PSPNet(channels[-1], self.channels))
            case "unet":
                return UNet(channels, self.widths)
            case "segformer":
                return SegFormerHead(channels, self.channels)
        raise ValueError(self.decoder)


ARCHITECTURES = {
    "deeplabv3_resnet18d": Architecture("resnet18d", "deeplabv3", 128, 64),
    "deeplabv3_resnet50d": Architecture("resnet50d", "deeplabv3", 512, 256),
    "deeplabv3_resnet101d": Architecture("resnet101d", "deeplabv3", 512, 256),
    "deeplabv3_mobilenetv2_100": Architecture("mobilenetv2_100", "deeplabv3", 128, 64),
    "pspnet_resnet18d": Architecture("resnet18d", "pspnet", 128, 64),
    "unet_resnet18d": Architecture(
        "resnet18d", "unet", 16, 64, output_stride=32, widths=(256, 128, 64, 32, 16)
    ),
    "unet_resnet50d": Architecture(
        "resnet50d", "unet", 64, 256, output_stride=32, widths=(1024, 512, 256, 128, 64)
    ),
    "deeplabv3plus_resnet101d_os16_mg124": Architecture(
        "resnet101d", "deeplabv3plus", 256, 0, output_stride=16, dropout=0, multi_grid=(2, 4, 8)
    ),
    "segformer_mit_b0": Architecture("mit_b0", "segformer", 512, 256),
    "segformer_mit_b1": Architecture("mit_b1", "segformer", 512, 256),
    "segformer_mit_b3": Architecture("mit_b3", "segformer", 512, 256),
}


class SegmentationModel(nn.Module):
    """Main and auxiliary logits, at whatever size the decoder works."""

    def __init__(self, name: str, classes: int) -> None:
        super().__init__()
        architecture = ARCHITECTURES[name]
        self.backbone, channels = architecture.make_backbone()
        self.decoder = architecture.make_decoder(channels)
        self.channels = architecture.channels
        self.head = nn.Sequential(nn.Dropout2d(architecture.dropout), nn.Conv2d(architecture.channels, classes, 1))
        self.auxiliary = None if not architecture.auxiliary_channels else nn.Sequential(
            conv_norm_act(channels[-2], architecture.auxiliary_channels, 3),
            nn.Dropout2d(architecture.dropout),
            nn.Conv2d(architecture.auxiliary_channels, classes, 1),
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.with_features(images)[:2]

    def with_features(self, images: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        """The same, and what the classifier reads."""
        maps = self.backbone(images)
        dropout, classifier = self.head
        features = dropout(self.decoder(maps))
        return classifier(features), self.auxiliary(maps[-2]) if self.auxiliary else None, features
