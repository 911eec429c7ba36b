//! Every plot, every part of a report and every kind of TensorBoard record, with made-up data:
//!
//! ```text
//! cargo run -p dlmir-eval --example gallery -- DIR      # default: target/gallery
//! tensorboard --logdir DIR
//! ```
//!
//! writes `DIR/report.html`, an event file and files for the embedding projector within a second. To see
//! how a page or a dashboard looks without training anything, and to check that browsers and TensorBoard
//! read what we write.

use std::error::Error;
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use dlmir_eval::events::{Embedding, EventWriter, write_projector};
use dlmir_eval::plot::{
    Bar, DecisionBoundary, FrequencyScale, HeatMap, LearningCurve, LineChart, Segment, Series,
    Spectrogram, TimeScale, Timeline, Waveform, bar_chart, confusion_matrix, decision_boundary,
    heat, heat_map, learning_curves, line_chart, musical_spectrogram, precision_recall_curves,
    reliability_diagram, roc_curves, spectrogram, timeline, waveform,
};
use dlmir_eval::{
    Binning, ConfusionMatrix, Report, accuracy, bootstrap_interval, calibration_curve,
    precision_recall_curve, roc_auc, roc_curve,
};

const SAMPLE_RATE: u32 = 22_050;
const GENRES: [&str; 4] = ["rock", "jazz", "classical", "electronic <live>"];

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args_os().nth(1).map_or_else(|| "target/gallery".into(), PathBuf::from);
    write_events(&dir)?;
    let path = dir.join("report.html");
    report()?.write(&path)?;
    println!("{}", path.display());
    Ok(())
}

fn report() -> Result<Report, Box<dyn Error>> {
    let mut report = Report::new("Gallery: what a report can show");
    report.paragraph("All data on this page are made up. Nothing on it is loaded from anywhere.");

    report.section("Classification");
    let (truth, predicted): (Vec<usize>, Vec<usize>) = (0..160).map(guess).unzip();
    let matrix = ConfusionMatrix::from_labels(&GENRES, &truth, &predicted);
    let three = |x: f64| format!("{x:.3}");
    let rows = matrix.per_class().into_iter().zip(GENRES).map(|(class, name)| {
        let support = class.support.to_string();
        [name.to_owned(), three(class.precision), three(class.recall), three(class.f1), support]
    });
    report.table(&["class", "precision", "recall", "F1", "support"], rows);
    report.svg(
        "Rows are true classes, columns predicted ones.",
        &confusion_matrix("Genres", &matrix),
    );

    let piece: Vec<usize> = (0..truth.len()).map(|i| i / 4).collect();
    let (low, high) = bootstrap_interval(&piece, 1000, 1, 0.95, |items| {
        let pick = |labels: &[usize]| items.iter().map(|&i| labels[i]).collect::<Vec<_>>();
        accuracy(&pick(&truth), &pick(&predicted))
    });
    let bars = [
        Bar { name: "small CNN", value: matrix.accuracy(), interval: Some((low, high)) },
        Bar { name: "fully connected network", value: 0.61, interval: Some((0.52, 0.69)) },
        Bar { name: "always the largest class", value: 0.25, interval: None },
    ];
    report.svg(
        "Whiskers: 95 % intervals over pieces.",
        &bar_chart("Models compared", "accuracy", &bars),
    );

    report.subsection("Ranking");
    let positive: Vec<bool> = (0..200).map(|i| i % 2 == 0).collect();
    let scores = |gain: f64| -> Vec<f64> {
        positive.iter().enumerate().map(|(i, &p)| noise(i) + if p { gain } else { 0.0 }).collect()
    };
    let curves = [roc_curve(&positive, &scores(0.5))?, roc_curve(&positive, &scores(0.15))?];
    let named = [("CNN", &curves[0]), ("loudness", &curves[1])];
    report.svg("The dashed line is a coin.", &roc_curves("Music against speech", &named));
    report.paragraph(&format!(
        "The area under the first is {:.3}.",
        roc_auc(&positive, &scores(0.5))?
    ));

    let found = precision_recall_curve(&positive, &scores(0.5))?;
    report.svg(
        "Half of the items are positive.",
        &precision_recall_curves("Music against speech", 0.5, &[("CNN", &found)]),
    );
    let promised: Vec<f64> = scores(0.5).iter().map(|score| score / 1.5).collect();
    let bins = calibration_curve(&positive, &promised, 8, Binning::Uniform)?;
    report.svg("", &reliability_diagram("Are the probabilities honest?", &[("CNN", &bins)]));
    let alike: Vec<f32> = (0..64_usize)
        .map(|k| if k % 4 == k / 8 % 4 { 0.9 } else { 0.3 + 0.2 * noise(k) as f32 })
        .collect();
    let sections = ["verse", "chorus", "bridge", "solo", "verse", "chorus", "bridge", "solo"];
    let (title, rows, columns) = ("Sections alike", &sections, &sections);
    report.svg("", &heat_map(&HeatMap { title, values: &alike, rows, columns, range: None }));

    report.section("Training");
    let falling = |speed: f64, end: f64, wobble: f64| -> Vec<f64> {
        let at = |k: usize| end + 0.7 * (-(k as f64) * speed).exp() + wobble * noise(k);
        (0..30).map(at).collect()
    };
    let (train, validation) = (falling(0.2, 0.05, 0.02), falling(0.2, 0.15, 0.06));
    let slow = falling(0.05, 0.1, 0.02);
    let models = [
        LearningCurve { name: "Adam", train: &train, validation: &validation },
        LearningCurve { name: "SGD", train: &slow, validation: &[] },
    ];
    report.svg("", &learning_curves("Learning curves", "loss", &models));
    let cosine: Vec<(f64, f64)> = (0..=100)
        .map(|k| (f64::from(k), 5e-4 * (1.0 + (f64::from(k) / 200.0 * TAU).cos())))
        .collect();
    let series = [Series { name: "cosine", points: &cosine, dashed: false, color: 2 }];
    let (title, x_label, y_label) = ("A schedule", "epoch", "learning rate");
    report.svg("", &line_chart(&LineChart { title, x_label, y_label, series: &series }));
    report.svg("Colours in the background are class probabilities.", &decision());

    report.section("Sound");
    let sound: Vec<f32> = (0..SAMPLE_RATE as usize * 3).map(sweep).collect();
    let (hz, seconds) = (FrequencyScale::Hz, TimeScale::Seconds);
    let whole = waveform(&Waveform {
        title: "Its waveform",
        samples: &sound,
        sample_rate: SAMPLE_RATE,
        start_s: 0.0,
        time: seconds,
    });
    let notes = sweep_spectrogram(FrequencyScale::Notes, seconds);
    report.player(
        "A tone that rises two octaves a second (3 s)",
        &wav(&sound),
        0.0,
        &[&whole, &notes],
    );
    report.svg("The same in Hz.", &sweep_spectrogram(hz, seconds));
    let downbeats = [0.0, 0.75, 1.5, 2.25];
    let bars = TimeScale::Bars(&downbeats);
    report.svg("In mel, over bars of 0.75 s.", &sweep_spectrogram(FrequencyScale::Mel, bars));
    let long: Vec<f32> = (0..SAMPLE_RATE as usize * 7).map(|i| 0.5 * sweep(i / 3)).collect();
    report.audio("A slower one, longer than a report will have it", &wav(&long));
    report.svg(
        "Few samples are joined.",
        &waveform(&Waveform {
            title: "The first 20 ms",
            samples: &sound[..441],
            sample_rate: SAMPLE_RATE,
            start_s: 0.0,
            time: seconds,
        }),
    );
    report.svg("", &music_and_speech());

    report.section("The rest");
    report.image("The colour map, as a PNG file.", &colour_strip());
    report
        .code("conv2d        [32, 80, 80, 16]      160 parameters\nrelu          [32, 80, 80, 16]");
    let wide: Vec<String> = (0..14).map(|k| format!("a rather wide column {k}")).collect();
    let header: Vec<&str> = wide.iter().map(String::as_str).collect();
    report.table(&header, [wide.iter().map(|name| name.len().to_string()).collect::<Vec<_>>()]);
    Ok(report)
}

