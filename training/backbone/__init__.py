"""The demonstration backbone: a small Qwen3 model trained from nothing on the invented world. `python -m training.backbone`."""
