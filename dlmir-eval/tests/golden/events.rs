//! Event files against TensorBoard's own.

use std::path::Path;

use dlmir_eval::events::{Content, Event, EventReader, EventWriter, What};

use crate::cases::cases;

fn events_of(path: impl AsRef<Path>) -> Vec<Event> {
    let reader = EventReader::open(path).expect("the file exists");
    reader.collect::<Result<_, _>>().expect("every checksum fits")
}

#[test]
fn histograms_have_the_buckets_of_tensorboard() {
    let dir = std::env::temp_dir().join(format!("dlmir-eval-golden-{}", std::process::id()));
    let cases = cases(include_str!("histograms.txt"));
    assert_eq!(cases.len(), 6);
    for case in &cases {
        let mut writer = EventWriter::create(&dir, "golden").unwrap();
        writer.histogram("tag", 1, &case.all::<f32>("values")).unwrap();
        let events = events_of(writer.path());
        let Some(Content::Tensor(tensor)) = &events[2].values()[0].content else {
            panic!("{:?}", events[2])
        };
        let golden: Vec<f64> = case.all("buckets");
        assert_eq!(tensor.doubles.len(), golden.len(), "{}", case.name);
        let widest = golden.iter().fold(0.0, |widest: f64, edge| widest.max(edge.abs()));
        for (k, (ours, golden)) in tensor.doubles.iter().zip(&golden).enumerate() {
            // Counts exactly, edges up to rounding.
            let tolerance = if k % 3 == 2 { 0.0 } else { 1e-15 * widest };
            assert!((ours - golden).abs() <= tolerance, "{} {k}: {ours} {golden}", case.name);
        }
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_file_of_tensorboard_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let events = events_of(folder.join("tensorboard.tfevents"));
    assert_eq!(events.iter().map(|event| event.step).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert!(events.iter().all(|event| event.wall_time == 1.7e9));
    assert_eq!(events[0].what, Some(What::FileVersion("brain.Event:2".to_owned())));
    assert_eq!(events[1].scalars().collect::<Vec<_>>(), [("loss", 0.25)]);
    let plugin = |k: usize| {
        let metadata = events[k].values()[0].metadata.as_ref().unwrap();
        metadata.plugin.as_ref().unwrap().name.as_str()
    };
    assert_eq!((plugin(2), plugin(3)), ("histograms", "text"));
    let Some(Content::Tensor(text)) = &events[3].values()[0].content else { panic!("{events:?}") };
    assert_eq!(text.strings, [b"**bold**"]);
}
