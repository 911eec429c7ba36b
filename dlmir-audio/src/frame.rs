//! Frames: a signal cut into overlapping pieces of equal length.
//!
//! ```text
//! uncentred   frame t is x[t * hop ... t * hop + length - 1]
//!             frames = 1 + floor((n - length) / hop), none if the signal is shorter than a frame
//! centred     frame t has x[t * hop] in its middle (at position floor(length / 2)); what it needs before the start and
//!             after the end of the signal is made up
//!             frames = 1 + floor((n + 2 floor(length / 2) - length) / hop), which is 1 + floor(n / hop) for even lengths
//! ```
//!
//! Centred frames make time simple: frame t is about time t * hop / sample_rate, whatever the length. These are librosa's rules. There
//! are two small differences: too short a signal gives no frames where librosa raises an error, and no samples give no frames.

use ndarray::{Array2, ArrayView1};

/// What stands for the samples before the start and after the end of a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PadMode {
    /// Silence.
    #[default]
    Zero,
    /// The signal, mirrored at its first and last sample without repeating them: `c b | a b c d | c b`.
    Reflect,
}

/// How a signal is cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Framing {
    frame_length: usize,
    hop_length: usize,
    padding: Option<PadMode>,
}

impl Framing {
    /// Frames of `frame_length` samples, `hop_length` apart, the first at the start of the signal.
    ///
    /// ```
    /// use dlmir_audio::{Framing, PadMode};
    ///
    /// let x = [1.0, 2.0, 3.0, 4.0, 5.0];
    /// let frames = Framing::new(4, 1).frames(&x); // [frame_length, frames]
    /// assert_eq!(frames.column(1).to_vec(), [2.0, 3.0, 4.0, 5.0]);
    /// let centred = Framing::new(4, 2).centered(PadMode::Reflect).frames(&x);
    /// assert_eq!(centred.column(0).to_vec(), [3.0, 2.0, 1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If one of the lengths is 0.
    #[track_caller]
    pub fn new(frame_length: usize, hop_length: usize) -> Framing {
        assert!(
            frame_length > 0 && hop_length > 0,
            "Framing: frames of {frame_length} samples, {hop_length} apart"
        );
        Framing { frame_length, hop_length, padding: None }
    }

    /// The same frames, each centred on its time.
    pub fn centered(self, pad: PadMode) -> Framing {
        Framing { padding: Some(pad), ..self }
    }

    /// Number of frames in a signal of `samples` samples.
    pub fn count(&self, samples: usize) -> usize {
        let padded = samples + 2 * self.lead();
        if samples == 0 || padded < self.frame_length {
            return 0;
        }
        1 + (padded - self.frame_length) / self.hop_length
    }

    /// Copies frame `t` of `x` to `frame`, `[frame_length]`.
    ///
    /// # Panics
    /// If there is no such frame, or `frame` has another length.
    #[track_caller]
    pub fn copy(&self, x: &[f32], t: usize, frame: &mut [f32]) {
        assert!(t < self.count(x.len()), "frame {t} of {}", self.count(x.len()));
        assert_eq!(frame.len(), self.frame_length, "frame buffer of another length");
        // Frames that lie wholly inside the signal need no thought.
        if let Some(start) = (t * self.hop_length).checked_sub(self.lead())
            && let Some(inside) = x.get(start..start + self.frame_length)
        {
            frame.copy_from_slice(inside);
            return;
        }
        let start = (t * self.hop_length) as isize - self.lead() as isize;
        for (i, value) in frame.iter_mut().enumerate() {
            *value = self.sample(x, start + i as isize);
        }
    }

    /// All frames, `[frame_length, frames]`.
    pub fn frames(&self, x: &[f32]) -> Array2<f32> {
        let mut frames = Array2::zeros((self.frame_length, self.count(x.len())));
        let mut frame = vec![0.0; self.frame_length];
        for (t, mut column) in frames.columns_mut().into_iter().enumerate() {
            self.copy(x, t, &mut frame);
            column.assign(&ArrayView1::from(&frame));
        }
        frames
    }

    /// Samples made up before the start.
    fn lead(&self) -> usize {
        if self.padding.is_some() { self.frame_length / 2 } else { 0 }
    }

    /// `x[i]`, also outside of `x`.
    fn sample(&self, x: &[f32], i: isize) -> f32 {
        if let Some(&value) = usize::try_from(i).ok().and_then(|i| x.get(i)) {
            return value;
        }
        match self.padding {
            Some(PadMode::Reflect) => x[reflect(i, x.len())],
            Some(PadMode::Zero) | None => 0.0,
        }
    }
}

/// The position inside `0..length` at which `i` arrives, walking to and fro between the ends.
fn reflect(i: isize, length: usize) -> usize {
    let last = length as isize - 1;
    if last == 0 {
        return 0;
    }
    let phase = i.rem_euclid(2 * last);
    phase.min(2 * last - phase) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reflection_walks_to_and_fro() {
        let walk: Vec<usize> = (-5..8).map(|i| reflect(i, 3)).collect();
        assert_eq!(walk, [1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]);
        assert!((-3..3).all(|i| reflect(i, 1) == 0));
    }

    #[test]
    fn short_signals() {
        let framing = Framing::new(8, 3);
        assert_eq!((framing.count(0), framing.count(7), framing.count(8)), (0, 0, 1));
        let centered = framing.centered(PadMode::Zero);
        assert_eq!((centered.count(0), centered.count(1), centered.count(3)), (0, 1, 2));
        assert_eq!(centered.frames(&[5.0]).column(0).to_vec(), [0., 0., 0., 0., 5., 0., 0., 0.]);
        let mirrored = framing.centered(PadMode::Reflect).frames(&[5.0]);
        assert!(mirrored.iter().all(|&v| v == 5.0));
    }

    proptest! {
        // The definition: pad the whole signal, then cut.
        #[test]
        fn frames_are_cuts_of_the_padded_signal(
            n in 1usize..40, length in 1usize..20, hop in 1usize..9, mode in 0..3
        ) {
            let x: Vec<f32> = (1..=n).map(|v| v as f32).collect();
            let (framing, lead) = match mode {
                0 => (Framing::new(length, hop), 0),
                1 => (Framing::new(length, hop).centered(PadMode::Zero), length / 2),
                _ => (Framing::new(length, hop).centered(PadMode::Reflect), length / 2),
            };
            let padded: Vec<f32> = (0..n + 2 * lead)
                .map(|i| match i.checked_sub(lead) {
                    Some(j) if j < n => x[j],
                    _ if mode == 1 => 0.0,
                    _ => x[reflect(i as isize - lead as isize, n)],
                })
                .collect();
            let frames = framing.frames(&x);
            let expected: Vec<&[f32]> =
                padded.windows(length).step_by(hop).collect();
            prop_assert_eq!(frames.dim(), (length, expected.len()));
            for (column, cut) in frames.columns().into_iter().zip(expected) {
                prop_assert_eq!(column.to_vec(), cut.to_vec());
            }
        }
    }
}
