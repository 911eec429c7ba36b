//! Streams against whole signals.

use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::{
    ChromaBank, ChromaConfig, DbConfig, LogMelConfig, Mfcc, MfccConfig, PadMode, StftConfig,
    fft_frequencies, frame_bandwidth, frame_centroid, frame_flatness, frame_rms, frame_rolloff,
    frame_zero_crossing_rate, rms, spectral_bandwidth, spectral_centroid, spectral_flatness,
    spectral_rolloff, synth, zero_crossing_rate,
};

const PADS: [PadMode; 5] =
    [PadMode::Zero, PadMode::Reflect, PadMode::Symmetric, PadMode::Edge, PadMode::LinearRamp];

/// `x` cut into pieces of the given lengths, again and again.
fn pieces<'a>(mut x: &'a [f32], lengths: &[usize]) -> Vec<&'a [f32]> {
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        if x.is_empty() {
            break;
        }
        let (piece, rest) = x.split_at(x.len().min(*length));
        pieces.push(piece);
        x = rest;
    }
    pieces
}

#[test]
fn memory_does_not_grow_with_the_signal() {
    let framing = Framing::new(400, 160).centered(PadMode::Reflect);
    let mut stream = FrameStream::new(framing);
    let mut frames = 0;
    for _ in 0..50 {
        stream.push(&[0.5; 4000], |_, _| frames += 1);
        assert!(stream.kept.capacity() < 4 * 1024, "{}", stream.kept.capacity());
    }
    stream.finish(|_, _| frames += 1);
    assert_eq!(frames, framing.count(200_000));
}

#[test]
fn decibels_below_the_loudest_need_the_whole() {
    let scale = LogScale::Db(DbConfig { top_db: None, ..DbConfig::default() });
    let limited = LogMel::new(LogMelConfig::new(8000)).expect("valid");
    let free = LogMel::new(LogMelConfig { scale, ..LogMelConfig::new(8000) }).expect("valid");
    assert!(matches!(limited.stream(), Err(AudioError::Setting { name: "top_db", .. })));
    assert!(free.stream().is_ok());
    let scale =
        LogScale::Db(DbConfig { top_db: None, reference: DbReference::Max, ..DbConfig::default() });
    let relative = LogMel::new(LogMelConfig { scale, ..LogMelConfig::new(8000) }).expect("valid");
    assert!(matches!(relative.stream(), Err(AudioError::Setting { name: "reference", .. })));
}

