"""Checks of ``data/image.toml``."""

import numpy as np

from paddlify.apimap.claims import Claim, check, differs, same
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import cases, random

IMAGES = cases(x=[random(2, 5, 6, 3), random(1, 4, 4, 1)])
IMAGE = cases(x=[random(4, 6, 3), random(5, 5, 1, dtype="int32"), random(2, 4, 5, 3)])

same("tf.image.flip_left_right", "tf.image.flip_left_right(x)", grid=IMAGE)
same("tf.image.flip_up_down", "tf.image.flip_up_down(x)", grid=IMAGE)
same("tf.image.rot90", "tf.image.rot90(x)", "tf.image.rot90(x, 3)", "tf.image.rot90(x, k=2)", grid=IMAGE)

_V1 = "tf.compat.v1.image"
_SIZES = ("[10, 9]", "[3, 3]", "(7, 12)")
_BILINEAR = [f"{_V1}.resize_bilinear(x, {size})" for size in _SIZES]
differs(
    "tf.image.resize_bilinear",
    "layout",
    *_BILINEAR,
    f"{_V1}.resize_bilinear(x, [10, 9], align_corners=True)",
    grid=IMAGES,
    how="shape",
    gradient=False,
)


@check("tf.image.resize_bilinear", "default")
def resize_bilinear_mode(claim: Claim) -> None:
    x = random(1, 4, 4, 1)
    resize = paddle.nn.functional.interpolate
    expected = tf.compat.v1.image.resize_bilinear(x, [8, 8])
    claim.differ(expected, resize(paddle.to_tensor(x), [8, 8], mode="bilinear", data_format="NHWC"))
    claim.agree(expected, resize(paddle.to_tensor(x), [8, 8], mode="bilinear", align_mode=1, data_format="NHWC"))
    centred = tf.compat.v1.image.resize_bilinear(x, [8, 8], half_pixel_centers=True)
    claim.agree(centred, resize(paddle.to_tensor(x), [8, 8], mode="bilinear", align_mode=0, data_format="NHWC"))


differs(
    "tf.image.resize_images",
    "layout",
    f"{_V1}.resize_images(x, [10, 9])",
    f"{_V1}.resize_images(x, [3, 3], align_corners=True)",
    grid=IMAGES,
    how="shape",
    gradient=False,
)


@check("tf.image.resize_images", "usage")
def resize_images_method(claim: Claim) -> None:
    x = random(1, 4, 6, 2)
    resize = paddle.nn.functional.interpolate
    claim.raises(lambda: resize(paddle.to_tensor(x), [8, 9], mode=1, data_format="NHWC"), AttributeError)
    expected = tf.compat.v1.image.resize_images(x, [8, 9], method=1)
    claim.agree(expected, resize(paddle.to_tensor(x), [8, 9], mode="nearest", data_format="NHWC"))


_NEAREST = [f"{_V1}.resize_nearest_neighbor(x, {size})" for size in _SIZES]
differs("tf.image.resize_nearest_neighbor", "layout", *_NEAREST, grid=IMAGES, how="shape", gradient=False)
differs(
    "tf.image.resize_nearest_neighbor",
    "usage",
    _NEAREST[0],
    shown=f"{_V1}.resize_nearest_neighbor(x, [3, 3], align_corners=True)",
    grid=IMAGES,
    how="missing",
    gradient=False,
)


@check("tf.image.resize_bicubic", "edge")
def resize_bicubic(claim: Claim) -> None:
    x = random(1, 5, 5, 2)
    resize = paddle.nn.functional.interpolate
    expected = tf.compat.v1.image.resize_bicubic(x, [9, 9])
    for align_corners in (False, True):
        found = resize(paddle.to_tensor(x), [9, 9], mode="bicubic", align_corners=align_corners, data_format="NHWC")
        claim.differ(expected, found)
    expected = tf.compat.v1.image.resize_bicubic(x, [9, 9], align_corners=True)
    claim.agree(expected, found, atol=5e-3)


@check("tf.image.resize_area", "edge")
def resize_area(claim: Claim) -> None:
    x = random(1, 6, 6, 2)
    resize = paddle.nn.functional.interpolate
    for size, agrees in ((3, True), (2, True), (4, False)):
        expected = tf.compat.v1.image.resize_area(x, [size, size])
        channels_first = paddle.to_tensor(x).transpose([0, 3, 1, 2])
        found = resize(channels_first, [size, size], mode="area").transpose([0, 2, 3, 1])
        (claim.agree if agrees else claim.differ)(expected, found)


@check("tf.image.resize", "layout")
def resize_layout(claim: Claim) -> None:
    x = random(1, 4, 6, 2)
    resize = paddle.nn.functional.interpolate
    expected = tf.image.resize(x, [8, 9])
    claim.differ(expected, resize(paddle.to_tensor(x), [8, 9], mode="bilinear"), "shape")
    claim.agree(expected, resize(paddle.to_tensor(x), [8, 9], mode="bilinear", data_format="NHWC"))


