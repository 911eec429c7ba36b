use std::collections::BTreeMap;

use rayon::prelude::*;

use super::super::mood::Mood;
use super::super::{tags, tempo};
use super::*;
use crate::annotation::DrumClass;

const SETS: [Set; 5] = [Set::Genre, Set::Mood, Set::Tags, Set::Onsets, Set::Rhythm];

/// Pieces without their sound: cheap enough for statistics.
fn pieces(set: Set, count: u64) -> Vec<Piece> {
    (0..count).into_par_iter().map(|i| Piece::compose(&set.order(1, i, 10.0))).collect()
}

#[test]
fn an_item_is_a_function_of_its_address() {
    for set in SETS {
        let alone = set.item(3, 5, 1.0, 8000);
        let many: Vec<Signal> =
            (0..8u64).into_par_iter().map(|i| set.item(3, i, 1.0, 8000).signal).collect();
        assert_eq!(many[5], alone.signal, "{set:?}");
        assert_ne!(many[4], alone.signal);
        assert_ne!(set.item(4, 5, 1.0, 8000).signal, alone.signal);
        assert_eq!(alone.signal.len(), 8000);
        assert!(alone.signal.samples().iter().all(|x| x.is_finite() && x.abs() <= 1.0));
    }
}

#[test]
fn labels_are_in_order_and_within_the_piece() {
    for set in SETS {
        for piece in pieces(set, 48) {
            let name = format!("{set:?} {:?}", piece.order);
            let beats = &piece.beats;
            assert!(beats.len() >= 4, "{name}: {} beats", beats.len());
            assert!(beats.windows(2).all(|w| w[0].time_s < w[1].time_s), "{name}");
            let bar = piece.meter.beats() as u8;
            let next = |p: Option<u8>| p.map(|p| p % bar + 1);
            assert!(beats.windows(2).all(|w| next(w[0].position) == w[1].position), "{name}");
            let onsets = piece.onsets();
            assert!(onsets.iter().all(|t| (0.0..10.0).contains(t)), "{name}");
            assert!(piece.notes.iter().all(|n| n.offset_s > n.onset_s));
            assert!(piece.notes.iter().all(|n| (0.0..=127.0).contains(&n.pitch_midi)));
            assert!(piece.strokes.windows(2).all(|w| w[0].time_s <= w[1].time_s));
            for segments in [&piece.chords, &piece.sections] {
                assert_eq!(segments[0].start_s, 0.0);
                assert_eq!(segments[segments.len() - 1].end_s, 10.0, "{name}");
                assert!(segments.windows(2).all(|w| (w[0].end_s - w[1].start_s).abs() < 1e-6));
            }
        }
    }
}

/// The tempo curve reaches from end to end, turns at the beats, and says how far they are apart.
#[test]
fn the_tempo_curve_is_that_of_the_beats() {
    for piece in pieces(Set::Rhythm, 80) {
        let tempi = &piece.tempi;
        assert_eq!((tempi[0].start_s, tempi[tempi.len() - 1].end_s), (0.0, 10.0));
        assert!(tempi.windows(2).all(|w| w[0].end_s == w[1].start_s));
        for pair in piece.beats.windows(2) {
            let span = tempi.iter().find(|span| span.start_s == pair[0].time_s);
            let bpm = span.expect("a beat begins a span").bpm;
            let told = 60.0 / (pair[1].time_s - pair[0].time_s);
            assert!((bpm - told).abs() < 0.01, "{bpm} beside {told}");
        }
    }
}

#[test]
fn beats_keep_the_tempo_that_is_told() {
    for piece in pieces(Set::Rhythm, 80) {
        let gaps: Vec<f64> =
            piece.beats.windows(2).map(|w| 60.0 / (w[1].time_s - w[0].time_s)).collect();
        let steady = piece.order.unsteadiness == Some([0.0, 0.0]);
        let limit = if steady { 1.001 } else { 1.9 };
        for bpm in gaps {
            let ratio = (bpm / piece.bpm).max(piece.bpm / bpm);
            assert!(ratio < limit, "{bpm} beside {}: {:?}", piece.bpm, piece.order);
        }
    }
}

/// Where players play together with the beat, as in house music, strokes lie on the beats.
#[test]
fn kicks_of_house_fall_on_beats() {
    let (mut on, mut kicks) = (0, 0);
    for item in 0..20 {
        let order = Set::Genre.order(1, 5 + 12 * item, 10.0);
        assert_eq!(order.genre, Genre::House);
        let piece = Piece::compose(&order);
        let near = |time: f64| piece.beats.iter().any(|beat| (beat.time_s - time).abs() < 0.02);
        for kick in piece.strokes.iter().filter(|s| s.class == DrumClass::Kick) {
            kicks += 1;
            on += usize::from(near(kick.time_s));
        }
    }
    assert!(kicks > 200 && on * 10 >= kicks * 9, "{on} of {kicks}");
}