#[test]
#[should_panic(expected = "sample 2 of this piece is NaN")]
fn a_sample_that_is_none_is_named() {
    let stft = Stft::new(StftConfig::new(64, 16)).expect("valid");
    stft.stream().push(&[0.0, 0.0, f32::NAN], |_, _| {});
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same_bits(
        n in 0usize..600, n_fft in 1usize..90, hop in 1usize..120, center: bool, pad in 0usize..5,
        lengths in prop::collection::vec(1usize..200, 1..6), seed: u64
    ) {
        let x = synth::noise(n as f64 / 8000.0, 8000, seed);
        let scale = LogScale::Db(DbConfig { top_db: None, ..DbConfig::default() });
        let config = LogMelConfig {
            n_fft, hop_length: hop, center, pad: PADS[pad], n_mels: 5, scale, ..LogMelConfig::new(8000)
        };
        let log_mel = LogMel::new(config).expect("valid");
        let stft = Stft::new(config.stft()).expect("valid");

        let mut bands = Array2::from_elem((5, config.stft().frames(n)), f32::NAN);
        let mut put = |t: usize, column: &[f32]| {
            bands.column_mut(t).iter_mut().zip(column).for_each(|(y, x)| *y = *x);
        };
        let mut stream = log_mel.stream().expect("causal");
        for piece in pieces(x.samples(), &lengths) {
            stream.push(piece, &mut put);
        }
        stream.finish(&mut put);
        prop_assert!(bands == log_mel.compute(&x));

        let whole = stft.complex(x.samples());
        let mut count = 0;
        let mut compare = |t: usize, spectrum: &[Complex32]| {
            assert!(whole.column(t).iter().eq(spectrum), "frame {t}");
            count += 1;
        };
        let mut stream = stft.stream();
        for piece in pieces(x.samples(), &lengths) {
            stream.push(piece, &mut compare);
        }
        stream.finish(&mut compare);
        prop_assert_eq!(count, whole.ncols());
    }

    /// What is computed frame by frame, from samples and from spectra, beside the functions of the whole signal.
    #[test]
    fn features_of_streamed_frames_have_the_same_bits(
        n in 0usize..3000, n_fft in 16usize..300, hop in 1usize..200, center: bool,
        lengths in prop::collection::vec(1usize..700, 1..6), seed: u64
    ) {
        let signal = synth::noise(n as f64 / 8000.0, 8000, seed);
        let x = signal.samples();
        let framed = |pad| match center {
            true => Framing::new(n_fft, hop).centered(pad),
            false => Framing::new(n_fft, hop),
        };
        let stream_frames = |framing: Framing, f: &dyn Fn(&[f32]) -> f32| {
            let (mut stream, mut values) = (FrameStream::new(framing), Vec::new());
            for piece in pieces(x, &lengths) {
                stream.push(piece, |_, frame| values.push(f(frame)));
            }
            stream.finish(|_, frame| values.push(f(frame)));
            values
        };
        let zero = framed(PadMode::Zero);
        prop_assert_eq!(stream_frames(zero, &frame_rms), rms(x, &zero));
        let crossings = stream_frames(framed(PadMode::Edge), &frame_zero_crossing_rate);
        prop_assert_eq!(crossings, zero_crossing_rate(x, n_fft, hop, center));

        let stft = Stft::new(StftConfig { center, ..StftConfig::new(n_fft, hop) }).expect("valid");
        let spectra = stft.magnitude(x);
        let frequencies = fft_frequencies(8000, n_fft);
        let chroma = ChromaBank::new(&ChromaConfig::new(8000, n_fft)).expect("valid");
        let chroma_of_all = chroma.compute(&spectra);
        let mfcc = Mfcc::new(n_fft / 2 + 1, &MfccConfig { n_mfcc: 5, ..MfccConfig::default() }).expect("valid");
        let mfcc_of_all = mfcc.compute(&spectra);
        let whole = [
            spectral_centroid(&spectra, &frequencies),
            spectral_bandwidth(&spectra, &frequencies),
            spectral_rolloff(&spectra, &frequencies, 0.85).expect("valid"),
            spectral_flatness(&spectra, 1e-10).expect("valid"),
        ];
        let mut frames = 0;
        let mut compare = |t: usize, spectrum: &[Complex32]| {
            let magnitude: Vec<f32> = spectrum.iter().map(|x| x.norm_sqr().sqrt()).collect();
            let one = [
                frame_centroid(&magnitude, &frequencies),
                frame_bandwidth(&magnitude, &frequencies),
                frame_rolloff(&magnitude, &frequencies, 0.85),
                frame_flatness(&magnitude, 1e-10),
            ];
            for (k, value) in one.iter().enumerate() {
                assert_eq!(value.to_bits(), whole[k][t].to_bits(), "shape {k} of frame {t}");
            }
            let (mut classes, mut coefficients) = ([f32::NAN; 12], [f32::NAN; 5]);
            chroma.apply(&magnitude, &mut classes);
            assert!(chroma_of_all.column(t).iter().eq(&classes), "chroma of frame {t}");
            mfcc.apply(&magnitude, &mut coefficients);
            assert!(mfcc_of_all.column(t).iter().eq(&coefficients), "MFCC of frame {t}");
            frames += 1;
        };
        let mut stream = stft.stream();
        for piece in pieces(x, &lengths) {
            stream.push(piece, &mut compare);
        }
        stream.finish(&mut compare);
        prop_assert_eq!(frames, spectra.ncols());
    }
}
