//! From frequencies to what is heard: mel bands, MFCC, notes, and a whole data set of them.

use std::error::Error;

use dlmir_audio::{
    Cqt, CqtConfig, DbConfig, DbReference, LogMel, LogMelConfig, LogScale, MelConfig, MfccConfig,
    Signal, amplitude_to_db, chroma_cqt, mel_filter_bank, mfcc as mfcc_of, resample,
};
use dlmir_data::synthetic::music_speech;
use dlmir_eval::plot::{
    FrequencyScale, LineChart, Series, Spectrogram, TimeScale, line_chart, musical_spectrogram,
};
use dlmir_examples::Flags;
use ndarray::{Array2, Axis, s};
use rayon::prelude::*;

use super::{Lab, Picture, bin_hz};

/// The rate at which most networks for music listen.
const SAMPLE_RATE: u32 = 22_050;

/// The ear's bands: narrow for low tones, broad for high ones.
pub fn mel(lab: &mut Lab<'_>, name: &str, excerpt: &Signal) -> Result<(), Box<dyn Error>> {
    lab.section("Mel bands");
    lab.say(
        "To the ear, 100 Hz more is a large step from 200 Hz and hardly any from 5000. The mel scale counts frequency the way listeners judge steps of pitch: \
         straight up to 1000 Hz, then as a logarithm (Stevens, Volkmann, Newman 1937; here Slaney's formula). A mel spectrogram sums the \
         power of the bins under triangles that are equally broad on that scale.",
    );
    let few = MelConfig { n_mels: 10, f_max_hz: 8000.0, ..MelConfig::new(SAMPLE_RATE, 2048) };
    let weights = mel_filter_bank(&few)?;
    let hz = bin_hz(2048, SAMPLE_RATE);
    let triangles: Vec<Vec<(f64, f64)>> = weights
        .rows()
        .into_iter()
        .map(|row| {
            row.iter().zip(&hz).take(760).map(|(&w, &f)| (f64::from(f), f64::from(w))).collect()
        })
        .collect();
    let names: Vec<String> = (1..=triangles.len()).map(|band| format!("band {band}")).collect();
    let series: Vec<Series<'_>> = triangles
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(color, (points, name))| Series { name, points, dashed: false, color })
        .collect();
    let chart = LineChart {
        title: "Ten mel bands",
        x_label: "frequency (Hz)",
        y_label: "weight",
        series: &series,
    };
    lab.report.svg(
        "Every triangle has the same area, so white noise gives equal bands.",
        &line_chart(&chart),
    );

    let config = LogMelConfig {
        n_mels: 80,
        f_max_hz: 8000.0,
        scale: below_peak(),
        ..LogMelConfig::new(SAMPLE_RATE)
    };
    let sound = resample(excerpt, SAMPLE_RATE)?;
    let front_end = LogMel::new(config)?;
    let bands = front_end.compute(&sound);
    let bins = config.stft().bins();
    lab.table(
        &["what", "numbers per second"],
        &[
            vec!["samples".into(), SAMPLE_RATE.to_string()],
            vec![
                format!("spectrogram, {bins} bins"),
                (bins * SAMPLE_RATE as usize / 512).to_string(),
            ],
            vec!["log-mel, 80 bands".into(), (80 * SAMPLE_RATE as usize / 512).to_string()],
        ],
    );
    let band_hz: Vec<f32> = centres(&config.mel());
    let picture = Picture {
        values: &bands,
        band_hz: &band_hz,
        frame_s: 512.0 / f64::from(SAMPLE_RATE),
        unit: "dB",
        range: Some((-80.0, 0.0)),
    };
    let plot =
        lab.picture("log-mel", "Log-mel: 80 bands up to 8 kHz, dB below the loudest", &picture)?;
    lab.player("log-mel", &format!("{name}, at {SAMPLE_RATE} samples a second"), &sound, &[&plot])
}

/// The cosines of a log-mel spectrum: its outline, without the fine structure.
pub fn mfcc(lab: &mut Lab<'_>, name: &str, excerpt: &Signal) -> Result<(), Box<dyn Error>> {
    lab.section("MFCC");
    let sound = resample(excerpt, SAMPLE_RATE)?;
    let config = LogMelConfig { n_mels: 80, ..LogMelConfig::new(SAMPLE_RATE) };
    let bands = LogMel::new(config)?.compute(&sound);
    let coefficients = mfcc_of(&bands, &MfccConfig::default())?;
    let (of_bands, of_cosines) = (correlation(&bands), correlation(&coefficients));
    lab.figure("correlation of bands", of_bands)?;
    lab.figure("correlation of MFCC", of_cosines)?;
    lab.say(&format!(
        "Bands say similar things: any two of {name} correlate over time by {of_bands:.2} in the mean. The cosine transform of each column \
         sorts the outline from the detail: {} mel-frequency cepstral coefficients instead of 80 bands, and any two of them correlate by \
         {of_cosines:.2} (Davis, Mermelstein 1980). Small models live on that. Networks do better with the bands: in them, a shift in pitch is a \
         shift in the picture, and a convolution can find it anywhere.",
        coefficients.nrows()
    ));
    let numbers: Vec<f32> = (0..coefficients.nrows()).map(|k| k as f32).collect();
    let picture = Picture {
        values: &coefficients.slice(s![1.., ..]).to_owned(),
        band_hz: &numbers[1..],
        frame_s: 512.0 / f64::from(SAMPLE_RATE),
        unit: "MFCC",
        range: None,
    };
    let plot = lab.picture("mfcc", "Coefficients 1 to 19 (the axis counts them; 0 is the loudness and would outshine the rest)", &picture)?;
    lab.report.svg("The same seconds as above.", &plot);
    Ok(())
}

