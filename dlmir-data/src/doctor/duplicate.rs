//! Which files are the same: by bytes, by samples, by sound.
//!
//! By sound in two steps. Fingerprints choose pairs that may be the same; then both files are decoded again, brought to 8 kHz, and their
//! waveforms compared: the correlation at the best shift, to an eighth of a sample, after a first difference (so that not the bass alone
//! decides). Coding, resampling and gain leave it above 0.9, two performances of the same thing, even by a machine, do not come near.
//! What a fingerprint confuses, such as two low notes of one instrument, is told apart by that.

use std::path::Path;

use dlmir_audio::{Audio, AudioError, AudioStream, Signal, resample};
use rayon::prelude::*;

use super::Finding;
use super::fingerprint::{Fingerprint, HOP_S, differing};

/// Haitsma and Kalker's limit for the share of differing bits.
const MAX_DIFFERENCE: f64 = 0.35;

/// Fewer bits that are sure in both files say nothing: about a third of a second of sound.
const MIN_BITS: u32 = 400;

/// Shifts up to 0.3 s: more than any coder adds (2257 samples of MP3, at 8 kHz).
const MAX_LAG: isize = 19;

/// Candidates of one file that are listened to.
const MAX_CANDIDATES: usize = 8;

/// The correlation from which on two waveforms are of one recording.
const MIN_CORRELATION: f64 = 0.75;

/// Both waveforms are compared at this rate, over so many seconds.
const RATE: u32 = 8000;
const SECONDS: f64 = 30.0;

/// The earlier file that may be the same as a later one.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    earlier: usize,
    later: usize,
    difference: f64,
    lag: isize,
}

/// For every file that sounds the same as one before it: the first such file, and how they differ. `None` stands for files without
/// sound, or known to be copies by other means.
pub(super) fn by_sound(
    paths: &[&Path],
    prints: &[Option<&Fingerprint>],
    step: impl Fn() + Sync,
) -> Vec<(usize, usize, Match)> {
    let listened = (0..prints.len()).into_par_iter().flat_map_iter(|later| {
        let mut candidates: Vec<Candidate> =
            (0..later).filter_map(|earlier| candidate(prints, earlier, later)).collect();
        candidates.sort_by(|a, b| a.difference.total_cmp(&b.difference));
        candidates.truncate(MAX_CANDIDATES);
        candidates.sort_by_key(|c| c.earlier);
        let found = candidates.into_iter().find_map(|c| {
            let same = listen(paths[c.earlier], paths[c.later], c.lag)?;
            Some((c.later, c.earlier, same))
        });
        step();
        found
    });
    listened.collect()
}

fn candidate(prints: &[Option<&Fingerprint>], earlier: usize, later: usize) -> Option<Candidate> {
    let (a, b) = (&prints[earlier]?.words, &prints[later]?.words);
    let (shorter, longer) = (a.len().min(b.len()), a.len().max(b.len()));
    // Half a recording is still the same; a second of it is an excerpt, which is another question.
    if shorter * 2 < longer {
        return None;
    }
    // A glance at one second in the middle spares most comparisons.
    let middle = shorter / 2;
    let glance = middle.saturating_sub(32)..middle + 32;
    let worth = (-MAX_LAG..=MAX_LAG).any(|lag| {
        let (differ, sure) = differing(a, b, lag, glance.clone());
        sure < MIN_BITS || f64::from(differ) < 0.42 * f64::from(sure)
    });
    if !worth {
        return None;
    }
    let all = (-MAX_LAG..=MAX_LAG).filter_map(|lag| {
        let (differ, sure) = differing(a, b, lag, 0..a.len());
        let difference = f64::from(differ) / f64::from(sure);
        let enough = sure >= MIN_BITS && difference < MAX_DIFFERENCE;
        enough.then_some(Candidate { earlier, later, difference, lag })
    });
    all.min_by(|x, y| x.difference.total_cmp(&y.difference))
}

