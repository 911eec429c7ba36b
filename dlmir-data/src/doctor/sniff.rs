//! What a file is, told by its first bytes: names are often wrong.

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Audio that is read: the format's name and the extensions it goes by.
    Audio(&'static str, &'static [&'static str]),
    /// Audio, or film with sound, that is not read.
    Unread(&'static str),
    /// Something else.
    Other(&'static str),
    /// Text in UTF-8, UTF-16 or another encoding without control characters.
    Text,
    /// No bytes at all.
    Empty,
    /// Bytes that tell nothing.
    Unknown,
}

const WAV: Kind = Kind::Audio("WAV", &["wav", "wave"]);
const AIFF: Kind = Kind::Audio("AIFF", &["aif", "aiff", "aifc"]);
const AU: Kind = Kind::Audio("AU", &["au", "snd"]);
const FLAC: Kind = Kind::Audio("FLAC", &["flac", "fla"]);
const MP3: Kind = Kind::Audio("MP3", &["mp3", "mp2", "mpga"]);
const VORBIS: Kind = Kind::Audio("OGG Vorbis", &["ogg", "oga"]);
const OGG_FLAC: Kind = Kind::Audio("FLAC in OGG", &["ogg", "oga", "flac"]);

/// Extensions of audio and film whose contents are examined although training does not look for them.
pub(super) const MORE_AUDIO: [&str; 33] = [
    "wave", "bwf", "rf64", "w64", "caf", "m4a", "m4b", "mp4", "aac", "alac", "opus", "wma", "asf",
    "ape", "wv", "mpc", "mka", "mkv", "webm", "mp1", "mp2", "mpga", "amr", "3gp", "ra", "rm",
    "spx", "fla", "tta", "dsf", "mov", "avi", "voc",
];

/// How many bytes [`kind`] wants to see.
pub(super) const HEAD: usize = 4096;

/// The kind of a file that begins with these bytes.
pub(super) fn kind(head: &[u8]) -> Kind {
    let at = |place: usize, magic: &[u8]| head.get(place..).is_some_and(|b| b.starts_with(magic));
    let anywhere = |magic: &[u8]| head.windows(magic.len()).any(|w| w == magic);
    if head.is_empty() {
        return Kind::Empty;
    }
    if at(0, b"RIFF") {
        return match head.get(8..12) {
            Some(b"WAVE") => WAV,
            Some(b"AVI ") => Kind::Unread("an AVI film"),
            _ => Kind::Other("a RIFF file, but no WAV"),
        };
    }
    if at(0, b"OggS") {
        return match () {
            () if anywhere(b"OpusHead") => Kind::Unread("Opus"),
            () if anywhere(b"Speex   ") => Kind::Unread("Speex"),
            () if anywhere(b"\x7fFLAC") => OGG_FLAC,
            () => VORBIS,
        };
    }
    let known: [(usize, &[u8], Kind); 33] = [
        (0, b".snd", AU),
        (0, b"fLaC", FLAC),
        (0, b"ID3", MP3),
        (0, b"RF64", Kind::Unread("WAV in RF64 form")),
        (0, b"RIFX", Kind::Unread("big-endian WAV (RIFX)")),
        (0, b"riff\x2e\x91\xcf\x11", Kind::Unread("Sony Wave64")),
        (4, b"ftyp", Kind::Unread("MP4 or M4A (AAC, ALAC)")),
        (0, b"caff", Kind::Unread("Apple CAF")),
        (0, b"wvpk", Kind::Unread("WavPack")),
        (0, b"MAC ", Kind::Unread("Monkey's Audio")),
        (0, b"MPCK", Kind::Unread("Musepack")),
        (0, b"\x30\x26\xb2\x75", Kind::Unread("Windows Media")),
        (0, b"\x1a\x45\xdf\xa3", Kind::Unread("Matroska or WebM")),
        (0, b"#!AMR", Kind::Unread("AMR")),
        (0, b"MThd", Kind::Other("MIDI")),
        (0, b"\x89PNG", Kind::Other("a PNG picture")),
        (0, b"\xff\xd8\xff", Kind::Other("a JPEG picture")),
        (0, b"GIF8", Kind::Other("a GIF picture")),
        (0, b"BM", Kind::Unknown),
        (0, b"%PDF", Kind::Other("a PDF document")),
        (0, b"PK\x03\x04", Kind::Other("a ZIP archive")),
        (0, b"\x1f\x8b", Kind::Other("compressed with gzip")),
        (0, b"BZh", Kind::Other("compressed with bzip2")),
        (0, b"\xfd7zXZ", Kind::Other("compressed with xz")),
        (0, b"7z\xbc\xaf", Kind::Other("a 7z archive")),
        (0, b"Rar!", Kind::Other("a RAR archive")),
        (0, b"\x93NUMPY", Kind::Other("a NumPy array")),
        (0, b"\x89HDF", Kind::Other("an HDF5 file")),
        (0, b"MATLAB", Kind::Other("MATLAB data")),
        (0, b"SQLite", Kind::Other("a database")),
        (0, b"\x7fELF", Kind::Other("a program")),
        (257, b"ustar", Kind::Other("a TAR archive")),
        (0, b"\0asm", Kind::Other("a program")),
    ];
    if let Some((_, _, kind)) = known.iter().find(|(place, magic, _)| at(*place, magic)) {
        return *kind;
    }
    if at(0, b"FORM") {
        return match head.get(8..12) {
            Some(b"AIFF" | b"AIFC") => AIFF,
            _ => Kind::Other("an IFF file, but no AIFF"),
        };
    }
    // The frame header of MPEG audio: eleven ones, then a version and a layer that exist.
    if let [0xff, second, third, ..] = *head
        && second & 0xe0 == 0xe0
        && second & 0x18 != 0x08
        && second & 0x06 == 0x02
        && third >> 4 != 0x0f
        && third & 0x0c != 0x0c
        && second != 0xfe
    {
        return MP3;
    }
    if is_text(head) { Kind::Text } else { Kind::Unknown }
}

/// Without control characters other than white space; UTF-16 counts if it begins with its mark.
fn is_text(head: &[u8]) -> bool {
    let marked = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    marked || head.iter().all(|&b| b >= 0x20 && b != 0x7f || matches!(b, b'\t'..=b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_tell_the_kind() {
        assert_eq!(kind(b""), Kind::Empty);
        assert_eq!(kind(b"RIFF\0\0\0\0WAVEfmt "), WAV);
        assert!(matches!(kind(b"RIFF\0\0\0\0AVI LIST"), Kind::Unread(_)));
        assert!(matches!(kind(b"OggS\0\x02........OpusHead"), Kind::Unread("Opus")));
        assert_eq!(kind(b"OggS\0\x02........\x01vorbis"), VORBIS);
        assert_eq!(kind(&[0xff, 0xfb, 0x90, 0x00]), MP3);
        assert_eq!(kind("0.5\n1.0\n".as_bytes()), Kind::Text);
        assert_eq!(kind("<html>Größe".as_bytes()), Kind::Text);
        assert_eq!(kind(b"\xff\xfe0\0.\x005\0"), Kind::Text);
        assert_eq!(kind(&[1, 2, 3, 0]), Kind::Unknown);
        assert!(matches!(kind(b"\x89PNG\r\n"), Kind::Other(_)));
    }
}
