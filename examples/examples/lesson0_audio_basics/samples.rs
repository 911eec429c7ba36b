//! From air to numbers: sampling and rounding.

use std::error::Error;

use dlmir_audio::{Signal, StftConfig, resample, rms, stft, synth};
use dlmir_eval::plot::{TimeScale, Waveform, waveform};

use super::{Lab, Picture, bin_hz};

/// A recording as it is stored: its figures, its waveform, and the wave itself when one looks closely.
pub fn waveforms(lab: &mut Lab<'_>, name: &str, sound: &Signal) -> Result<(), Box<dyn Error>> {
    lab.section(&format!("A row of numbers: {name}"));
    let x = sound.samples();
    let peak = x.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let mean_square = x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / x.len() as f64;
    let crossings = x.windows(2).filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0)).count();
    lab.say(
        "A microphone follows the pressure of the air, and a converter writes down where it stands, many thousand times a second. That is all \
         there is in a file: the numbers and how many of them make a second.",
    );
    lab.table(
        &["what", "value"],
        &[
            vec!["samples per second".into(), format!("{}", sound.sample_rate())],
            vec!["samples".into(), format!("{}", x.len())],
            vec!["seconds".into(), format!("{:.2}", sound.duration_s())],
            vec!["largest sample".into(), format!("{peak:.3}")],
            vec!["root mean square".into(), format!("{:.4}", mean_square.sqrt())],
            vec![
                "level below full scale (dB)".into(),
                format!("{:.1}", 10.0 * mean_square.max(1e-12).log10()),
            ],
            vec![
                "changes of sign per second".into(),
                format!("{:.0}", crossings as f64 / sound.duration_s()),
            ],
        ],
    );
    let draw = |title, part: &Signal, start_s| {
        let (samples, sample_rate) = (part.samples(), part.sample_rate());
        waveform(&Waveform { title, samples, sample_rate, start_s, time: TimeScale::Seconds })
    };
    let whole = draw("All of it", sound, 0.0);
    lab.player(&format!("recording/{name}"), "The recording", sound, &[&whole])?;

    // The loudest fiftieth of a second, where single waves can be seen.
    let frame = (sound.sample_rate() / 50).max(1) as usize;
    let levels = rms(x, &dlmir_audio::Framing::new(frame.min(x.len()), frame));
    let loudest = (0..levels.len()).max_by(|&a, &b| levels[a].total_cmp(&levels[b])).unwrap_or(0);
    let start = loudest as f64 * frame as f64 / f64::from(sound.sample_rate());
    let close = draw("Its loudest 20 ms", &sound.slice_s(start, start + 0.02), start);
    lab.report
        .svg("A tone is a wave that repeats; noise does not. Where do you see which?", &close);
    Ok(())
}

/// What happens to tones above half the sample rate.
pub fn aliasing(lab: &mut Lab<'_>) -> Result<(), Box<dyn Error>> {
    lab.section("Sampling and aliasing");
    lab.say(
        "Samples at rate r cannot tell the frequency f from r - f: both pass through the same points. A tone above r / 2, the Nyquist \
         frequency, therefore comes back as another one, mirrored at r / 2. To lower a rate one must first remove what is above the new half; \
         taking every eighth sample does not.",
    );
    let fine = 44_100;
    let coarse = fine / 8;
    let every_eighth =
        |x: &Signal| Signal::new(x.samples().iter().step_by(8).copied().collect(), fine / 8);

    // Single tones: where each ends up, told by the loudest bin of one long frame.
    let mut rows = Vec::new();
    for f in [1000.0, 2500.0, 3000.0, 4500.0, 6500.0] {
        let heard = loudest_hz(&every_eighth(&synth::sine(f, 0.5, fine)))?;
        let rate = f64::from(coarse);
        let folded = (f - rate * (f / rate).round()).abs();
        lab.figure(&format!("alias of {f} Hz"), heard)?;
        rows.push(vec![format!("{f:.0}"), format!("{folded:.0}"), format!("{heard:.0}")]);
    }
    lab.table(&["tone (Hz)", "should come back as (Hz)", "comes back as (Hz)"], &rows);

    // A rising tone: up to 8 kHz, three times the new Nyquist frequency.
    let rising = synth::chirp(100.0, 8000.0, 3.0, fine);
    let filtered = resample(&rising, coarse)?;
    let sounds = [
        (
            "original",
            "A tone that rises from 100 to 8000 Hz, at 44 100 samples a second",
            rising.clone(),
        ),
        (
            "every-eighth",
            "Every eighth sample: the tone turns round at 2756 Hz, and again at 0",
            every_eighth(&rising),
        ),
        (
            "filtered",
            "Filtered first, then every eighth sample: the tone ends where the new rate ends",
            filtered,
        ),
    ];
    for (tag, label, sound) in sounds {
        let power = level_db(&sound, 512)?;
        let picture = Picture {
            values: &power,
            band_hz: &bin_hz(512, sound.sample_rate()),
            frame_s: 128.0 / f64::from(sound.sample_rate()),
            unit: "dB",
            range: Some((-80.0, 0.0)),
        };
        let plot = lab.picture(&format!("aliasing/{tag}"), label, &picture)?;
        lab.player(&format!("aliasing/{tag}"), label, &sound, &[&plot])?;
    }
    Ok(())
}

