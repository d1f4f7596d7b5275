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


def block_labels(count: int, height: int, width: int, classes: int, side: int):
    """Blocks of side x side pixels, every class among them; a row of every 16 blocks is ignored."""
    import torch

    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    across = (width + side - 1) // side
    label = (y // side * across + x // side) % classes
    label[:: 16 * side] = 255
    return label.expand(count, -1, -1).contiguous()


def step(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    """Forward, loss, backward, update; as the training loop of the paper's code, with this PyTorch's best settings."""
    import torch
    from peers.losses import segmentation_loss
    from peers.models import SegmentationModel

    model = SegmentationModel(options.model, options.classes).train()
    result["parameters"] = sum(p.numel() for p in model.parameters())
    images = torch.randn(options.batch, 3, *options.crop)
    labels = block_labels(options.batch, *options.crop, options.classes, side=8)
    layout = torch.contiguous_format if options.mode == "float32" else torch.channels_last
    model, images = model.to(memory_format=layout), images.to(memory_format=layout)
    distil = distillation(options, model, layout) if options.teacher else None
    if options.semi_supervised:
        distil = semi_supervised(options, model, images, layout)
    trained = [*model.parameters(), *(distil.trained if distil else [])]
    matrices = [p for p in trained if p.ndim > 1]
    vectors = [p for p in trained if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": 5e-4}, {"params": vectors, "weight_decay": 0.0}]
    if options.recipe.startswith("adamw"):
        optimizer = torch.optim.AdamW(groups, lr=1e-4, fused=True)
    else:
        optimizer = torch.optim.SGD(groups, lr=1e-4, momentum=0.9, fused=True)
    half = options.mode == "bfloat16"
    network = torch.compile(model) if options.mode == "compile" else model
    objective = torch.compile(segmentation_loss) if options.mode == "compile" else segmentation_loss

    if distil:

        def run() -> None:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16) if half else nullcontext():
                loss, finish = distil(images, labels)
            loss.backward()
            optimizer.step()
            finish()

        return run

    def run() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16) if half else nullcontext():
            main, auxiliary = network(images)
        objective(main, auxiliary, labels).backward()
        optimizer.step()

    return run


class distillation:
    """A student's step under a frozen teacher: the paper's cross entropy (half main, half auxiliary) and a method's terms,
    or JML-KD, which distils both of its losses."""

    def __init__(self, options: argparse.Namespace, model, layout) -> None:
        import torch
        from peers.distillation import Distiller
        from peers.jml_kd import jml_kd_loss
        from peers.models import SegmentationModel

        self.is_jml = options.distillation == "jml_kd"
        if options.loss != ("jml" if self.is_jml else "ce"):
            raise SystemExit("peer: a step with a teacher has --loss ce, and jml for --distillation jml_kd")
        compiled = torch.compile if options.mode == "compile" else lambda function: function
        teacher = SegmentationModel(options.teacher, options.classes).eval().to(memory_format=layout)
        self.student_outputs, self.teacher_outputs = compiled(model.with_features), compiled(teacher.with_features)
        self.objective = compiled(jml_kd_loss)
        self.distiller = Distiller(options.distillation, options.classes, model.channels, teacher.channels).train()
        self.distiller.to(memory_format=layout)
        self.trained = self.distiller.trained_with_student()
        self.no_grad = torch.no_grad

    def __call__(self, images, labels):
        import torch.nn.functional as F
        from peers.losses import IGNORE

        with self.no_grad():
            taught = tuple(x.float() for x in self.teacher_outputs(images))
        student = tuple(x.float() for x in self.student_outputs(images))
        if self.is_jml:
            return self.objective(student[:2], taught[:2], labels), lambda: None
        loss = self.distiller(student, taught, labels)
        for logits in student[:2]:
            full = F.interpolate(logits, labels.shape[1:], mode="bilinear", align_corners=False)
            loss = loss + 0.5 * F.cross_entropy(full, labels, ignore_index=IGNORE)
        return loss, lambda: self.distiller.finish(student, taught)


class semi_supervised:
    """AugSeg's step: an average labels weak crops, the student learns from mixed strong ones and from labels."""

    trained = ()

    def __init__(self, options: argparse.Namespace, model, images, layout) -> None:
        import torch
        from peers.semi_supervised import AugSeg

        if (options.semi_supervised, options.loss, options.label) != ("augseg", "ce_single_head", "hard"):
            raise SystemExit("peer: a semi-supervised step is augseg, with --loss ce_single_head --label hard")
        self.method = AugSeg(model, options.classes)
        self.weak, self.strong = (torch.randn_like(images).to(memory_format=layout) for _ in range(2))

    def __call__(self, images, labels):
        return self.method.loss(images, labels, self.weak, self.strong), self.method.follow


def frame(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    """Sliding windows over one image, scores averaged where they overlap, counts."""
    import torch
    from peers.frame import Frame
    from peers.models import SegmentationModel

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

    def run() -> None:
        with torch.inference_mode():
            work.evaluate(image, label, scores)

    return run


def head(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    """Up-sampling, cross entropy and Jaccard loss, back to the small logits."""
    import torch
    from peers.losses import segmentation_loss

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

    hard = block_labels(options.batch, *options.size, options.classes, side=16)
    smoothing = torch.compile(boundary_label_smoothing) if options.mode == "compile" else boundary_label_smoothing

    def run() -> None:
        with torch.inference_mode():
            smoothing(hard, options.classes, options.kernel)

    return run


def metrics(options: argparse.Namespace, result: dict) -> Callable[[], None]:
    import torch
    from peers.metrics import Separate, fused

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