@check("tf.image.resize", "default")
def resize_default(claim: Claim) -> None:
    x = random(2, 4, 6, 2)
    resize = paddle.nn.functional.interpolate
    for size in ([8, 9], [3, 3], [4, 12]):
        expected = tf.image.resize(x, size)
        claim.differ(expected, resize(paddle.to_tensor(x), size, data_format="NHWC"))
        claim.agree(expected, resize(paddle.to_tensor(x), size, mode="bilinear", align_mode=0, data_format="NHWC"))


@check("tf.image.resize", "edge")
def resize_methods(claim: Claim) -> None:
    x = np.arange(4, dtype="float32").reshape(1, 1, 4, 1)
    resize = paddle.nn.functional.interpolate
    nearest = tf.image.resize(x, [1, 3], method="nearest")
    claim.agree(np.array([0, 2, 3], "float32"), np.asarray(nearest).ravel())
    found = resize(paddle.to_tensor(x), [1, 3], mode="nearest", data_format="NHWC")
    claim.agree(np.array([0, 1, 2], "float32"), found.flatten())
    claim.agree(tf.image.resize(x, [1, 8], method="nearest"), resize(paddle.to_tensor(x), [1, 8], data_format="NHWC"))
    image = random(1, 6, 6, 1)
    channels_first = paddle.to_tensor(image).transpose([0, 3, 1, 2])
    claim.differ([1, 4, 4, 1], resize(paddle.to_tensor(image), [4, 4], mode="area", data_format="NHWC").shape)
    for method in ("bicubic", "area"):
        found = resize(channels_first, [4, 4], mode=method)
        claim.differ(tf.image.resize(image, [4, 4], method=method), found.transpose([0, 2, 3, 1]))
    found = resize(channels_first, [3, 3], mode="area")
    claim.agree(tf.image.resize(image, [3, 3], method="area"), found.transpose([0, 2, 3, 1]))


_BOXES = np.array([[0, 0, 2, 2], [0, 0.2, 2, 2.2], [3, 3, 5, 5], [3, 3, 5, 4.2]], "float32")
_SCORES = np.array([0.6, 0.9, 0.5, 0.8], "float32")


@check("tf.image.non_max_suppression", "order")
def nms_order(claim: Claim) -> None:
    nms, boxes, scores = paddle.vision.ops.nms, paddle.to_tensor(_BOXES), paddle.to_tensor(_SCORES)
    expected = tf.image.non_max_suppression(_BOXES, _SCORES, max_output_size=10, iou_threshold=0.7)
    claim.raises(lambda: nms(boxes, scores))
    claim.differ(expected, nms(boxes, scores=scores), "shape")
    claim.agree(expected, nms(boxes, 0.7, scores).astype("int32"))


@check("tf.image.non_max_suppression", "dtype")
def nms_dtype(claim: Claim) -> None:
    expected = tf.image.non_max_suppression(_BOXES, _SCORES, max_output_size=10)
    found = paddle.vision.ops.nms(paddle.to_tensor(_BOXES), 0.5, paddle.to_tensor(_SCORES))
    claim.differ(expected, found, "dtype")
    claim.agree(expected, found.astype("int32"))


@check("tf.image.random_flip_left_right", "usage")
def random_flip(claim: Claim) -> None:
    image = random(3, 4, 1)
    claim.differ(
        tf.image.flip_left_right(image), paddle.vision.transforms.RandomHorizontalFlip(1.0)(paddle.to_tensor(image))
    )
    always = paddle.vision.transforms.RandomHorizontalFlip(prob=1.0)
    channels_first = paddle.to_tensor(image.transpose(2, 0, 1))
    claim.agree(tf.image.flip_left_right(image), always(channels_first).transpose([1, 2, 0]))
    found = {np.asarray(tf.image.random_flip_left_right(image)).tobytes() for _ in range(50)}
    claim.holds(found == {image.tobytes(), image[:, ::-1].tobytes()}, "TensorFlow flips or does not")


@check("tf.image.random_crop", "usage")
def random_crop(claim: Claim) -> None:
    image = random(6, 7, 3)
    crop = paddle.vision.transforms.RandomCrop([4, 5])
    claim.differ(tf.image.random_crop(image, [4, 5, 2]), crop(image), "shape")
    found = crop(image)
    claim.agree(list(tf.image.random_crop(image, [4, 5, 3]).shape), list(found.shape))
    windows = [image[r : r + 4, c : c + 5] for r in range(3) for c in range(3)]
    claim.holds(any(np.array_equal(found, window) for window in windows), "the crop is a window of the image")


