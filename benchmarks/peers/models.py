"""DeepLabV3 and PSPNet over timm backbones, equal in structure and parameters to jml's models of the same name."""

from dataclasses import dataclass

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn


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


class PSPNet(nn.Module):
    def __init__(self, inputs: int, outputs: int, bins: tuple[int, ...] = (1, 2, 3, 6)) -> None:
        super().__init__()
        width = inputs // len(bins)
        self.branches = nn.ModuleList(PooledBranch(inputs, width, size) for size in bins)
        self.bottleneck = conv_norm_act(inputs + width * len(bins), outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.bottleneck(torch.cat([x] + [branch(x) for branch in self.branches], dim=1))


@dataclass(frozen=True)
class Architecture:
    backbone: str
    decoder: type[nn.Module]
    channels: int
    auxiliary_channels: int


ARCHITECTURES = {
    "deeplabv3_resnet18d": Architecture("resnet18d", DeepLabV3, 128, 64),
    "deeplabv3_resnet50d": Architecture("resnet50d", DeepLabV3, 512, 256),
    "deeplabv3_mobilenetv2_100": Architecture("mobilenetv2_100", DeepLabV3, 128, 64),
    "pspnet_resnet18d": Architecture("resnet18d", PSPNet, 128, 64),
}


class SegmentationModel(nn.Module):
    """Main and auxiliary logits at an eighth of the image's size."""

    def __init__(self, name: str, classes: int) -> None:
        super().__init__()
        architecture = ARCHITECTURES[name]
        self.backbone = timm.create_model(
            architecture.backbone, pretrained=False, features_only=True, output_stride=8
        )
        *_, auxiliary, last = self.backbone.feature_info.channels()
        self.decoder = architecture.decoder(last, architecture.channels)
        self.head = nn.Sequential(nn.Dropout2d(0.1), nn.Conv2d(architecture.channels, classes, 1))
        self.auxiliary = nn.Sequential(
            conv_norm_act(auxiliary, architecture.auxiliary_channels, 3),
            nn.Dropout2d(0.1),
            nn.Conv2d(architecture.auxiliary_channels, classes, 1),
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        *_, auxiliary, last = self.backbone(images)
        return self.head(self.decoder(last)), self.auxiliary(auxiliary)
