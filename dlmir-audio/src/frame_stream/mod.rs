//! Frames of a sound that is still going on.
//!
//! A [`FrameStream`] takes samples as they come, in pieces of any size, and hands on every frame as soon as all of its samples are there.
//! It keeps no more than about two frames of them. The frames are, bit for bit, those that [`Framing::copy`] cuts from the whole signal,
//! wherever the pieces were cut; centred frames come half a frame late, because their second half is still to come.
//!
//! Everything that is computed frame by frame can be computed from a stream: [`Stft::stream`], [`MelSpectrogram::stream`] and
//! [`LogMel::stream`] do. What looks at the whole recording (decibels below the loudest band, `top_db`) cannot.

use crate::log_mel::{LogMel, LogScale, MelSpectrogram};
use crate::stft::{Stft, power};
use crate::{AudioError, Complex32, DbReference, Framing, signal};

/// Cuts frames from samples that arrive in pieces.
///
/// ```
/// use dlmir_audio::{FrameStream, Framing, PadMode, synth};
///
/// let framing = Framing::new(2048, 512).centered(PadMode::Zero);
/// let mut stream = FrameStream::new(framing);
/// let (mut loudest, mut frames) = (0.0f32, 0);
/// let mut look = |_t: usize, frame: &[f32]| {
///     loudest = frame.iter().fold(loudest, |a, x| a.max(x.abs()));
///     frames += 1;
/// };
/// let x = synth::sine(440.0, 1.0, 22_050);
/// for piece in x.samples().chunks(1000) {
///     stream.push(piece, &mut look);
/// }
/// stream.finish(&mut look);
/// assert_eq!(frames, framing.count(22_050));
/// assert!((loudest - 1.0).abs() < 1e-3);
/// ```
#[derive(Clone, Debug)]
pub struct FrameStream {
    framing: Framing,
    /// The samples that may still be needed, from sample `first` on.
    kept: Vec<f32>,
    first: usize,
    /// The next frame to hand on.
    t: usize,
    frame: Vec<f32>,
}

impl FrameStream {
    /// A stream at its start.
    pub fn new(framing: Framing) -> FrameStream {
        let frame = vec![0.0; framing.frame_length()];
        FrameStream { framing, kept: Vec::new(), first: 0, t: 0, frame }
    }

    /// Takes the next samples and calls `f` with the number and the samples, `[frame_length]`, of every frame that is now complete.
    pub fn push(&mut self, samples: &[f32], mut f: impl FnMut(usize, &[f32])) {
        // In small pieces, so that a large one needs no more memory.
        for piece in samples.chunks(self.framing.frame_length().max(1024)) {
            self.kept.extend_from_slice(piece);
            let received = self.received();
            // What stands before the start may be the signal itself, mirrored: one sample more than half a frame.
            while received > self.framing.lead() && self.end() <= received {
                self.hand_on(received, &mut f);
            }
            self.forget();
        }
    }

    /// Ends the signal and hands on the frames that reach beyond its end, or that lack a start.
    pub fn finish(mut self, mut f: impl FnMut(usize, &[f32])) {
        let length = self.received();
        while self.t < self.framing.count(length) {
            self.hand_on(length, &mut f);
        }
    }

    /// Samples so far.
    fn received(&self) -> usize {
        self.first + self.kept.len()
    }

    /// Where the next frame ends in the signal.
    fn end(&self) -> usize {
        (self.t * self.framing.hop_length() + self.framing.frame_length())
            .saturating_sub(self.framing.lead())
    }

    fn hand_on(&mut self, length: usize, f: &mut impl FnMut(usize, &[f32])) {
        self.framing.copy_part(&self.kept, self.first, length, self.t, &mut self.frame);
        f(self.t, &self.frame);
        self.t += 1;
    }

    /// Drops the samples before the next frame, but for those that may be mirrored at the end.
    fn forget(&mut self) {
        let next = (self.t * self.framing.hop_length()).saturating_sub(self.framing.lead());
        let mirrored = self.received().saturating_sub(self.framing.lead() + 1);
        let unused = next.min(mirrored).saturating_sub(self.first);
        self.kept.drain(..unused);
        self.first += unused;
    }
}

/// Spectra of samples that arrive in pieces.
pub struct SpectrumStream<'a> {
    stft: &'a Stft,
    frames: FrameStream,
    scratch: Vec<Complex32>,
    spectrum: Vec<Complex32>,
}