@check("tf.image.central_crop", "usage")
def central_crop(claim: Claim) -> None:
    image = random(7, 8, 1)
    expected = tf.image.central_crop(image, 0.5)
    claim.agree([5, 4, 1], list(expected.shape))
    claim.differ(expected, paddle.vision.transforms.CenterCrop([4, 4])(image), "shape")
    claim.agree(expected, paddle.vision.transforms.CenterCrop([5, 4])(image))


@check("tf.image.crop_to_bounding_box", "layout")
def crop_to_bounding_box(claim: Claim) -> None:
    image = random(6, 7, 3)
    expected = tf.image.crop_to_bounding_box(image, 1, 2, 3, 4)
    crop = paddle.vision.transforms.crop
    claim.differ(expected, crop(paddle.to_tensor(image), 1, 2, 3, 4), "shape")
    claim.agree(expected, crop(paddle.to_tensor(image.transpose(2, 0, 1)), 1, 2, 3, 4).transpose([1, 2, 0]))
    claim.agree(expected, crop(image, 1, 2, 3, 4))


@check("tf.image.pad_to_bounding_box")
def pad_to_bounding_box(claim: Claim) -> None:
    image, top, left, height, width = random(3, 4, 2), 1, 2, 6, 9
    expected = tf.image.pad_to_bounding_box(image, top, left, height, width)

    bottom, right = height - top - image.shape[0], width - left - image.shape[1]

    claim.agree(expected, paddle.nn.functional.pad(paddle.to_tensor(image), [top, bottom, left, right, 0, 0]))


@check("tf.image.resize_with_crop_or_pad")
def resize_with_crop_or_pad(claim: Claim) -> None:
    for height, width in ((4, 9), (7, 2), (5, 5)):
        image = random(5, 6, 2)
        expected = tf.image.resize_with_crop_or_pad(image, height, width)

        x = paddle.to_tensor(image)
        top, left = max(5 - height, 0) // 2, max(6 - width, 0) // 2
        x = x[top : top + height, left : left + width]
        above, before = (height - x.shape[0]) // 2, (width - x.shape[1]) // 2
        margins = [above, height - x.shape[0] - above, before, width - x.shape[1] - before, 0, 0]

        claim.agree(expected, paddle.nn.functional.pad(x, margins))


@check("tf.image.crop_and_resize")
def crop_and_resize(claim: Claim) -> None:
    image, box, size = random(1, 8, 9, 2), np.array([[0.1, 0.2, 0.9, 0.7]], "float32"), [4, 5]
    expected = tf.image.crop_and_resize(image, box, [0], size)

    y1, x1, y2, x2 = box[0]
    rows, columns = paddle.linspace(y1, y2, size[0]), paddle.linspace(x1, x2, size[1])
    y, x = paddle.meshgrid(rows * 2 - 1, columns * 2 - 1)
    grid = paddle.stack([x, y], -1).unsqueeze(0)
    channels_first = paddle.to_tensor(image).transpose([0, 3, 1, 2])
    found = paddle.nn.functional.grid_sample(channels_first, grid, align_corners=True)

    claim.agree(expected, found.transpose([0, 2, 3, 1]), atol=1e-5)


@check("tf.image.rgb_to_grayscale", "layout")
def rgb_to_grayscale(claim: Claim) -> None:
    image = random(4, 5, 3, low=0, high=1)
    expected = tf.image.rgb_to_grayscale(image)
    to_grayscale = paddle.vision.transforms.to_grayscale
    claim.raises(lambda: claim.agree(expected, to_grayscale(paddle.to_tensor(image))))
    claim.agree(expected, to_grayscale(paddle.to_tensor(image.transpose(2, 0, 1))).transpose([1, 2, 0]), atol=5e-4)


same("tf.image.adjust_brightness", "tf.image.adjust_brightness(x, 0.2)", grid=cases(x=random(4, 5, 3, low=0, high=1)))


@check("tf.image.adjust_brightness", "usage")
def adjust_brightness(claim: Claim) -> None:
    image = random(4, 5, 3, low=0, high=1)
    expected = tf.image.adjust_brightness(image, 0.2)
    channels_first = paddle.to_tensor(image.transpose(2, 0, 1))
    found = paddle.vision.transforms.adjust_brightness(channels_first, 0.2)
    claim.differ(expected, found.transpose([1, 2, 0]))
    claim.agree(channels_first * 0.2, found)
    claim.agree(expected, paddle.to_tensor(image) + 0.2)


@check("tf.image.adjust_contrast", "usage")
def adjust_contrast(claim: Claim) -> None:
    image = random(4, 5, 3, low=0, high=1)
    expected = tf.image.adjust_contrast(image, 2.0)
    channels_first = paddle.to_tensor(image.transpose(2, 0, 1))
    blended = paddle.vision.transforms.adjust_contrast(channels_first, 2.0)
    claim.differ(expected, blended.transpose([1, 2, 0]))
    mean = paddle.to_tensor(image).mean(axis=[0, 1], keepdim=True)
    claim.agree(expected, (paddle.to_tensor(image) - mean) * 2.0 + mean)


