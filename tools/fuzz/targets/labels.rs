//! Tables of labels, tags and splits. The same bytes go to each reader.
#![no_main]

use dlmir_data::SplitFile;
use dlmir_data::labels::{TagColumns, join, parse_label_table, parse_tag_table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    const NAME: &str = "fuzz.csv";
    let files = ["a/1.wav", "b.mp3", "c"];
    if let Ok(table) = parse_label_table(bytes, NAME) {
        assert!(table.rows.iter().all(|row| row.label < table.labels.len()));
        if let Ok(joined) = join(&table, &files) {
            assert_eq!(joined.pairs.len() + joined.rows_without_file.len(), table.rows.len());
            assert_eq!(joined.pairs.len() + joined.files_without_row.len(), files.len());
        }
    }
    for (ignored, threshold) in [(&[][..], None), (&["n"][..], Some(0.25))] {
        let columns = TagColumns { path: "path", ignored, threshold };
        if let Ok(table) = parse_tag_table(bytes, NAME, &columns) {
            assert!(table.rows.iter().all(|row| row.values.len() == table.tags.len()));
            let _ = join(&table, &files);
        }
    }
    let _ = SplitFile::parse_csv(bytes, NAME);
});
