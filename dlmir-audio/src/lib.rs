//! Audio for music information retrieval: decoding, resampling, STFT, mel filter banks, log-mel.
