//! A folder for one test, removed at its end.

use std::fs;
use std::path::{Path, PathBuf};

pub struct TestFolder(PathBuf);

impl TestFolder {
    /// A folder with these files, all empty.
    pub fn new(name: &str, files: &[&str]) -> TestFolder {
        let root = std::env::temp_dir().join(format!("dlmir-data-{}-{name}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        TestFolder(root)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        // A folder that cannot be removed is the system's matter, not the test's.
        let _ = fs::remove_dir_all(&self.0);
    }
}
