//! One item: its sound, its label files, and its rows in the tables.

use std::path::Path;

use dlmir_audio::{Signal, WavFormat, wav_bytes};
use dlmir_data::annotation::{
    LabelledSegment, merge_onsets, write_beats, write_drum_onsets, write_jams, write_notes,
    write_onsets, write_segments,
};
use dlmir_data::synthetic::band::{Level, Mood, Piece, Set, tags};
use dlmir_data::synthetic::{music_speech, programme};
use dlmir_eval::write_atomically;

use crate::Arguments;
use crate::everything::{everything, micro};

/// The rows of an item, without line ends.
pub struct Rows {
    pub index: String,
    pub group: String,
    pub tags: String,
}

/// The columns of `index.csv`.
pub fn index_header(set: Option<Set>) -> &'static str {
    match set {
        None => "path,class,seconds,sample_rate",
        Some(_) => {
            "path,class,seconds,sample_rate,genre,artist,album,key,meter,bpm,valence,arousal,moods,instruments"
        }
    }
}

/// The columns of `mood.csv` or `tags.csv`.
pub fn tag_header(set: Set) -> String {
    format!("path,{}", vocabulary(set).join(","))
}

fn vocabulary(set: Set) -> Vec<&'static str> {
    match set {
        Set::Mood => Mood::ALL.iter().map(|mood| mood.name()).collect(),
        _ => tags::vocabulary(),
    }
}

/// Music or speech: the class is the folder, and the segment file says the same in time.
pub fn music_speech(arguments: &Arguments, item: u64) -> Result<Rows, String> {
    let Arguments { seed, seconds, out, .. } = arguments;
    let rate = arguments.sample_rate();
    let made = music_speech::item(*seed, item, *seconds, rate);
    let class = music_speech::CLASSES[made.class];
    let path = format!("{class}/music_speech_{item:06}.wav");
    let whole =
        LabelledSegment { start_s: 0.0, end_s: made.signal.duration_s(), label: class.into() };
    write_segments(out.join(&path).with_extension("lab"), &[whole]).map_err(|e| e.to_string())?;
    write_sound(&out.join(&path), &made.signal)?;
    let index = format!("{path},{class},{seconds},{rate}");
    Ok(Rows { index, group: String::new(), tags: String::new() })
}

/// Music from beginning to end, and speech over it: segments overlap.
pub fn programme(arguments: &Arguments, item: u64) -> Result<Rows, String> {
    let Arguments { seed, seconds, out, .. } = arguments;
    let rate = arguments.sample_rate();
    let (signal, segments) = programme::programme(*seed, item, *seconds, rate);
    let path = format!("programme_{item:06}.wav");
    let labels: Vec<LabelledSegment> = segments
        .iter()
        .map(|segment| LabelledSegment {
            start_s: micro(f64::from(segment.start_s)),
            end_s: micro(f64::from(segment.end_s)),
            label: segment.label().into(),
        })
        .collect();
    write_segments(out.join(&path).with_extension("lab"), &labels).map_err(|e| e.to_string())?;
    write_sound(&out.join(&path), &signal)?;
    let class = if segments.len() > 1 { "music|speech" } else { "music" };
    let index = format!("{path},{class},{seconds},{rate}");
    Ok(Rows { index, group: String::new(), tags: String::new() })
}

/// A piece of the band.
pub fn piece(arguments: &Arguments, set: Set, item: u64) -> Result<Rows, String> {
    let Arguments { seed, seconds, out, kind, .. } = arguments;
    let rate = arguments.sample_rate();
    let made = set.item(*seed, item, *seconds, rate);
    let piece = &made.piece;
    let class = match set {
        Set::Genre => piece.order.genre.name(),
        Set::Rhythm => Level::ALL[(item % 4) as usize].name(),
        Set::Mood | Set::Tags | Set::Onsets => "",
    };
    let name = format!("{}_{item:06}", kind.name());
    let path =
        if set == Set::Genre { format!("{class}/{name}.wav") } else { format!("{name}.wav") };
    write_labels(set, piece, &out.join(&path)).map_err(|error| error.to_string())?;
    let jams = everything(piece, &name, made.signal.duration_s());
    write_jams(out.join(&path).with_extension("jams"), &jams).map_err(|error| error.to_string())?;
    if set == Set::Rhythm {
        let bpm = format!("{:.2}\n", piece.bpm);
        write_atomically(out.join(&path).with_extension("bpm"), bpm.as_bytes())
            .map_err(|error| error.to_string())?;
    }
    write_sound(&out.join(&path), &made.signal)?;

    let words = tags::moods(piece).join("|");
    let felt = piece.traits.felt();
    let index = format!(
        "{path},{class},{seconds},{rate},{},{},{},{},{},{:.2},{:.2},{:.2},{words},{}",
        piece.order.genre.name(),
        piece.artist.name(),
        piece.album,
        piece.key.name(),
        piece.meter.name(),
        piece.bpm,
        felt.valence,
        felt.arousal,
        piece.instruments().join("|"),
    );
    let group = format!("{path},{}", piece.artist.name());
    let found = match set {
        Set::Mood => tags::moods(piece),
        _ => tags::tags(piece),
    };
    let bits =
        vocabulary(set).into_iter().map(|tag| if found.contains(&tag) { ",1" } else { ",0" });
    Ok(Rows { index, group, tags: format!("{path}{}", bits.collect::<String>()) })
}

/// Event labels, beside the sound.
fn write_labels(
    set: Set,
    piece: &Piece,
    sound: &Path,
) -> Result<(), dlmir_data::annotation::AnnotationError> {
    // `a.wav` and the ending `_class.txt` make `a_class.txt`.
    let beside = |ending: &str| {
        let stem = sound.file_stem().unwrap_or_default().to_string_lossy();
        sound.with_file_name(format!("{stem}{ending}"))
    };
    match set {
        Set::Onsets => {
            // What begins within 30 ms is heard, and annotated, as one onset.
            write_onsets(beside(".onsets"), &merge_onsets(&piece.onsets(), 0.03))?;
            write_notes(beside(".notes"), &piece.notes)?;
            if !piece.strokes.is_empty() {
                write_drum_onsets(beside("_class.txt"), &piece.strokes)?;
            }
        }
        Set::Rhythm => {
            write_beats(beside(".beats"), &piece.beats)?;
            write_segments(beside("_chords.lab"), &piece.chords)?;
            write_segments(beside("_sections.lab"), &piece.sections)?;
        }
        Set::Genre | Set::Mood | Set::Tags => {}
    }
    Ok(())
}

fn write_sound(path: &Path, signal: &Signal) -> Result<(), String> {
    let bytes = wav_bytes(signal, WavFormat::Pcm16).map_err(|error| error.to_string())?;
    write_atomically(path, &bytes).map_err(|error| error.to_string())
}
