//! Containers and codecs, by Symphonia: find the audio track, decode its packets one after the other.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;

use super::source::Source;
use super::{About, Blocks, Failure, Problem};

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
                Failure::Malformed("unexpected end of file".into())
            }
            Error::IoError(e) => Failure::Io(e),
            Error::DecodeError(reason) => Failure::Malformed(reason.into()),
            other => Failure::Unsupported(other.to_string()),
        }
    }
}

/// The packets of a file's audio track, decoded one after the other.
pub(super) struct Packets {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    about: About,
    /// Samples per channel so far.
    frames: u64,
    lost_packets: usize,
}

/// Calls Symphonia. Its arithmetic can overflow on nonsense in a header. Where overflow is checked (the dev profile) that is a panic,
/// which one bad file in a folder of thousands must not pass on.
fn guarded<T>(call: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(Failure::Malformed("the decoder gave up on it".into())))
}

impl Packets {
    /// Finds the audio track in whatever Symphonia recognises.
    pub(super) fn open(source: Source) -> Result<Packets, Failure> {
        guarded(|| Packets::find_track(source))
    }

    fn find_track(source: Source) -> Result<Packets, Failure> {
        let stream = MediaSourceStream::new(Box::new(source), Default::default());
        // An empty hint: the contents decide.
        let format = symphonia::default::get_probe().probe(
            &Hint::new(),
            stream,
            Default::default(),
            Default::default(),
        )?;
        let no_audio = || Failure::Unsupported("no audio track".into());
        let track = format.default_track(TrackType::Audio).ok_or_else(no_audio)?;
        let params =
            track.codec_params.as_ref().and_then(|p| p.audio()).ok_or_else(no_audio)?.clone();

        // Without the encoder's note, an MP3's length is only estimated from its first frames. Trimming to that
        // would cut off the end of a file whose bit rate falls.
        let is_mp3 = params.codec == CODEC_ID_MP3;
        let delay_known = !is_mp3 || track.delay.is_some();
        let about = About {
            channels: params.channels.as_ref().map_or(0, |c| c.count()),
            sample_rate: params.sample_rate.unwrap_or(0),
            declared_frames: track.num_frames.filter(|_| delay_known),
            problems: if delay_known { vec![] } else { vec![Problem::NoEncoderDelay] },
            lossy: is_mp3 || params.codec == CODEC_ID_VORBIS,
        };
        let track_id = track.id;
        let options = AudioDecoderOptions::default().verify(true).gapless(delay_known);
        let decoder = symphonia::default::get_codecs().make_audio_decoder(&params, &options)?;
        Ok(Packets { format, decoder, track_id, about, frames: 0, lost_packets: 0 })
    }

    /// The next packet of the track; `None` at the end, whatever the end is.
    fn next_packet(&mut self) -> Option<Packet> {
        loop {
            match self.format.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track_id => return Some(packet),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                // A WAV file written to a pipe declares no length: it ends where the bytes end.
                Err(Error::IoError(e))
                    if e.kind() == ErrorKind::UnexpectedEof
                        && self.about.declared_frames.is_none()
                        && self.format.format_info().short_name == "wave" =>
                {
                    return None;
                }
                // Another stream begins: Symphonia would go on with its tracks and a new decoder.
                Err(Error::ResetRequired) => {
                    self.about.problems.push(Problem::Chained { frames: self.frames });
                    return None;
                }
                Err(error) => {
                    let (frames, reason) = (self.frames, error.to_string());
                    self.about.problems.push(Problem::BrokenOff { frames, reason });
                    return None;
                }
            }
        }
    }

    fn decode_next(&mut self, block: &mut Vec<f32>) -> Result<bool, Failure> {
        /// No packet of any of our codecs is longer, whatever its header says.
        const MAX_PACKET_FRAMES: u64 = 65_536;

        block.clear();
        while block.is_empty() {
            let Some(packet) = self.next_packet() else {
                self.end();
                return Ok(false);
            };
            match self.decoder.decode(&packet) {
                Ok(buffer) if buffer.is_empty() => {}
                Ok(buffer) => {
                    let (rate, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
                    let about = &mut self.about;
                    if self.frames == 0 {
                        (about.sample_rate, about.channels) = (rate, channels);
                    } else if (about.sample_rate, about.channels) != (rate, channels) {
                        return Err(Failure::Unsupported(format!(
                            "changes from {} Hz, {} channels to {rate} Hz, {channels} channels",
                            about.sample_rate, about.channels
                        )));
                    }
                    buffer.copy_to_vec_interleaved::<f32>(block);
                }
                // This packet is lost, the stream goes on.
                Err(Error::DecodeError(_)) => {
                    self.lost_packets += 1;
                    // `dur` still counts the encoder's silence in front and behind, contrary to its documentation
                    // (Symphonia 0.6.1, PacketBuilder::trimmed_dur); a decoded packet comes without it.
                    let sound = packet
                        .dur
                        .saturating_sub(packet.trim_start)
                        .saturating_sub(packet.trim_end);
                    let frames = sound.get().min(MAX_PACKET_FRAMES) as usize;
                    block.resize(frames * self.about.channels, 0.0);
                }
                Err(other) => return Err(other.into()),
            }
        }
        self.frames += (block.len() / self.about.channels.max(1)) as u64;
        Ok(true)
    }

    /// What only shows at the end.
    fn end(&mut self) {
        if self.lost_packets > 0 {
            self.about.problems.push(Problem::LostPackets { packets: self.lost_packets });
        }
        if self.decoder.finalize().verify_ok == Some(false) {
            self.about.problems.push(Problem::Checksum);
        }
    }
}

impl Blocks for Packets {
    fn about(&mut self) -> &mut About {
        &mut self.about
    }

    fn next(&mut self, block: &mut Vec<f32>) -> Result<bool, Failure> {
        guarded(|| self.decode_next(block))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;

    use super::super::collect;
    use super::*;

    /// A few bytes of a codec can stand for thousands of equal samples, so a small file may ask for any amount of memory.
    #[test]
    fn no_more_samples_than_the_limit_are_held() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats");
        for name in ["tone_s16.flac", "tone_stereo.mp3"] {
            let all = |limit| {
                let source = Source::new(File::open(folder.join(name)).expect("a fixture"), b"");
                collect(&mut Packets::open(source)?, limit).map(|samples| samples.len())
            };
            let samples = all(usize::MAX).unwrap_or_else(|_| panic!("{name} is sound"));
            assert!(all(samples).is_ok());
            let refused = all(samples - 1);
            assert!(matches!(refused, Err(Failure::TooLarge(limit)) if limit == samples - 1));
        }
    }
}
