"""Asks the real Caffe for the results of whole nets, and records them; run like `generate`.

For each net `nets.zip` holds `NET.npz` with the outputs (`out:NUMBER:NAME`, in Caffe's order), further blobs
(`blob:NAME`), and `shape:LAYER:INDEX` with the sizes of its weights. Inputs and weights are drawn anew from seeds.
"""

import io
import os
import sys
import tempfile
import zipfile

os.environ["GLOG_minloglevel"] = "2"  # noqa: SIM112 - its name
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import caffe  # noqa: E402
import drawing  # noqa: E402
import fork_layers  # noqa: E402
import generate  # noqa: E402
import nets  # noqa: E402
import numpy as np  # noqa: E402

ARCHIVE = os.path.join(generate.DATA, "..", "nets.zip")


def answer(name):
    described = nets.NETS[name]
    text = nets.for_caffe(nets.reduced(name), described.inputs, fork_layers.TYPES)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.prototxt")
        with open(path, "w") as file:
            file.write(text)
        net = caffe.Net(path, caffe.TEST)
    arrays = {}
    types = dict(zip(net._layer_names, (layer.type for layer in net.layers)))
    for layer, blobs in net.params.items():
        for index, blob in enumerate(blobs):
            shape = tuple(blob.shape)
            blob.data[...] = drawing.net_weight(types[layer], index, shape, name, layer, str(index))
            arrays["shape:%d:%s:%s" % (index, types[layer], layer)] = np.array(shape, np.int64)
    for blob, shape in described.inputs.items():
        net.blobs[blob].data[...] = drawing.draw(described.draw, shape, name, blob)
    net.forward()
    for number, blob in enumerate(net.outputs):
        arrays["out:%d:%s" % (number, blob)] = np.array(net.blobs[blob].data)
    for blob in described.outputs:
        arrays["blob:" + blob] = np.array(net.blobs[blob].data)
    return arrays


def comparable(key, array):
    """Detections, each column sorted: rows of close scores swap with the number of threads that summed them."""
    return np.sort(array.reshape(-1, 7), axis=0) if "detection_out" in key and array.ndim > 1 else array


def agrees(recorded, array):
    """Equal up to 2e-5 of the largest number: sums over many channels depend on the number of threads."""
    scale = max(1.0, float(np.abs(recorded).max())) if recorded.size else 1.0
    return np.allclose(recorded, array, rtol=1e-4, atol=2e-5 * scale)


def main(arguments):
    only = [argument for argument in arguments if not argument.startswith("-")]
    known = {}
    if os.path.exists(ARCHIVE):
        with zipfile.ZipFile(ARCHIVE) as archive:
            known = {os.path.splitext(name)[0]: archive.read(name) for name in archive.namelist()}
    failed = []
    for name in only or nets.NETS:
        arrays = answer(name)
        for key in sorted(arrays):
            if not key.startswith("shape:"):
                print("%s %s %s %.3g" % (name, key, arrays[key].shape, np.abs(arrays[key]).max()))
        if "--check" not in arguments:
            known[name] = generate.packed(arrays)
            continue
        recorded = np.load(io.BytesIO(known[name]))
        if sorted(recorded.files) != sorted(arrays) or any(
            recorded[key].shape != arrays[key].shape
            or not agrees(comparable(key, recorded[key]), comparable(key, arrays[key]))
            for key in arrays
        ):
            failed.append(name)
    if failed:
        sys.exit("recorded answers differ from Caffe's: " + ", ".join(failed))
    if "--check" not in arguments:
        with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in nets.NETS:
                if name in known:
                    entry = zipfile.ZipInfo(name + ".npz", generate.STAMP)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(entry, known[name])


if __name__ == "__main__":
    main(sys.argv[1:])