impl Stft {
    /// The transform of a sound that is still going on: [`push`](SpectrumStream::push) gives the columns of
    /// [`complex`](Stft::complex), bit for bit.
    pub fn stream(&self) -> SpectrumStream<'_> {
        SpectrumStream {
            stft: self,
            frames: FrameStream::new(self.config().framing()),
            scratch: self.scratch(),
            spectrum: vec![Complex32::default(); self.config().bins()],
        }
    }
}

impl SpectrumStream<'_> {
    /// Takes the next samples and calls `f` with the number and the spectrum, `[bins]`, of every frame that is now complete.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn push(&mut self, samples: &[f32], mut f: impl FnMut(usize, &[Complex32])) {
        if let Some(n) = signal::unusable(samples) {
            panic!("stft: sample {n} of this piece is {}, no sample of any sound", samples[n]);
        }
        let SpectrumStream { stft, frames, scratch, spectrum } = self;
        frames.push(samples, |t, frame| {
            stft.spectrum_of_frame(frame, scratch, spectrum);
            f(t, spectrum);
        });
    }

    /// Ends the signal and hands on the remaining spectra.
    pub fn finish(self, mut f: impl FnMut(usize, &[Complex32])) {
        let SpectrumStream { stft, frames, mut scratch, mut spectrum } = self;
        frames.finish(|t, frame| {
            stft.spectrum_of_frame(frame, &mut scratch, &mut spectrum);
            f(t, &spectrum);
        });
    }
}

/// Mel bands of samples that arrive in pieces.
pub struct MelStream<'a> {
    mel: &'a MelSpectrogram,
    scale: Box<dyn Fn(f32) -> f32 + Send + 'a>,
    spectra: SpectrumStream<'a>,
    power: Vec<f32>,
    bands: Vec<f32>,
}

impl MelSpectrogram {
    /// The bands of a sound that is still going on: [`push`](MelStream::push) gives the columns of
    /// [`compute`](MelSpectrogram::compute), bit for bit.
    pub fn stream(&self) -> MelStream<'_> {
        self.scaled_stream(Box::new(|power| power))
    }

    fn scaled_stream<'a>(&'a self, scale: Box<dyn Fn(f32) -> f32 + Send + 'a>) -> MelStream<'a> {
        let stft = self.stft();
        let (power, bands) = (vec![0.0; stft.config().bins()], vec![0.0; self.bank().n_mels()]);
        MelStream { mel: self, scale, spectra: stft.stream(), power, bands }
    }
}

impl LogMel {
    /// The log-mel bands of a sound that is still going on: [`push`](MelStream::push) gives the columns of
    /// [`compute`](LogMel::compute), bit for bit.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for decibels that depend on the loudest band of the recording: `reference` [`DbReference::Max`], or a `top_db`.
    pub fn stream(&self) -> Result<MelStream<'_>, AudioError> {
        match self.config().scale {
            LogScale::Log1p { gain } => {
                Ok(self.mel().scaled_stream(Box::new(move |p| crate::scale::log1p_value(p, gain))))
            }
            LogScale::Db(db) => {
                let rule = "a stream does not know the loudest band that is still to come";
                if let Some(top_db) = db.top_db {
                    return Err(AudioError::setting("top_db", top_db, rule));
                }
                if db.reference == DbReference::Max {
                    return Err(AudioError::setting("reference", "Max", rule));
                }
                Ok(self.mel().scaled_stream(Box::new(move |p| db.value(p))))
            }
        }
    }
}

impl MelStream<'_> {
    /// Takes the next samples and calls `f` with the number and the bands, `[n_mels]`, of every frame that is now complete.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn push(&mut self, samples: &[f32], mut f: impl FnMut(usize, &[f32])) {
        let MelStream { mel, scale, spectra, power: powers, bands } = self;
        spectra.push(samples, |t, spectrum| {
            power(spectrum, powers);
            mel.bank().apply(powers, bands);
            bands.iter_mut().for_each(|band| *band = scale(*band));
            f(t, bands);
        });
    }

    /// Ends the signal and hands on the remaining frames.
    pub fn finish(self, mut f: impl FnMut(usize, &[f32])) {
        let MelStream { mel, scale, spectra, power: mut powers, mut bands } = self;
        spectra.finish(|t, spectrum| {
            power(spectrum, &mut powers);
            mel.bank().apply(&powers, &mut bands);
            bands.iter_mut().for_each(|band| *band = scale(*band));
            f(t, &bands);
        });
    }
}

#[cfg(test)]
mod tests;
