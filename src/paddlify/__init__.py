"""paddlify converts trained models to PaddlePaddle."""
