//! A file as the decoders see it: WAV files without the size of the whole.
//!
//! A WAV file is a list of chunks inside one RIFF chunk, whose size stands in bytes 4 to 8. The size is redundant, and wrong in files of many
//! recorders; most programs ignore it. Here it reads as 0xffffffff, which means "unknown".

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::ops::Range;

use symphonia::core::io::MediaSource;

const RIFF_SIZE: Range<u64> = 4..8;

pub(super) struct Source {
    file: File,
    position: u64,
    is_riff: bool,
}

impl Source {
    /// A file at its start, whose first bytes are `head`.
    pub(super) fn new(file: File, head: &[u8]) -> Source {
        Source { file, position: 0, is_riff: head == b"RIFF" }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.file.read(buffer)?;
        if self.is_riff && self.position < RIFF_SIZE.end {
            for (at, byte) in (self.position..).zip(&mut buffer[..count]) {
                if RIFF_SIZE.contains(&at) {
                    *byte = 0xff;
                }
            }
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}

impl MediaSource for Source {
    fn is_seekable(&self) -> bool {
        self.file.is_seekable()
    }

    fn byte_len(&self) -> Option<u64> {
        self.file.byte_len()
    }
}
