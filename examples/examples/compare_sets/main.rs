//! Compares sets of recordings, generated or real: what they measure, and what a shortcut could learn.
//!
//! ```sh
//! cargo run --release --example generate -- --kind music_speech --items 200 --seconds 30 --out generated
//! cargo run --release --example compare_sets -- made=generated real=DIR
//! ```
//!
//! A set is a folder with one sub-folder per class, or a folder of recordings. All are compared at 22 050 Hz with their peak at 1. The
//! table has a column for each class of each set, and in its cells the median and the range of nine tenths of the recordings.
//!
//! The shortcut test asks how far loudness, silence and bandwidth alone tell the classes apart: a linear model, asked about recordings of
//! groups (artist, piece) that it has not learned from. Where it does well, a network may have learned no more than that. Where a folder has
//! a table of tags (`mood.csv`, `tags.csv`, Emotify's `tracks.tsv`), each tag that a twentieth of the recordings have and a twentieth have
//! not is asked about by itself.
//!
//! Where recordings have artists in common, a third table shows what is lost by a split that keeps artists together: that much of what a
//! model seems to know under a split at random is whose recording it is.

mod artists;
mod measures;
mod tags;

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use dlmir_data::class_folder::AUDIO_EXTENSIONS;
use dlmir_data::{ClassFolder, Pieces, Skipped, k_fold};
use dlmir_eval::plot::{Bar, LineChart, Series, bar_chart, line_chart};
use dlmir_eval::{Report, accuracy, bootstrap_interval};
use dlmir_examples::linear;
use measures::{BANDS, Measures, NAMES};
use rayon::prelude::*;

#[derive(Parser)]
#[command(about = "Compare sets of recordings, and ask what a shortcut could learn")]
struct Arguments {
    /// Sets as NAME=FOLDER, with one sub-folder per class or with recordings alone
    #[arg(required = true, value_parser = name_and_folder)]
    sets: Vec<(String, PathBuf)>,
    /// Where report.html, table.md and spectra.svg go
    #[arg(long, value_name = "DIR", default_value = "target/compare_sets")]
    out: PathBuf,
    /// Parts of the cross-validation in the shortcut test
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..))]
    folds: u64,
    /// Seed of the split and of the linear model
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

fn name_and_folder(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, folder)) if !name.is_empty() && !folder.is_empty() => {
            Ok((name.to_owned(), folder.into()))
        }
        _ => Err("wanted NAME=FOLDER".into()),
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare_sets: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A set that was listened to.
struct Set {
    name: String,
    classes: Vec<String>,
    /// Class, group and measures of each recording.
    recordings: Vec<(usize, String, Measures)>,
    tags: Vec<tags::Tag>,
}

impl Set {
    fn listen(name: &str, folder: &Path) -> Result<Set, Box<dyn Error>> {
        let (classes, files) = list(folder)?;
        let measured = files.par_iter().map(|(path, ..)| -> Result<Measures, String> {
            let signal = dlmir_audio::load(path).map_err(|e| e.to_string())?;
            Measures::of(&signal).map_err(|e| e.to_string())
        });
        let measured: Vec<_> = measured.collect();
        let name_of = |i: usize| files[i].0.display().to_string();
        let (good, skipped) = Skipped::sort(measured, name_of)?;
        for bad in &skipped.files {
            eprintln!("left out: {bad}");
        }
        let paths: Vec<&Path> = good.iter().map(|(i, _)| files[*i].0.as_path()).collect();
        let tags = tags::of(folder, &paths)?;
        let recordings =
            good.into_iter().map(|(i, measures)| (files[i].1, files[i].2.clone(), measures));
        Ok(Set { name: name.into(), classes, recordings: recordings.collect(), tags })
    }

    fn of_class(&self, class: usize) -> impl Iterator<Item = &Measures> {
        self.recordings.iter().filter(move |r| r.0 == class).map(|r| &r.2)
    }

    fn title(&self, class: usize) -> String {
        format!("{}, {}", self.name, self.classes[class])
    }
}

/// The classes of a folder, and of each recording path, class and group.
type Listing = (Vec<String>, Vec<(PathBuf, usize, String)>);

