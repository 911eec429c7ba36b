use std::process::Command;

use super::*;
use crate::test_folder::TestFolder;

/// What stands for features here: the bytes of the file as numbers.
fn features(recording: &Path) -> std::io::Result<Array2<f32>> {
    let bytes = fs::read(recording)?;
    Ok(Array2::from_shape_fn((4, bytes.len()), |(i, j)| f32::from(bytes[j]) / (i + 1) as f32))
}

fn must_not(_: &Path) -> std::io::Result<Array2<f32>> {
    Err(std::io::Error::other("computed again"))
}

/// A folder with so many recordings, and their paths.
fn recordings(name: &str, count: usize) -> (TestFolder, Vec<PathBuf>) {
    let folder = TestFolder::new(name, &[]);
    let names: Vec<String> = (0..count).map(|i| format!("{i}.wav")).collect();
    names.iter().enumerate().for_each(|(i, name)| folder.write(name, &"x".repeat(500 + i)));
    let paths = names.iter().map(|name| folder.path().join(name)).collect();
    (folder, paths)
}

fn cache(folder: &TestFolder, parameters: &str) -> FeatureCache {
    FeatureCache::open(folder.path().join("cache"), parameters).unwrap()
}

#[test]
fn contents_and_parameters_make_the_key() {
    let (folder, paths) = recordings("cache-key", 2);
    let (a, b) = (cache(&folder, "hop 512"), cache(&folder, "hop 256"));
    assert_eq!(a.get_or_compute(&paths[0], || features(&paths[0])).unwrap().1, Origin::Computed);
    assert_eq!(b.get_or_compute(&paths[0], || features(&paths[0])).unwrap().1, Origin::Computed);
    let (array, origin) = a.get_or_compute(&paths[0], || must_not(&paths[0])).unwrap();
    assert_eq!((array, origin), (features(&paths[0]).unwrap(), Origin::Cache));
    // Another name for the same bytes is the same recording; other bytes under the same name are not.
    fs::copy(&paths[0], folder.path().join("copy.wav")).unwrap();
    let copy = folder.path().join("copy.wav");
    assert_eq!(a.get_or_compute(&copy, || must_not(&copy)).unwrap().1, Origin::Cache);
    folder.write("copy.wav", "other bytes");
    assert_eq!(a.get_or_compute(&copy, || features(&copy)).unwrap().1, Origin::Computed);
}

