"""Weights in pickles of NumPy and PyTorch, read without running anything that they hold.

machine      reads a pickle; what a name in it becomes, its caller says
arrays       stand-ins for the names in a pickled NumPy array
tensors      the same of a PyTorch tensor
torch_files  what torch.save writes, in both of its formats; state dicts
"""
