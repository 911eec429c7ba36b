//! Reading event files back, with every checksum verified.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use prost::Message;

use super::message::Event;
use super::record::{self, BadRecord};
use crate::EvalError;

/// Iterates over the events of one file, in the order in which they were written.
///
/// The first damaged or incomplete record is an error and ends the iteration: what follows it can't be
/// found again.
#[derive(Debug)]
pub struct EventReader {
    path: PathBuf,
    input: BufReader<File>,
    length: u64,
    offset: u64,
    failed: bool,
}

impl EventReader {
    /// Opens an event file.
    ///
    /// # Errors
    ///
    /// [`EvalError::Io`] if it can't be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, EvalError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(EvalError::io(path))?;
        let length = file.metadata().map_err(EvalError::io(path))?.len();
        let input = BufReader::new(file);
        Ok(Self { path: path.to_path_buf(), input, length, offset: 0, failed: false })
    }

    fn next_event(&mut self) -> Result<Option<Event>, EvalError> {
        let (path, offset) = (&self.path, self.offset);
        let damaged = |problem| EvalError::DamagedRecord { path: path.clone(), offset, problem };
        match record::read(&mut self.input, self.length - self.offset) {
            Ok(None) => Ok(None),
            Ok(Some(data)) => {
                self.offset += data.len() as u64 + 16;
                let event = Event::decode(data.as_slice());
                event.map(Some).map_err(|_| damaged("a record is no event"))
            }
            Err(BadRecord::Truncated) => {
                Err(EvalError::TruncatedRecord { path: path.clone(), offset })
            }
            Err(BadRecord::Damaged(problem)) => Err(damaged(problem)),
            Err(BadRecord::Io(source)) => Err(EvalError::Io { path: path.clone(), source }),
        }
    }
}

impl Iterator for EventReader {
    type Item = Result<Event, EvalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let event = self.next_event();
        self.failed = event.is_err();
        event.transpose()
    }
}
