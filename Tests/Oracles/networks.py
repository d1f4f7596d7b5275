"""The thirteen networks of Table 9, without dropout: decoders over backbones of timm or `mix_transformer`; and those
of semi-supervised segmentation. Modules are named so that parameters have the names of the fixtures."""

import timm
import torch
import torch.nn.functional as F
from torch import nn

import fill
import losses
from mix_transformer import MixTransformer

CLASSES = 19
IGNORE = CLASSES
NAMES = (
    "deeplabv3_resnet18d", "deeplabv3_resnet50d", "deeplabv3_resnet101d", "deeplabv3_mobilenetv2_100",
    "pspnet_resnet18d", "deeplabv3plus_resnet101d", "unet_resnet50d", "unet_resnet18d",
    "unet_mobilenetv2_100", "segformer_mit_b5", "segformer_mit_b3", "segformer_mit_b1", "segformer_mit_b0")


def resize(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def conv(inputs, outputs, kernel, dilation=1, groups=1):
    """Convolution without bias, batch norm, ReLU; keeps the size."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=dilation, groups=groups, bias=False),
        nn.BatchNorm2d(outputs), nn.ReLU())


def separable(inputs, outputs, kernel, dilation=1):
    """Depthwise, then pointwise convolution, each with batch norm and ReLU."""
    return nn.Sequential(*conv(inputs, inputs, kernel, dilation, groups=inputs), *conv(inputs, outputs, 1))


class Pyramid(nn.Module):
    """Image pooling, a 1x1 and dilated 3x3 branches, concatenated."""

    def __init__(self, inputs, outputs, branch, rates=(12, 24, 36)):
        super().__init__()
        pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(inputs, outputs, 1))
        dilated = [branch(inputs, outputs, 3, rate) for rate in rates]
        self.convs = nn.ModuleList([pooled, branch(inputs, outputs, 1), *dilated])

    def forward(self, x):
        pooled, *others = [branch(x) for branch in self.convs]
        return torch.cat([resize(pooled, x.shape[2:]), *others], 1)


class DeepLabV3(nn.Module):
    def __init__(self, channels, outputs):
        super().__init__()
        self.aspp = Pyramid(channels[-1], outputs, conv)
        self.bottleneck = conv(5 * outputs, outputs, 3)

    def forward(self, maps):
        return self.bottleneck(self.aspp(maps[-1]))


class DeepLabV3Plus(nn.Module):
    """A separable pyramid, joined at stride 4 with a narrow shortcut."""

    def __init__(self, channels, outputs, narrow=48):
        super().__init__()
        self.aspp = Pyramid(channels[-1], outputs, separable)
        self.bottleneck = conv(5 * outputs, outputs, 3)
        self.shortcut = conv(channels[-4], narrow, 1)
        self.cat_conv = nn.Sequential(separable(outputs + narrow, outputs, 3), separable(outputs, outputs, 3))

    def forward(self, maps):
        coarse = self.bottleneck(self.aspp(maps[-1]))
        return self.cat_conv(torch.cat([resize(coarse, maps[-4].shape[2:]), self.shortcut(maps[-4])], 1))


class PlainDeepLabV3Plus(nn.Module):
    """The same of ordinary convolutions, with a 1x1 bottleneck. Gives the joined map and the output."""

    def __init__(self, channels, outputs, rates, narrow=48):
        super().__init__()
        self.aspp = Pyramid(channels[-1], outputs, conv, rates)
        self.bottleneck = conv((2 + len(rates)) * outputs, outputs, 1)
        self.shortcut = conv(channels[-4], narrow, 1)
        self.cat_conv = nn.Sequential(conv(outputs + narrow, outputs, 3), conv(outputs, outputs, 3))

    def forward(self, maps):
        coarse = self.bottleneck(self.aspp(maps[-1]))
        joined = torch.cat([resize(coarse, maps[-4].shape[2:]), self.shortcut(maps[-4])], 1)
        return joined, self.cat_conv(joined)


class PyramidPooling(nn.Module):
    def __init__(self, inputs, bins):
        super().__init__()
        self.pools = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(bin), conv(inputs, inputs // len(bins), 1)) for bin in bins)

    def forward(self, x):
        return torch.cat([x, *[resize(pool(x), x.shape[2:]) for pool in self.pools]], 1)


class PSPNet(nn.Module):
    def __init__(self, channels, outputs):
        super().__init__()
        self.ppm = PyramidPooling(channels[-1], (1, 2, 3, 6))
        self.bottleneck = conv(2 * channels[-1], outputs, 3)

    def forward(self, maps):
        return self.bottleneck(self.ppm(maps[-1]))


class UNetBlock(nn.Module):
    """Doubles the size, joins the skip, convolves twice."""

    def __init__(self, inputs, skip, outputs):
        super().__init__()
        self.conv = nn.Sequential(conv(inputs + skip, outputs, 3), conv(outputs, outputs, 3))

    def forward(self, x, skips):
        x = resize(x, (2 * x.shape[2], 2 * x.shape[3]))
        return self.conv(torch.cat([x, *skips], 1))


class UNet(nn.Module):
    def __init__(self, channels, widths):
        super().__init__()
        inputs = [channels[-1], *widths[:-1]]
        skips = [*channels[-2::-1], 0]
        self.blocks = nn.ModuleList(UNetBlock(*sizes) for sizes in zip(inputs, skips, widths))

    def forward(self, maps):
        x = maps[-1]
        for block, skips in zip(self.blocks, [*[[map] for map in maps[-2::-1]], []]):
            x = block(x, skips)
        return x


class SegFormer(nn.Module):
    def __init__(self, channels, outputs):
        super().__init__()
        self.convs = nn.ModuleList(conv(inputs, outputs, 1) for inputs in channels)
        self.fusion_conv = conv(len(channels) * outputs, outputs, 1)

    def forward(self, maps):
        size = maps[0].shape[2:]
        return self.fusion_conv(torch.cat([resize(c(map), size) for c, map in zip(self.convs, maps)], 1))


DECODERS = {
    "deeplabv3": DeepLabV3, "deeplabv3plus": DeepLabV3Plus, "pspnet": PSPNet, "segformer": SegFormer}


class Backbone(nn.Module):
    """Puts the feature extractor under the name that the weights of the fixtures have."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, x):
        return self.backbone(x)


class Network(nn.Module):
    """Gives logits of main and auxiliary head at the input's size, [B, classes, H, W]."""

    def __init__(self, name):
        super().__init__()
        decoder, backbone = name.split("_", 1)
        wide = not backbone.startswith(("resnet18d", "mobilenetv2"))
        if backbone.startswith("mit"):
            features = MixTransformer(backbone)
            channels = features.channels
        else:
            features = timm.create_model(
                backbone, pretrained=False, features_only=True, output_stride=32 if decoder == "unet" else 8)
            channels = features.feature_info.channels()
        outputs, narrow = (512, 256) if wide else (128, 64)
        self.backbone = Backbone(features)
        if decoder == "unet":
            widths = (1024, 512, 256, 128, 64) if wide else (256, 128, 64, 32, 16)
            outputs = widths[-1]
            self.method = UNet(channels, widths)
        else:
            self.method = DECODERS[decoder](channels, outputs)
        self.head = nn.Sequential(nn.Identity(), nn.Conv2d(outputs, CLASSES, 1))
        self.aux_conv = conv(channels[-2], narrow, 3)
        self.aux_head = nn.Sequential(nn.Identity(), nn.Conv2d(narrow, CLASSES, 1))

    def forward(self, images):
        maps = self.backbone(images)
        main, auxiliary = self.head(self.method(maps)), self.aux_head(self.aux_conv(maps[-2]))
        return resize(main, images.shape[2:]), resize(auxiliary, images.shape[2:])

    def losses(self, images, label):
        """The two shares of the training loss."""
        return losses.training_losses(*self(images), label, CLASSES)


class SemiSupervisedNetwork(nn.Module):
    """DeepLabV3+ on ResNet-101 at output stride 16, without auxiliary head.

    `dilations` are those of the 3x3 convolutions of the last stage's blocks; timm makes 1, 2, 2. Gives the joined map and
    the logits at stride 4."""

    def __init__(self, dilations, classes):
        super().__init__()
        features = timm.create_model("resnet101d", pretrained=False, features_only=True, output_stride=16)
        for block, dilation in zip(features.layer4, dilations, strict=True):
            block.conv2.dilation = block.conv2.padding = (dilation, dilation)
        self.backbone = Backbone(features)
        self.method = PlainDeepLabV3Plus(features.feature_info.channels(), 256, (6, 12, 18))
        self.head = nn.Sequential(nn.Identity(), nn.Conv2d(256, classes, 1))

    def forward(self, images):
        joined, decoded = self.method(self.backbone(images))
        return joined, self.head(decoded)


def filled(name):
    return fill.fill(Network(name))


def batch(stream, shape=(4, 64, 128)):
    """Images [B, 3, H, W] and labels [B, H, W] of the named stream."""
    label = fill.labels(f"{stream}/label", shape, CLASSES, IGNORE)
    return fill.images(f"{stream}/image", label), label
