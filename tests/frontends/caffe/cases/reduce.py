"""Reductions and ArgMax."""

from .base import single


def _reduction(name, settings, shape=(2, 3, 4)):
    return single(name, [shape], 'type: "Reduction" reduction_param { %s }' % settings)


def _argmax(name, settings, shape=(2, 3, 4, 5), draw="distinct"):
    return single(name, [shape], 'type: "ArgMax" argmax_param { %s }' % settings, draw={"a": draw})


REDUCE = [
    _reduction("sum", ""),
    _reduction("sum_axis_1", "axis: 1"),
    _reduction("sum_last", "axis: -1 coeff: 0.5"),
    _reduction("asum", "operation: ASUM axis: 1"),
    _reduction("asum_all", "operation: ASUM coeff: 2"),
    _reduction("sumsq", "operation: SUMSQ axis: 2"),
    _reduction("sumsq_coeff", "operation: SUMSQ axis: 1 coeff: -3"),
    _reduction("mean", "operation: MEAN axis: 1"),
    _reduction("mean_all", "operation: MEAN coeff: 1.5"),
    _argmax("argmax", ""),
    _argmax("argmax_matrix", "", (4, 7)),
    _argmax("argmax_value", "out_max_val: true", (4, 7)),
    _argmax("argmax_top_3", "top_k: 3", (4, 7)),
    _argmax("argmax_top_3_value", "top_k: 3 out_max_val: true"),
    _argmax("argmax_axis", "axis: 1"),
    _argmax("argmax_axis_value", "axis: 1 out_max_val: true"),
    _argmax("argmax_axis_top_2", "axis: 2 top_k: 2"),
    _argmax("argmax_axis_top_2_value", "axis: -1 top_k: 2 out_max_val: true"),
    _argmax("argmax_axis_0", "axis: 0 top_k: 2"),
    _argmax("argmax_tie", "", (2, 6), [1, 3, 3, 0, 3, 2, 0, 0, 0, 0, 0, 0]),
    _argmax("argmax_tie_top_4", "top_k: 4", (2, 6), [1, 3, 3, 0, 3, 2, 0, 0, 0, 0, 0, 0]),
    _argmax("argmax_tie_axis", "axis: 1 top_k: 3", (2, 6), [1, 3, 3, 0, 3, 2, 0, 0, 0, 0, 0, 0]),
]
