"""A folder of transformers or PEFT in, one GGUF file out: `python -m training.export FOLDER model.gguf`."""
