//! Data sets for music information retrieval: class folders, splits, standardisation, batches, generated music and speech.