/// Class of item i and what a classifier might say.
fn guess(i: usize) -> (usize, usize) {
    let truth = i / 4 % 4;
    (truth, if noise(i) < 0.7 { truth } else { (truth + i) % 4 })
}

/// Numbers in 0..1 without a pattern that the eye finds.
fn noise(i: usize) -> f64 {
    (((i + 1) as f64 * 12.9898).sin() * 43_758.545).rem_euclid(1.0)
}

fn decision() -> dlmir_eval::plot::Svg {
    let probability = |x: f64, y: f64| 1.0 / (1.0 + (6.0 * (y - (x * 1.6).sin() * 0.6)).exp());
    let (columns, rows) = (120, 100);
    let mut probabilities = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let x = -2.0 + 4.0 * (column as f64 + 0.5) / columns as f64;
            let y = -1.5 + 3.0 * (row as f64 + 0.5) / rows as f64;
            let p = probability(x, y) as f32;
            probabilities.extend([1.0 - p, p]);
        }
    }
    let points: Vec<(f64, f64, usize)> = (0..120)
        .map(|i| (4.0 * noise(i) - 2.0, 3.0 * noise(i + 500) - 1.5))
        .map(|(x, y)| {
            (x, y, usize::from(probability(x, y) > 0.25 + 0.5 * noise((x * 1e6) as usize)))
        })
        .collect();
    decision_boundary(&DecisionBoundary {
        title: "A decision boundary",
        axis_labels: ("first feature", "second feature"),
        x_range: (-2.0, 2.0),
        y_range: (-1.5, 1.5),
        classes: &["above", "below"],
        probabilities: &probabilities,
        columns,
        points: &points,
    })
}

/// Sample i of a tone that starts at 110 Hz and rises two octaves a second.
fn sweep(i: usize) -> f32 {
    let octaves_per_s = 2.0;
    let t = i as f64 / f64::from(SAMPLE_RATE);
    let cycles =
        110.0 * ((octaves_per_s * t).exp2() - 1.0) / (octaves_per_s * std::f64::consts::LN_2);
    0.3 * (TAU * cycles).sin() as f32
}

