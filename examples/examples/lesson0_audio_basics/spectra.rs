//! From numbers to frequencies: windows, the short-time Fourier transform, decibels.

use std::error::Error;

use dlmir_audio::{Signal, Stft, StftConfig, Window, dft, synth};
use dlmir_eval::plot::{LineChart, Series, line_chart};

use super::samples::level_db;
use super::{Lab, Picture, bin_hz};

/// A frame begins and ends suddenly, and that is heard by the transform.
pub fn windows(lab: &mut Lab<'_>) -> Result<(), Box<dyn Error>> {
    lab.section("Windows and leakage");
    lab.say(
        "The Fourier transform of a frame takes the frame for one period of a sound without end. A sine that does not fit into it a whole \
         number of times then has a jump at every seam, and the jump sounds in all bins: its energy leaks. A window fades the frame in and out. \
         The price is a broader peak: 2 bins for no window, 4 for Hann, 6 for Blackman.",
    );
    // 20.5 periods in 512 samples: as far from fitting as can be.
    let x: Vec<f64> =
        (0..512).map(|n| (std::f64::consts::TAU * 20.5 * f64::from(n) / 512.0).sin()).collect();
    let shapes = [
        ("rectangular", Window::Rectangular),
        ("Hann", Window::Hann),
        ("Blackman", Window::Blackman),
    ];
    let mut curves = Vec::new();
    let mut rows = Vec::new();
    for (name, window) in shapes {
        let faded: Vec<f64> =
            x.iter().zip(window.periodic(512)).map(|(x, w)| x * f64::from(w)).collect();
        let level: Vec<f64> = dft(&faded).iter().map(|bin| bin.norm()).collect();
        let peak = level.iter().copied().fold(0.0, f64::max);
        let db = |k: usize| 20.0 * (level[k] / peak).max(1e-7).log10();
        let curve: Vec<(f64, f64)> = (0..120).map(|k| (k as f64, db(k))).collect();
        let loud = (0..level.len()).filter(|&k| db(k) > -60.0).count();
        lab.figure(&format!("leakage of {name}"), db(60))?;
        rows.push(vec![
            name.into(),
            format!("{:.1}", db(26)),
            format!("{:.1}", db(60)),
            loud.to_string(),
        ]);
        curves.push((name, curve));
    }
    lab.table(&["window", "5 bins away (dB)", "40 bins away (dB)", "bins above -60 dB"], &rows);
    let series: Vec<Series<'_>> = curves
        .iter()
        .enumerate()
        .map(|(color, (name, points))| Series { name, points, dashed: false, color })
        .collect();
    let chart = LineChart {
        title: "One sine, three windows",
        x_label: "bin",
        y_label: "dB below the peak",
        series: &series,
    };
    lab.report.svg("The same sine, half way between bins 20 and 21.", &line_chart(&chart));
    Ok(())
}

/// Long frames tell notes apart, short frames tell strokes apart, and no frame does both.
pub fn time_against_frequency(lab: &mut Lab<'_>) -> Result<(), Box<dyn Error>> {
    lab.section("Time against frequency");
    lab.say(
        "A frame of N samples at rate r has bins r / N apart and lasts N / r seconds: what one gains in one of them is lost in the other. \
         Here are two tones a semitone apart (440 and 466 Hz) and, after them, pairs of clicks 20 ms apart, seen through three frames.",
    );
    let rate = 22_050;
    let tones = synth::sine(440.0, 1.0, rate)
        .into_samples()
        .into_iter()
        .zip(synth::sine(466.16, 1.0, rate).into_samples());
    let mut samples: Vec<f32> = tones.map(|(a, b)| 0.3 * (a + b)).collect();
    samples
        .extend(synth::click_train(&[0.2, 0.22, 0.5, 0.52, 0.8, 0.82], 1.0, rate).into_samples());
    let sound = Signal::new(samples, rate);
    let mut rows = Vec::new();
    let mut plots = Vec::new();
    for n_fft in [256, 1024, 4096] {
        let width = f64::from(rate) / n_fft as f64;
        // A Hann window's peak is four bins wide.
        let apart = if 4.0 * width < 2.0 * 26.16 { "yes" } else { "no" };
        let ms = 1000.0 * n_fft as f64 / f64::from(rate);
        let strokes = if ms / 2.0 < 20.0 { "yes" } else { "no" };
        rows.push(vec![
            n_fft.to_string(),
            format!("{width:.1}"),
            format!("{ms:.1}"),
            apart.into(),
            strokes.into(),
        ]);
        // Up to 2 kHz, where the tones are.
        let power = level_db(&sound, n_fft)?;
        let shown = 2000 * n_fft / rate as usize;
        let power = power.slice(ndarray::s![..shown, ..]).to_owned();
        let picture = Picture {
            values: &power,
            band_hz: &bin_hz(n_fft, rate)[..shown],
            frame_s: (n_fft / 4) as f64 / f64::from(rate),
            unit: "dB",
            range: Some((-80.0, 0.0)),
        };
        plots.push(lab.picture(
            &format!("frames/{n_fft}"),
            &format!("Frames of {n_fft} samples, {ms:.0} ms"),
            &picture,
        )?);
    }
    lab.table(
        &[
            "frame (samples)",
            "bins apart (Hz)",
            "length (ms)",
            "tells the tones apart",
            "tells the clicks apart",
        ],
        &rows,
    );
    let plots: Vec<_> = plots.iter().collect();
    lab.player("frames/sound", "Two tones, then pairs of clicks", &sound, &plots)
}

/// Why spectrograms are in decibels.
pub fn decibels(lab: &mut Lab<'_>, name: &str, excerpt: &Signal) -> Result<(), Box<dyn Error>> {
    lab.section(&format!("Decibels: {name}"));
    let config = StftConfig::new(1024, 512);
    let magnitude = Stft::new(config)?.magnitude(excerpt.samples());
    let (bins, frames) = magnitude.dim();
    let peak = magnitude.iter().copied().fold(0.0, f32::max);
    let dark =
        magnitude.iter().filter(|&&v| v < peak / 100.0).count() as f64 / magnitude.len() as f64;
    lab.say(&format!(
        "Frames of 1024 samples, 512 apart, make {bins} bins by {frames} frames. {:.1} % of them are below a hundredth of the loudest: drawn as \
         they are, all of these are black. The ear hears ratios, not differences; so one draws 20 log10 of the magnitude, decibels, and cuts off \
         what lies 80 dB below the loudest.",
        100.0 * dark
    ));
    let rate = excerpt.sample_rate();
    let (band_hz, frame_s) = (bin_hz(1024, rate), 512.0 / f64::from(rate));
    let linear =
        Picture { values: &magnitude, band_hz: &band_hz, frame_s, unit: "|X|", range: None };
    let linear = lab.picture(&format!("magnitude/{name}"), "As it is", &linear)?;
    let db = dlmir_audio::DbConfig {
        reference: dlmir_audio::DbReference::Max,
        amin: 1e-5,
        ..dlmir_audio::DbConfig::default()
    };
    let decibels = dlmir_audio::amplitude_to_db(&magnitude, &db)?;
    let level = Picture {
        values: &decibels,
        band_hz: &band_hz,
        frame_s,
        unit: "dB",
        range: Some((-80.0, 0.0)),
    };
    let level = lab.picture(&format!("decibels/{name}"), "In decibels", &level)?;
    lab.player(
        &format!("decibels/{name}"),
        "The same sound, the same numbers",
        excerpt,
        &[&linear, &level],
    )
}
