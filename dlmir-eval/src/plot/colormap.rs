//! A colour map for fields of values, in which equal steps look equal.
//!
//! A rainbow shows edges where the data have none, because its lightness goes up and down. Here lightness
//! grows linearly with the value, while the hue turns once from blue over red to yellow; printed in grey or
//! seen without colours, the picture is still right. It is computed in OKLab, a colour space made so that
//! equal distances look equal: Ottosson (2020), "A perceptual color space for image processing".

/// The colour (red, green, blue; 0..255 each, sRGB) of a value in 0..1, dark for 0 and light for 1. Values
/// outside are drawn as the nearest end, NaN as the dark one.
///
/// ```text
/// lightness L = 0.10 + 0.87 t
/// chroma    C = 0.17 sin(pi (0.06 + 0.84 t))         less colour at the ends, all inside sRGB
/// hue       h = 285 + 180 t degrees                  blue, purple, red, orange, yellow
/// ```
pub fn heat(t: f64) -> [u8; 3] {
    let t = t.clamp(0.0, 1.0);
    let t = if t.is_nan() { 0.0 } else { t };
    let lightness = 0.10 + 0.87 * t;
    let chroma = 0.17 * (std::f64::consts::PI * (0.06 + 0.84 * t)).sin();
    let (sin, cos) = (285.0 + 180.0 * t).to_radians().sin_cos();
    oklab_to_linear(lightness, chroma * cos, chroma * sin).map(|x| (255.0 * gamma(x)).round() as u8)
}

/// OKLab to linear sRGB, with Ottosson's matrices.
fn oklab_to_linear(lightness: f64, a: f64, b: f64) -> [f64; 3] {
    let l = (lightness + 0.3963377774 * a + 0.2158037573 * b).powi(3);
    let m = (lightness - 0.1055613458 * a - 0.0638541728 * b).powi(3);
    let s = (lightness - 0.0894841775 * a - 1.2914855480 * b).powi(3);
    [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ]
}

/// The transfer function of sRGB (IEC 61966-2-1): linear light to what is stored.
fn gamma(x: f64) -> f64 {
    if x <= 0.0031308 { 12.92 * x } else { 1.055 * x.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lightness as the eye measures it, by the older CIE formula, computed back from the stored bytes:
    /// L* = 116 Y^(1/3) - 16 (900 Y / 1000 near black).
    fn cie_lightness(rgb: [u8; 3]) -> f64 {
        let linear = rgb.map(|byte| {
            let x = f64::from(byte) / 255.0;
            if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
        });
        let y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        if y <= 0.008856 { 903.3 * y } else { 116.0 * y.cbrt() - 16.0 }
    }

    #[test]
    fn every_colour_is_inside_srgb() {
        for k in 0..=1000 {
            let t = f64::from(k) / 1000.0;
            let chroma = 0.17 * (std::f64::consts::PI * (0.06 + 0.84 * t)).sin();
            let (sin, cos) = (285.0 + 180.0 * t).to_radians().sin_cos();
            let rgb = oklab_to_linear(0.10 + 0.87 * t, chroma * cos, chroma * sin);
            assert!(rgb.iter().all(|x| (0.0..=1.0).contains(x)), "{t}: {rgb:?}");
        }
    }

    #[test]
    fn lightness_grows_evenly() {
        let lightness: Vec<f64> =
            (0..=16).map(|k| cie_lightness(heat(f64::from(k) / 16.0))).collect();
        // The two measures disagree near black only, where CIE's has a straight piece.
        let steps: Vec<f64> = lightness.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps[..2].iter().all(|step| (1.5..7.5).contains(step)), "{lightness:?}");
        assert!(steps[2..].iter().all(|step| (5.5..7.5).contains(step)), "{lightness:?}");
        assert!(lightness[0] < 3.0 && lightness[16] > 93.0, "{lightness:?}");
    }

    #[test]
    fn values_outside_are_drawn_as_the_ends() {
        assert_eq!(heat(-1.0), heat(0.0));
        assert_eq!(heat(f64::INFINITY), heat(1.0));
        assert_eq!(heat(f64::NAN), heat(0.0));
    }
}
