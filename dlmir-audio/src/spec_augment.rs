//! SpecAugment: holes in a picture of sound, so that a network does not hang on one place.
//!
//! A time mask takes w of T frames away, w uniform in 0 ... time_width, from a frame uniform in 0 ... T - w; a frequency mask does the same
//! with bands. The paper's policies (time warping, which it finds to matter least, is left out):
//!
//! ```text
//! policy                freq_masks  freq_width F   time_masks  time_width T   time_share p
//! LibriSpeech basic LB  1           27             1           100            1.0
//! LibriSpeech double    2           27             2           100            1.0
//! Switchboard mild SM   2           15             2           70             0.2
//! Switchboard strong    2           27             2           70             0.2
//! ```
//!
//! No time mask is wider than the share p of the frames. The hole is filled with `fill`: 0 is the mean of a standardised picture.
//!
//! Random numbers are given by the caller, in 0 <= u < 1, two for each mask: with a generator that is a function of (seed, epoch, item) the
//! same item of the same epoch has the same holes, whatever the number of threads.
//!
//! Source: Park, Chan, Zhang, Chiu, Zoph, Cubuk, Le (2019), "SpecAugment: a simple data augmentation method for automatic speech
//! recognition", Interspeech, table 1.

use ndarray::{Array2, Axis};

use crate::AudioError;

/// Which holes are cut. The default is the policy LD (LibriSpeech double) of the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpecAugment {
    /// Number of frequency masks; 2.
    pub freq_masks: usize,
    /// The widest frequency mask in bands; 27 (of the paper's 80).
    pub freq_width: usize,
    /// Number of time masks; 2.
    pub time_masks: usize,
    /// The widest time mask in frames; 100 (1 s there).
    pub time_width: usize,
    /// The widest time mask as a share of all frames, 0 to 1; 1.
    pub time_share: f32,
    /// The value in the holes; 0.
    pub fill: f32,
}

impl Default for SpecAugment {
    fn default() -> SpecAugment {
        let (freq_masks, freq_width, time_masks, time_width) = (2, 27, 2, 100);
        SpecAugment { freq_masks, freq_width, time_masks, time_width, time_share: 1.0, fill: 0.0 }
    }
}

impl SpecAugment {
    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        if !(0.0..=1.0).contains(&self.time_share) {
            return Err(AudioError::setting("time_share", self.time_share, "it must be 0 to 1"));
        }
        if !self.fill.is_finite() {
            return Err(AudioError::setting("fill", self.fill, "it must be a number"));
        }
        Ok(())
    }

    /// Cuts the holes into `picture`, `[bands, frames]`, frequency masks first. `uniform` gives random numbers, 0 <= u < 1.
    ///
    /// ```
    /// use dlmir_audio::SpecAugment;
    /// use ndarray::Array2;
    ///
    /// let mut picture = Array2::ones((80, 300));
    /// let mut numbers = [0.5, 0.0, 0.5, 0.9, 0.1, 0.2, 0.3, 0.4].into_iter();
    /// SpecAugment::default().apply(&mut picture, || numbers.next().unwrap_or(0.0))?;
    /// assert!(picture.row(0).iter().all(|&v| v == 0.0)); // 14 bands from band 0
    /// assert_eq!(picture[[20, 0]], 1.0);
    /// # Ok::<(), dlmir_audio::AudioError>(())
    /// ```
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn apply(
        &self,
        picture: &mut Array2<f32>,
        mut uniform: impl FnMut() -> f32,
    ) -> Result<(), AudioError> {
        self.validate()?;
        let (bands, frames) = picture.dim();
        let widest = (self.time_share * frames as f32) as usize;
        for (axis, size, masks, width) in [
            (Axis(0), bands, self.freq_masks, self.freq_width),
            (Axis(1), frames, self.time_masks, self.time_width.min(widest)),
        ] {
            for _ in 0..masks {
                let w = below(uniform(), width.min(size) + 1);
                let start = below(uniform(), size - w + 1);
                picture.slice_axis_mut(axis, (start..start + w).into()).fill(self.fill);
            }
        }
        Ok(())
    }
}

/// One of 0 ... n - 1 by a random number, 0 <= u < 1.
fn below(u: f32, n: usize) -> usize {
    ((f64::from(u) * n as f64) as usize).min(n - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_setting_has_its_range() {
        let mut picture = Array2::zeros((2, 2));
        for config in [
            SpecAugment { time_share: 1.5, ..SpecAugment::default() },
            SpecAugment { fill: f32::NAN, ..SpecAugment::default() },
        ] {
            assert!(config.apply(&mut picture, || 0.5).is_err(), "{config:?}");
        }
    }

    proptest! {
        // Holes are whole bands or whole frames, no more and no wider than asked for.
        #[test]
        fn holes_have_their_size(
            numbers in prop::collection::vec(0.0f32..1.0, 8), bands in 0usize..40, frames in 0usize..60,
            freq_width in 0usize..50, time_width in 0usize..80, time_share in 0.0f32..1.0
        ) {
            let config =
                SpecAugment { freq_width, time_width, time_share, ..SpecAugment::default() };
            let mut picture = Array2::ones((bands, frames));
            let mut next = numbers.into_iter();
            config.apply(&mut picture, || next.next().unwrap_or(0.0)).expect("valid");
            prop_assert!(next.next().is_none(), "two numbers for each mask");
            let empty = |axis| {
                picture.axis_iter(axis).filter(|line| line.iter().all(|&v| v == 0.0)).count()
            };
            let (rows, columns) = (empty(Axis(0)), empty(Axis(1)));
            if rows < bands && columns < frames {
                prop_assert!(rows <= 2 * freq_width && columns <= 2 * time_width);
                prop_assert!(columns as f32 <= 2.0 * time_share * frames as f32);
                let kept = (bands - rows) * (frames - columns);
                prop_assert_eq!(picture.sum(), kept as f32);
            }
        }
    }
}
