//! A from-scratch neural network engine meant to be read: tape autodiff, layers, losses, optimisers.
