//! Equality with librosa: arrays and small sound files made by scripts in `tools/golden`, see `README.md` beside this file.

mod features;
mod formats;
mod npy;
mod onsets;
mod parity;
