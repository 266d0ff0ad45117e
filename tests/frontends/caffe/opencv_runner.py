"""Runs a Caffe net in OpenCV: `opencv_runner.py PROTOTXT CAFFEMODEL INPUTS.npz OUTPUTS.npz NAME…`."""

import sys

import cv2
import numpy as np


def main(prototxt, caffemodel, inputs, outputs, *names):
    net = cv2.dnn.readNetFromCaffe(prototxt, caffemodel)
    for name, array in np.load(inputs).items():
        net.setInput(array, name)
    np.savez(outputs, **dict(zip(names, net.forward(list(names)), strict=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
