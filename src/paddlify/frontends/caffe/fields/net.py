"""The net, its rules, and the layer with the settings that it may have."""

from __future__ import annotations

from typing import Final

NET_AND_LAYER: Final = """
NetParameter
  name 1 string
  layers 2 * V1LayerParameter
  input 3 * string
  input_dim 4 * int32
  force_backward 5 bool
  state 6 NetState
  debug_info 7 bool
  input_shape 8 * BlobShape
  layer 100 * LayerParameter
NetState
  phase 1 enum(TRAIN TEST) = TEST
  level 2 int32 = 0
  stage 3 * string
NetStateRule
  phase 1 enum(TRAIN TEST)
  min_level 2 int32
  max_level 3 int32
  stage 4 * string
  not_stage 5 * string
ParamSpec
  name 1 string
  share_mode 2 enum(STRICT PERMISSIVE)
  lr_mult 3 float = 1
  decay_mult 4 float = 1
FillerParameter
  type 1 string = constant
  value 2 float = 0
  min 3 float = 0
  max 4 float = 1
  mean 5 float = 0
  std 6 float = 1
  sparse 7 int32 = -1
  variance_norm 8 enum(FAN_IN FAN_OUT AVERAGE) = FAN_IN

LayerParameter
  name 1 string
  type 2 string
  bottom 3 * string
  top 4 * string
  loss_weight 5 * float
  param 6 * ParamSpec
  blobs 7 * BlobProto
  include 8 * NetStateRule
  exclude 9 * NetStateRule
  phase 10 enum(TRAIN TEST)
  propagate_down 11 * bool
  transform_param 100 TransformationParameter
  loss_param 101 LossParameter
  accuracy_param 102 AccuracyParameter
  argmax_param 103 ArgMaxParameter
  concat_param 104 ConcatParameter
  contrastive_loss_param 105 ContrastiveLossParameter
  convolution_param 106 ConvolutionParameter
  data_param 107 DataParameter
  dropout_param 108 DropoutParameter
  dummy_data_param 109 DummyDataParameter
  eltwise_param 110 EltwiseParameter
  exp_param 111 ExpParameter
  hdf5_data_param 112 HDF5DataParameter
  hinge_loss_param 114 HingeLossParameter
  image_data_param 115 ImageDataParameter
  infogain_loss_param 116 InfogainLossParameter
  inner_product_param 117 InnerProductParameter
  lrn_param 118 LRNParameter
  memory_data_param 119 MemoryDataParameter
  mvn_param 120 MVNParameter
  pooling_param 121 PoolingParameter
  power_param 122 PowerParameter
  relu_param 123 ReLUParameter
  sigmoid_param 124 SigmoidParameter
  softmax_param 125 SoftmaxParameter
  slice_param 126 SliceParameter
  tanh_param 127 TanHParameter
  threshold_param 128 ThresholdParameter
  window_data_param 129 WindowDataParameter
  python_param 130 PythonParameter
  prelu_param 131 PReLUParameter
  spp_param 132 SPPParameter
  reshape_param 133 ReshapeParameter
  log_param 134 LogParameter
  flatten_param 135 FlattenParameter
  reduction_param 136 ReductionParameter
  embed_param 137 EmbedParameter
  tile_param 138 TileParameter
  batch_norm_param 139 BatchNormParameter
  elu_param 140 ELUParameter
  bias_param 141 BiasParameter
  scale_param 142 ScaleParameter
  input_param 143 InputParameter
  crop_param 144 CropParameter
  parameter_param 145 ParameterParameter
  recurrent_param 146 RecurrentParameter
  swish_param 147 SwishParameter
  clip_param 148 ClipParameter
  detection_output_param 204 DetectionOutputParameter
  norm_param 206 NormalizeParameter
  permute_param 202 PermuteParameter
  prior_box_param 203 PriorBoxParameter
  bn_param 211 BNParameter
  interp_param 212 InterpParameter
  psroi_pooling_param 213 PSROIPoolingParameter
  reorg_param 214 ReorgParameter
  reverse_param 215 ReverseParameter
  roi_pooling_param 8266711 ROIPoolingParameter
  shuffle_channel_param 216 ShuffleChannelParameter
  unpooling_param 217 UnpoolingParameter
  upsample_param 218 UpsampleParameter
  relu6_param 219 ReLU6Parameter
  continuation_indicator_param 201 ContinuationIndicatorParameter
"""
