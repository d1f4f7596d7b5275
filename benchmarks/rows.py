"""The rows of the comparison: what is run on both sides, and the bars that jml sets itself."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    kind: str
    # Options that `jml bench` and the peer both know.
    options: dict[str, str]
    # The peer's modes besides float32.
    modes: tuple[str, ...] = ()
    steps: int = 3
    peer_steps: int = 3
    # How many times faster than the peer's float32, and than its fastest mode, jml wants to be; None: no bar.
    bar: float | None = 1.0
    bar_best: float | None = None
    # The most seconds that jml allows itself.
    seconds: float | None = None
    # The most memory that jml allows itself: bytes, or a share of the peer's.
    memory_bytes: int | None = None
    memory_share: float | None = None
    # Another row, and the most of its seconds and of its memory that jml allows itself here.
    relative_to: str | None = None
    relative_seconds: float | None = None
    relative_memory: float | None = None
    # Options of jml alone.
    extra: dict[str, str] = field(default_factory=dict)
    # Of a row without a peer: the key of jml's JSON that has a bar, and the most that it may be.
    alone: tuple[str, float] | None = None
    note: str = ""


STEP_MODES = ("channels_last", "bfloat16", "compile")


def step(
    model: str, title: str, batch: int = 4, crop: str = "256x512", recipe: str = "sgd_cityscapes", **more
) -> Row:
    options = {"model": model, "batch": str(batch), "crop": crop, "classes": "19", "recipe": recipe}
    title = f"{title}, {batch}x3x{crop}, 19 classes"
    return Row(name=model, title=title, kind="step", options=options, modes=STEP_MODES, **more)


def in_bfloat16(row: Row, bar_best: float) -> Row:
    """The same with jml's products in bfloat16, beside the fastest of all the peer's modes, autocast among them."""
    return replace(
        row, name=f"{row.name}_bfloat16", title=f"{row.title}, bfloat16", bar=None, bar_best=bar_best,
        memory_share=None, extra=row.extra | {"precision": "bfloat16"},
    )


def distilled(method: str, title: str) -> Row:
    row = step(
        "deeplabv3_resnet18d", f"DeepLabV3-R18 step with {title}, teacher DeepLabV3-R50", bar=2, steps=2, peer_steps=2,
        note="Bar against float32. The peer has matrices of all similarities in memory, jml has none." if method == "cirkd_cityscapes" else "")
    options = row.options | {"loss": "ce", "teacher": "deeplabv3_resnet50d", "distillation": method}
    row = replace(row, name=f"distil_{method}", options=options, modes=("channels_last",))
    if method == "ce_kd":
        return row
    seconds = 2 if method in ("skd", "cirkd_cityscapes") else 1.6
    return replace(row, relative_to="distil_ce_kd", relative_seconds=seconds, relative_memory=1.3)


def jml_kd() -> Row:
    """The paper's recipe: cross entropy and Jaccard loss, both against labels and teacher."""
    row = distilled("ce_kd", "JML-KD")
    return replace(
        row, name="distil_jml_kd", options=row.options | {"loss": "jml", "distillation": "jml_kd"},
        modes=STEP_MODES, bar_best=2.5,
    )


def wait(profile: str, title: str, **more) -> Row:
    return Row(
        name=f"wait_{profile}",
        title=f"Share of a step of DeepLabV3-R18 spent waiting for data, profile {profile}: {title}",
        kind="wait",
        options={"profile": profile},
        alone=("waited_share", 0.01),
        **more,
    )


def augseg(name: str, precision: str, **more) -> Row:
    return Row(
        name,
        f"AugSeg's step of DeepLabV3+-R101, 2 labelled and 2 unlabelled 3x320x320, 21 classes, {precision}",
        "step",
        {
            "model": "deeplabv3plus_resnet101d_os16_mg124", "batch": "2", "crop": "320x320", "classes": "21",
            "recipe": "sgd_semi_supervised", "loss": "ce_single_head", "label": "hard", "semi-supervised": "augseg",
        },
        steps=2,
        peer_steps=2,
        bar=2,
        extra={"precision": precision},
        **more,
    )


DEEPLAB_R18 = step("deeplabv3_resnet18d", "DeepLabV3-R18 step", bar=3, bar_best=2.5, memory_share=0.5)
DEEPLAB_R50 = step("deeplabv3_resnet50d", "DeepLabV3-R50 step", bar=2.5, bar_best=1.5, steps=2, peer_steps=2)
DEEPLAB_R101 = step(
    "deeplabv3_resnet101d", "DeepLabV3-R101 step", batch=2, bar=None, bar_best=1.5, steps=2, peer_steps=2
)
UNET_R18 = step("unet_resnet18d", "UNet-R18 step", crop="256x256", bar=2, bar_best=2.5)
UNET_R50 = step(
    "unet_resnet50d", "UNet-R50 step", crop="256x256", bar=None, bar_best=1.5, steps=2, peer_steps=2
)
SEGFORMER_B1 = step(
    "segformer_mit_b1", "SegFormer-B1 step", crop="256x256", recipe="adamw_ade20k", bar=2, bar_best=2
)
SEGFORMER_B3 = step(
    "segformer_mit_b3", "SegFormer-B3 step", crop="256x256", recipe="adamw_ade20k", bar=None, bar_best=2
)
MINI_STEP = Row(
    "mini_step",
    "DeepLabV3-R18 step, 4x3x64x128, 19 classes",
    "step",
    {"model": "deeplabv3_resnet18d", "batch": "4", "crop": "64x128", "classes": "19"},
    modes=STEP_MODES,
    steps=10,
    peer_steps=10,
    bar=3,
    bar_best=3.5,
)
FRAME = Row(
    "frame",
    "Evaluation of one 1024x2048 frame by DeepLabV3-R18: sliding windows of 512x1024, counts of 19 classes",
    "frame",
    {"model": "deeplabv3_resnet18d", "classes": "19", "size": "1024x2048", "crop": "512x1024"},
    modes=STEP_MODES,
    steps=3,
    peer_steps=3,
    bar=None,
    bar_best=3,
    note="Both sides run the same nine windows, four at once, average their scores where they overlap, and count "
    "accuracy, intersections and unions, ECE, BECE and SCE; the peer's counts are its fused ones in every mode.",
)

