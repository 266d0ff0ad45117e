"""Asks the real Caffe what is right, and records its answers. Needs Caffe, so it runs in `.oracles/caffe`:

    .oracles/caffe/bin/python tests/frontends/caffe/generate.py           write tests/data/caffe
    .oracles/caffe/bin/python tests/frontends/caffe/generate.py --check   compare with what is there

For each family an archive holds `CASE.prototxt`, `CASE.caffemodel` as Caffe saved it, and `CASE.npz` with the inputs
(`in:NAME`) and outputs (`out:NUMBER:NAME`, in Caffe's order).
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
import cases  # noqa: E402
import drawing  # noqa: E402
import numpy as np  # noqa: E402

DATA = os.path.join(HERE, "..", "..", "data", "caffe", "layers")
STAMP = (2020, 1, 1, 0, 0, 0)


def answer(family, item):
    """The files of one case: what was asked, with which weights, and what Caffe answered."""
    text = cases.prototxt(item) if item.inputs else item.text
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.prototxt")
        with open(path, "w") as file:
            file.write(text)
        net = caffe.Net(path, caffe.TEST)
        fill(net, family, item)
        arrays = {}
        for name in net.inputs:
            shape = tuple(net.blobs[name].shape)
            data = drawing.draw(item.draw.get(name, "normal"), shape, family, item.name, name)
            net.blobs[name].data[...] = data
            arrays["in:" + name] = data
        net.forward()
        for number, name in enumerate(item.outputs or net.outputs):
            arrays["out:%d:%s" % (number, name)] = np.array(net.blobs[name].data)
        saved = os.path.join(folder, "net.caffemodel")
        net.save(saved)
        with open(saved, "rb") as file:
            return text, file.read(), arrays


def fill(net, family, item):
    types = dict(zip(net._layer_names, (layer.type for layer in net.layers)))
    for layer, blobs in net.params.items():
        for index, blob in enumerate(blobs):
            shape = tuple(blob.shape)
            blob.data[...] = drawing.weight(types[layer], index, shape, family, item.name, layer, str(index))


def packed(arrays):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.save(buffer, arrays[name])
            archive.writestr(zipfile.ZipInfo(name + ".npy", STAMP), buffer.getvalue())
    return target.getvalue()


def write(family, items):
    with zipfile.ZipFile(os.path.join(DATA, family + ".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for item in items:
            text, model, arrays = answer(family, item)
            files = ((".prototxt", text.encode()), (".caffemodel", model), (".npz", packed(arrays)))
            for suffix, content in files:
                entry = zipfile.ZipInfo(item.name + suffix, STAMP)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)


def check(family, items):
    """Names of cases whose recorded answer is not what Caffe says now."""
    with zipfile.ZipFile(os.path.join(DATA, family + ".zip")) as archive:
        recorded = {os.path.splitext(name)[0] for name in archive.namelist()}
        wrong = sorted(recorded.symmetric_difference(item.name for item in items))
        for item in items:
            text, _, arrays = answer(family, item)
            if archive.read(item.name + ".prototxt").decode() != text:
                wrong.append(item.name)
                continue
            known = np.load(io.BytesIO(archive.read(item.name + ".npz")))
            if sorted(known.files) != sorted(arrays) or any(
                known[name].shape != arrays[name].shape
                or not np.allclose(known[name], arrays[name], rtol=1e-5, atol=1e-6)
                for name in arrays
            ):
                wrong.append(item.name)
    return wrong


def main(arguments):
    only = [argument for argument in arguments if not argument.startswith("-")]
    if not os.path.isdir(DATA):
        os.makedirs(DATA)
    failed = []
    for family, items in cases.FAMILIES.items():
        if only and family not in only:
            continue
        names = [item.name for item in items]
        if len(set(names)) != len(names):
            raise ValueError("%s: two cases have one name" % family)
        if "--check" in arguments:
            failed += ["%s/%s" % (family, name) for name in check(family, items)]
        else:
            write(family, items)
        print("%s: %d cases" % (family, len(items)))
    if failed:
        sys.exit("recorded answers differ from Caffe's: " + ", ".join(failed))


if __name__ == "__main__":
    main(sys.argv[1:])
