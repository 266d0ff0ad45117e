"""Pooling over windows and pyramids."""

from .base import single


def _pool(name, settings, shape=(2, 3, 9, 8), tops=1):
    return single(name, [shape], 'type: "Pooling" pooling_param { %s }' % settings, tops=tops, draw={"a": "distinct"})


def _pools():
    windows = [
        ("k2s2", "kernel_size: 2 stride: 2", (2, 3, 8, 8)),
        ("k2s2_rounds_up", "kernel_size: 2 stride: 2", (2, 3, 7, 5)),
        ("k3s2", "kernel_size: 3 stride: 2", (2, 3, 8, 9)),
        ("k3s2_exact", "kernel_size: 3 stride: 2", (2, 3, 7, 9)),
        ("k3s1p1", "kernel_size: 3 stride: 1 pad: 1", (2, 3, 7, 6)),
        ("k3s2p1", "kernel_size: 3 stride: 2 pad: 1", (2, 3, 8, 7)),
        ("k2s2p1_drops_last", "kernel_size: 2 stride: 2 pad: 1", (2, 3, 7, 7)),
        ("k2s2p1_drops_none", "kernel_size: 2 stride: 2 pad: 1", (2, 3, 8, 6)),
        ("k3s3p1", "kernel_size: 3 stride: 3 pad: 1", (2, 3, 8, 10)),
        ("k3s3p2_drops_last", "kernel_size: 3 stride: 3 pad: 2", (2, 3, 7, 8)),
        ("k5s3p2", "kernel_size: 5 stride: 3 pad: 2", (2, 3, 11, 12)),
        ("unequal", "kernel_h: 2 kernel_w: 3 stride_h: 3 stride_w: 1 pad_h: 1 pad_w: 2", (2, 3, 8, 7)),
        ("k1s2", "kernel_size: 1 stride: 2", (2, 3, 7, 9)),
        ("k2s3", "kernel_size: 2 stride: 3", (2, 3, 8, 8)),
        ("global", "global_pooling: true", (2, 3, 7, 5)),
        ("whole", "kernel_h: 7 kernel_w: 5", (2, 3, 7, 5)),
        ("floor", "kernel_size: 3 stride: 2 round_mode: FLOOR", (2, 3, 8, 9)),
        ("floor_pad", "kernel_size: 2 stride: 2 pad: 1 round_mode: FLOOR", (2, 3, 7, 8)),
        ("only_pad_h", "kernel_size: 3 stride: 2 pad_h: 1 pad_w: 0", (2, 3, 8, 8)),
        ("k7s7", "kernel_size: 7 stride: 1", (1, 2, 7, 7)),
    ]
    for method in ("MAX", "AVE"):
        for name, settings, shape in windows:
            yield _pool("%s_%s" % (method.lower(), name), "pool: %s %s" % (method, settings), shape)
    yield _pool("max_k1s2_window_beyond", "kernel_size: 1 stride: 2", (2, 3, 8, 6))
    for name, settings, shape in windows[:4] + windows[4:10] + [windows[14]]:
        yield _pool("mask_" + name, "pool: MAX " + settings, shape, tops=2)
    for method in ("MAX", "AVE"):
        for height, shape in ((1, (2, 3, 7, 5)), (2, (2, 3, 6, 6)), (3, (2, 3, 9, 8)), (3, (1, 2, 13, 10))):
            yield single(
                "spp_%s_%d_%dx%d" % (method.lower(), height, shape[2], shape[3]), [shape],
                'type: "SPP" spp_param { pyramid_height: %d pool: %s }' % (height, method),
            )


POOL = list(_pools())
