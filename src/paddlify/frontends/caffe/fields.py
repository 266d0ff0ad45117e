"""The message types of Caffe's prototxt and caffemodel files: which fields there are, with types and defaults.

One line a field: `name number type = default`. A type with `*` is repeated, `*packed` repeated and packed; an enum
lists its values, numbered from 0 or as written; `!` marks a field that Caffe declares optional but cannot do without.
Numbers are those of BVLC Caffe where it has the field, and of the fork that introduced it elsewhere (forks disagree
about some; they matter only in binary files, of which nothing but names and blobs is read).
"""

from __future__ import annotations

from typing import Final

ENGINE: Final = "enum(DEFAULT CAFFE CUDNN)"

BLOBS: Final = """
BlobShape
  dim 1 *packed int64
BlobProto
  num 1 int32
  channels 2 int32
  height 3 int32
  width 4 int32
  data 5 *packed float
  shape 7 BlobShape
  double_data 8 *packed double
  data_offset 20000 * uint64
  data_length 20001 * uint64
  double_offset 20002 * uint64
  double_length 20003 * uint64
"""

WEIGHTS: Final = (
    BLOBS
    + """
Net
  name 1 string
  layers 2 * V1Layer
  layer 100 * Layer
Layer
  name 1 string
  type 2 string
  blobs 7 * BlobProto
V1Layer
  layer 1 V0Layer
  name 4 string
  blobs 6 * BlobProto
V0Layer
  name 1 string
  type 2 string
  blobs 50 * BlobProto
"""
)
"""What is read of a binary caffemodel; all else is skipped, so that forks' fields cannot be misread."""

