//! The readers against real sets and broken files, where the folder with them is at hand: the environment variable
//! `DLMIR_DATA` names it. Without it these tests say that they are skipped; the cases that matter are also in the
//! modules' own tests, as small strings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dlmir_data::annotation::{
    AnnotationError, DrumClass, NoteColumn, drum_times, merge_onsets, parse_notes_as, read_beats,
    read_drum_onsets, read_jams, read_labelled_onsets, read_notes, read_onsets, read_segments,
    read_tempi,
};

use dlmir_data::labels::{
    EMOTIFY_THRESHOLD, TagColumns, join, parse_label_table, parse_tag_table, read_emotify,
};
use dlmir_data::split_file::{Side, SplitFile};

/// The folder, or a word on standard error.
fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DLMIR_DATA").map(PathBuf::from).filter(|f| f.is_dir());
    if folder.is_none() {
        eprintln!("{test}: skipped, DLMIR_DATA does not name the folder of measurement data");
    }
    folder
}

/// All files below a folder with one of these name endings, sorted.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry of a folder").path();
            let name = path.to_string_lossy().into_owned();
            match path.is_dir() {
                true => folders.push(path),
                false if endings.iter().any(|end| name.ends_with(end)) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}

type Count = Result<usize, AnnotationError>;

fn count<T>(read: Result<Vec<T>, AnnotationError>) -> Count {
    read.map(|items| items.len())
}

fn beats(path: &Path) -> Count {
    count(read_beats(path))
}

fn onsets(path: &Path) -> Count {
    count(read_onsets(path))
}

fn labelled(path: &Path) -> Count {
    count(read_labelled_onsets(path))
}

fn segments(path: &Path) -> Count {
    count(read_segments(path))
}

fn tempi(path: &Path) -> Count {
    count(read_tempi(path))
}

fn notes(path: &Path) -> Count {
    count(read_notes(path))
}

fn jams(path: &Path) -> Count {
    let jams = read_jams(path)?;
    for annotation in &jams.annotations {
        match annotation.namespace.as_str() {
            "beat" | "beat_position" => _ = annotation.beats()?,
            "note_midi" | "note_hz" => _ = annotation.notes()?,
            "tempo" => _ = annotation.tempi()?,
            "chord" | "chord_harte" | "key_mode" => _ = annotation.segments()?,
            _ => _ = annotation.onsets(),
        }
    }
    Ok(jams.annotations.len())
}

/// Reads all of these files; returns how many were read and why the others were not.
fn read_all(what: &str, paths: &[PathBuf], read: impl Fn(&Path) -> Count) -> (usize, Vec<String>) {
    let (mut good, mut events, mut refused) = (0, 0, Vec::new());
    for path in paths {
        match read(path) {
            Ok(n) => (good, events) = (good + 1, events + n),
            Err(error) => refused.push(error.to_string()),
        }
    }
    eprintln!("{what}: {good} of {} read, {events} events", paths.len());
    refused.iter().for_each(|error| eprintln!("    {error}"));
    (good, refused)
}

