//! What a piece is like, measured on its score and not on its sound.

use super::harmony::note_name;
use super::mood::Traits;
use super::orchestra::Patch;
use super::piece::{Piece, Track};
use super::tempo::Meter;
use crate::annotation::merge_onsets;
use crate::synthetic::instrument::Note;

impl Traits {
    /// Before anything was played.
    pub(super) const NONE: Traits = Traits {
        bpm: 100.0,
        events_per_s: 0.0,
        strokes_per_s: 0.0,
        mode: 0.0,
        register: 62.0,
        velocity: 0.6,
        legato: 0.8,
        distortion: 0.0,
        soft: 0.0,
        dissonance: 0.0,
    };

    /// Measures a piece.
    pub(super) fn of(piece: &Piece) -> Traits {
        let seconds = piece.order.seconds as f32;
        let onsets = merge_onsets(&piece.onsets(), 0.03);
        let (mut pitch, mut velocity, mut notes, mut high) = (0.0, 0.0, 0.0f32, 0.0f32);
        let (mut distorted, mut soft, mut legato) = (0.0, 0.0, 0.0);
        for track in &piece.tracks {
            let (patch, list): (Option<Patch>, &[Note]) = match track {
                Track::Player(player, notes) => (Some(player.patch), notes),
                Track::Voice(notes) => (None, notes),
                Track::Drums(_) => continue,
            };
            for (i, note) in list.iter().enumerate() {
                notes += 1.0;
                velocity += note.velocity;
                distorted += f32::from(patch == Some(Patch::DistortedGuitar));
                soft += f32::from(patch.is_none_or(|p| p.slowest_attack_s() > 0.01));
                if note.pitch > 47.0 {
                    high += 1.0;
                    pitch += note.pitch;
                }
                // Until the next note of the same player that is no part of the same chord.
                let next = list[i + 1..].iter().find(|n| n.start_s > note.start_s + 0.05);
                let gap = next.map_or(note.duration_s, |n| n.start_s - note.start_s);
                legato += (note.duration_s / gap.max(0.03)).min(1.0);
            }
        }
        let mean = |sum: f32, of: f32, otherwise: f32| if of > 0.0 { sum / of } else { otherwise };
        let tonic = piece.key.tonic;
        let dissonant = |label: &str| {
            // Roots a minor second or a tritone above the tonic, and diminished chords.
            label.contains("dim")
                || [1, 6]
                    .iter()
                    .any(|above| label.starts_with(&format!("{}:", note_name(tonic + above))))
        };
        let rough: f64 = piece
            .chords
            .iter()
            .filter(|chord| dissonant(&chord.label))
            .map(|chord| chord.end_s - chord.start_s)
            .sum();
        Traits {
            // The pulse that is felt: in 7/8 pairs of eighths.
            bpm: piece.bpm as f32 * if piece.meter == Meter::SevenEight { 0.5 } else { 1.0 },
            events_per_s: onsets.len() as f32 / seconds,
            strokes_per_s: piece.strokes.len() as f32 / seconds,
            mode: piece.key.mode.brightness(),
            register: mean(pitch, high, 62.0),
            velocity: mean(velocity, notes, 0.65),
            legato: mean(legato, notes, 0.6),
            distortion: mean(distorted, notes, 0.0),
            soft: mean(soft, notes, 0.0),
            dissonance: rough as f32 / seconds,
        }
    }
}
