"""The networks of EdgeConnect and the losses that train them: tensors in, tensors out; no files, no numpy."""
