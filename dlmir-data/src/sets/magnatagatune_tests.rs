//! MagnaTagATune on trees that are made in its layout.

use std::path::Path;

use dlmir_audio::{WavFormat, synth, write_wav};

use super::super::lists::tests::npy_of;
use super::*;
use crate::labels::{TagColumns, parse_tag_table};
use crate::test_folder::TestFolder;

const CLIPS: [(&str, &str); 6] = [
    ("f/bach-album-01-aria-0-29.mp3", "1\t0\t1"),
    ("f/bach-album-01-aria-30-59.mp3", "0\t0\t1"),
    ("c/lvx-nova-01-sea-0-29.mp3", "0\t0\t1"),
    ("0/bach-other-02-fuga-0-29.mp3", "0\t1\t1"),
    ("b/riot-loud-01-go-0-29.mp3", "0\t0\t0"),
    ("9/riot-loud-02-stop-0-29.mp3", "0\t1\t0"),
];

/// Tags: `calm` once, `loud` twice, `guitar` four times.
fn tree(name: &str, extension: &str) -> TestFolder {
    let files: Vec<String> = CLIPS
        .iter()
        .map(|(path, _)| format!("mp3/{}.{extension}", path.trim_end_matches(".mp3")))
        .collect();
    let folder = TestFolder::new(name, &files.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = CLIPS.iter().zip(1..).map(|((path, tags), id)| {
        format!(
            "\"{id}\"\t{}\t\"{path}\"\n",
            tags.split('\t').map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join("\t")
        )
    });
    let rows: String = rows.collect();
    folder.write(
        ANNOTATIONS,
        &format!("\"clip_id\"\t\"calm\"\t\"loud\"\t\"guitar\"\t\"mp3_path\"\n{rows}"),
    );
    folder
}

fn names(set: &LabelledSet, side: &[usize]) -> Vec<String> {
    side.iter().map(|&i| folder_and_stem(&set.items[i].relative).to_owned()).collect()
}

#[test]
fn protocol_p_goes_by_folder_and_keeps_all_clips() {
    let folder = tree("mtt-p", "mp3");
    let set = super::super::open(folder.path()).unwrap();
    assert_eq!(set.layout, Layout::MagnaTagATune(Protocol::Folders));
    assert_eq!(set.labels, ["guitar", "loud", "calm"]);
    assert!(set.multi_label && set.items.len() == 6);
    assert_eq!(set.items[0].labels, [0, 2]);
    assert_eq!(set.items[4].labels, [0; 0]);
    let split = set.split.as_ref().unwrap();
    assert_eq!(split.counts(), [3, 1, 2]);
    assert_eq!(names(&set, &split.fold.validation), ["c/lvx-nova-01-sea-0-29"]);
    // `bach` is on two sides, as in the published split; the groups tell.
    assert_eq!(set.items[0].group, "bach");
    assert_eq!(set.items[3].group, "bach");
    assert_eq!(set.tagged_pieces().len(), 6);
}

#[test]
fn protocol_l_by_its_lists() {
    let folder = tree("mtt-l", "wav");
    folder.write("train_list_pub.cP", "(lp1\nS'0/bach-other-02-fuga-0-29.npy'\np2\na.");
    folder.write("valid_list_pub.cP", "(lp1\nS'c/lvx-nova-01-sea-0-29.npy'\np2\na.");
    folder.write("test_list_pub.cP", "(lp1\nS'f/bach-album-01-aria-0-29.npy'\np2\na.");
    let set = super::super::open(folder.path()).unwrap();
    assert_eq!(set.layout, Layout::MagnaTagATune(Protocol::Lee));
    let split = set.split.as_ref().unwrap();
    assert_eq!((set.items.len(), split.counts(), split.published), (3, [1, 1, 1], Some(LEE)));
    assert!(!split.is_complete());
    assert!(set.notes[0].contains("[1, 1, 1] clips, those published [15244, 1529, 4332]"));

    folder.write("test_list_pub.cP", "(lp1\nS'c/lvx-nova-01-sea-0-29.npy'\np2\na.");
    let error = read(folder.path(), Protocol::Lee).unwrap_err().to_string();
    assert!(error.contains("test_list_pub.cP:1: c/lvx-nova-01-sea"), "{error}");
}

#[test]
fn protocol_l_by_its_rule() {
    let folder = tree("mtt-rule", "wav");
    let write = |clip: usize, seconds: f64| {
        let name = CLIPS[clip].0.replace(".mp3", ".wav");
        let signal = synth::noise(seconds, 1000, 1);
        write_wav(folder.path().join("mp3").join(name), &signal, WavFormat::Pcm16).unwrap();
    };
    // Clip 4 has no tag; clip 1 is too short; clip 5 is an empty file.
    for (clip, seconds) in [(0, 29.124), (1, 29.0), (2, 29.1), (3, 30.0), (4, 29.124)] {
        write(clip, seconds);
    }
    let set = read(folder.path(), Protocol::Lee).unwrap();
    let split = set.split.as_ref().unwrap();
    assert_eq!(split.counts(), [1, 1, 1]);
    assert_eq!(names(&set, &split.fold.test), ["f/bach-album-01-aria-0-29"]);
    assert_eq!(set.notes[1], "left out: 1 clips that are shorter than 29.1 s");
    assert_eq!(set.notes[2], "left out: 1 clips that cannot be decoded");
}

#[test]
fn protocol_w_by_its_lists_alone() {
    let folder = tree("mtt-w", "mp3");
    let error = read(folder.path(), Protocol::Won).unwrap_err().to_string();
    assert!(error.contains("train.npy"), "{error}");
    std::fs::create_dir_all(folder.path().join("split/mtat")).unwrap();
    let lists = [("train", 3), ("valid", 2), ("test", 1)];
    for (list, clip) in lists {
        let entry = format!("{clip}\t{}", CLIPS[clip].0);
        let path = folder.path().join(format!("split/mtat/{list}.npy"));
        std::fs::write(path, npy_of(&[&entry], true)).unwrap();
    }
    let set = super::super::open(folder.path()).unwrap();
    assert_eq!(set.layout, Layout::MagnaTagATune(Protocol::Won));
    let split = set.split.as_ref().unwrap();
    assert!(split.counts() == [1, 1, 1] && split.is_complete());
    assert_eq!(names(&set, &split.fold.train), ["0/bach-other-02-fuga-0-29"]);
}

#[test]
fn artists_come_from_the_table_if_it_is_there() {
    let folder = tree("mtt-artists", "mp3");
    folder.write(
        CLIP_INFO,
        "\"clip_id\"\t\"artist\"\t\"mp3_path\"\n\"1\"\t\"J. S. Bach\"\t\"f/bach-album-01-aria-0-29.mp3\"\n\"7\"\t\"No One\"\t\"\"\n",
    );
    let set = read(folder.path(), Protocol::Folders).unwrap();
    assert_eq!((set.items[0].group.as_str(), set.items[1].group.as_str()), ("J. S. Bach", "bach"));
    folder.write(CLIP_INFO, "clip_id\tmp3_path\n1\tx\n");
    let error = read(folder.path(), Protocol::Folders).unwrap_err().to_string();
    assert!(error.contains("clip_info_final.csv:1: column `artist`"), "{error}");
}

#[test]
fn a_wrong_path_or_an_empty_tree_is_an_error() {
    let folder = tree("mtt-wrong", "mp3");
    let text = std::fs::read_to_string(folder.path().join(ANNOTATIONS)).unwrap();
    folder.write(ANNOTATIONS, &text.replace("c/lvx", "g/lvx"));
    let error = read(folder.path(), Protocol::Folders).unwrap_err().to_string();
    assert!(error.contains("annotations_final.csv:4: mp3_path `g/lvx"), "{error}");
    let empty = TestFolder::new("mtt-empty", &[]);
    empty.write(ANNOTATIONS, &text);
    let error = read(empty.path(), Protocol::Folders).unwrap_err();
    assert!(matches!(error, DataError::Layout { .. }), "{error}");
}

#[test]
fn synonyms_are_merged_as_in_the_tutorial() {
    // 29 groups of 82 names: 188 tags less 53 are the 135 that are known.
    let names: Vec<&str> = SYNONYMS.iter().flat_map(|group| group.iter().copied()).collect();
    assert_eq!(names.len() - SYNONYMS.len(), 188 - 135);
    assert!((0..names.len()).all(|i| !names[..i].contains(&names[i])), "a name is in two groups");

    let text = "mp3_path\tclassic\tflute\tclassical\nf/a.mp3\t1\t0\t0\nf/b.mp3\t1\t1\t1\nf/c.mp3\t0\t1\t0\n";
    let columns = TagColumns { path: "mp3_path", ignored: &[], threshold: None };
    let table = parse_tag_table(text.as_bytes(), Path::new("t"), &columns).unwrap();
    let merged = merge_synonyms(&table);
    assert_eq!(merged.tags, ["classical", "flute"]);
    let tags: Vec<_> = merged.rows.iter().map(|row| row.tags.clone()).collect();
    assert_eq!(tags, [vec![0], vec![0, 1], vec![1]]);
    assert_eq!(merged.rows[1].values, [1.0, 1.0]);
    assert_eq!(top_tags(&merged, 1), [0]);
}