/// Correlation over time of every row with every other, in the mean of their absolute values; rows that never change are left out.
fn correlation(x: &Array2<f32>) -> f64 {
    let standard: Vec<Vec<f64>> = x
        .rows()
        .into_iter()
        .filter_map(|row| {
            let n = row.len() as f64;
            let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
            let deviation =
                (row.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt();
            let scaled = || row.iter().map(|&v| (f64::from(v) - mean) / deviation).collect();
            (deviation > 1e-6).then(scaled)
        })
        .collect();
    let (mut sum, mut pairs) = (0.0, 0);
    for (i, a) in standard.iter().enumerate() {
        for b in &standard[..i] {
            let product = a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            sum += (product / a.len() as f64).abs();
            pairs += 1;
        }
    }
    sum / f64::from(pairs.max(1))
}

/// One bin per semitone, and one class per note name.
pub fn notes(lab: &mut Lab<'_>, name: &str, excerpt: &Signal) -> Result<(), Box<dyn Error>> {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    lab.section("Notes: constant-Q transform and chroma");
    lab.say(
        "The Fourier transform has too few bins for low notes and too many for high ones. The constant-Q transform has twelve to the octave: for \
         every semitone a filter of its own length, the same number of waves for all (Brown 1991). Summed over octaves it becomes chroma, \
         twelve numbers that tell the harmony and forget the instrument.",
    );
    let sound = resample(excerpt, SAMPLE_RATE)?;
    let config = CqtConfig::new(SAMPLE_RATE);
    let magnitude = Cqt::new(config)?.magnitude(&sound).as_standard_layout().into_owned();
    let db = DbConfig { reference: DbReference::Max, amin: 1e-5, ..DbConfig::default() };
    let level = amplitude_to_db(&magnitude, &db)?;
    let band_hz: Vec<f32> = config.frequencies().iter().map(|&f| f as f32).collect();
    let values: Vec<f32> = level.iter().copied().collect();
    lab.receipt.array("cqt", &values);
    let frame_s = config.hop_length as f64 / f64::from(SAMPLE_RATE);
    let plot = musical_spectrogram(
        &Spectrogram {
            title: "Constant-Q: seven octaves from C1",
            values: &values,
            band_hz: &band_hz,
            start_s: 0.0,
            frame_s,
            unit: "dB",
            range: Some((-80.0, 0.0)),
        },
        FrequencyScale::Notes,
        TimeScale::Seconds,
    );
    lab.player("cqt", name, &sound, &[&plot])?;

    let chroma = chroma_cqt(&sound, config.hop_length)?;
    let mean: Vec<f32> = chroma.mean_axis(Axis(1)).map(|mean| mean.to_vec()).unwrap_or_default();
    lab.receipt.array("chroma", &mean);
    let mut order: Vec<usize> = (0..mean.len()).collect();
    order.sort_by(|&a, &b| mean[b].total_cmp(&mean[a]));
    let rows: Vec<Vec<String>> = order
        .iter()
        .take(5)
        .map(|&class| vec![NAMES[class].into(), format!("{:.2}", mean[class])])
        .collect();
    lab.table(&["note, in any octave", "chroma (1: always the strongest)"], &rows);
    Ok(())
}

/// From many sounds to one array, the form in which networks want them: the facts of the 2018 tutorial's first example.
pub fn data_set(lab: &mut Lab<'_>, flags: &Flags) -> Result<(), Box<dyn Error>> {
    const FRAMES: usize = 80;
    lab.section("A data set");
    let items: u64 = if flags.quick { 8 } else { 32 };
    let config = LogMelConfig {
        n_fft: 512,
        hop_length: 256,
        n_mels: 40,
        f_max_hz: 8000.0,
        scale: below_peak(),
        ..LogMelConfig::new(SAMPLE_RATE)
    };
    let front_end = LogMel::new(config)?;
    let pictures: Vec<Array2<f32>> = (0..items)
        .into_par_iter()
        .map(|item| {
            let sound = music_speech::item(flags.seed, item, 3.0, SAMPLE_RATE).signal;
            let bands = front_end.compute(&sound);
            let start = (bands.ncols() - FRAMES) / 2;
            bands.slice(s![.., start..start + FRAMES]).to_owned()
        })
        .collect();
    let views: Vec<_> = pictures.iter().map(|picture| picture.view()).collect();
    let all = ndarray::stack(Axis(0), &views)?;
    let values: Vec<f32> = all.iter().copied().collect();
    lab.receipt.array("data set", &values);
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>();
    let deviation = (squares / values.len() as f64).sqrt();
    lab.say(&format!(
        "{items} generated sounds of music and speech, each cut to its {FRAMES} frames in the middle ({:.2} s), make one array of shape {:?}: \
         items, bands, frames. Its mean is {mean:.1} dB, its deviation {deviation:.1} dB; a network wants 0 and 1, computed from the training items \
         alone (lesson 2 shows what goes wrong otherwise). Standing beside it, in the same order: the labels.",
        ((FRAMES - 1) * 256 + 512) as f64 / f64::from(SAMPLE_RATE),
        all.shape()
    ));
    Ok(())
}

/// Decibels below the loudest band of the recording, down to 80.
fn below_peak() -> LogScale {
    LogScale::Db(DbConfig { reference: DbReference::Max, ..DbConfig::default() })
}

/// The peak of each band's triangle in Hz.
fn centres(config: &MelConfig) -> Vec<f32> {
    let corners = dlmir_audio::mel_frequencies(
        config.n_mels + 2,
        config.f_min_hz,
        config.f_max_hz,
        config.scale,
    );
    corners[1..=config.n_mels].iter().map(|&f| f as f32).collect()
}
