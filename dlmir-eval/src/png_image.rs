//! PNG files from pixels, by the crate `png`.

use crate::EvalError;

/// Encodes `width` x `height` pixels of three bytes (red, green, blue), row by row from the top.
///
/// # Panics
///
/// If there are no pixels, or `rgb` is not three times as long as there are pixels.
#[track_caller]
pub(crate) fn encode_rgb(width: usize, height: usize, rgb: &[u8]) -> Vec<u8> {
    assert!(
        width > 0 && height > 0 && rgb.len() == width * height * 3,
        "picture of {width} x {height} pixels: {} bytes, not {width} * {height} * 3",
        rgb.len()
    );
    encode(width, height, png::ColorType::Rgb, None, rgb)
}

/// Encodes pixels of one byte each, which is the number of a colour in `palette` (three bytes each).
///
/// # Panics
///
/// If there are no pixels, or `indices` is not as long as there are pixels.
#[track_caller]
pub(crate) fn encode_indexed(
    width: usize,
    height: usize,
    indices: &[u8],
    palette: &[u8],
) -> Vec<u8> {
    assert!(
        width > 0 && height > 0 && indices.len() == width * height,
        "picture of {width} x {height} pixels: {} bytes",
        indices.len()
    );
    encode(width, height, png::ColorType::Indexed, Some(palette), indices)
}

fn encode(
    width: usize,
    height: usize,
    color: png::ColorType,
    palette: Option<&[u8]>,
    pixels: &[u8],
) -> Vec<u8> {
    let size = |n: usize| u32::try_from(n).expect("fewer than 2^32 pixels a side");
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size(width), size(height));
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    if let Some(palette) = palette {
        encoder.set_palette(palette);
    }
    let mut writer = encoder.write_header().expect("the header is valid, and memory takes it");
    writer.write_image_data(pixels).expect("as many bytes as the header says");
    writer.finish().expect("memory takes the end");
    bytes
}

/// Width, height and number of channels of a PNG file.
pub(crate) fn header(png: &[u8]) -> Result<(u32, u32, usize), EvalError> {
    let decoder = png::Decoder::new(std::io::Cursor::new(png));
    let reader = decoder.read_info().map_err(|source| EvalError::NotPng { source })?;
    let info = reader.info();
    Ok((info.width, info.height, info.color_type.samples()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back() {
        let rgb: Vec<u8> = (0..4 * 3 * 3).map(|i| i * 7).collect();
        let file = encode_rgb(4, 3, &rgb);
        assert_eq!(header(&file).unwrap(), (4, 3, 3));
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
        let mut back = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut back).unwrap();
        assert_eq!(back, rgb);
    }

    #[test]
    #[should_panic(expected = "picture of 2 x 2 pixels: 3 bytes")]
    fn bytes_must_fill_the_picture() {
        encode_rgb(2, 2, &[0; 3]);
    }

    #[test]
    fn other_files_are_refused() {
        assert!(matches!(header(b"GIF89a"), Err(EvalError::NotPng { .. })));
    }
}
