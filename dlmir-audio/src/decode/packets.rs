//! Containers and codecs, by Symphonia: find the audio track, decode its packets one after the other.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;

use super::source::Source;
use super::{Failure, Problem, Raw};

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

/// Reads whatever Symphonia recognises, up to `limit` samples.
///
/// Its arithmetic can overflow on nonsense in a header. Where overflow is checked (the dev profile) that is a panic, which one bad file in
/// a folder of thousands must not pass on.
pub(super) fn read(source: Source, limit: usize) -> Result<Raw, Failure> {
    catch_unwind(AssertUnwindSafe(|| read_track(source, limit)))
        .unwrap_or_else(|_| Err(Failure::Malformed("the decoder gave up on it".into())))
}

fn read_track(source: Source, limit: usize) -> Result<Raw, Failure> {
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    // An empty hint: the contents decide.
    let mut format = symphonia::default::get_probe().probe(
        &Hint::new(),
        stream,
        Default::default(),
        Default::default(),
    )?;
    let no_audio = || Failure::Unsupported("no audio track".into());
    let track = format.default_track(TrackType::Audio).ok_or_else(no_audio)?;
    let params = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or_else(no_audio)?.clone();
    let track_id = track.id;

    // Without the encoder's note, an MP3's length is only estimated from its first frames. Trimming to that
    // would cut off the end of a file whose bit rate falls.
    let is_mp3 = params.codec == CODEC_ID_MP3;
    let delay_known = !is_mp3 || track.delay.is_some();
    let raw = Raw {
        interleaved: Vec::new(),
        channels: params.channels.as_ref().map_or(0, |c| c.count()),
        sample_rate: params.sample_rate.unwrap_or(0),
        declared_frames: track.num_frames.filter(|_| delay_known),
        problems: if delay_known { vec![] } else { vec![Problem::NoEncoderDelay] },
        lossy: is_mp3 || params.codec == CODEC_ID_VORBIS,
    };
    let options = AudioDecoderOptions::default().verify(true).gapless(delay_known);
    decode_packets(format.as_mut(), track_id, &params, &options, raw, limit)
}

/// Decodes packet by packet, appending to `raw`. A few bytes of a codec can stand for thousands of equal samples, so a small file may
/// ask for any amount of memory: beyond `limit` samples it is refused.
fn decode_packets(
    format: &mut dyn FormatReader,
    track_id: u32,
    params: &AudioCodecParameters,
    options: &AudioDecoderOptions,
    mut raw: Raw,
    limit: usize,
) -> Result<Raw, Failure> {
    /// No packet of any of our codecs is longer, whatever its header says.
    const MAX_PACKET_FRAMES: u64 = 65_536;

    let mut decoder = symphonia::default::get_codecs().make_audio_decoder(params, options)?;
    let fits = |samples| if samples > limit { Err(Failure::TooLarge(limit)) } else { Ok(()) };
    let mut chunk = Vec::new();
    let mut lost_packets = 0;
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // A WAV file written to a pipe declares no length: it ends where the bytes end.
            Err(Error::IoError(e))
                if e.kind() == ErrorKind::UnexpectedEof
                    && raw.declared_frames.is_none()
                    && format.format_info().short_name == "wave" =>
            {
                break;
            }
            // Another stream begins: Symphonia would go on with its tracks and a new decoder.
            Err(Error::ResetRequired) => {
                let frames = (raw.interleaved.len() / raw.channels.max(1)) as u64;
                raw.problems.push(Problem::Chained { frames });
                break;
            }
            Err(error) => {
                let frames = (raw.interleaved.len() / raw.channels.max(1)) as u64;
                raw.problems.push(Problem::BrokenOff { frames, reason: error.to_string() });
                break;
            }
        };
        if packet.track_id != track_id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(buffer) if buffer.is_empty() => {}
            Ok(buffer) => {
                let (rate, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
                if raw.interleaved.is_empty() {
                    (raw.sample_rate, raw.channels) = (rate, channels);
                } else if (raw.sample_rate, raw.channels) != (rate, channels) {
                    return Err(Failure::Unsupported(format!(
                        "changes from {} Hz, {} channels to {rate} Hz, {channels} channels",
                        raw.sample_rate, raw.channels
                    )));
                }
                buffer.copy_to_vec_interleaved::<f32>(&mut chunk);
                fits(raw.interleaved.len() + chunk.len())?;
                raw.interleaved.extend_from_slice(&chunk);
            }
            // This packet is lost, the stream goes on.
            Err(Error::DecodeError(_)) => {
                lost_packets += 1;
                // `dur` still counts the encoder's silence in front and behind, contrary to its documentation
                // (Symphonia 0.6.1, PacketBuilder::trimmed_dur); a decoded packet comes without it.
                let sound =
                    packet.dur.saturating_sub(packet.trim_start).saturating_sub(packet.trim_end);
                let frames = sound.get().min(MAX_PACKET_FRAMES) as usize;
                let length = raw.interleaved.len() + frames * raw.channels;
                fits(length)?;
                raw.interleaved.resize(length, 0.0);
            }
            Err(other) => return Err(other.into()),
        }
    }
    if lost_packets > 0 {
        raw.problems.push(Problem::LostPackets { packets: lost_packets });
    }
    if decoder.finalize().verify_ok == Some(false) {
        raw.problems.push(Problem::Checksum);
    }
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;

    use super::*;

    #[test]
    fn no_more_samples_than_the_limit_are_held() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats");
        for name in ["tone_s16.flac", "tone_stereo.mp3"] {
            let source = || Source::new(File::open(folder.join(name)).expect("a fixture"), b"");
            let all = |limit| read(source(), limit).map(|raw| raw.interleaved.len());
            let samples = all(usize::MAX).unwrap_or_else(|_| panic!("{name} is sound"));
            assert!(all(samples).is_ok());
            let refused = all(samples - 1);
            assert!(matches!(refused, Err(Failure::TooLarge(limit)) if limit == samples - 1));
        }
    }
}
