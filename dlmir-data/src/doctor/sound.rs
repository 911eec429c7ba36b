//! What the samples of one file tell: silence, clipping, offset, channels against each other.
//!
//! Samples come block by block and are not kept. Thresholds are those at which a practitioner would want to look:
//!
//! ```text
//! silent           no sample above -80 dB (a 16-bit file's last bit is at -90 dB)
//! clipped          3 or more equal samples in a row at the file's extreme, which is at least 0.98, and 10 such samples in all
//! DC offset        mean beyond 0.01, and beyond a tenth of the effective value; at least 0.5 s of sound
//! channel silent   below -80 dB and 40 dB below the loudest channel
//! channels cancel  their mean is at least 20 dB weaker than they are
//! ```

use super::Finding;

/// -80 dB.
const SILENCE: f32 = 1e-4;

/// What is kept of a channel.
#[derive(Clone, Default)]
struct Channel {
    sum: f64,
    square: f64,
    peak: f32,
    high: Extreme,
    low: Extreme,
}

/// Runs of equal samples at the largest value so far.
#[derive(Clone, Default)]
struct Extreme {
    value: f32,
    /// Length of the run that is going on.
    run: u64,
    samples: u64,
    runs: u64,
}

impl Extreme {
    /// Takes a sample, with its sign turned so that the extreme is positive.
    fn push(&mut self, x: f32) {
        if x > self.value {
            *self = Extreme { value: x, run: 1, ..Extreme::default() };
        } else if x == self.value && x > 0.0 {
            self.run += 1;
            match self.run {
                3 => (self.runs, self.samples) = (self.runs + 1, self.samples + 3),
                run if run > 3 => self.samples += 1,
                _ => {}
            }
        } else {
            self.run = 0;
        }
    }
}

/// Sums over the samples of a file.
pub(super) struct Sound {
    channels: Vec<Channel>,
    mix_square: f64,
    frames: u64,
    sample_rate: u32,
    lossy: bool,
}

impl Sound {
    pub(super) fn new(channels: usize, sample_rate: u32, lossy: bool) -> Sound {
        let channels = vec![Channel::default(); channels];
        Sound { channels, mix_square: 0.0, frames: 0, sample_rate, lossy }
    }

    /// Takes whole frames, interleaved.
    pub(super) fn push(&mut self, interleaved: &[f32]) {
        let count = self.channels.len();
        for frame in interleaved.chunks_exact(count) {
            let mut mix = 0.0;
            for (channel, &x) in self.channels.iter_mut().zip(frame) {
                let wide = f64::from(x);
                channel.sum += wide;
                channel.square += wide * wide;
                channel.peak = channel.peak.max(x.abs());
                channel.high.push(x);
                channel.low.push(-x);
                mix += wide;
            }
            let mix = mix / count as f64;
            self.mix_square += mix * mix;
        }
        self.frames += (interleaved.len() / count) as u64;
    }

    /// Whether nothing is to be heard.
    pub(super) fn is_silent(&self) -> bool {
        self.peak() < SILENCE
    }

    fn peak(&self) -> f32 {
        self.channels.iter().map(|c| c.peak).fold(0.0, f32::max)
    }

    /// The channel that stands for all where they cancel; otherwise their mean does.
    pub(super) fn channel_instead_of_mix(&self) -> Option<usize> {
        self.cancelled_db()?;
        let loudest = |&a: &usize, &b: &usize| {
            self.channels[a].square.total_cmp(&self.channels[b].square).then(b.cmp(&a))
        };
        (0..self.channels.len()).max_by(loudest)
    }

    /// By how many dB the mix is weaker than the channels, if it is much weaker.
    fn cancelled_db(&self) -> Option<f64> {
        let mean = self.channels.iter().map(|c| c.square).sum::<f64>() / self.channels.len() as f64;
        // Of n channels that have nothing in common, the mean is weaker by 10 log10 n dB.
        let unrelated = 10.0 * (self.channels.len() as f64).log10();
        // A residue at the last bit of a 24-bit file is as good as nothing.
        let loss = 10.0 * (mean / (self.mix_square + mean * 1e-14)).log10();
        (mean > 0.0 && loss >= 20.0 + unrelated).then_some(loss)
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let peak = self.peak();
        if self.is_silent() {
            return vec![Finding::Silent { peak_db: 20.0 * f64::from(peak).log10() }];
        }
        let mut findings = Vec::new();
        if peak > if self.lossy { 2.0 } else { 1.0 } {
            findings.push(Finding::BeyondFullScale { peak });
        }
        findings.extend(self.clipped(peak));
        findings.extend(self.dc_offset());
        let channels = self.channels.len();
        for (channel, of) in self.channels.iter().enumerate() {
            if of.peak < SILENCE && of.peak < peak / 100.0 {
                findings.push(Finding::ChannelSilent { channel: channel + 1, channels });
            }
        }
        if let Some(loss_db) = self.cancelled_db() {
            findings.push(Finding::ChannelsCancel { loss_db });
        }
        findings
    }

