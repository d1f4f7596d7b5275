"""One measurement of a peer, in a process of its own: prints JSON with the keys of `jml bench ... --json`.

Usage: peer.py KIND --mode MODE [options]
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

MODES = ["float32", "channels_last", "bfloat16", "compile", "fused"]


def size(text: str) -> tuple[int, int]:
    height, width = text.split("x")
    return int(height), int(width)


def places(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["step", "frame", "head", "labels", "metrics", "loader", "views"])
    parser.add_argument("--mode", choices=MODES, default="float32")
    parser.add_argument("--model", default="deeplabv3_resnet18d")
    parser.add_argument("--recipe", default="sgd_cityscapes", help="an optimizer's name and a data set's, as jml's")
    parser.add_argument("--loss", default="jml", help="of a step with a teacher: ce, and jml for jml_kd")
    parser.add_argument("--teacher", default="", help="a model's name; with --distillation")
    parser.add_argument("--distillation", default="", help="a file of experiments/distillation")
    parser.add_argument("--semi-supervised", default="", help="augseg")
    parser.add_argument("--label", default="hard", help="of a semi-supervised step: hard")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--classes", type=int, default=19)
    parser.add_argument("--crop", type=size, default=(256, 512))
    parser.add_argument("--small", type=size, default=(64, 128))
    parser.add_argument("--full", type=size, default=(512, 1024))
    parser.add_argument("--size", type=size, default=(512, 1024))
    parser.add_argument("--kernel", type=int, default=3, help="side of the window that tells boundary pixels")
    parser.add_argument("--rows", type=places, default=[0], help="of frame: the first row of each window, as jml's JSON")
    parser.add_argument("--columns", type=places, default=[0], help="the same of columns")
    parser.add_argument("--counted", default="accuracy,iou,ece,sce")
    parser.add_argument("--data", default="")
    parser.add_argument("--operations", default="", help="of views, as jml's JSON has them")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def step(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    from peers.step import step as prepared

    return prepared(options, result)


def frame(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    """Sliding windows over one image, scores averaged where they overlap, counts."""
    import torch
    from peers.frame import Frame
    from peers.models import SegmentationModel
    from peers.noise import block_labels

    layout = torch.contiguous_format if options.mode == "float32" else torch.channels_last
    model = SegmentationModel(options.model, options.classes).eval().to(memory_format=layout)
    result["parameters"] = sum(p.numel() for p in model.parameters())
    # The last windows are fewer: one kernel for each number of them rather than one for any.
    network = torch.compile(model, dynamic=False) if options.mode == "compile" else model
    half = options.mode == "bfloat16"
    image = torch.randn(3, *options.size)
    label = block_labels(1, *options.size, options.classes, side=16)[0]
    work = Frame(
        options.classes, options.rows, options.columns, options.crop, options.counted.split(","), options.kernel)

    def scores(crops: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16) if half else nullcontext():
            return network(crops.to(memory_format=layout))[0]

    # What is compiled may stumble over tensors of inference mode, and has left autograd behind anyway.
    undifferentiated = torch.no_grad if options.mode == "compile" else torch.inference_mode

    def run() -> None:
        with undifferentiated():
            work.evaluate(image, label, scores)

    return run


def head(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    """Up-sampling, cross entropy and Jaccard loss, back to the small logits."""
    import torch
    from peers.losses import segmentation_loss
    from peers.noise import block_labels

    logits = torch.randn(options.batch, options.classes, *options.small)
    if options.mode == "channels_last":
        logits = logits.to(memory_format=torch.channels_last)
    logits.requires_grad_()
    labels = block_labels(options.batch, *options.full, options.classes, side=8)
    objective = torch.compile(segmentation_loss) if options.mode == "compile" else segmentation_loss

    def run() -> None:
        logits.grad = None
        objective(logits, None, labels).backward()

    return run


def labels(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    import torch
    from peers.losses import boundary_label_smoothing
    from peers.noise import block_labels

    hard = block_labels(options.batch, *options.size, options.classes, side=16)
    smoothing = torch.compile(boundary_label_smoothing) if options.mode == "compile" else boundary_label_smoothing

    def run() -> None:
        with torch.inference_mode():
            smoothing(hard, options.classes, options.kernel)

    return run


def metrics(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    import torch
    from peers.metrics import Separate, fused
    from peers.noise import block_labels

    label = block_labels(1, *options.size, options.classes, side=16)[0]
    scores = torch.rand(options.classes, *options.size) * 6 - 3
    scores.scatter_add_(0, label.clamp(max=options.classes - 1)[None], torch.full(label[None].shape, 5.0))
    counted = options.counted.split(",")

    def run() -> None:
        with torch.inference_mode():
            if options.mode == "fused":
                fused(scores, label, counted)
            else:
                Separate(options.classes, counted).add(scores, label)

    return run


def loader(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    import cv2
    import numpy as np
    from peers.loader import pairs, sample

    cv2.setNumThreads(1)
    files = pairs(options.data)
    random = np.random.default_rng(0)
    position = 0

    def run() -> None:
        nonlocal position
        sample(*files[position % len(files)], options.crop, random)
        position += 1

    return run


def views(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    from peers.views import picture
    from peers.views import views as parsed

    image = picture(*options.size)
    sequence = parsed(options.operations)

    def run() -> None:
        for operations in sequence:
            view = image
            for operation in operations:
                view = operation(view)

    return run


def peak_memory() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM")


def main() -> None:
    options = arguments()
    if options.kind == "loader":
        import cv2

        versions = {"opencv": cv2.__version__}
    elif options.kind == "views":
        import PIL

        versions = {"pillow": PIL.__version__}
    else:
        import timm
        import torch

        torch.set_num_threads(options.threads)
        torch.manual_seed(0)
        versions = {"torch": torch.__version__, "timm": timm.__version__}
    result: dict = {"benchmark": options.kind, "mode": options.mode, "threads": options.threads}
    work = {
        "step": step, "frame": frame, "head": head, "labels": labels, "metrics": metrics, "loader": loader,
        "views": views,
    }
    run = work[options.kind](options, result)
    seconds = []
    for _ in range(options.warm_up + options.steps):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    seconds = seconds[options.warm_up :]
    result |= {
        "seconds_per_step": statistics.median(seconds),
        "seconds": seconds,
        "peak_memory_bytes": peak_memory(),
        "versions": versions | {"python": sys.version.split()[0]},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
