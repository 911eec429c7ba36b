//! A file of any length, a block at a time, in constant memory.

use std::path::{Path, PathBuf};

use super::{Blocks, Failure, Problem, open};
use crate::AudioError;

/// A file that is decoded while it is used: ten hours take no more memory than ten seconds.
///
/// The samples are those of [`decode()`](super::decode()), block by block; how many a block has depends on the file.
///
/// ```
/// use dlmir_audio::{AudioStream, WavFormat, synth, write_wav};
///
/// let path = std::env::temp_dir().join("dlmir-stream-example.wav");
/// write_wav(&path, &synth::noise(2.0, 22_050, 1), WavFormat::Float32)?;
///
/// let mut stream = AudioStream::open(&path)?;
/// assert_eq!((stream.sample_rate(), stream.channels()), (22_050, 1));
/// let mut samples = 0;
/// while let Some(block) = stream.next_mono()? {
///     samples += block.len();
/// }
/// assert_eq!(samples, 44_100);
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
pub struct AudioStream {
    path: PathBuf,
    blocks: Box<dyn Blocks + Send>,
    /// The block that was read last; the first is read by [`open`](AudioStream::open), because only then rate and channels are sure.
    block: Vec<f32>,
    first: bool,
    mono: Vec<f32>,
    /// Samples per channel in all blocks so far.
    frames: u64,
    sample_rate: u32,
    channels: usize,
}

impl AudioStream {
    /// Opens a file and decodes its first block.
    ///
    /// # Errors
    /// As [`decode()`](super::decode()), for what shows at the start of a file.
    pub fn open(path: impl AsRef<Path>) -> Result<AudioStream, AudioError> {
        let path = path.as_ref();
        AudioStream::start(path).map_err(|failure| failure.at(path))
    }

    fn start(path: &Path) -> Result<AudioStream, Failure> {
        let mut blocks = open(path)?;
        let mut block = Vec::new();
        let some = blocks.next(&mut block)?;
        let about = blocks.about();
        about.check()?;
        if !some {
            return Err(about.empty());
        }
        let (sample_rate, channels) = (about.sample_rate, about.channels);
        about.check_samples(0, &block)?;
        let (path, mono) = (path.to_owned(), Vec::new());
        Ok(AudioStream { path, blocks, block, first: true, mono, frames: 0, sample_rate, channels })
    }

    /// Samples per second, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples per channel that the file declares, if it does.
    pub fn declared_frames(&mut self) -> Option<u64> {
        self.blocks.about().declared_frames
    }

    /// Whether the coding loses something: MP3 and Vorbis.
    pub fn is_lossy(&mut self) -> bool {
        self.blocks.about().lossy
    }

    /// What was found wrong so far: all of it when `None` was the last block.
    pub fn problems(&mut self) -> &[Problem] {
        &self.blocks.about().problems
    }

    /// The next block of interleaved samples; `None` at the end.
    ///
    /// # Errors
    /// [`AudioError::Sample`], [`AudioError::Io`], [`AudioError::Unsupported`] and [`AudioError::Malformed`] as they show, and at the end
    /// [`AudioError::Damaged`] where [`decode()`](super::decode()) refuses the file.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, AudioError> {
        match self.advance() {
            Ok(true) => Ok(Some(&self.block)),
            Ok(false) => {
                let about = self.blocks.about();
                match about.refusal().cloned() {
                    Some(problem) => Err(AudioError::Damaged { path: self.path.clone(), problem }),
                    None => Ok(None),
                }
            }
            Err(failure) => Err(failure.at(&self.path)),
        }
    }

    /// The next block, mixed down to one channel (the mean); `None` at the end.
    ///
    /// # Errors
    /// As [`next_block`](AudioStream::next_block).
    pub fn next_mono(&mut self) -> Result<Option<&[f32]>, AudioError> {
        let channels = self.channels;
        let mut mono = std::mem::take(&mut self.mono);
        let some = match self.next_block()? {
            Some(block) => {
                mono.clear();
                mono.extend(crate::signal::mono(block, channels));
                true
            }
            None => false,
        };
        self.mono = mono;
        Ok(some.then_some(&self.mono))
    }

    fn advance(&mut self) -> Result<bool, Failure> {
        if std::mem::take(&mut self.first) {
            self.frames = (self.block.len() / self.channels) as u64;
            return Ok(true);
        }
        let some = self.blocks.next(&mut self.block)?;
        let about = self.blocks.about();
        about.check_samples(self.frames, &self.block)?;
        self.frames += (self.block.len() / self.channels) as u64;
        if !some {
            about.check_length(self.frames);
        }
        Ok(some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, load};

    /// All blocks of a file, interleaved and mixed down, and how it ends.
    fn blocks(path: &Path) -> (Vec<f32>, Vec<f32>, Option<AudioError>) {
        let (mut all, mut mono) = (Vec::new(), Vec::new());
        let mut stream = AudioStream::open(path).expect("a fixture that begins well");
        let end = loop {
            match stream.next_block() {
                Ok(Some(block)) => all.extend_from_slice(block),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let mut stream = AudioStream::open(path).expect("a fixture that begins well");
        while let Ok(Some(block)) = stream.next_mono() {
            mono.extend_from_slice(block);
        }
        (all, mono, end)
    }

    #[test]
    fn the_blocks_of_every_format_are_the_whole_file() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats");
        let mut files = 0;
        for entry in std::fs::read_dir(folder).expect("fixtures") {
            let path = entry.expect("fixtures").path();
            let Ok(whole) = decode(&path) else { continue };
            let (all, mono, end) = blocks(&path);
            assert!(end.is_none(), "{}: {end:?}", path.display());
            assert!(all == whole.interleaved(), "{}", path.display());
            assert!(mono == load(&path).expect("decoded before").samples(), "{}", path.display());
            files += 1;
        }
        assert!(files > 8, "{files} fixtures");
    }

    #[test]
    fn a_file_that_breaks_off_says_so_at_its_end() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats");
        let bytes = std::fs::read(folder.join("tone_s16.wav")).expect("a fixture");
        let path = std::env::temp_dir().join(format!("dlmir-cut-{}.wav", std::process::id()));
        std::fs::write(&path, &bytes[..bytes.len() - 200]).expect("a temporary file");
        let (all, _, end) = blocks(&path);
        let refused = decode(&path).expect_err("refused as a whole too");
        std::fs::remove_file(&path).expect("written before");
        assert_eq!(end.expect("an error at the end").to_string(), refused.to_string());
        assert!(!all.is_empty());
    }
}