#[test]
fn whole_sets_are_read() {
    let Some(data) = data("whole_sets_are_read") else { return };
    let formats = data.join("formats");
    let mut total = (0, 0);
    let mut all = |what: &str, folder: &Path, endings: &[&str], read: &dyn Fn(&Path) -> Count| {
        let paths = files(folder, endings);
        assert!(!paths.is_empty(), "{what}: no files in {}", folder.display());
        let (good, refused) = read_all(what, &paths, read);
        total = (total.0 + good, total.1 + refused.len());
        assert!(refused.is_empty(), "{what}");
    };
    all("onset_db", &formats.join("onset_db"), &[".onsets"], &onsets);
    all("Leveau", &data.join("onsets_leveau"), &[".onsets"], &onsets);
    all("singing", &data.join("onsets_singing"), &[".onsets"], &onsets);
    all("ballroom", &formats.join("ballroom_annotations"), &[".beats"], &beats);
    all("beat_this", &formats.join("beat_this_annotations"), &[".beats"], &beats);
    all("beats", &data.join("beats"), &[".beats"], &beats);
    all("BRID strokes", &data.join("beats"), &[".onsets.txt"], &labelled);
    all("GiantSteps tempo", &formats.join("giantsteps_tempo"), &[".bpm", ".mirex"], &tempi);
    all("GiantSteps JAMS", &formats.join("giantsteps_tempo"), &[".jams"], &jams);
    all("MDB Drums beats", &data.join("mdb_drums"), &[".beats"], &beats);
    all("MDB Drums subclasses", &data.join("mdb_drums"), &["_subclass.txt"], &labelled);
    all("vocadito", &data.join("notes"), &["A1.csv", "A2.csv"], &notes);
    all("Bach", &data.join("notes"), &["bwv846.csv"], &notes);
    all("GuitarSet notes", &data.join("notes"), &[".notes"], &notes);
    all("GuitarSet onsets", &data.join("notes"), &[".onsets"], &onsets);
    all("GuitarSet JAMS", &data.join("notes"), &[".jams"], &jams);
    eprintln!("{} read, {} refused", total.0, total.1);
}

#[test]
fn drum_strokes_are_counted_as_the_set_says() {
    let Some(data) = data("drum_strokes_are_counted_as_the_set_says") else { return };
    let (mut lines, mut merged, mut kicks) = (0, 0, 0);
    for path in files(&data.join("mdb_drums"), &["_class.txt"]) {
        let onsets = read_drum_onsets(&path).unwrap();
        let times: Vec<f64> = onsets.iter().map(|onset| onset.time_s).collect();
        lines += times.len();
        merged += merge_onsets(&times, 0.03).len();
        kicks += drum_times(&onsets, DrumClass::Kick).len();
    }
    // The figures of the data's own description.
    assert_eq!((lines, merged), (1257, 952));
    assert!(kicks > 100, "{kicks} kicks");
}

