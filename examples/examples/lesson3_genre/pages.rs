//! The report and the tables of results: what the experiment found, to look at and to listen to.

use std::error::Error;

use dlmir_audio::{WavFormat, wav_bytes};
use dlmir_eval::plot::{
    Bar, LearningCurve, Spectrogram, Svg, bar_chart, confusion_matrix, learning_curves, spectrogram,
};
use dlmir_eval::{Report, SoundCell};
use dlmir_examples::{Output, Prediction, Receipt, Recordings, say};
use dlmir_models::{FrontEnd, Model};
use ndarray::Array2;
use serde_json::{Map, Value, json};

use crate::compare::{HEADER, Trial};
use crate::folds::Run;
use crate::judge::{Answers, figure};
use crate::seeing::{self, KERNELS, Maps};
use crate::trap::Trap;

/// The first seconds of a recording as a WAV file of at most this rate.
fn clip(set: &Recordings, i: usize, seconds: f64, rate: u32) -> Result<Vec<u8>, Box<dyn Error>> {
    let signal = set.list[i].signal().map_err(|error| error.to_string())?;
    let clip = signal.slice_s(0.0, seconds.min(signal.duration_s()));
    let clip = dlmir_audio::resample(&clip, clip.sample_rate().min(rate))?;
    Ok(wav_bytes(&clip, WavFormat::Pcm16)?)
}

/// 1: a recording of each class, seen and heard.
pub fn recordings(
    report: &mut Report,
    set: &Recordings,
    front_end: &FrontEnd,
    spectrograms: &[Array2<f32>],
) -> Result<(), Box<dyn Error>> {
    let config = front_end.config();
    let mel = dlmir_audio::MelScale::Slaney;
    let edges =
        dlmir_audio::mel_frequencies(config.n_mels + 2, config.f_min_hz, config.f_max_hz, mel);
    let band_hz: Vec<f32> = edges[1..=config.n_mels].iter().map(|&hz| hz as f32).collect();
    // Fifteen genres at most: the page must stay small enough to be sent around.
    for (class, name) in set.classes.iter().enumerate().take(15) {
        let Some(i) = set.list.iter().position(|recording| recording.class == class) else {
            continue;
        };
        let frames = spectrograms[i].ncols().min((4.0 / front_end.seconds(1)) as usize);
        let shown = spectrograms[i].slice(ndarray::s![.., ..frames]);
        let values: Vec<f32> = shown.iter().copied().collect();
        let picture = spectrogram(&Spectrogram {
            title: name,
            values: &values,
            band_hz: &band_hz,
            start_s: 0.0,
            frame_s: front_end.seconds(1),
            unit: "dB",
            range: Some((-80.0, 0.0)),
        });
        let picture = picture.with_numbers(&[""], Vec::new());
        report.player(&set.list[i].name, &clip(set, i, 4.0, 16_000)?, 0.0, &[&picture]);
    }
    Ok(())
}

/// 2: kernels by hand on a picture, what comes of it, and of its shape.
pub fn by_hand(report: &mut Report, name: &str, maps: &[Maps]) {
    say(
        report,
        &format!(
            "A kernel is a small field of weights, here 3 bands x 3 frames. It is laid on every place of the \
             picture; the sum of the products is one pixel of its feature map. So it finds the same thing \
             wherever that is, with 9 weights instead of one for each pixel. These four were thought up; the \
             picture is the beginning of {name}."
        ),
    );
    for (number, (kernel, weights)) in KERNELS.iter().enumerate() {
        let row = |row: usize| weights[3 * row..3 * row + 3].iter().map(|w| format!("{w:>6.2}"));
        let text: Vec<String> = (0..3).rev().map(|r| row(r).collect::<String>()).collect();
        report.code(&format!("{}. {kernel}\n{}", number + 1, text.join("\n")));
    }
    let captions = [
        "Convolution: one map for each kernel. Padding with zeros keeps the size; the bright frame at the \
         border is the edge to that padding.",
        "ReLU: what is below zero is cut off, so that a map says where its thing is, not where it is missing.",
        "Max-pooling over 2 bands x 4 frames: the largest value of each field stays. An eighth of the numbers \
         is left, and a thing that moves a little gives the same picture.",
    ];
    for (maps, caption) in maps.iter().zip(captions) {
        if let Some(picture) = maps.picture(4, 4) {
            report.svg(caption, &picture);
        }
    }
    shapes(report, maps);
}

/// A table of shapes, on the terminal and in the report.
fn shapes(report: &mut Report, maps: &[Maps]) {
    let rows = seeing::shapes(maps);
    for row in &rows {
        println!("  {:<16} {:>16} {:>8} numbers", row[0], row[1], row[2]);
    }
    report.table(&["after", "freq x time x maps", "numbers"], &rows);
}

