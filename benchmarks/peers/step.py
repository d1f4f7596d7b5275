"""A training step: of labels alone, under a teacher, or with unlabelled images."""

from argparse import Namespace
from collections.abc import Callable
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor

from peers.distillation import Distiller
from peers.jml_kd import jml_kd_loss
from peers.losses import IGNORE, segmentation_loss
from peers.models import SegmentationModel
from peers.noise import block_labels
from peers.semi_supervised import AugSeg


def step(options: Namespace, result: dict) -> Callable[[], None]:
    """Forward, loss, backward, update; as the training loop of the paper's code, with this PyTorch's best settings."""
    model = SegmentationModel(options.model, options.classes).train()
    result["parameters"] = sum(p.numel() for p in model.parameters())
    images = torch.randn(options.batch, 3, *options.crop)
    labels = block_labels(options.batch, *options.crop, options.classes, side=8)
    layout = torch.contiguous_format if options.mode == "float32" else torch.channels_last
    model, images = model.to(memory_format=layout), images.to(memory_format=layout)
    distil = Distillation(options, model, layout) if options.teacher else None
    if options.semi_supervised:
        distil = SemiSupervised(options, model, images, layout)
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


class Distillation:
    """A student's step under a frozen teacher: the paper's cross entropy (half main, half auxiliary) and a method's terms,
    or JML-KD, which distils both of its losses."""

    def __init__(self, options: Namespace, model: SegmentationModel, layout: torch.memory_format) -> None:
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

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Callable[[], None]]:
        with torch.no_grad():
            taught = tuple(x.float() for x in self.teacher_outputs(images))
        student = tuple(x.float() for x in self.student_outputs(images))
        if self.is_jml:
            return self.objective(student[:2], taught[:2], labels), lambda: None
        loss = self.distiller(student, taught, labels)
        for logits in student[:2]:
            full = F.interpolate(logits, labels.shape[1:], mode="bilinear", align_corners=False)
            loss = loss + 0.5 * F.cross_entropy(full, labels, ignore_index=IGNORE)
        return loss, lambda: self.distiller.finish(student, taught)


class SemiSupervised:
    """AugSeg's step: an average labels weak crops, the student learns from mixed strong ones and from labels."""

    trained = ()

    def __init__(
        self, options: Namespace, model: SegmentationModel, images: Tensor, layout: torch.memory_format
    ) -> None:
        if (options.semi_supervised, options.loss, options.label) != ("augseg", "ce_single_head", "hard"):
            raise SystemExit("peer: a semi-supervised step is augseg, with --loss ce_single_head --label hard")
        self.method = AugSeg(model, options.classes)
        self.weak, self.strong = (torch.randn_like(images).to(memory_format=layout) for _ in range(2))

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Callable[[], None]]:
        return self.method.loss(images, labels, self.weak, self.strong), self.method.follow