    fn clipped(&self, peak: f32) -> Option<Finding> {
        let extremes = self.channels.iter().flat_map(|c| [&c.high, &c.low]);
        // A flat top that was made louder or softer later is one too, but could be drawn so.
        let flat: Vec<&Extreme> =
            extremes.filter(|e| e.runs > 0 && e.value >= 0.98 && e.value >= 0.98 * peak).collect();
        let samples = flat.iter().map(|e| e.samples).sum();
        let runs = flat.iter().map(|e| e.runs).sum();
        (samples >= 10).then_some(Finding::Clipped { samples, runs, level: peak })
    }

    fn dc_offset(&self) -> Option<Finding> {
        if (self.frames as f64) < 0.5 * f64::from(self.sample_rate) {
            return None;
        }
        let frames = self.frames as f64;
        let means = self.channels.iter().filter_map(|c| {
            let (mean, effective) = (c.sum / frames, (c.square / frames).sqrt());
            (mean.abs() > 0.01 && mean.abs() > 0.1 * effective).then_some(mean)
        });
        let mean = means.max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
        Some(Finding::DcOffset { mean })
    }
}

#[cfg(test)]
mod tests {
    use dlmir_audio::synth;

    use super::*;

    fn examine(channels: &[Vec<f32>]) -> Vec<Finding> {
        let frames = channels[0].len();
        let interleaved: Vec<f32> =
            (0..frames).flat_map(|n| channels.iter().map(move |c| c[n])).collect();
        let mut whole = Sound::new(channels.len(), 8000, false);
        whole.push(&interleaved);
        // The size of the blocks does not matter.
        let mut pieces = Sound::new(channels.len(), 8000, false);
        interleaved.chunks(7 * channels.len()).for_each(|block| pieces.push(block));
        assert_eq!(whole.findings(), pieces.findings());
        whole.findings()
    }

    fn noise() -> Vec<f32> {
        let noise = synth::noise(1.0, 8000, 1).into_samples();
        noise.into_iter().map(|x| 0.3 * x).collect()
    }

    #[test]
    fn good_sound_has_no_findings() {
        assert_eq!(examine(&[noise()]), []);
        assert_eq!(examine(&[noise(), noise()]), []);
        let other = synth::noise(1.0, 8000, 2).into_samples();
        assert_eq!(examine(&[noise(), other]), []);
        assert_eq!(examine(&[synth::sine(440.0, 1.0, 8000).into_samples()]), []);
    }

    #[test]
    fn silence_is_told_from_a_whisper() {
        assert!(
            matches!(examine(&[vec![0.0; 9]])[..], [Finding::Silent { peak_db }] if peak_db.is_infinite())
        );
        assert!(matches!(examine(&[vec![5e-5; 9]])[..], [Finding::Silent { .. }]));
        assert_eq!(examine(&[noise().iter().map(|x| x * 1e-3).collect()]), []);
    }

    #[test]
    fn clipping_needs_runs_at_full_scale() {
        let loud = |limit: f32| noise().iter().map(|x| (10.0 * x).clamp(-limit, limit)).collect();
        assert!(matches!(examine(&[loud(1.0)])[..], [Finding::Clipped { .. }]));
        assert!(matches!(examine(&[loud(32_767.0 / 32_768.0)])[..], [Finding::Clipped { .. }]));
        assert_eq!(examine(&[loud(0.5)]), [], "a limit far below full scale may be meant");
        let beyond: Vec<f32> = noise().iter().map(|x| 20.0 * x).collect();
        assert!(matches!(examine(&[beyond])[..], [Finding::BeyondFullScale { .. }]));
    }

    #[test]
    fn offset_is_measured() {
        let tone = synth::sine(440.0, 1.0, 8000).into_samples();
        let shifted = tone.iter().map(|x| 0.3 * x + 0.05).collect();
        match examine(&[tone, shifted])[..] {
            [Finding::DcOffset { mean }] => assert!((mean - 0.05).abs() < 1e-4, "{mean}"),
            ref other => panic!("{other:?}"),
        }
    }

    #[test]
    fn channels_are_held_against_each_other() {
        let inverted: Vec<f32> = noise().iter().map(|x| -x).collect();
        assert!(matches!(
            examine(&[noise(), inverted])[..],
            [Finding::ChannelsCancel { loss_db }] if loss_db > 100.0
        ));
        assert_eq!(
            examine(&[vec![0.0; 8000], noise()]),
            [Finding::ChannelSilent { channel: 1, channels: 2 }]
        );
    }
}