/// 3: learning curves.
pub fn learning(report: &mut Report, runs: &[Run]) {
    for run in runs {
        let Some(history) = run.histories.first() else { continue };
        let (train, validation) =
            (history.column(|row| row.loss), history.column(|row| row.val_loss));
        let curve =
            LearningCurve { name: run.network.name, train: &train, validation: &validation };
        let title = format!("{}, first fold", run.network.name);
        report.svg("Loss over epochs", &learning_curves(&title, "cross-entropy", &[curve]));
    }
}

/// 4: a table of experiments on one fold.
pub fn trials(report: &mut Report, trials: &[Trial]) {
    crate::compare::print(trials);
    report.table(&HEADER, trials.iter().map(Trial::cells));
}

/// 5: filters as they changed, and what the trained layers make of a picture.
pub fn learned(report: &mut Report, run: &Run, picture: &Array2<f32>, name: &str) {
    say(
        report,
        &format!(
            "No one tells the filters of {} what to look for. A column below is one filter, a row a moment of \
             the training on the first fold; blue is negative, yellow positive, and all have one scale. They \
             start at random and change less than one would think: much of the work is done by what comes \
             after them.",
            run.network.name
        ),
    );
    match seeing::film(&run.film) {
        Some(film) => report.svg("Filters from the start to the last epoch", &film),
        None => report.paragraph("This network has no convolution whose filters could be drawn."),
    }
    let maps = seeing::layer_by_layer(&run.first, picture);
    report.paragraph(&format!("The same network, layer by layer, on the beginning of {name}."));
    for maps in maps.iter().filter(|maps| {
        maps.layer.starts_with("bend") || maps.layer.starts_with("pool") || maps.layer == "conv1"
    }) {
        if let Some(picture) = maps.picture(16, 8) {
            report.svg("Up to sixteen maps, each between its own extremes", &picture);
        }
    }
    shapes(report, &maps);
}

/// 7: figures, baselines, intervals.
pub fn figures(
    report: &mut Report,
    set: &Recordings,
    runs: &[Run],
    chosen: &Run,
    baselines: &[(&str, Answers)],
    intervals: &Map<String, Value>,
) {
    let classes: Vec<usize> = set.list.iter().map(|recording| recording.class).collect();
    say(
        report,
        &format!(
            "{} recordings were asked, each by a network that had not heard it nor anything else of its \
             group. {} was chosen by its validation loss; the test had no say in it. A network answers for \
             pictures (segment accuracy). For a recording, the probabilities of its pictures are averaged \
             (accuracy, macro F1: the mean over genres of F1), or the pictures vote (vote accuracy). The \
             interval is a 95 % bootstrap over groups: how far the figure would move with other artists.",
            chosen.answers.0.len(),
            chosen.network.name,
        ),
    );
    let ends = |name: &str| {
        let ends = intervals.get(name)?;
        Some((ends[0].as_f64()?, ends[1].as_f64()?))
    };
    let names = ["segment_accuracy", "vote_accuracy", "accuracy", "macro_f1"];
    let judged = runs.iter().map(|run| (run.network.name, run.metrics.clone()));
    let base =
        baselines.iter().map(|(name, answers)| (*name, answers.metrics(&classes, &set.classes)));
    let (mut rows, mut bars) = (Vec::new(), Vec::new());
    for (name, metrics) in judged.chain(base) {
        let cell = |metric: &&str| match figure(&metrics, metric) {
            x if x.is_nan() => String::from("-"),
            x => format!("{x:.3}"),
        };
        let interval = ends("accuracy").filter(|_| name == chosen.network.name);
        let mut row = vec![name.to_string()];
        row.extend(names.iter().map(cell));
        row.push(interval.map_or(String::new(), |(low, high)| format!("{low:.3} to {high:.3}")));
        rows.push(row);
        bars.push(Bar { name, value: figure(&metrics, "accuracy"), interval });
    }
    let header = ["", "segments", "vote", "accuracy", "macro F1", "95 % of accuracy"];
    let line = |cells: &[String]| {
        let cells = cells.iter().enumerate();
        let text = cells.map(|(k, c)| if k == 0 { format!("{c:<24}") } else { format!("{c:>17}") });
        println!("  {}", text.collect::<String>());
    };
    line(&header.map(String::from));
    rows.iter().for_each(|row| line(row));
    report.table(&header, &rows);
    report.svg("Accuracy, beside what needs no network", &bar_chart("Accuracy", "accuracy", &bars));
    let ours = figure(&chosen.metrics, "accuracy");
    for (name, answers) in baselines {
        let theirs = figure(&answers.metrics(&classes, &set.classes), "accuracy");
        if theirs >= ours {
            let network = chosen.network.name;
            let text =
                format!("Without a network, {name} scores {theirs:.3}, {network} {ours:.3}.");
            say(report, &text);
        }
    }
}

/// 8: the same figures under two splits.
pub fn trap(report: &mut Report, trap: &Trap) {
    for row in &trap.rows {
        println!("  {:<16} {:>18} {:>18}", row[0], row[1], row[2]);
    }
    report.table(&["", "split by recording", "split by artist"], &trap.rows);
    let bars: Vec<Bar> =
        trap.bars.iter().map(|(name, value)| Bar { name, value: *value, interval: None }).collect();
    report.svg("The same question under two splits", &bar_chart("Accuracy", "accuracy", &bars));
    say(report, &trap.verdict());
}