/// How a file differs from another of the same recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    pub gain_db: f64,
    pub shift_ms: f64,
    pub inverted: bool,
    pub swapped: bool,
}

impl Match {
    pub(super) fn finding(self, first: String) -> Finding {
        let Match { gain_db, shift_ms, inverted, swapped } = self;
        Finding::SameSound { first, gain_db, shift_ms, inverted, swapped }
    }
}

/// Compares two files by their waveforms, around a shift of so many fingerprint frames.
fn listen(first: &Path, second: &Path, lag: isize) -> Option<Match> {
    compare(&beginning(first)?, &beginning(second)?, lag)
}

/// The first [`SECONDS`] of a file, or as much as can be had.
fn beginning(path: &Path) -> Option<Audio> {
    let mut stream = AudioStream::open(path).ok()?;
    let (sample_rate, channels) = (stream.sample_rate(), stream.channels());
    let wanted = (SECONDS * f64::from(sample_rate)) as usize * channels;
    let mut samples = Vec::new();
    while samples.len() < wanted {
        match stream.next_block() {
            Ok(Some(block)) => samples.extend_from_slice(block),
            Ok(None) | Err(AudioError::Damaged { .. }) => break,
            Err(_) => return None,
        }
    }
    samples.truncate(wanted);
    Some(Audio::new(samples, channels, sample_rate))
}

fn compare(first: &Audio, second: &Audio, lag: isize) -> Option<Match> {
    let (a, b) = (at_common_rate(&one_channel(first))?, at_common_rate(&one_channel(second))?);
    let around = (lag as f64 * HOP_S * f64::from(RATE)).round() as isize;
    let (shift, correlation) = best_shift(&a, &b, around)?;
    if correlation.abs() < MIN_CORRELATION {
        return None;
    }
    let swapped = first.channels() == 2 && second.channels() == 2 && {
        let of = |audio: &Audio, channel| at_common_rate(&audio.channel(channel));
        let whole = shift.round() as isize;
        let like = |x: usize, y: usize| {
            let (x, y) = (of(first, x)?, of(second, y)?);
            let n = correlate(&x, &y, whole);
            Some(n.product.abs() / (n.first * n.second).sqrt().max(f64::MIN_POSITIVE))
        };
        match (like(0, 0), like(1, 1), like(0, 1), like(1, 0)) {
            (Some(ll), Some(rr), Some(lr), Some(rl)) => lr.min(rl) > ll.min(rr) + 0.02,
            _ => false,
        }
    };
    let sums = correlate(&a, &b, shift.round() as isize);
    Some(Match {
        gain_db: 10.0 * (sums.second / sums.first).log10(),
        shift_ms: 1000.0 * shift / f64::from(RATE),
        inverted: correlation < 0.0,
        swapped,
    })
}

/// The mix, or the first channel where channels cancel in it.
fn one_channel(audio: &Audio) -> Signal {
    let mix = audio.to_mono();
    let power = |x: &[f32]| x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / x.len() as f64;
    match power(mix.samples()) * 1000.0 < power(audio.interleaved()) {
        true => audio.channel(0),
        false => mix,
    }
}

/// At [`RATE`], and differentiated.
fn at_common_rate(signal: &Signal) -> Option<Vec<f64>> {
    let signal = resample(signal, RATE).ok()?;
    Some(signal.samples().windows(2).map(|x| f64::from(x[1]) - f64::from(x[0])).collect())
}

/// Sums over the samples that two signals have in common when the second is `shift` samples late.
struct Sums {
    product: f64,
    first: f64,
    second: f64,
}

fn correlate(a: &[f64], b: &[f64], shift: isize) -> Sums {
    let (a, b) = shifted(a, b, shift);
    Sums { product: dot(a, b), first: dot(a, a), second: dot(b, b) }
}