/// The frequency of the loudest bin of a sound's first 2048 samples, in Hz.
fn loudest_hz(sound: &Signal) -> Result<f64, Box<dyn Error>> {
    let config = StftConfig { center: false, ..StftConfig::new(2048, 2048) };
    let spectra = stft(sound.samples(), &config)?;
    let spectrum = spectra.column(0);
    let loudest =
        (0..spectrum.len()).max_by(|&a, &b| spectrum[a].norm().total_cmp(&spectrum[b].norm()));
    Ok(loudest.unwrap_or(0) as f64 * f64::from(sound.sample_rate()) / 2048.0)
}

/// A spectrogram in dB below its maximum, with frames of `n_fft` samples that overlap by three quarters.
pub fn level_db(sound: &Signal, n_fft: usize) -> Result<ndarray::Array2<f32>, Box<dyn Error>> {
    use dlmir_audio::{DbConfig, DbReference, power_to_db};
    let power =
        stft(sound.samples(), &StftConfig::new(n_fft, n_fft / 4))?.mapv(|bin| bin.norm_sqr());
    let power = power.as_standard_layout().into_owned();
    Ok(power_to_db(&power, &DbConfig { reference: DbReference::Max, ..DbConfig::default() })?)
}

/// Numbers are stored with few digits; what rounding takes away is heard as noise.
pub fn quantisation(lab: &mut Lab<'_>, excerpt: &Signal) -> Result<(), Box<dyn Error>> {
    lab.section("Rounding: how many bits?");
    lab.say(
        "With b bits there are 2^b steps between the lowest and the highest sample. Rounding to them adds an error that is spread evenly over \
         a step, and so lies 6.02 b + 1.76 dB below a sine of full scale: 98 dB for a CD, 50 dB for an early games console. A soft sound uses \
         few of the steps and has the same noise. (With few bits the sine comes out a little worse than that: there is no step for +1, so its \
         tops are cut.)",
    );
    let round = |x: f32, bits: u32| {
        let steps = 2f32.powi(bits as i32 - 1);
        (x * steps).round().clamp(-steps, steps - 1.0) / steps
    };
    // A frequency that shares no period with the rate, so that the errors are not the same in every wave.
    let sine = synth::sine(997.0, 1.0, 44_100);
    let mut rows = Vec::new();
    for bits in [16, 12, 8, 4] {
        let energy =
            |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
        let signal = energy(&mut sine.samples().iter().copied());
        let noise = energy(&mut sine.samples().iter().map(|&x| round(x, bits) - x));
        let measured = 10.0 * (signal / noise).log10();
        lab.figure(&format!("signal to noise with {bits} bits"), measured)?;
        let theory = 6.02 * f64::from(bits) + 1.76;
        rows.push(vec![bits.to_string(), format!("{theory:.1}"), format!("{measured:.1}")]);
    }
    lab.table(&["bits", "noise below the sine, formula (dB)", "measured (dB)"], &rows);
    for bits in [8, 4] {
        let samples = excerpt.samples().iter().map(|&x| round(x, bits)).collect();
        let rough = Signal::new(samples, excerpt.sample_rate());
        lab.player(
            &format!("quantised/{bits}"),
            &format!("The recording with {bits} bits"),
            &rough,
            &[],
        )?;
    }
    Ok(())
}