/// What a constant-Q transform of the tone would look like: 84 bands from 65 Hz, 12 an octave.
fn sweep_spectrogram(frequency: FrequencyScale, time: TimeScale<'_>) -> dlmir_eval::plot::Svg {
    let (bands, frames, frame_s) = (84, 130, 3.0 / 130.0);
    let band_hz: Vec<f32> = (0..bands).map(|band| 65.4 * (band as f32 / 12.0).exp2()).collect();
    let mut values = Vec::new();
    for hz in &band_hz {
        for frame in 0..frames {
            let tone = 110.0 * (2.0 * frame as f32 * frame_s as f32).exp2();
            let semitones = 12.0 * (hz / tone).log2();
            values
                .push((-0.8 * semitones * semitones).max(-80.0 + 8.0 * noise(values.len()) as f32));
        }
    }
    let (title, unit) = ("A spectrogram", "dB");
    let (values, band_hz) = (&values, &band_hz);
    let plot = Spectrogram { title, values, band_hz, start_s: 0.0, frame_s, unit, range: None };
    if frequency == FrequencyScale::Hz && time == TimeScale::Seconds {
        return spectrogram(&plot);
    }
    musical_spectrogram(&plot, frequency, time)
}

fn music_and_speech() -> dlmir_eval::plot::Svg {
    let segment = |start_s, end_s, class| Segment {
        start_s,
        end_s,
        class,
        label: ["music", "speech"][class],
    };
    let truth = [segment(0.0, 12.0, 0), segment(12.0, 19.0, 1), segment(19.0, 30.0, 0)];
    let found = [
        segment(0.0, 11.5, 0),
        segment(11.5, 18.0, 1),
        segment(18.0, 24.0, 0),
        segment(24.0, 24.8, 1),
        segment(24.8, 30.0, 0),
    ];
    let probability = |k: usize| {
        let t = k as f64 / 4.0;
        let speech = found.iter().any(|s| s.class == 1 && (s.start_s..s.end_s).contains(&t));
        (t, if speech { 0.25 * noise(k) } else { 1.0 - 0.3 * noise(k) })
    };
    let curve: Vec<(f64, f64)> = (0..=120).map(probability).collect();
    timeline(&Timeline {
        title: "A mixed recording",
        duration_s: 30.0,
        rows: &[("true", &truth), ("found", &found)],
        curve: ("P(music)", &curve),
    })
}

fn colour_strip() -> Vec<u8> {
    // The report and the event file take PNG files from anywhere; this one goes through the crate `png`.
    let pixels: Vec<u8> =
        (0..20).flat_map(|_| (0..512).flat_map(|x| heat(x as f64 / 511.0))).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 512, 20);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("memory takes the header");
    writer.write_image_data(&pixels).expect("memory takes the pixels");
    writer.finish().expect("memory takes the end");
    file
}

/// A 16-bit mono WAV file. (dlmir-audio writes all kinds; this crate does without it.)
fn wav(samples: &[f32]) -> Vec<u8> {
    let data_bytes = samples.len() as u32 * 2;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data_bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(SAMPLE_RATE.to_le_bytes());
    file.extend((SAMPLE_RATE * 2).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(data_bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|s| ((s * 32_767.0) as i16).to_le_bytes()));
    file
}

/// A run of ten epochs that was killed after the sixth and resumed from the end of the fourth.
fn write_events(dir: &Path) -> Result<(), Box<dyn Error>> {
    let mut events = EventWriter::create(dir, "dlmir")?;
    events.text(
        "about",
        0,
        "Made up by the **gallery**.\n\n| a | table |\n|---|---|\n| 1 | 2 |",
    )?;
    events.image("colours", 0, &colour_strip())?;
    events.audio("tone", 0, &wav(&(0..SAMPLE_RATE as usize).map(sweep).collect::<Vec<_>>()))?;
    write_epochs(&mut events, 1..=6)?;
    let mut events = EventWriter::resume(dir, "dlmir", 5)?;
    write_epochs(&mut events, 5..=10)?;

    let points: Vec<f32> = (0..300).map(|i| noise(i) as f32 + (i / 75) as f32).collect();
    let labels: Vec<&str> = (0..100).map(|i| GENRES[i / 25]).collect();
    let (name, vectors, columns) = ("songs", &points, &["genre"]);
    write_projector(
        dir,
        &[Embedding { name, vectors, n_dimensions: 3, columns, labels: &labels }],
    )?;
    Ok(())
}

fn write_epochs(
    events: &mut EventWriter,
    epochs: std::ops::RangeInclusive<u64>,
) -> Result<(), Box<dyn Error>> {
    for epoch in epochs {
        let width = 1.0 / epoch as f32;
        let weights: Vec<f32> =
            (0..500).map(|i| width * (noise(i) + noise(i + 7) - 1.0) as f32).collect();
        events.scalar("loss/train", epoch, width)?;
        events.scalar("loss/validation", epoch, width + 0.1)?;
        events.histogram("weights/dense", epoch, &weights)?;
    }
    Ok(())
}
