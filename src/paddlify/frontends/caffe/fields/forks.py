"""Settings of the layers of well-known forks."""

from __future__ import annotations

from typing import Final

FORKS: Final = """
BNParameter
  slope_filler 1 FillerParameter
  bias_filler 2 FillerParameter
  momentum 3 float = 0.9
  eps 4 float = 1e-5
  frozen 5 bool = false
  engine 6 enum(DEFAULT CAFFE CUDNN) = DEFAULT
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
"""
