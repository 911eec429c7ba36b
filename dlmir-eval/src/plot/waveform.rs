//! The waveform: the first picture of a sound.

use plotters::prelude::*;

use super::axis::{Axis, chart, time_axis};
use super::canvas::{color, draw, px};
use super::musical::TimeScale;
use super::{Svg, digits};

/// What [`waveform`] draws.
#[derive(Debug, Clone, Copy)]
pub struct Waveform<'a> {
    /// Above the plot.
    pub title: &'a str,
    /// One channel, full scale at -1 and 1.
    pub samples: &'a [f32],
    /// In Hz.
    pub sample_rate: u32,
    /// Time of the first sample, in seconds.
    pub start_s: f64,
    /// What stands at the time axis.
    pub time: TimeScale<'a>,
}

/// Columns of the drawing; more samples than twice as many are drawn as their extremes.
const COLUMNS: usize = 540;

/// Amplitude over time. Where there are more samples than the eye can part, each column spans from the
/// smallest to the largest sample in it, so that no peak is lost; where there are few, samples are joined.
///
/// # Panics
///
/// If the sample rate is 0.
#[track_caller]
pub fn waveform(plot: &Waveform<'_>) -> Svg {
    assert!(plot.sample_rate > 0, "waveform: sample rate 0");
    let (n, rate) = (plot.samples.len(), f64::from(plot.sample_rate));
    let at = |sample: usize| plot.start_s + sample as f64 / rate;
    let x = plot.time.axis(at(0), at(n), 10);
    let finite = || plot.samples.iter().map(|&s| f64::from(s)).filter(|s| s.is_finite());
    let peak = finite().fold(0.0, |peak, s| s.abs().max(peak));
    let reach = if peak > 1.0 { peak } else { 1.0 };
    let y = Axis::exact("amplitude", -reach, reach, 4);

    draw(plot.title, (600.0, 160.0), |area, extras| {
        let mut chart = chart(area, &x, &y, true)?;
        extras.time = Some(time_axis(&chart, &x));
        let ink = color(0);
        if n <= 2 * COLUMNS {
            let points = plot.samples.iter().enumerate().filter(|(_, s)| s.is_finite());
            let points = points.map(|(k, &s)| (at(k), f64::from(s)));
            chart.draw_series(LineSeries::new(points, ink.stroke_width(px(1.25) as u32)))?;
            return Ok(());
        }
        // Along the upper edge and back along the lower one.
        let columns = (0..COLUMNS).map(|k| (k * n / COLUMNS, (k + 1) * n / COLUMNS));
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        for (from, to) in columns {
            let values = plot.samples[from..to].iter().filter(|s| s.is_finite());
            let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &s| {
                (low.min(s), high.max(s))
            });
            if low <= high {
                let middle = at((from + to) / 2);
                // Silence is a line, not nothing.
                let (low, high) = (f64::from(low) - 0.002 * reach, f64::from(high) + 0.002 * reach);
                upper.push((middle, high.min(reach)));
                lower.push((middle, low.max(-reach)));
            }
        }
        upper.extend(lower.into_iter().rev());
        chart.draw_series([Polygon::new(upper, ink.filled())])?;
        Ok(())
    })
    .with_numbers(&["", "value"], summary(n, rate, peak, finite()))
}

fn summary(n: usize, rate: f64, peak: f64, samples: impl Iterator<Item = f64>) -> Vec<Vec<String>> {
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0_usize);
    for sample in samples {
        sum += sample;
        squares += sample * sample;
        count += 1;
    }
    let per_sample = 1.0 / count.max(1) as f64;
    let rms = (squares * per_sample).sqrt();
    [
        ("duration (s)", n as f64 / rate),
        ("sample rate (Hz)", rate),
        ("peak", peak),
        ("peak (dB below full scale)", 20.0 * peak.log10()),
        ("RMS", rms),
        ("RMS (dB below full scale)", 20.0 * rms.log10()),
        ("mean", sum * per_sample),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), digits(value)])
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(samples: &[f32]) -> Svg {
        let (title, sample_rate, start_s, time) = ("", 1000, 2.0, TimeScale::Seconds);
        waveform(&Waveform { title, samples, sample_rate, start_s, time })
    }

    #[test]
    fn a_single_loud_sample_is_seen() {
        let mut samples = vec![0.0; 100_000];
        let tall = |svg: &Svg| {
            let polygon = svg.as_str().lines().find(|line| line.starts_with("<polygon")).unwrap();
            let points = polygon.split('"').find(|part| part.contains(',')).unwrap();
            let y = points.split_whitespace().map(|p| p.split_once(',').unwrap().1);
            let y: Vec<i32> = y.map(|y| y.parse().unwrap()).collect();
            y.iter().max().unwrap() - y.iter().min().unwrap()
        };
        let flat = tall(&plot(&samples));
        samples[77_777] = 1.0;
        assert!(flat < 8 && tall(&plot(&samples)) > 100);
    }

    #[test]
    fn numbers_tell_the_level() {
        let square: Vec<f32> = (0..2000).map(|k| if k % 2 == 0 { 0.5 } else { -0.5 }).collect();
        let svg = plot(&square);
        let rows = &svg.numbers().unwrap().rows;
        let value = |name: &str| rows.iter().find(|row| row[0] == name).unwrap()[1].as_str();
        assert_eq!(
            (value("duration (s)"), value("peak"), value("RMS")),
            ("2.000", "0.5000", "0.5000")
        );
        assert_eq!(value("peak (dB below full scale)"), "-6.021");
        assert!(svg.as_str().contains(" 2 4\">"), "the time axis for a player");
    }

    #[test]
    fn nothing_silence_and_what_is_no_number_make_a_drawing() {
        for samples in [
            &[][..],
            &[0.0],
            &[f32::NAN; 3],
            &[f32::INFINITY, 0.5],
            &[0.0; 5000],
            &[f32::NAN; 5000],
        ] {
            let svg = plot(samples);
            assert!(!svg.as_str().contains("NaN") && !svg.as_str().contains("inf"));
        }
    }
}
