"""Control flow: TensorFlow 1's Switch and Merge made functional, and If, Case and While lowered to ONNX's If and Loop."""
