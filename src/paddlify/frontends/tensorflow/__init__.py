"""TensorFlow models (frozen graphs, checkpoints, SavedModels), read without TensorFlow."""