@check("tf.image.adjust_hue", "layout")
def adjust_hue(claim: Claim) -> None:
    image = random(4, 5, 3, low=0, high=1)
    expected = tf.image.adjust_hue(image, 0.2)
    channels_first = paddle.to_tensor(image.transpose(2, 0, 1))
    claim.agree(expected, paddle.vision.transforms.adjust_hue(channels_first, 0.2).transpose([1, 2, 0]), atol=1e-5)
    claim.raises(lambda: claim.agree(expected, paddle.vision.transforms.adjust_hue(paddle.to_tensor(image), 0.2)))
    claim.raises(lambda: paddle.vision.transforms.adjust_hue(channels_first, 0.7))


@check("tf.image.adjust_saturation", "random")
def adjust_saturation(claim: Claim) -> None:
    image = random(4, 5, 3, low=0.2, high=0.8)
    channels_first = paddle.to_tensor(image.transpose(2, 0, 1))
    transform = paddle.vision.transforms.SaturationTransform(0.9)
    found = [transform(channels_first) for _ in range(4)]
    claim.holds(bool((found[0] != found[1]).any()), "two calls differ")
    expected = tf.image.adjust_saturation(image, 0.5)

    x = paddle.to_tensor(image)
    value, lowest = x.max(-1, keepdim=True), x.min(-1, keepdim=True)
    saturation = (value - lowest) / value
    changed = paddle.clip(saturation * 0.5, 0, 1)

    claim.agree(expected, value - (value - x) * (changed / saturation), atol=1e-5)


@check("tf.image.per_image_standardization")
def per_image_standardization(claim: Claim) -> None:
    for image in (random(2, 4, 5, 3), np.ones((1, 4, 5, 3), "float32")):
        expected = tf.image.per_image_standardization(image)

        x = paddle.to_tensor(image)
        mean = x.mean(axis=[-3, -2, -1], keepdim=True)
        deviation = x.std(axis=[-3, -2, -1], unbiased=False, keepdim=True)
        lowest = float(np.prod(image.shape[-3:])) ** -0.5

        claim.agree(expected, (x - mean) / deviation.clip(min=lowest), atol=1e-5)


@check("tf.image.convert_image_dtype")
def convert_image_dtype(claim: Claim) -> None:
    integers = np.array([[[0], [128], [255]]], "uint8")
    claim.agree(tf.image.convert_image_dtype(integers, tf.float32), paddle.to_tensor(integers).astype("float32") / 255)
    floats = np.array([[[0.0], [0.5], [0.7], [1.0]]], "float32")
    scaled = (paddle.to_tensor(floats) * 255.5).astype("uint8")
    claim.agree(tf.image.convert_image_dtype(floats, tf.uint8), scaled)


@check("tf.image.extract_patches")
def extract_patches(claim: Claim) -> None:
    image, size, stride = random(1, 6, 8, 3), 2, 2
    expected = tf.image.extract_patches(image, [1, size, size, 1], [1, stride, stride, 1], [1, 1, 1, 1], "VALID")

    channels_first = paddle.to_tensor(image).transpose([0, 3, 1, 2])
    columns = paddle.nn.functional.unfold(channels_first, size, stride)
    patches = columns.reshape([1, 3, size * size, 3, 4]).transpose([0, 3, 4, 2, 1])

    claim.agree(expected, patches.reshape([1, 3, 4, size * size * 3]))


@check("tf.io.decode_jpeg", "usage")
def decode_jpeg(claim: Claim) -> None:
    import io

    from PIL import Image

    image = np.tile(np.arange(0, 160, 10, dtype="uint8")[:, None, None], (1, 16, 3))
    data = tf.io.encode_jpeg(image, quality=95).numpy()
    expected = tf.io.decode_jpeg(data, dct_method="INTEGER_ACCURATE")
    claim.raises(lambda: paddle.vision.ops.decode_jpeg(paddle.to_tensor(np.frombuffer(data, "uint8"))))

    found = paddle.to_tensor(np.asarray(Image.open(io.BytesIO(data))))

    claim.agree(tf.cast(expected, tf.float32), found.astype("float32"), rtol=0.0, atol=2.0)


@check("tf.image.psnr")
def psnr(claim: Claim) -> None:
    a, b = random(2, 4, 5, 3, low=0, high=1), random(2, 4, 5, 3, low=0, high=1, seed=1)
    expected = tf.image.psnr(a, b, max_val=1.0)

    error = paddle.square(paddle.to_tensor(a) - paddle.to_tensor(b)).mean(axis=[-3, -2, -1])

    claim.agree(expected, -10.0 * paddle.log10(error))