#[test]
fn a_damaged_entry_is_noticed_said_and_computed_again() {
    let (folder, paths) = recordings("cache-damage", 1);
    let cache = cache(&folder, "");
    cache.get_or_compute(&paths[0], || features(&paths[0])).unwrap();
    let path = cache.entries().unwrap()[0].path.clone();
    let whole = fs::read(&path).unwrap();
    let flipped = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        bytes
    };
    let damaged = [
        (whole[..50].to_vec(), "less than a header"),
        (whole[..whole.len() - 1].to_vec(), "bytes of values"),
        (flipped(0), "another kind"),
        (flipped(20), "another recording"),
        (flipped(47), "bytes of values"),
        (flipped(60), "checksum"),
        (flipped(whole.len() - 1), "checksum"),
    ];
    for (bytes, word) in damaged {
        fs::write(&path, bytes).unwrap();
        let (array, origin) = cache.get_or_compute(&paths[0], || features(&paths[0])).unwrap();
        assert!(matches!(&origin, Origin::Replaced(why) if why.contains(word)), "{origin:?}");
        assert_eq!(array, features(&paths[0]).unwrap());
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn errors_are_passed_on_and_leave_nothing() {
    let (folder, paths) = recordings("cache-errors", 1);
    let cache = cache(&folder, "");
    let error = cache.get_or_compute(&paths[0], || must_not(&paths[0])).unwrap_err();
    assert_eq!(error.to_string(), "computed again");
    assert_eq!(cache.size().unwrap(), 0);
    let gone = folder.path().join("gone.wav");
    assert!(cache.get_or_compute(&gone, || features(&gone)).is_err());
    // A folder in the entry's place cannot be replaced: the array is there all the same.
    fs::create_dir(cache.entry_path(&cache.key(&paths[0]).unwrap())).unwrap();
    let (_, origin) = cache.get_or_compute(&paths[0], || features(&paths[0])).unwrap();
    assert!(matches!(origin, Origin::NotStored(_)), "{origin:?}");
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let (folder, paths) = recordings("cache-shrink", 3);
    let cache = cache(&folder, "");
    let arrays = cache.fill(&paths, features, |_, _| {});
    assert!(arrays.iter().all(|array| matches!(array, Ok((_, Origin::Computed)))));
    let long_ago = SystemTime::now() - Duration::from_secs(100);
    for path in &paths {
        let entry = File::options().append(true).open(cache.entry_path(&cache.key(path).unwrap()));
        entry.unwrap().set_modified(long_ago).unwrap();
    }
    cache.get_or_compute(&paths[0], || must_not(&paths[0])).unwrap();
    folder.write("cache/notes.txt", "mine");
    assert_eq!(cache.shrink(cache.size().unwrap() / 2).unwrap(), 2);
    assert_eq!(cache.get_or_compute(&paths[0], || must_not(&paths[0])).unwrap().1, Origin::Cache);
    assert_eq!(cache.clear().unwrap(), 1);
    assert_eq!(cache.size().unwrap(), 0);
    assert!(folder.path().join("cache/notes.txt").is_file());
}

#[test]
fn what_a_killed_program_left_is_swept_up() {
    let (folder, _) = recordings("cache-stale", 0);
    cache(&folder, "");
    for (name, seconds) in [(".a.feat.1-0.tmp", 7200), (".b.feat.2-0.tmp", 1)] {
        folder.write(&format!("cache/{name}"), "half");
        let file = File::options().append(true).open(folder.path().join("cache").join(name));
        file.unwrap().set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    }
    cache(&folder, "");
    assert!(!folder.path().join("cache/.a.feat.1-0.tmp").exists());
    // Perhaps its writer is still at work.
    assert!(folder.path().join("cache/.b.feat.2-0.tmp").exists());
}

/// This test starts itself twice, as two more processes, on one cache, and kills one of them.
#[test]
fn three_processes_fill_one_cache() {
    const COUNT: usize = 60;
    if let Some(folder) = std::env::var_os("DLMIR_CACHE_TEST") {
        let folder = PathBuf::from(folder);
        let cache = FeatureCache::open(folder.join("cache"), "").unwrap();
        let paths: Vec<PathBuf> = (0..COUNT).map(|i| folder.join(format!("{i}.wav"))).collect();
        assert!(cache.fill(&paths, features, |_, _| {}).iter().all(Result::is_ok));
        return;
    }
    let (folder, paths) = recordings("cache-processes", COUNT);
    let cache = cache(&folder, "");
    let child = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cache::tests::three_processes_fill_one_cache"])
            .env("DLMIR_CACHE_TEST", folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let (mut killed, mut whole) = (child(), child());
    let last = std::sync::Mutex::new(0);
    let arrays = cache.fill(&paths, features, |done, of| {
        let mut last = last.lock().unwrap();
        *last = done.max(*last);
        assert_eq!(of, COUNT as u64);
    });
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(whole.wait().unwrap().success());
    assert_eq!(*last.lock().unwrap(), COUNT as u64);
    for (path, array) in paths.iter().zip(arrays) {
        let (array, origin) = array.unwrap();
        assert!(matches!(origin, Origin::Computed | Origin::Cache), "{origin:?}");
        assert_eq!(array, features(path).unwrap());
        assert_eq!(cache.get_or_compute(path, || must_not(path)).unwrap(), (array, Origin::Cache));
    }
    assert_eq!(cache.entries().unwrap().len(), COUNT);
}