fn list(folder: &Path) -> Result<Listing, Box<dyn Error>> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut alone: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if path.is_file() && AUDIO_EXTENSIONS.contains(&&*extension.to_lowercase()) {
            alone.push(path);
        }
    }
    if alone.is_empty() {
        let set = ClassFolder::scan(folder)?;
        let items = set.items.into_iter().map(|item| (item.path, item.class, item.group));
        return Ok((set.classes, items.collect()));
    }
    alone.sort();
    let groups = groups(folder)?;
    let group = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        groups.get(&*name).cloned().unwrap_or_else(|| path.display().to_string())
    };
    let files = alone.into_iter().map(|path| (path.clone(), 0, group(&path))).collect();
    Ok((vec!["all".into()], files))
}

/// The groups that `generate` writes beside recordings without class folders, `path,group`; none if there is no such file.
fn groups(folder: &Path) -> Result<HashMap<String, String>, Box<dyn Error>> {
    let table = folder.join("groups.csv");
    if !table.is_file() {
        return Ok(HashMap::new());
    }
    let text = std::fs::read_to_string(&table).map_err(|e| format!("{}: {e}", table.display()))?;
    let mut groups = HashMap::new();
    for (line, number) in text.lines().zip(1..).skip(1) {
        let wrong = || format!("{}, line {number}: wanted path,group", table.display());
        let (path, group) = line.split_once(',').ok_or_else(wrong)?;
        groups.insert(path.to_owned(), group.to_owned());
    }
    Ok(groups)
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut sets = Vec::new();
    for (name, folder) in &arguments.sets {
        sets.push(Set::listen(name, folder)?);
    }
    let mut report = Report::new("Sets of recordings compared");
    report.section("What they measure");
    report.paragraph("Median, and the range of nine tenths of the recordings.");
    let (header, rows) = table(&sets);
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut text = markdown(&header, &rows);
    report.table(&names, rows);
    let spectra = spectra(&sets)?;
    report.svg("Mean spectrum of each class.", &spectra);

    report.section("What a shortcut could learn");
    let (header, rows, bars) = shortcuts(&sets, arguments)?;
    if rows.is_empty() {
        report.paragraph("No set has classes that could be told apart.");
    } else {
        text += "\n";
        text += &markdown(&header, &rows);
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        report.table(&names, rows);
        let bars: Vec<Bar<'_>> = bars
            .iter()
            .map(|(name, value, interval)| Bar { name, value: *value, interval: *interval })
            .collect();
        let plot = bar_chart("Linear model on loudness, silence, bandwidth", "accuracy", &bars);
        report
            .svg("Accuracy with 95 % intervals; beside it the share of the largest class.", &plot);
    }
    let mut rows = Vec::new();
    for Set { name, classes, recordings, .. } in &sets {
        let mut artists: Vec<&str> = recordings.iter().map(|r| r.1.as_str()).collect();
        artists.sort_unstable();
        artists.dedup();
        if classes.len() > 1 && artists.len() < recordings.len() {
            rows.push(artists::row(name, recordings, arguments.folds as usize, arguments.seed)?);
        }
    }
    if !rows.is_empty() {
        report.section("What it is worth to know the artist");
        text += "\n";
        text += &markdown(&artists::HEADER.map(String::from), &rows);
        report.table(&artists::HEADER, rows);
    }
    print!("{text}");
    std::fs::create_dir_all(&arguments.out)?;
    dlmir_eval::write_atomically(arguments.out.join("table.md"), text.as_bytes())?;
    let drawing = spectra.as_str().as_bytes();
    dlmir_eval::write_atomically(arguments.out.join("spectra.svg"), drawing)?;
    report.write(arguments.out.join("report.html"))?;
    eprintln!("compare_sets: wrote {}", arguments.out.join("report.html").display());
    Ok(())
}

/// A column for each class of each set, a row for each measure.
fn table(sets: &[Set]) -> (Vec<String>, Vec<Vec<String>>) {
    let columns: Vec<(&Set, usize)> =
        sets.iter().flat_map(|set| (0..set.classes.len()).map(move |class| (set, class))).collect();
    let mut header = vec!["measure".to_owned()];
    header.extend(columns.iter().map(|(set, class)| set.title(*class)));
    let mut rows = vec![vec!["recordings".to_owned()]];
    rows[0].extend(columns.iter().map(|(set, class)| set.of_class(*class).count().to_string()));
    for (k, (name, _)) in NAMES.iter().enumerate() {
        let mut row = vec![name.to_string()];
        row.extend(columns.iter().map(|(set, class)| {
            let mut values: Vec<f64> = set.of_class(*class).map(|m| m.numbers()[k]).collect();
            values.sort_by(f64::total_cmp);
            let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
            let digits = if at(0.95) < 1.0 { 3 } else { usize::from(at(0.95) < 100.0) };
            format!("{:.digits$} [{:.digits$}, {:.digits$}]", at(0.5), at(0.05), at(0.95))
        }));
        rows.push(row);
    }
    (header, rows)
}

