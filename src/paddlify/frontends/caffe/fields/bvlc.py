"""Settings of the layers of BVLC Caffe."""

from __future__ import annotations

from typing import Final

_ENGINE: Final = "enum(DEFAULT CAFFE CUDNN)"

BVLC: Final = f"""
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
  engine 15 {_ENGINE} = DEFAULT
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
  engine 6 {_ENGINE} = DEFAULT
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
  engine 11 {_ENGINE} = DEFAULT
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
  engine 2 {_ENGINE} = DEFAULT
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
  engine 1 {_ENGINE} = DEFAULT
SliceParameter
  slice_dim 1 uint32 = 1
  slice_point 2 * uint32
  axis 3 int32 = 1
SoftmaxParameter
  engine 1 {_ENGINE} = DEFAULT
  axis 2 int32 = 1
SPPParameter
  pyramid_height 1 uint32 !
  pool 2 enum(MAX AVE STOCHASTIC) = MAX
  engine 6 {_ENGINE} = DEFAULT
SwishParameter
  beta 1 float = 1
TanHParameter
  engine 1 {_ENGINE} = DEFAULT
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
"""
