//! Models that come with the crate, trained on generated sound only by the `pretrain` command of the
//! course. No file has to be found and nothing is downloaded: their weights are part of the program.

use crate::{Model, ModelError, Tagger};

const MUSIC_SPEECH: &[u8] = include_bytes!("../pretrained/music_speech.safetensors");

/// The shipped models.
///
/// ```
/// use dlmir_audio::synth;
/// use dlmir_models::Pretrained;
///
/// let tagger = Pretrained::music_speech()?;
/// let tags = tagger.tag(&synth::sine(440.0, 3.0, 44_100))?;
/// assert_eq!(tags.len(), 2);
/// assert_eq!(tags[0].label, "music");
/// # Ok::<(), dlmir_models::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Pretrained;

impl Pretrained {
    /// Tells music from speech, in a whole recording ([`Tagger::tag`]) or over time
    /// ([`Tagger::segments`]). Labels: `music`, `speech`.
    ///
    /// # Errors
    /// If the weights in the program are damaged, which the checksum would tell.
    pub fn music_speech() -> Result<Tagger, ModelError> {
        Tagger::new(Model::from_bytes(MUSIC_SPEECH)?)
    }
}

#[cfg(test)]
mod tests {
    use dlmir_data::synthetic::music_speech;

    use super::*;

    /// Items of a seed that training (2018) did not use, of another length, at another rate.
    #[test]
    fn the_shipped_model_tells_music_from_speech() {
        let tagger = Pretrained::music_speech().unwrap();
        let mut seen = [0; 2];
        let mut right = 0;
        for index in 0..20 {
            let item = music_speech::item(41, index, 5.0, 16_000);
            let label = music_speech::CLASSES[item.class];
            seen[item.class] += 1;
            right += usize::from(tagger.tag(&item.signal).unwrap()[0].label == label);
        }
        assert_eq!(seen, [10, 10]);
        assert!(right >= 18, "{right} of 20");
    }

    #[test]
    fn the_shipped_model_is_whole_small_and_says_what_it_is() {
        let tagger = Pretrained::music_speech().unwrap();
        assert_eq!(tagger.model().labels, ["music", "speech"]);
        assert!(MUSIC_SPEECH.len() < 1_000_000);
        assert_eq!(tagger.model().training["data"], "generated music and speech only");
    }
}
