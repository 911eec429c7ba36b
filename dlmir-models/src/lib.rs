//! Networks for music information retrieval, the trainer, weights files and pretrained models.
