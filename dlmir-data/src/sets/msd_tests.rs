//! Labels of the Million Song Dataset on trees that are made in its layout.

use proptest::prelude::*;

use super::*;
use crate::test_folder::TestFolder;

const A: &str = "TRAAAAW128F429D538";
const B: &str = "TRBBBAA128F429D538";
const C: &str = "TRCCCAA128F429D538";

#[test]
fn genres_of_a_cls_file_and_previews_by_track() {
    let files = [
        "previews/A/A/A/TRAAAAW128F429D538.mp3",
        "previews/B/B/B/TRBBBAA128F429D538.clip.mp3",
        "previews/other.mp3",
    ];
    let folder = TestFolder::new("msd-cls", &files);
    let text = format!("# tagtraum\n#\n{A}\tRock\r\n{C}\tPop\n{B}\tJazz\tBlues\n");
    folder.write("msd_tagtraum_cd2.cls", &text);
    folder.write("unique_tracks.txt", &format!("{A}<SEP>SO1<SEP>Casual<SEP>A <SEP> B\n"));
    let set = super::super::open(folder.path()).unwrap();
    assert_eq!(set.layout, Layout::MillionSong);
    assert_eq!(set.labels, ["Jazz", "Rock"]);
    let items: Vec<_> = set.items.iter().map(|i| (i.labels[0], i.group.as_str())).collect();
    assert_eq!(items, [(0, B), (1, "artist Casual")]);
    assert_eq!(set.notes[0], "2 of 3 labelled tracks have a preview");
    assert!(set.notes[1].starts_with("1 tracks have a second genre"), "{:?}", set.notes);
    assert!(set.split.is_none());

    folder
        .write("msd-MASD-partition_stratified.cls", &format!("{A}\tTRAIN\n{B}\tTEST\n{C}\tTEST\n"));
    let split = super::super::open(folder.path()).unwrap().split.unwrap();
    assert_eq!(split.fold, Fold { train: vec![1], validation: vec![], test: vec![0] });
    assert_eq!((split.published, split.is_complete()), (Some([1, 0, 2]), false));

    folder.write("msd-MAGD-genreAssignment.cls", &format!("{A}\tPop_Rock\n"));
    let error = super::super::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("msd-MAGD-genreAssignment.cls, msd_tagtraum_cd2.cls"), "{error}");
    let table = folder.path().join("msd-MAGD-genreAssignment.cls");
    assert_eq!(read(folder.path(), &Labels::Classes(table)).unwrap().labels, ["Pop_Rock"]);
}

#[test]
fn tags_of_last_fm_and_previews_by_number() {
    let files = [
        "lastfm_train/A/A/A/TRAAAAW128F429D538.json",
        "lastfm_test/B/B/B/TRBBBAA128F429D538.json",
        "3/9/3974574.clip.mp3",
        "TRBBBAA128F429D538.wav",
        "TRCCCAA128F429D538.wav",
    ];
    let folder = TestFolder::new("msd-lastfm", &files);
    let tags = r#"{"track_id": "x", "tags": [["happy", "100"], ["rock", 51], ["pop", "50"], ["Bay Area", "90"]]}"#;
    folder.write(files[0], tags);
    folder.write(files[1], "{\"tags\":\n [[\"pop\", \"2\"]]}");
    for (word, track, number) in [("train", A, "3974574"), ("valid", B, "1"), ("test", C, "2")] {
        folder.write(&format!("{word}_x_msd_id.txt"), &format!("{track}\n"));
        folder.write(&format!("{word}_x_7d_id.txt"), &format!("{number}\n"));
    }
    let set = super::super::open(folder.path()).unwrap();
    assert_eq!((set.labels.len(), set.items.len(), set.multi_label), (50, 1, true));
    assert_eq!(set.items[0].labels, [0, 49]);
    assert_eq!(set.items[0].relative, "3/9/3974574.clip.mp3");
    assert_eq!(set.notes[0], "left out: 1 previews whose track has no list of tags");
    assert_eq!(set.notes[1], "left out: 1 previews whose track has none of the 50 tags");
    let split = set.split.unwrap();
    assert_eq!((split.counts(), split.published), ([1, 0, 0], Some(CHOI)));

    folder.write(files[1], "{\"tags\":\n [[\"pop\"]]}");
    let error = super::super::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("TRBBBAA128F429D538.json:1: tag [\"pop\"]"), "{error}");
    folder.write(files[1], "{\"tags\":\n [}");
    let error = super::super::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("TRBBBAA128F429D538.json:2: "), "{error}");
    folder.write("test_x_7d_id.txt", "2\n3\n");
    let error = super::super::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("test_x_7d_id.txt:2: 2 numbers for the 1 tracks"), "{error}");
    folder.write("test_x_msd_id.txt", &format!("{A}\n"));
    let error = super::super::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("test_x_msd_id.txt:1: TRAAAAW128F429D538 is in Train already"),
        "{error}"
    );
}

#[test]
fn a_wrong_line_is_named() {
    let parse = |text: &str| parse_classes(text.as_bytes(), "l.cls").map_err(|e| e.to_string());
    for (text, wanted) in [
        ("# x\nTRA\tRock\n".to_owned(), "l.cls:2: `TRA` is not a track"),
        (format!("{A}\n"), "l.cls:1: 1 columns, not 2 or 3"),
        (format!("{A}\tRock\n{A}\tPop\n"), "l.cls:2: TRAAAAW128F429D538 is in line 1 already"),
        (format!("{A}\t\tPop\n"), "l.cls:1: TRAAAAW128F429D538 has no class"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.starts_with(wanted), "{text:?}: {error}");
    }
    let folder = TestFolder::new("msd-none", &[]);
    folder.write("a.cls", &format!("{A}\tRock\n"));
    let error = super::super::open(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::Layout { .. }), "{error}");
    let names: BTreeSet<_> = CHOI_TAGS.iter().collect();
    assert_eq!(names.len(), 50);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(TRAAAAW128F429D538|[#%A-Z0-9\t\r\n]){0,20}") {
        let _ = parse_classes(text.as_bytes(), "l.cls");
    }
}