ROWS = [
    DEEPLAB_R18,
    in_bfloat16(DEEPLAB_R18, bar_best=3),
    step("pspnet_resnet18d", "PSPNet-R18 step", bar=3, bar_best=1.5),
    step("deeplabv3_mobilenetv2_100", "DeepLabV3-MobileNetV2 step", bar=2.5, bar_best=1),
    DEEPLAB_R50,
    in_bfloat16(DEEPLAB_R50, bar_best=2.2),
    DEEPLAB_R101,
    in_bfloat16(DEEPLAB_R101, bar_best=2.2),
    UNET_R18,
    in_bfloat16(UNET_R18, bar_best=2.5),
    UNET_R50,
    in_bfloat16(UNET_R50, bar_best=1.5),
    step("segformer_mit_b0", "SegFormer-B0 step", crop="256x256", recipe="adamw_ade20k", bar=2),
    SEGFORMER_B1,
    in_bfloat16(SEGFORMER_B1, bar_best=2),
    SEGFORMER_B3,
    in_bfloat16(SEGFORMER_B3, bar_best=2),
    distilled("ce_kd", "plain KD"),
    distilled("skd", "SKD"),
    distilled("ifvd", "IFVD"),
    distilled("cd", "CD"),
    distilled("cirkd_cityscapes", "CIRKD"),
    distilled("maskd", "MasKD"),
    distilled("dist", "DIST"),
    jml_kd(),
    in_bfloat16(jml_kd(), bar_best=2.5),
    augseg(
        "semi_augseg", "float32", modes=("channels_last",), note="Strong views are given; row views times them."
    ),
    augseg("semi_augseg_bfloat16", "bfloat16", modes=("channels_last", "bfloat16"), note="Bar against float32."),
    MINI_STEP,
    in_bfloat16(MINI_STEP, bar_best=3.5),
    FRAME,
    in_bfloat16(FRAME, bar_best=3),
    Row(
        "head",
        "Up-sample 64x128 logits to 8x19x512x1024, CE + JML, back to the small logits",
        "head",
        {"batch": "8", "classes": "19", "small": "64x128", "full": "512x1024"},
        modes=("compile",),
        bar=20,
        memory_bytes=300_000_000,
    ),
    Row(
        "labels",
        "BLS labels 8x512x1024, k = 3",
        "labels",
        {"batch": "8", "classes": "19", "size": "512x1024", "kernel": "3"},
        modes=("compile",),
        steps=20,
        bar=100,
        note="jml makes the mask of smoothed pixels, which with the hard labels is all that its loss reads; "
        "PyTorch makes the class distributions that its losses read. The next row makes those on both sides.",
    ),
    Row(
        "labels_dense",
        "The same, as class distributions 8x19x512x1024",
        "labels",
        {"batch": "8", "classes": "19", "size": "512x1024", "kernel": "3"},
        steps=5,
        extra={"form": "dense"},
        bar=1,
        note="No bar of its own.",
    ),
    Row(
        "metrics",
        "Evaluation counts of one 19x1024x2048 image",
        "metrics",
        {"classes": "19", "size": "1024x2048"},
        modes=("fused",),
        steps=10,
        bar=100,
        note="float32 feeds one object per metric, as the paper's published evaluation does; `fused` is one function "
        "that shares what the metrics have in common.",
    ),
    Row(
        "loader",
        "Cityscapes sample: decode 1024x2048 PNGs, scale, flip, crop 512x1024, normalise (one thread)",
        "loader",
        {"crop": "512x1024"},
        steps=60,
        peer_steps=60,
        bar=2,
    ),
    Row(
        "views",
        "30 strong views of a 512x512 picture: 1 to 3 of AugSeg's operations each (one thread)",
        "views",
        {"size": "512x512"},
        steps=20,
        peer_steps=10,
        bar=5,
        seconds=0.3,
        note="The bar on seconds is 10 ms a view. The peer is Pillow, whose bytes jml's operations give.",
    ),
    wait("smoke", "2 crops of 32x64 from embedded pictures of 64x128", steps=40),
    wait("mini", "8 crops of 48x64 from embedded pictures of 128x256", steps=40),
    wait("paper", "8 crops of 512x1024 from drawn pictures of 1024x2048", steps=10),
    Row(
        "start",
        "From the start of `jml train` to the end of its first step, a run of profile mini (DeepLabV3-R18)",
        "start",
        {"profile": "mini"},
        steps=7,
        alone=("seconds_per_step", 0.3),
    ),
]


def select(wanted: str) -> list[Row]:
    """Rows by name or by kind, separated by commas; all for an empty text."""
    names = [name for name in wanted.split(",") if name]
    for name in names:
        if not any(name in (row.name, row.kind) for row in ROWS):
            allowed = sorted({row.name for row in ROWS} | {row.kind for row in ROWS})
            raise SystemExit(f"compare: no row '{name}'; allowed: {', '.join(allowed)}")
    return [row for row in ROWS if not names or row.name in names or row.kind in names]
