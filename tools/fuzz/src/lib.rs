//! What the fuzz targets share. Each target in `targets/` feeds one parser with bytes that libFuzzer invents and asks
//! two things: that it comes back without a panic, and that what it accepts is sound.

use std::path::PathBuf;
use std::sync::OnceLock;

/// A file of this process with this content, for parsers that open their files themselves.
pub fn file(bytes: &[u8]) -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let name = || std::env::temp_dir().join(format!("dlmir-fuzz-{}", std::process::id()));
    let path = PATH.get_or_init(name).clone();
    std::fs::write(&path, bytes).expect("the folder for temporary files can be written to");
    path
}

/// libFuzzer's panic hook ends the process, even where the panic would be caught. Panics of Symphonia are
/// caught by our decoder and reported as errors, so they are no finding; all others still are.
pub fn let_symphonia_panic() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let caught = info.location().is_some_and(|at| at.file().contains("symphonia"));
        if !caught {
            hook(info);
        }
    }));
}

/// Decodes these bytes as a file and checks what comes out.
pub fn decode(bytes: &[u8]) {
    let path = file(bytes);
    let Ok(decoded) = dlmir_audio::decode_lenient(&path) else { return };
    let audio = &decoded.audio;
    assert!(audio.channels() > 0 && audio.frames() > 0);
    assert_eq!(audio.interleaved().len(), audio.channels() * audio.frames());
    assert!(audio.interleaved().iter().all(|x| x.is_finite()), "a sample is not a number");
    if decoded.problems.is_empty() {
        assert!(dlmir_audio::decode(&path).is_ok(), "a file without a problem is refused");
    }
}