/// mirdata's samples of 55 sets, those whose format is one of ours, and those that must be refused.
#[test]
fn samples_of_many_sets_are_read_or_refused_with_a_reason() {
    use NoteColumn::{Duration, Frequency, Midi, Name, Offset, Onset};
    let Some(data) = data("samples_of_many_sets") else { return };
    let root = data.join("formats/mirdata");
    let with = |columns: &'static [NoteColumn]| {
        move |path: &Path| count(parse_notes_as(&std::fs::read(path).unwrap(), path, columns))
    };
    type Read<'a> = &'a dyn Fn(&Path) -> Count;
    let phenicx = with(&[Onset, Offset, Name]);
    let choir = with(&[Onset, Offset, Midi]);
    let cante = with(&[Onset, Duration, Midi]);
    let ikala = with(&[Onset, Duration, Frequency]);
    let cases: &[(&str, &[&str], Read, bool)] = &[
        ("brid", &[".beats"], &beats, true),
        ("cuidado", &[".beats"], &beats, true),
        ("compmusic_carnatic_rhythm", &[".beats"], &beats, true),
        ("compmusic_hindustani_rhythm", &[".beats"], &beats, true),
        ("beatles/annotations/beat", &[".txt"], &beats, true),
        ("saraga_carnatic", &["Dasudane.sama-manual.txt"], &onsets, true),
        ("saraga_hindustani", &["sama-manual.txt"], &onsets, true),
        ("brid", &[".bpm"], &tempi, true),
        ("cuidado", &[".bpm"], &tempi, true),
        ("giantsteps_tempo", &[".jams"], &jams, true),
        ("guitarset", &[".jams"], &jams, true),
        ("filosax", &[".jams"], &jams, true),
        ("beatles/annotations/chordlab", &[".lab"], &segments, true),
        ("beatles/annotations/keylab", &[".lab"], &segments, true),
        ("beatles/annotations/seglab", &[".lab"], &segments, true),
        ("queen", &[".lab"], &segments, true),
        ("billboard", &[".lab"], &segments, true),
        ("rwc_popular", &["T01.lab"], &segments, true),
        ("rwc_popular", &["VOCA_INST.TXT"], &labelled, true),
        (
            "compmusic_jingju_acappella",
            &["syllable.txt", "phrase.txt", "phoneme.txt"],
            &segments,
            true,
        ),
        (
            "salami",
            &["functions.txt", "uppercase.txt", "lowercase.txt", "empty.txt"],
            &labelled,
            true,
        ),
        ("compmusic_iamms", &[".anot", ".anotEdit1", ".flatSegNyas"], &segments, true),
        ("phenicx_anechoic", &[".txt"], &phenicx, true),
        ("dagstuhl_choirset/annotations_csv_scorerepresentation", &[".csv"], &choir, true),
        ("cante100", &[".notes.csv"], &cante, true),
        ("ikala", &["_notes.csv"], &ikala, true),
        ("jtd", &["_onsets.csv"], &onsets, true),
        // bar.beat; fractions of a bar; a table with a header; frames of 10 ms; -1 for "none".
        ("saraga_carnatic", &["Illalo.sama-manual.txt"], &onsets, false),
        ("candombe", &[".csv"], &beats, false),
        ("dagstuhl_choirset/annotations_csv_beat", &[".csv"], &beats, false),
        ("jtd", &["beats.csv"], &beats, false),
        ("rwc_popular", &["BEAT.TXT"], &beats, false),
        ("tonas", &["notes.Corrected"], &notes, false),
    ];
    let mut wrong = BTreeMap::new();
    for &(set, endings, read, readable) in cases {
        let paths = files(&root.join(set), endings);
        assert!(!paths.is_empty(), "{set}: no {endings:?}");
        let (good, refused) = read_all(set, &paths, read);
        if readable && !refused.is_empty() || !readable && good > 0 {
            wrong.insert(format!("{set} {endings:?}"), refused);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn broken_files_are_read_or_refused_as_documented() {
    let Some(data) = data("broken_files") else { return };
    let folder = data.join("formats/broken_annotations");
    let read = |name: &str| -> Result<usize, String> {
        let path = folder.join(name);
        let read = if name.ends_with(".beats") { beats(&path) } else { onsets(&path) };
        read.map_err(|e| e.to_string().rsplit('/').next().unwrap_or_default().to_owned())
    };
    for (name, count) in [
        ("empty.onsets", 0),
        ("blank_lines.onsets", 2),
        ("crlf.beats", 3),
        ("bom.beats", 2),
        ("comments.onsets", 2),
        ("duplicate.onsets", 3),
        ("no_newline_at_end.onsets", 2),
    ] {
        assert_eq!(read(name), Ok(count), "{name}");
    }
    for (name, wanted) in [
        ("utf16.onsets", "utf16.onsets:1: UTF-16"),
        ("comma_decimal.onsets", "comma_decimal.onsets:1: `0,5`: a decimal comma"),
        ("unsorted.onsets", "unsorted.onsets:2: 1 s comes after 2 s"),
        ("negative.onsets", "negative.onsets:1: time: -0.1 is outside"),
        ("nan.onsets", "nan.onsets:2: time: `nan` is not finite"),
        ("inf.onsets", "inf.onsets:2: time: `inf` is not finite"),
        ("text.onsets", "text.onsets:2: time: `abc` is not a number"),
        ("missing_column.beats", "missing_column.beats:2: no beat position"),
        ("huge.onsets", "huge.onsets:2: time: 1000000"),
        ("nul.onsets", "nul.onsets:2: a NUL byte"),
    ] {
        let error = read(name).unwrap_err();
        assert!(error.starts_with(wanted), "{name}: {error}");
    }
}

#[test]
fn tables_of_labels_and_splits_are_read_and_joined() {
    let Some(data) = data("tables_of_labels") else { return };
    let emotify = read_emotify(data.join("emotify/tracks.tsv"), EMOTIFY_THRESHOLD).unwrap();
    let folder = data.join("emotify");
    let audio = files(&folder, &[".flac"]);
    let relative = |path: &PathBuf| path.strip_prefix(&folder).unwrap().display().to_string();
    let names: Vec<String> = audio.iter().map(relative).collect();
    let joined = join(&emotify, &names).unwrap();
    assert_eq!((emotify.tags.len(), joined.pairs.len()), (9, 64));
    assert!(joined.rows_without_file.is_empty() && joined.files_without_row.is_empty());

    // The tutorial's tables have an index without a name, or `clip_id`, in the first column.
    let (mut read, mut tables) = (0, 0);
    for path in files(
        &data.join("formats/ismir2018"),
        &["full_head.csv", "subset.csv", "clipid.csv", "post.csv", "subset_head.csv"],
    ) {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        if !name.contains("labels") {
            continue;
        }
        tables += 1;
        let path_column = if bytes.starts_with(b"clip_id") { "clip_id" } else { "" };
        let columns = TagColumns { path: path_column, ignored: &[], threshold: None };
        match parse_tag_table(&bytes, &path, &columns) {
            Ok(table) => {
                (_, read) = (
                    eprintln!("{name}: {} rows, {} tags", table.rows.len(), table.tags.len()),
                    read + 1,
                )
            }
            Err(error) => eprintln!("    {error}"),
        }
    }
    eprintln!("tutorial's tables: {read} of {tables} read");
    assert_eq!(read, tables);

    let lists =
        ["train", "valid", "test"].map(|s| data.join(format!("formats/gtzan/{s}_filtered.txt")));
    let split = SplitFile::read_lists(&lists[0], &lists[1], &lists[2]).unwrap();
    for side in [Side::Train, Side::Validation, Side::Test] {
        assert!(split.paths(side).eq(SplitFile::gtzan_filtered().paths(side)));
    }

    let broken = data.join("formats/broken_annotations");
    let error = parse_label_table(&std::fs::read(broken.join("ragged.csv")).unwrap(), "ragged.csv")
        .unwrap_err();
    assert!(error.to_string().starts_with("ragged.csv:2: "), "{error}");
    let quoted =
        std::fs::read_to_string(broken.join("quoted.csv")).unwrap().replacen("file", "path", 1);
    let table = parse_label_table(quoted.as_bytes(), "quoted.csv").unwrap();
    assert_eq!(table.rows[0].path, "a;b.wav");
}

#[test]
fn published_sets() {
    let Some(data) = data("published_sets") else { return };
    let homburg = dlmir_data::sets::open(data.join("genre_homburg")).unwrap();
    assert_eq!(homburg.layout, dlmir_data::sets::Layout::Homburg);
    assert_eq!(homburg.labels, ["blues", "electronic", "jazz"]);
    assert_eq!(homburg.items.len(), 30);
    let artists: std::collections::BTreeSet<_> = homburg.items.iter().map(|i| &i.group).collect();
    eprintln!("Homburg: {:?}, {} artists", homburg.label_counts(), artists.len());
    let folds = dlmir_data::k_fold(&homburg.pieces(), 5, 1).unwrap();
    assert!(folds.iter().all(|f| dlmir_data::check_groups(f, &homburg.pieces()).is_ok()));
    let digests: std::collections::BTreeSet<_> =
        folds.iter().map(|fold| homburg.split_sha256(fold)).collect();
    assert_eq!(digests.len(), 5);

    let music_speech = dlmir_data::sets::open(data.join("music_speech")).unwrap();
    assert_eq!(music_speech.label_counts(), [32, 32]);
}
