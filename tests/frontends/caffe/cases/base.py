"""How a case is written down."""

from collections import OrderedDict, namedtuple

Case = namedtuple("Case", "name inputs text draw outputs")


def case(name, inputs, text, draw=None, outputs=None):
    return Case(name, OrderedDict(inputs), text, draw or {}, outputs)


def single(name, shapes, text, tops=1, draw=None, outputs=None):
    """One layer of name "layer"; shapes are those of inputs a, b, c, …; tops are top, top2, …"""
    inputs = OrderedDict(zip("abcdefgh", shapes))
    names = ["top"] + ["top%d" % index for index in range(2, tops + 1)]
    blobs = "".join(' bottom: "%s"' % blob for blob in inputs) + "".join(' top: "%s"' % blob for blob in names)
    return case(name, inputs, 'layer { name: "layer"%s %s }' % (blobs, text), draw, outputs)


def prototxt(item):
    """The case as a prototxt."""
    lines = ['name: "%s"' % item.name]
    for name, shape in item.inputs.items():
        dims = " ".join("dim: %d" % dim for dim in shape)
        lines.append('layer { name: "%s" type: "Input" top: "%s" input_param { shape { %s } } }' % (name, name, dims))
    return "\n".join(lines + [item.text, ""])


IMAGE = [(2, 3, 9, 8)]