/// What two signals have in common when the second is `shift` samples late.
fn shifted<'a>(a: &'a [f64], b: &'a [f64], shift: isize) -> (&'a [f64], &'a [f64]) {
    let (a, b) = match shift {
        0.. => (a, b.get(shift as usize..).unwrap_or(&[])),
        _ => (a.get(shift.unsigned_abs()..).unwrap_or(&[]), b),
    };
    let common = a.len().min(b.len());
    (&a[..common], &b[..common])
}

/// The sum of products, in eight sums side by side that a processor can add at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum::<f64>()
}

/// The shift, in samples and fractions of one, at which two signals agree best, and their correlation there.
fn best_shift(a: &[f64], b: &[f64], around: isize) -> Option<(f64, f64)> {
    // One and a half frames of the fingerprint to each side.
    const SPAN: isize = 192;
    let product = |shift| {
        let (a, b) = shifted(a, b, shift);
        dot(a, b)
    };
    let all: Vec<f64> = (around - SPAN..=around + SPAN).map(product).collect();
    let best = (8..all.len() - 8).max_by(|&i, &j| all[i].abs().total_cmp(&all[j].abs()))?;
    // Between whole shifts the correlation follows from those around it: it has no frequencies that they could not hold.
    let at = |fraction: f64| -> f64 {
        let terms = (-8..=8).map(|k: isize| {
            let x = std::f64::consts::PI * (fraction - k as f64);
            let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
            // A window over the sinc, zero at its ends.
            let fade = (0.5 * x / 9.0).cos().powi(2);
            all[best.wrapping_add_signed(k)] * sinc * fade
        });
        terms.sum()
    };
    let fractions = (-4..=4).map(|i| f64::from(i) / 8.0);
    let fraction = fractions.max_by(|&x, &y| at(x).abs().total_cmp(&at(y).abs()))?;
    let shift = around - SPAN + best as isize;
    let norm = correlate(a, b, shift);
    let correlation = at(fraction) / (norm.first * norm.second).sqrt();
    correlation.is_finite().then_some((shift as f64 + fraction, correlation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::music_speech;

    fn mono(signal: &Signal) -> Audio {
        Audio::new(signal.samples().to_vec(), 1, signal.sample_rate())
    }

    #[test]
    fn gain_shift_and_sign_are_measured() {
        let one = music_speech::item(1, 0, 3.0, 22_050).signal;
        let mut late = vec![0.0; 441];
        late.extend(one.samples().iter().map(|x| -0.5 * x));
        let late = resample(&Signal::new(late, 22_050), 44_100).unwrap();
        let found = compare(&mono(&one), &mono(&late), 1).unwrap();
        assert!((found.gain_db + 6.02).abs() < 0.05, "{found:?}");
        assert!((found.shift_ms - 20.0).abs() < 0.05, "{found:?}");
        assert!(found.inverted && !found.swapped, "{found:?}");
    }

    #[test]
    fn other_sound_is_other_sound() {
        let one = mono(&music_speech::item(1, 0, 3.0, 22_050).signal);
        for other in 1..6 {
            let other = mono(&music_speech::item(1, other, 3.0, 22_050).signal);
            assert_eq!(compare(&one, &other, 0), None);
        }
    }

    #[test]
    fn exchanged_channels_are_seen() {
        let left = music_speech::item(1, 0, 2.0, 22_050).signal;
        let right = music_speech::item(1, 1, 2.0, 22_050).signal;
        let pair = |l: &Signal, r: &Signal| {
            let frames = l.samples().iter().zip(r.samples());
            Audio::new(frames.flat_map(|(&l, &r)| [l, r]).collect(), 2, 22_050)
        };
        let (as_is, exchanged) = (pair(&left, &right), pair(&right, &left));
        assert!(compare(&as_is, &exchanged, 0).unwrap().swapped);
        assert!(!compare(&as_is, &as_is, 0).unwrap().swapped);
        let inverted = Signal::new(left.samples().iter().map(|x| -x).collect(), 22_050);
        let cancelled = pair(&left, &inverted);
        assert!(compare(&mono(&left), &cancelled, 0).is_some());
    }
}