fn markdown(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = format!("|{}\n", "---|".repeat(header.len()));
    line(header) + &rule + &rows.iter().map(|row| line(row)).collect::<String>()
}

/// The mean over the recordings of each class, in dB.
fn spectra(sets: &[Set]) -> Result<dlmir_eval::plot::Svg, Box<dyn Error>> {
    let centres = measures::band_centres()?;
    let mut curves = Vec::new();
    for (s, set) in sets.iter().enumerate() {
        for class in 0..set.classes.len() {
            let mean = |k: usize| measures::mean(set.of_class(class).map(|m| m.mel_db[k]));
            let points: Vec<(f64, f64)> = (0..BANDS).map(|k| (centres[k], mean(k))).collect();
            curves.push((set.title(class), points, s > 0, class));
        }
    }
    let series: Vec<Series<'_>> = curves
        .iter()
        .map(|(name, points, dashed, color)| Series {
            name,
            points,
            dashed: *dashed,
            color: *color,
        })
        .collect();
    let (x_label, y_label) = ("frequency / Hz", "mel band, dB of the whole");
    Ok(line_chart(&LineChart { title: "Mean spectra", x_label, y_label, series: &series }))
}

/// A bar: name, value, interval.
type Measured = (String, f64, Option<(f64, f64)>);

/// Header and rows of a table, and its numbers as bars.
type Table = (Vec<String>, Vec<Vec<String>>, Vec<Measured>);

/// Accuracy of the shortcut in each set with classes.
fn shortcuts(sets: &[Set], arguments: &Arguments) -> Result<Table, Box<dyn Error>> {
    let header = ["set", "classes", "largest class", "shortcut", "95 % interval"].map(String::from);
    let (mut rows, mut bars) = (Vec::new(), Vec::new());
    for set in sets {
        let classes: Vec<usize> = set.recordings.iter().map(|r| r.0).collect();
        if set.classes.len() > 1 {
            ask(set, &set.name, &classes, set.classes.len(), arguments, &mut rows, &mut bars)?;
        }
        for (tag, applies) in &set.tags {
            let labels: Vec<usize> = applies.iter().map(|&applies| usize::from(applies)).collect();
            let few = labels.len().div_ceil(20);
            let with = labels.iter().sum::<usize>();
            if with >= few && labels.len() - with >= few {
                let name = format!("{}, {tag}", set.name);
                ask(set, &name, &labels, 2, arguments, &mut rows, &mut bars)?;
            }
        }
    }
    Ok((header.to_vec(), rows, bars))
}

/// Adds the row of one question about a set.
fn ask(
    set: &Set,
    name: &str,
    labels: &[usize],
    classes: usize,
    arguments: &Arguments,
    rows: &mut Vec<Vec<String>>,
    bars: &mut Vec<Measured>,
) -> Result<(), Box<dyn Error>> {
    let pieces = Pieces::new(labels.to_vec(), set.recordings.iter().map(|r| r.1.clone()));
    let folds = k_fold(&pieces, arguments.folds as usize, arguments.seed)?;
    let features: Vec<Vec<f32>> = set.recordings.iter().map(|r| r.2.shortcut()).collect();
    let answers = linear::cross_validated(&features, labels, classes, &folds, arguments.seed);
    let of = |which: &[usize], from: &[usize]| -> Vec<usize> {
        which.iter().map(|&i| from[i]).collect()
    };
    let interval = bootstrap_interval(pieces.groups(), 2000, arguments.seed, 0.95, |which| {
        accuracy(&of(which, labels), &of(which, &answers))
    });
    let right = accuracy(labels, &answers);
    let count = |class: usize| labels.iter().filter(|&&label| label == class).count();
    let largest = (0..classes).map(count).max().unwrap_or(0) as f64 / labels.len() as f64;
    rows.push(vec![
        name.to_owned(),
        classes.to_string(),
        format!("{largest:.3}"),
        format!("{right:.3}"),
        format!("[{:.3}, {:.3}]", interval.0, interval.1),
    ]);
    bars.push((format!("{name}, shortcut"), right, Some(interval)));
    bars.push((format!("{name}, largest class"), largest, None));
    Ok(())
}