/// The energy in the 20 ms after an isolated stroke or pluck is above that of the 20 ms before.
#[test]
fn sound_begins_at_the_label() {
    let rate = 22_050;
    let at = |seconds: f64| (seconds * f64::from(rate)) as usize;
    let (mut louder, mut isolated) = (0, 0);
    for item in 0..40 {
        let piece = Piece::compose(&Set::Onsets.order(2, item, 6.0));
        let struck = |n: &crate::annotation::Note| {
            let patch = super::super::orchestra::Patch::ALL
                .into_iter()
                .find(|p| Some(p.name()) == n.label.as_deref());
            patch.is_some_and(|p| p.slowest_attack_s() <= 0.01)
        };
        if !piece.notes.iter().all(struck) {
            continue;
        }
        let sound = piece.render(rate);
        let times = crate::annotation::merge_onsets(&piece.onsets(), 0.03);
        let alone = times.windows(3).filter(|w| w[1] - w[0] > 0.12 && w[2] - w[1] > 0.06);
        for time in alone.map(|w| w[1]).filter(|&t| t > 0.05) {
            let power =
                |from: f64| sound[at(from)..at(from + 0.02)].iter().map(|x| x * x).sum::<f32>();
            isolated += 1;
            louder += usize::from(power(time) > power(time - 0.021));
        }
    }
    assert!(isolated > 100, "{isolated}");
    assert!(louder * 100 >= isolated * 93, "{louder} of {isolated}");
}

#[test]
fn artists_keep_their_instruments_and_albums_their_number() {
    let pieces = pieces(Set::Genre, 600);
    let mut kinds: BTreeMap<String, String> = BTreeMap::new();
    for piece in &pieces {
        assert!(piece.album < super::super::artist::ALBUMS);
        let lead = format!("{:?}", piece.artist.lead);
        let known = kinds.entry(piece.artist.name()).or_insert_with(|| lead.clone());
        assert_eq!(*known, lead);
    }
    // Twelve genres of 24 artists each; most of them appear in 600 pieces.
    assert!(kinds.len() > 200, "{}", kinds.len());
}

#[test]
fn genres_keep_their_metres_and_tempi() {
    for piece in pieces(Set::Genre, 480) {
        let rules = piece.order.genre.rules();
        assert!(rules.meters.iter().any(|(meter, _)| *meter == piece.meter));
        if !matches!(piece.meter, tempo::Meter::SixEight | tempo::Meter::SevenEight) {
            let within = piece.bpm >= 0.75 * f64::from(rules.bpm[0]);
            assert!(within && piece.bpm <= 1.3 * f64::from(rules.bpm[1]), "{:?}", piece.order);
        }
    }
    let items = pieces(Set::Genre, 240);
    assert!(Genre::ALL.iter().all(|g| items.iter().filter(|p| p.order.genre == *g).count() == 20));
}

/// Each mood fits between 4 and 60 % of the pieces, few pieces have none, and moods that exclude each other do.
#[test]
fn moods_have_sensible_shares() {
    let pieces = pieces(Set::Mood, 600);
    let mut shares = Vec::new();
    for mood in Mood::ALL {
        let count = pieces.iter().filter(|p| mood.fits(&p.traits)).count();
        shares.push((mood.name(), count as f32 / 600.0));
    }
    let none = pieces.iter().filter(|p| tags::moods(p).is_empty()).count();
    assert!(shares.iter().all(|(_, share)| (0.04..0.6).contains(share)), "{shares:?}");
    assert!(none < 120, "{none} of 600 without a mood: {shares:?}");
    let both =
        |a: Mood, b: Mood| pieces.iter().filter(|p| a.fits(&p.traits) && b.fits(&p.traits)).count();
    assert_eq!(both(Mood::Happy, Mood::Sad) + both(Mood::Calm, Mood::Energetic), 0);
    assert!(both(Mood::Sad, Mood::Dark) > 10 && both(Mood::Aggressive, Mood::Energetic) > 10);
    // What was asked for is what came out, more often than not.
    let asked = |p: &&Piece| p.order.mood.arousal > 0.5;
    let excited = pieces.iter().filter(asked).map(|p| p.traits.felt().arousal).sum::<f32>();
    assert!(excited / pieces.iter().filter(asked).count() as f32 > 0.2, "{excited}");
}

#[test]
fn every_tag_is_used_and_none_for_all() {
    let pieces = pieces(Set::Tags, 800);
    let count = |tag| pieces.iter().filter(|p| tags::tags(p).contains(&tag)).count();
    let counts = tags::vocabulary().into_iter().map(|tag| (tag, count(tag)));
    let odd: Vec<_> = counts.filter(|(_, n)| !(3..640).contains(n)).collect();
    assert!(odd.is_empty(), "{odd:?} of 800");
}