NET: Final = (
    BLOBS
    + f"""
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

TransformationParameter
  scale 1 float = 1
  mirror 2 bool = false
  crop_size 3 uint32 = 0
  mean_file 4 string
  mean_value 5 * float
  force_color 6 bool = false
  force_gray 7 bool = false
LossParameter
  ignore_label 1 int32
  normalize 2 bool
  normalization 3 enum(FULL VALID BATCH_SIZE NONE) = VALID
AccuracyParameter
  top_k 1 uint32 = 1
  axis 2 int32 = 1
  ignore_label 3 int32
ArgMaxParameter
  out_max_val 1 bool = false
  top_k 2 uint32 = 1
  axis 3 int32
ConcatParameter
  concat_dim 1 uint32 = 1
  axis 2 int32 = 1
ContrastiveLossParameter
  margin 1 float = 1
  legacy_version 2 bool = false
ConvolutionParameter
  num_output 1 uint32 !
  bias_term 2 bool = true
  pad 3 * uint32
  kernel_size 4 * uint32
  group 5 uint32 = 1
  stride 6 * uint32
  weight_filler 7 FillerParameter
  bias_filler 8 FillerParameter
  pad_h 9 uint32
  pad_w 10 uint32
  kernel_h 11 uint32
  kernel_w 12 uint32
  stride_h 13 uint32
  stride_w 14 uint32
  engine 15 {ENGINE} = DEFAULT
  axis 16 int32 = 1
  force_nd_im2col 17 bool = false
  dilation 18 * uint32
CropParameter
  axis 1 int32 = 2
  offset 2 * uint32
DataParameter
  source 1 string
  scale 2 float = 1
  mean_file 3 string
  batch_size 4 uint32
  crop_size 5 uint32 = 0
  mirror 6 bool = false
  rand_skip 7 uint32 = 0
  backend 8 enum(LEVELDB LMDB) = LEVELDB
  force_encoded_color 9 bool = false
  prefetch 10 uint32 = 4
DropoutParameter
  dropout_ratio 1 float = 0.5
  scale_train 2 bool = true
DummyDataParameter
  data_filler 1 * FillerParameter
  num 2 * uint32
  channels 3 * uint32
  height 4 * uint32
  width 5 * uint32
  shape 6 * BlobShape
EltwiseParameter
  operation 1 enum(PROD SUM MAX) = SUM
  coeff 2 * float
  stable_prod_grad 3 bool = true
ELUParameter
  alpha 1 float = 1
EmbedParameter
  num_output 1 uint32 !
  input_dim 2 uint32 !
  bias_term 3 bool = true
  weight_filler 4 FillerParameter
  bias_filler 5 FillerParameter
ExpParameter
  base 1 float = -1
  scale 2 float = 1
  shift 3 float = 0
FlattenParameter
  axis 1 int32 = 1
  end_axis 2 int32 = -1
HDF5DataParameter
  source 1 string
  batch_size 2 uint32
  shuffle 3 bool = false
HingeLossParameter
  norm 1 enum(L1=1 L2) = L1
ImageDataParameter
  source 1 string
  scale 2 float = 1
  mean_file 3 string
  batch_size 4 uint32 = 1
  crop_size 5 uint32 = 0
  mirror 6 bool = false
  rand_skip 7 uint32 = 0
  shuffle 8 bool = false
  new_height 9 uint32 = 0
  new_width 10 uint32 = 0
  is_color 11 bool = true
  root_folder 12 string
InfogainLossParameter
  source 1 string
  axis 2 int32 = 1
InnerProductParameter
  num_output 1 uint32 !
  bias_term 2 bool = true
  weight_filler 3 FillerParameter
  bias_filler 4 FillerParameter
  axis 5 int32 = 1
  transpose 6 bool = false
InputParameter
  shape 1 * BlobShape
LogParameter
  base 1 float = -1
  scale 2 float = 1
  shift 3 float = 0
LRNParameter
  local_size 1 uint32 = 5
  alpha 2 float = 1
  beta 3 float = 0.75
  norm_region 4 enum(ACROSS_CHANNELS WITHIN_CHANNEL) = ACROSS_CHANNELS
  k 5 float = 1
  engine 6 {ENGINE} = DEFAULT
MemoryDataParameter
  batch_size 1 uint32
  channels 2 uint32
  height 3 uint32
  width 4 uint32
MVNParameter
  normalize_variance 1 bool = true
  across_channels 2 bool = false
  eps 3 float = 1e-9
ParameterParameter
  shape 1 BlobShape
PoolingParameter
  pool 1 enum(MAX AVE STOCHASTIC) = MAX
  kernel_size 2 uint32
  stride 3 uint32 = 1
  pad 4 uint32 = 0
  kernel_h 5 uint32
  kernel_w 6 uint32
  stride_h 7 uint32
  stride_w 8 uint32
  pad_h 9 uint32
  pad_w 10 uint32
  engine 11 {ENGINE} = DEFAULT
  global_pooling 12 bool = false
  round_mode 13 enum(CEIL FLOOR) = CEIL
  ceil_mode 1000 bool = true
PowerParameter
  power 1 float = 1
  scale 2 float = 1
  shift 3 float = 0
PReLUParameter
  filler 1 FillerParameter
  channel_shared 2 bool = false
PythonParameter
  module 1 string
  layer 2 string
  param_str 3 string
  share_in_parallel 4 bool = false
RecurrentParameter
  num_output 1 uint32 !
  weight_filler 2 FillerParameter
  bias_filler 3 FillerParameter
  debug_info 4 bool = false
  expose_hidden 5 bool = false
ReductionParameter
  operation 1 enum(SUM=1 ASUM SUMSQ MEAN) = SUM
  axis 2 int32 = 0
  coeff 3 float = 1
ReLUParameter
  negative_slope 1 float = 0
  engine 2 {ENGINE} = DEFAULT
ReshapeParameter
  shape 1 BlobShape !
  axis 2 int32 = 0
  num_axes 3 int32 = -1
ScaleParameter
  axis 1 int32 = 1
  num_axes 2 int32 = 1
  filler 3 FillerParameter
  bias_term 4 bool = false
  bias_filler 5 FillerParameter
BiasParameter
  axis 1 int32 = 1
  num_axes 2 int32 = 1
  filler 3 FillerParameter
BatchNormParameter
  use_global_stats 1 bool
  moving_average_fraction 2 float = 0.999
  eps 3 float = 1e-5
SigmoidParameter
  engine 1 {ENGINE} = DEFAULT
SliceParameter
  slice_dim 1 uint32 = 1
  slice_point 2 * uint32
  axis 3 int32 = 1
SoftmaxParameter
  engine 1 {ENGINE} = DEFAULT
  axis 2 int32 = 1
SPPParameter
  pyramid_height 1 uint32 !
  pool 2 enum(MAX AVE STOCHASTIC) = MAX
  engine 6 {ENGINE} = DEFAULT
SwishParameter
  beta 1 float = 1
TanHParameter
  engine 1 {ENGINE} = DEFAULT
ThresholdParameter
  threshold 1 float = 0
TileParameter
  axis 1 int32 = 1
  tiles 2 int32 !
ClipParameter
  min 1 float !
  max 2 float !
WindowDataParameter
  source 1 string
  scale 2 float = 1
  mean_file 3 string
  batch_size 4 uint32
  crop_size 5 uint32 = 0
  mirror 6 bool = false
  fg_threshold 7 float = 0.5
  bg_threshold 8 float = 0.5
  fg_fraction 9 float = 0.25
  context_pad 10 uint32 = 0
  crop_mode 11 string = warp
  cache_images 12 bool = false
  root_folder 13 string

BNParameter
  slope_filler 1 FillerParameter
  bias_filler 2 FillerParameter
  momentum 3 float = 0.9
  eps 4 float = 1e-5
  frozen 5 bool = false
  engine 6 {ENGINE} = DEFAULT
  scale_filler 11 FillerParameter
  shift_filler 12 FillerParameter
  bn_mode 13 enum(LEARN INFERENCE) = LEARN
ContinuationIndicatorParameter
  time_step 1 uint32 = 0
  batch_size 2 uint32 = 0
DetectionOutputParameter
  num_classes 1 uint32 !
  share_location 2 bool = true
  background_label_id 3 int32 = 0
  nms_param 4 NonMaximumSuppressionParameter
  save_output_param 5 SaveOutputParameter
  code_type 6 enum(CORNER=1 CENTER_SIZE CORNER_SIZE) = CORNER
  variance_encoded_in_target 8 bool = false
  keep_top_k 7 int32 = -1
  confidence_threshold 9 float
  visualize 10 bool = false
  visualize_threshold 11 float
  save_file 12 string
  clip 1000 bool = false
NonMaximumSuppressionParameter
  nms_threshold 1 float = 0.3
  top_k 2 int32
  eta 3 float = 1
SaveOutputParameter
  output_directory 1 string
  output_name_prefix 2 string
  output_format 3 string
  label_map_file 4 string
  name_size_file 5 string
  num_test_image 6 uint32
InterpParameter
  height 1 int32
  width 2 int32
  zoom_factor 3 int32
  shrink_factor 4 int32
  pad_beg 5 int32 = 0
  pad_end 6 int32 = 0
NormalizeParameter
  across_spatial 1 bool = true
  scale_filler 2 FillerParameter
  channel_shared 3 bool = true
  eps 4 float = 1e-10
PermuteParameter
  order 1 * uint32
PriorBoxParameter
  min_size 1 * float
  max_size 2 * float
  aspect_ratio 3 * float
  flip 4 bool = true
  clip 5 bool = false
  variance 6 * float
  img_size 7 uint32
  img_h 8 uint32
  img_w 9 uint32
  step 10 float
  step_h 11 float
  step_w 12 float
  offset 13 float = 0.5
PSROIPoolingParameter
  spatial_scale 1 float !
  output_dim 2 int32 !
  group_size 3 int32 !
ReLU6Parameter
  negative_slope 1 float = 0
ReorgParameter
  stride 1 uint32 !
  reverse 2 bool = false
ReverseParameter
  axis 1 uint32 = 0
ROIPoolingParameter
  pooled_h 1 uint32 !
  pooled_w 2 uint32 !
  spatial_scale 3 float = 1
ShuffleChannelParameter
  group 1 uint32 = 1
UnpoolingParameter
  unpool 1 enum(MAX AVE TILE) = MAX
  kernel_size 3 uint32
  stride 4 uint32 = 1
  pad 2 uint32 = 0
  kernel_h 7 uint32
  kernel_w 8 uint32
  stride_h 9 uint32
  stride_w 10 uint32
  pad_h 5 uint32 = 0
  pad_w 6 uint32 = 0
  unpool_size 11 uint32
  unpool_h 12 uint32
  unpool_w 13 uint32
UpsampleParameter
  scale 1 uint32 = 2
  scale_h 2 uint32
  scale_w 3 uint32
  pad_out_h 4 bool = false
  pad_out_w 5 bool = false
  upsample_h 6 uint32
  upsample_w 7 uint32

V1LayerParameter
  layer 1 V0LayerParameter
  bottom 2 * string
  top 3 * string
  name 4 string
  type 5 enum(NONE=0 ABSVAL=35 ACCURACY=1 ARGMAX=30 BNLL=2 CONCAT=3 CONTRASTIVE_LOSS=37 CONVOLUTION=4 DATA=5
              DECONVOLUTION=39 DROPOUT=6 DUMMY_DATA=32 EUCLIDEAN_LOSS=7 ELTWISE=25 EXP=38 FLATTEN=8 HDF5_DATA=9
              HDF5_OUTPUT=10 HINGE_LOSS=28 IM2COL=11 IMAGE_DATA=12 INFOGAIN_LOSS=13 INNER_PRODUCT=14 LRN=15
              MEMORY_DATA=29 MULTINOMIAL_LOGISTIC_LOSS=16 MVN=34 POOLING=17 POWER=26 RELU=18 SIGMOID=19
              SIGMOID_CROSS_ENTROPY_LOSS=27 SILENCE=36 SOFTMAX=20 SOFTMAX_LOSS=21 SPLIT=22 SLICE=33 TANH=23
              WINDOW_DATA=24 THRESHOLD=31)
  blobs 6 * BlobProto
  blobs_lr 7 * float
  weight_decay 8 * float
  concat_param 9 ConcatParameter
  convolution_param 10 ConvolutionParameter
  data_param 11 DataParameter
  dropout_param 12 DropoutParameter
  hdf5_data_param 13 HDF5DataParameter
  image_data_param 15 ImageDataParameter
  infogain_loss_param 16 InfogainLossParameter
  inner_product_param 17 InnerProductParameter
  lrn_param 18 LRNParameter
  pooling_param 19 PoolingParameter
  window_data_param 20 WindowDataParameter
  power_param 21 PowerParameter
  memory_data_param 22 MemoryDataParameter
  argmax_param 23 ArgMaxParameter
  eltwise_param 24 EltwiseParameter
  threshold_param 25 ThresholdParameter
  dummy_data_param 26 DummyDataParameter
  accuracy_param 27 AccuracyParameter
  hinge_loss_param 29 HingeLossParameter
  relu_param 30 ReLUParameter
  slice_param 31 SliceParameter
  include 32 * NetStateRule
  exclude 33 * NetStateRule
  mvn_param 34 MVNParameter
  loss_weight 35 * float
  transform_param 36 TransformationParameter
  tanh_param 37 TanHParameter
  sigmoid_param 38 SigmoidParameter
  softmax_param 39 SoftmaxParameter
  contrastive_loss_param 40 ContrastiveLossParameter
  exp_param 41 ExpParameter
  loss_param 42 LossParameter
  param 1001 * string
  blob_share_mode 1002 * enum(STRICT PERMISSIVE)
V0LayerParameter
  name 1 string
  type 2 string
  num_output 3 uint32
  biasterm 4 bool = true
  weight_filler 5 FillerParameter
  bias_filler 6 FillerParameter
  pad 7 uint32 = 0
  kernelsize 8 uint32
  group 9 uint32 = 1
  stride 10 uint32 = 1
  pool 11 enum(MAX AVE STOCHASTIC) = MAX
  dropout_ratio 12 float = 0.5
  local_size 13 uint32 = 5
  alpha 14 float = 1
  beta 15 float = 0.75
  source 16 string
  scale 17 float = 1
  meanfile 18 string
  batchsize 19 uint32
  cropsize 20 uint32 = 0
  mirror 21 bool = false
  k 22 float = 1
  blobs 50 * BlobProto
  blobs_lr 51 * float
  weight_decay 52 * float
  rand_skip 53 uint32 = 0
  new_num 60 int32 = 0
  new_channels 61 int32 = 0
  new_height 62 int32 = 0
  new_width 63 int32 = 0
  shuffle_images 64 bool = false
  concat_dim 65 uint32 = 1
  det_fg_threshold 54 float = 0.5
  det_bg_threshold 55 float = 0.5
  det_fg_fraction 56 float = 0.25
  det_context_pad 58 uint32 = 0
  det_crop_mode 59 string = warp
"""
)