/// 9: what was taken for what, to look at and to listen to.
pub fn confusion(
    report: &mut Report,
    set: &Recordings,
    answers: &Answers,
) -> Result<(), Box<dyn Error>> {
    let classes: Vec<usize> = set.list.iter().map(|recording| recording.class).collect();
    let matrix = answers.confusion(&classes, &set.classes);
    let picture: Svg = confusion_matrix("Confusion", &matrix);
    report.svg("Rows: what it was. Columns: the answer.", &picture);
    let n = set.classes.len();
    // A clip for the cells with most recordings; errors before what is right.
    let mut cells: Vec<(usize, usize)> = (0..n * n).map(|k| (k / n, k % n)).collect();
    cells.sort_by_key(|&(truth, answer)| {
        (truth == answer, std::cmp::Reverse(matrix.count(truth, answer)))
    });
    let heard: Vec<(usize, usize)> = cells.into_iter().take(CLIPS).collect();
    let mut rows = Vec::new();
    for truth in 0..n {
        let support = matrix.row(truth).iter().sum::<usize>().max(1) as f64;
        let mut row = Vec::new();
        for answer in 0..n {
            let count = matrix.count(truth, answer);
            // The recording with the highest score for the answer: what the network was surest of.
            let there = answers
                .0
                .iter()
                .filter(|one| classes[one.recording] == truth && one.class() == answer);
            let surest = there.max_by(|a, b| a.scores[answer].total_cmp(&b.scores[answer]));
            let surest = surest.filter(|_| heard.contains(&(truth, answer)));
            let sound = match surest {
                Some(one) => {
                    let words = format!(
                        "{} called {} with {:.2}: {}",
                        set.classes[truth],
                        set.classes[answer],
                        one.scores[answer],
                        set.list[one.recording].name
                    );
                    Some((words, clip(set, one.recording, 2.5, 11_025)?))
                }
                None => None,
            };
            row.push(SoundCell { text: count.to_string(), shade: count as f64 / support, sound });
        }
        rows.push((&set.classes[truth], row));
    }
    let header: Vec<&str> =
        std::iter::once("true").chain(set.classes.iter().map(String::as_str)).collect();
    report.sound_table(
        "The same, to listen to: an underlined number opens a player with the recording of its cell that the \
         network was surest of.",
        &header,
        &rows,
    );
    let mut scores = Vec::new();
    for (class, name) in set.classes.iter().enumerate() {
        let of = matrix.class_scores(class);
        let support = matrix.row(class).iter().sum::<usize>();
        let number = |x: f64| format!("{x:.2}");
        let row = [number(of.precision), number(of.recall), number(of.f1), support.to_string()];
        scores.push([std::slice::from_ref(name), &row[..]].concat());
    }
    report.table(&["genre", "precision", "recall", "F1", "recordings"], &scores);
    Ok(())
}

/// The most clips in the confusion matrix: 74 kB each.
const CLIPS: usize = 72;

/// One line per recording that was asked: path, truth, answer, a score for each class.
pub fn predictions(set: &Recordings, answers: &Answers) -> String {
    let rows: Vec<Prediction> = answers
        .0
        .iter()
        .map(|answer| Prediction {
            path: &set.list[answer.recording].name,
            truth: set.list[answer.recording].class,
            answer: answer.class(),
            scores: answer.scores.clone(),
        })
        .collect();
    dlmir_examples::predictions(&set.classes, &rows)
}

/// `metrics.json` and the receipt over weights and figures.
pub fn finish(
    output: &Output,
    set: &Recordings,
    runs: &[Run],
    chosen: &Run,
    baselines: Map<String, Value>,
    intervals: Map<String, Value>,
    model: &Model,
) -> Result<(), Box<dyn Error>> {
    let mut receipt = Receipt::new();
    for (_, param) in model.params.iter() {
        receipt.array(&param.name, param.value.as_slice());
    }
    let mut metrics = chosen.metrics.clone();
    for run in runs {
        let name = run.network.name;
        for (metric, value) in &run.metrics {
            receipt.number(&format!("{name} {metric}"), value.as_f64().unwrap_or(f64::NAN));
        }
        for answer in &run.answers.0 {
            answer.scores.iter().for_each(|&score| _ = receipt.number(name, score));
        }
        metrics.insert(name.into(), Value::Object(run.metrics.clone()));
    }
    for (name, figures) in &baselines {
        receipt.text(name, &figures.to_string());
    }
    receipt.text("classes", &set.classes.join(","));
    let mut entries = Map::new();
    entries.insert("chosen".into(), json!(chosen.network.name));
    entries.insert("metrics".into(), Value::Object(metrics));
    entries.insert("baselines".into(), Value::Object(baselines));
    entries.insert("intervals".into(), Value::Object(intervals));
    output.finish(entries, &receipt)?;
    Ok(())
}
