use super::*;
use crate::test_folder::TestFolder;
use crate::wav::tests::wav_file;

const NOW: f64 = 1_700_000_000.5;

fn writer(folder: &TestFolder) -> EventWriter {
    EventWriter::with_clock(folder.path(), "dlmir", 0, || NOW).unwrap()
}

fn events_of(path: &Path) -> Vec<Event> {
    EventReader::open(path).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn everything_comes_back() {
    let folder = TestFolder::new("events-all");
    let mut writer = writer(&folder);
    assert_eq!(writer.path(), folder.join("events.out.tfevents.1700000000.dlmir"));
    writer.scalar("loss", 3, 0.25).unwrap();
    writer.histogram("weights/dense", 3, &[0.0, 1.0, 1.0]).unwrap();
    writer.image_rgb("picture", 4, (2, 1), &[255, 0, 0, 0, 0, 255]).unwrap();
    writer.audio("sound", 5, &wav_file(8000, 1, &[0, 1, -1])).unwrap();
    writer.text("note", 6, "**bold**").unwrap();

    let events = events_of(writer.path());
    assert!(events.iter().all(|event| event.wall_time == NOW));
    assert_eq!(events[0].what, Some(What::FileVersion("brain.Event:2".to_owned())));
    let steps: Vec<i64> = events.iter().map(|event| event.step).collect();
    assert_eq!(steps, [0, 0, 3, 3, 4, 5, 6]);
    assert_eq!(events[2].scalars().collect::<Vec<_>>(), [("loss", 0.25)]);

    let value = |k: usize| &events[k].values()[0];
    let plugin = |k: usize| value(k).metadata.clone().unwrap().plugin.unwrap().name;
    let Some(Content::Tensor(histogram)) = &value(3).content else { panic!("{:?}", value(3)) };
    assert_eq!(
        (histogram.dtype, histogram.doubles.len(), plugin(3).as_str()),
        (2, 90, "histograms")
    );
    let Some(Content::Image(image)) = &value(4).content else { panic!("{:?}", value(4)) };
    assert_eq!((image.width, image.height, image.colorspace), (2, 1, 3));
    let Some(Content::Audio(audio)) = &value(5).content else { panic!("{:?}", value(5)) };
    assert_eq!((audio.sample_rate, audio.channels, audio.frames), (8000.0, 1, 3));
    let Some(Content::Tensor(text)) = &value(6).content else { panic!("{:?}", value(6)) };
    assert_eq!((&text.strings[0][..], plugin(6).as_str()), (&b"**bold**"[..], "text"));
}

#[test]
fn equal_runs_write_equal_bytes_and_none_overwrites_another() {
    let folder = TestFolder::new("events-equal");
    let mut files = Vec::new();
    for _ in 0..3 {
        let mut writer = writer(&folder);
        writer.scalar("loss", 1, 0.5_f32).unwrap();
        files.push(fs::read(writer.path()).unwrap());
    }
    assert!(files.iter().all(|file| *file == files[0]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn a_resumed_run_marks_where_it_goes_on() {
    let folder = TestFolder::new("events-resume");
    let started = EventWriter::create(folder.path(), "dlmir").unwrap();
    let resumed = EventWriter::resume(folder.path(), "dlmir", 7).unwrap();
    for (writer, first_step) in [(started, 0), (resumed, 7)] {
        let mark = &events_of(writer.path())[1];
        assert_eq!(mark.step, first_step);
        assert_eq!(mark.what, Some(What::SessionLog(SessionLog { status: 1 })));
    }
}

#[test]
fn what_is_no_picture_and_no_sound_is_refused() {
    let folder = TestFolder::new("events-refuse");
    let mut writer = writer(&folder);
    assert!(matches!(writer.image("x", 0, b"GIF89a"), Err(EvalError::NotPng { .. })));
    assert!(matches!(writer.audio("x", 0, b"GIF89a"), Err(EvalError::NotWav)));
    assert_eq!(events_of(writer.path()).len(), 2, "nothing was written");
}

/// Every single flipped bit is found, and every cut is an end or an error: nothing false is read.
#[test]
fn damage_is_found() {
    let folder = TestFolder::new("events-damage");
    let mut writer = writer(&folder);
    writer.scalar("loss", 1, 0.5).unwrap();
    let good = fs::read(writer.path()).unwrap();
    let path = folder.join("damaged");
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bad).unwrap();
        let error = EventReader::open(&path).unwrap().find_map(Result::err);
        assert!(matches!(error, Some(EvalError::DamagedRecord { .. })), "bit {bit}: {error:?}");
    }
    let lengths = events_of(writer.path()).into_iter().map(|e| e.encode_to_vec().len() + 16);
    let ends: Vec<usize> = lengths
        .scan(0, |end, length| {
            *end += length;
            Some(*end)
        })
        .collect();
    for cut in 0..good.len() {
        fs::write(&path, &good[..cut]).unwrap();
        let events: Vec<_> = EventReader::open(&path).unwrap().collect();
        let whole = events.iter().filter(|event| event.is_ok()).count();
        assert_eq!(whole, ends.iter().filter(|&&end| end <= cut).count(), "cut at {cut}");
        let truncated = matches!(events.last(), Some(Err(EvalError::TruncatedRecord { .. })));
        assert_eq!(truncated, cut != 0 && !ends.contains(&cut), "cut at {cut}");
    }
}

#[test]
fn a_writer_can_go_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<EventWriter>();
}
