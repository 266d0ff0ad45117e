"""Control flow: TensorFlow 1's Switch and Merge made functional; If, Case and While lowered to If and Loop."""
