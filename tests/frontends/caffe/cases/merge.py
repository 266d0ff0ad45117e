"""Layers that join blobs, and inner products."""

from .base import IMAGE, case, single


def _eltwise(name, settings, count=2):
    return single(name, [(2, 3, 5, 4)] * count, 'type: "Eltwise" eltwise_param { %s }' % settings)


MERGE = [
    single("sum_default", [(2, 3, 5, 4)] * 2, 'type: "Eltwise"'),
    _eltwise("sum", "operation: SUM"),
    _eltwise("sum_three", "operation: SUM", 3),
    _eltwise("sum_coeff", "operation: SUM coeff: 1 coeff: -1"),
    _eltwise("sum_coeff_three", "coeff: 0.5 coeff: 2 coeff: -0.25", 3),
    _eltwise("prod", "operation: PROD"),
    _eltwise("prod_three", "operation: PROD stable_prod_grad: false", 3),
    _eltwise("max", "operation: MAX"),
    _eltwise("max_three", "operation: MAX", 3),
    case("same_bottom_twice", [("a", (2, 3))],
         'layer { name: "layer" type: "Eltwise" bottom: "a" bottom: "a" top: "x" }'),
    single("inner_product", [(3, 8)], 'type: "InnerProduct" inner_product_param { num_output: 5 }'),
    single("inner_product_image", IMAGE, 'type: "InnerProduct" inner_product_param { num_output: 5 }'),
    single("inner_product_no_bias", IMAGE,
           'type: "InnerProduct" inner_product_param { num_output: 5 bias_term: false }'),
    single("inner_product_transpose", [(3, 8)],
           'type: "InnerProduct" inner_product_param { num_output: 5 transpose: true }'),
    single("inner_product_axis_2", [(2, 3, 4, 5)],
           'type: "InnerProduct" inner_product_param { num_output: 6 axis: 2 }'),
    single("inner_product_last", [(2, 3, 4)],
           'type: "InnerProduct" inner_product_param { num_output: 6 axis: -1 transpose: true bias_term: false }'),
    single("inner_product_axis_0", [(3, 4)], 'type: "InnerProduct" inner_product_param { num_output: 6 axis: 0 }'),
    single("inner_product_axis_3", [(2, 3, 4, 5)],
           'type: "InnerProduct" inner_product_param { num_output: 2 axis: 3 transpose: true }'),
    single("embed", [(4, 3)], 'type: "Embed" embed_param { num_output: 5 input_dim: 7 }', draw={"a": "int:7"}),
    single("embed_no_bias", [(6,)], 'type: "Embed" embed_param { num_output: 4 input_dim: 9 bias_term: false }',
           draw={"a": "int:9"}),
    single("concat", [(2, 3, 4, 5), (2, 2, 4, 5)], 'type: "Concat"'),
    single("concat_axis_0", [(2, 3, 4), (1, 3, 4)], 'type: "Concat" concat_param { axis: 0 }'),
    single("concat_last", [(2, 3, 4), (2, 3, 1), (2, 3, 2)], 'type: "Concat" concat_param { axis: -1 }'),
    single("concat_dim", [(2, 3, 4, 5), (2, 3, 2, 5)], 'type: "Concat" concat_param { concat_dim: 2 }'),
    single("concat_one", [(2, 3, 4)], 'type: "Concat"'),
]
