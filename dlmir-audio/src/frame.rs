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
    /// The signal, mirrored with its first and last sample repeated: `b a | a b c d | d c`.
    Symmetric,
    /// The first and the last sample, on and on: `a a | a b c d | d d`.
    Edge,
    /// From silence up to the first sample and from the last down to silence, in a straight line: `0 a/2 | a b c d | d/2 0`.
    LinearRamp,
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
        self.copy_part(x, 0, x.len(), t, frame);
    }

    /// As [`copy`](Framing::copy) from a signal of `length` samples, of which only `x`, from sample `first` on, is at hand.
    #[track_caller]
    pub(crate) fn copy_part(
        &self,
        x: &[f32],
        first: usize,
        length: usize,
        t: usize,
        frame: &mut [f32],
    ) {
        assert_eq!(frame.len(), self.frame_length, "frame buffer of another length");
        // Frames that lie wholly inside the signal need no thought.
        if let Some(start) = (t * self.hop_length).checked_sub(self.lead() + first)
            && let Some(inside) = x.get(start..start + self.frame_length)
        {
            frame.copy_from_slice(inside);
            return;
        }
        let start = (t * self.hop_length) as isize - self.lead() as isize;
        for (i, value) in frame.iter_mut().enumerate() {
            *value = self.sample(|n| x[n - first], length as isize, start + i as isize);
        }
    }

    /// Frame `t` of `x`, if it lies wholly inside.
    pub(crate) fn inside<'a>(&self, x: &'a [f32], t: usize) -> Option<&'a [f32]> {
        let start = (t * self.hop_length).checked_sub(self.lead())?;
        x.get(start..start + self.frame_length)
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

    /// Samples per frame.
    pub fn frame_length(&self) -> usize {
        self.frame_length
    }

    /// Samples from one frame to the next.
    pub fn hop_length(&self) -> usize {
        self.hop_length
    }

    /// Samples made up before the start.
    pub(crate) fn lead(&self) -> usize {
        if self.padding.is_some() { self.frame_length / 2 } else { 0 }
    }

    /// Sample i of a signal of n samples, also outside of it.
    fn sample(&self, x: impl Fn(usize) -> f32, n: isize, i: isize) -> f32 {
        if (0..n).contains(&i) {
            return x(i as usize);
        }
        let nearest = if i < 0 { 0 } else { (n - 1) as usize };
        match self.padding {
            Some(PadMode::Zero) | None => 0.0,
            Some(PadMode::Reflect) if n == 1 => x(0),
            Some(PadMode::Reflect) => x(to_and_fro(i, 2 * (n - 1), 0)),
            Some(PadMode::Symmetric) => x(to_and_fro(i, 2 * n, 1)),
            Some(PadMode::Edge) => x(nearest),
            Some(PadMode::LinearRamp) => {
                let away = if i < 0 { -i } else { i - (n - 1) };
                let lead = self.lead() as isize;
                x(nearest) * ((lead - away) as f32 / lead as f32)
            }
        }
    }
}

/// The position at which i arrives, walking to and fro between the ends of a signal, there and back in `period` steps; at the ends the
/// walk stands still for `rest` steps.
fn to_and_fro(i: isize, period: isize, rest: isize) -> usize {
    let phase = i.rem_euclid(period);
    phase.min(period - rest - phase) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_stands_outside() {
        let outside = |pad, n: usize| -> Vec<f32> {
            let framing = Framing::new(8, 1).centered(pad);
            let x: Vec<f32> = (1..=n).map(|v| v as f32).collect();
            let at = |i| framing.sample(|n| x[n], n as isize, i);
            (-4..n as isize + 4).map(at).collect()
        };
        use PadMode::*;
        assert_eq!(outside(Zero, 2), [0., 0., 0., 0., 1., 2., 0., 0., 0., 0.]);
        assert_eq!(outside(Reflect, 3), [1., 2., 3., 2., 1., 2., 3., 2., 1., 2., 3.]);
        assert_eq!(outside(Reflect, 1), [1.0; 9]);
        assert_eq!(outside(Symmetric, 3), [3., 3., 2., 1., 1., 2., 3., 3., 2., 1., 1.]);
        assert_eq!(outside(Symmetric, 1), [1.0; 9]);
        assert_eq!(outside(Edge, 2), [1., 1., 1., 1., 1., 2., 2., 2., 2., 2.]);
        assert_eq!(outside(LinearRamp, 2), [0., 0.25, 0.5, 0.75, 1., 2., 1.5, 1., 0.5, 0.]);
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
            n in 1usize..40, length in 1usize..20, hop in 1usize..9, mode in 0usize..6
        ) {
            let x: Vec<f32> = (1..=n).map(|v| v as f32).collect();
            let framing = Framing::new(length, hop);
            let pads = [PadMode::Zero, PadMode::Reflect, PadMode::Symmetric, PadMode::Edge, PadMode::LinearRamp];
            let framing = pads.get(mode).map_or(framing, |&pad| framing.centered(pad));
            let lead = framing.lead() as isize;
            let padded: Vec<f32> = (-lead..n as isize + lead)
                .map(|i| framing.sample(|n| x[n], n as isize, i))
                .collect();
            let frames = framing.frames(&x);
            let expected: Vec<&[f32]> = padded.windows(length).step_by(hop).collect();
            prop_assert_eq!(frames.dim(), (length, expected.len()));
            for (column, cut) in frames.columns().into_iter().zip(expected) {
                prop_assert_eq!(column.to_vec(), cut.to_vec());
            }
        }
    }
}
