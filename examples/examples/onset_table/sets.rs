//! Which recordings have annotated onsets, and where.

use std::error::Error;
use std::path::{Path, PathBuf};

use dlmir_audio::Signal;
use dlmir_data::annotation::{
    AnnotationError, merge_onsets, read_drum_onsets, read_labelled_onsets, read_notes, read_onsets,
};
use dlmir_data::class_folder::is_audio;
use dlmir_eval::JOIN_WITHIN_S;

use crate::generated;

/// A recording and its onsets, in seconds.
pub struct Piece {
    pub sound: Sound,
    pub onsets: Vec<f64>,
}

/// Where a recording's sound comes from.
pub enum Sound {
    File(PathBuf),
    /// The generator's onset set: seed and number.
    Made(u64, u64),
}

impl Sound {
    pub fn signal(&self) -> Result<Signal, String> {
        match self {
            Sound::File(path) => dlmir_audio::load(path).map_err(|error| error.to_string()),
            Sound::Made(seed, item) => Ok(generated::item(*seed, *item).signal),
        }
    }

    /// For messages.
    pub fn name(&self) -> String {
        match self {
            Sound::File(path) => path.display().to_string(),
            Sound::Made(_, item) => format!("generated item {item}"),
        }
    }
}

/// Recordings of one kind.
pub struct OnsetSet {
    pub name: String,
    pub pieces: Vec<Piece>,
    /// Whether its onsets are so soft that annotators disagree by more than 50 ms.
    pub soft: bool,
}

/// How a file's onsets are read.
type Reader = fn(&Path) -> Result<Vec<f64>, AnnotationError>;

/// A known set: where its audio is, and the annotation of a recording, `*` standing for the recording's name without `drop`.
struct Layout {
    name: &'static str,
    audio: &'static str,
    drop: &'static str,
    annotation: &'static str,
    read: Reader,
    soft: bool,
}

/// Strokes and notes together: what lies within 30 ms is one onset.
fn together(times: impl Iterator<Item = f64>) -> Vec<f64> {
    merge_onsets(&times.collect::<Vec<_>>(), JOIN_WITHIN_S)
}

const PLAIN: Reader = |path| read_onsets(path);
const DRUMS: Reader =
    |path| Ok(together(read_drum_onsets(path)?.into_iter().map(|onset| onset.time_s)));
const LABELLED: Reader =
    |path| Ok(together(read_labelled_onsets(path)?.into_iter().map(|onset| onset.time_s)));
const NOTES: Reader = |path| Ok(together(read_notes(path)?.into_iter().map(|note| note.onset_s)));

#[rustfmt::skip]
const LAYOUTS: [Layout; 9] = [
    Layout { name: "MDB Drums, drums alone", audio: "mdb_drums/audio/drum_only", drop: "_Drum", annotation: "mdb_drums/annotations/class/*_class.txt", read: DRUMS, soft: false },
    Layout { name: "MDB Drums, drums in the full mix", audio: "mdb_drums/audio/full_mix", drop: "_MIX", annotation: "mdb_drums/annotations/class/*_class.txt", read: DRUMS, soft: false },
    Layout { name: "Leveau, pitched and mixtures", audio: "onsets_leveau/audio", drop: "", annotation: "onsets_leveau/annotations/*.onsets", read: PLAIN, soft: false },
    Layout { name: "GuitarSet, acoustic guitar", audio: "notes/audio", drop: "", annotation: "notes/annotations/*.onsets", read: PLAIN, soft: false },
    Layout { name: "Bach, rendered piano", audio: "notes/audio", drop: "", annotation: "notes/annotations/*.csv", read: NOTES, soft: false },
    Layout { name: "BRID, tamborim", audio: "beats/audio", drop: "", annotation: "beats/annotations/*.onsets.txt", read: LABELLED, soft: false },
    Layout { name: "Molina, singing", audio: "onsets_singing/audio", drop: "", annotation: "onsets_singing/annotations/*.onsets", read: PLAIN, soft: true },
    Layout { name: "vocadito, solo voice, annotator 1", audio: "notes/audio", drop: "", annotation: "notes/annotations/*_notesA1.csv", read: NOTES, soft: true },
    Layout { name: "vocadito, solo voice, annotator 2", audio: "notes/audio", drop: "", annotation: "notes/annotations/*_notesA2.csv", read: NOTES, soft: true },
];

/// The sets below a folder: the known ones, or, if there are none, all audio files with a `.onsets` file beside them.
pub fn find(folder: &Path) -> Result<Vec<OnsetSet>, Box<dyn Error>> {
    let mut sets = Vec::new();
    for layout in &LAYOUTS {
        let audio = folder.join(layout.audio);
        if !audio.is_dir() {
            continue;
        }
        let annotation = |path: &Path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = name.strip_suffix(layout.drop).unwrap_or(&name);
            folder.join(layout.annotation.replace('*', name))
        };
        let pieces = pieces(&audio, &annotation, layout.read)?;
        if !pieces.is_empty() {
            sets.push(OnsetSet { name: layout.name.into(), pieces, soft: layout.soft });
        }
    }
    if sets.is_empty() {
        let pieces = pieces(folder, &|path: &Path| path.with_extension("onsets"), PLAIN)?;
        if pieces.is_empty() {
            let nothing = "no set that is known here, and no audio file with .onsets beside it";
            return Err(format!("{}: {nothing}", folder.display()).into());
        }
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        sets.push(OnsetSet { name, pieces, soft: false });
    }
    Ok(sets)
}

/// The audio files of a folder that have an annotation, in order of their names.
fn pieces(
    folder: &Path,
    annotation: &dyn Fn(&Path) -> PathBuf,
    read: Reader,
) -> Result<Vec<Piece>, Box<dyn Error>> {
    let named = |error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(named)? {
        files.push(entry.map_err(named)?.path());
    }
    files.sort();
    let mut pieces = Vec::new();
    for audio in files.into_iter().filter(|path| is_audio(path)) {
        let annotation = annotation(&audio);
        if annotation.is_file() {
            pieces.push(Piece { onsets: read(&annotation)?, sound: Sound::File(audio) });
        }
    }
    Ok(pieces)
}
