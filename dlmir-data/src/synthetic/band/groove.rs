//! Drum patterns, one row of sixteenths for each drum.
//!
//! ```text
//! X accent   x stroke   o soft   ? soft, now and then   . rest
//! ```
//!
//! Rows start again with each bar; a row of 32 goes over two. Metres of three, five and seven cut the bar of
//! four off (or begin it again), which gives 3 + 2 and 2 + 2 + 3; 6/8 and the waltz have rows of their own.

use super::form::Frame;
use super::tempo::Meter;
use crate::rng::Rng;
use crate::synthetic::drum::Drum::{
    self, Bell, Block, Clap, Conga, Crash, Hat, HighTom, Kick, LowTom, OpenHat, Ride, Shaker, Snare,
};

/// The kind of beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groove {
    /// Snare on two and four.
    Backbeat,
    /// Snare on three.
    HalfTime,
    /// Kick on every beat, open hats between.
    FourOnTheFloor,
    /// Kick on every beat, machine-like sixteenths.
    Techno,
    /// The ride cymbal's swing.
    Swing,
    /// The same, softer, with brushes.
    Brushes,
    /// Swung eighths on the hat, snare on two and four.
    Shuffle,
    /// Broken kicks, late and heavy snares.
    BoomBap,
    /// Slow snare, fast hats.
    Trap,
    /// Kick and snare together on three.
    OneDrop,
    /// Kick on every beat, rim on three.
    Steppers,
    /// Low drum on two, interlocking sixteenths.
    Samba,
    /// Rim in the clave, soft hats.
    Bossa,
    /// Clave, cowbell and congas.
    Salsa,
    /// Sixteenths on the kick.
    DoubleKick,
    /// Kick and snare in turn, as fast as possible.
    Blast,
    /// Brushed sixteenths, as a train.
    Train,
    /// Frame drum and shaker.
    HandDrums,
    /// A low drum at the beginning of phrases.
    Orchestral,
}

/// A drum, its row and how loud it is.
type Row = (Drum, &'static str, f32);

impl Groove {
    fn rows(self) -> &'static [Row] {
        match self {
            Groove::Backbeat => &[
                (Kick, "X.......X.x.....", 0.95),
                (Snare, "....X.......X..?", 0.9),
                (Hat, "X.x.X.x.X.x.X.x.", 0.55),
            ],
            Groove::HalfTime => &[
                (Kick, "X.....x...x.....", 0.95),
                (Snare, "........X.......", 0.95),
                (Hat, "X.x.X.x.X.x.X.x.", 0.55),
            ],
            Groove::FourOnTheFloor => &[
                (Kick, "X...X...X...X...", 0.95),
                (Clap, "....X.......X...", 0.75),
                (OpenHat, "..x...x...x...x.", 0.6),
                (Shaker, "oxooxxooxxooxxoo", 0.35),
            ],
            Groove::Techno => &[
                (Kick, "X...X...X...X...", 1.0),
                (Hat, "..x...x...x...x.", 0.6),
                (Hat, "?o?o?o?o?o?o?o?o", 0.4),
                (Block, "...x..x....x..?.", 0.4),
                (Clap, "............x...", 0.6),
            ],
            Groove::Swing => &[
                (Ride, "X...x.x.X...x.x.", 0.6),
                (Hat, "....x.......x...", 0.45),
                (Kick, "o.......o.....?.", 0.35),
                (Snare, "..?...?...?...?.", 0.45),
            ],
            Groove::Brushes => &[
                (Shaker, "X.o.x.o.X.o.x.o.", 0.5),
                (Hat, "....x.......x...", 0.4),
                (Kick, "o.......o.......", 0.3),
            ],
            Groove::Shuffle => &[
                (Kick, "X.......X.....?.", 0.85),
                (Snare, "....X..?....X...", 0.8),
                (Hat, "X.o.X.o.X.o.X.o.", 0.6),
            ],
            Groove::BoomBap => &[
                (Kick, "X.....x...X....?", 1.0),
                (Snare, "....X..?....X...", 0.95),
                (Hat, "x.x.x.x.x.x.x.xo", 0.5),
            ],
            Groove::Trap => &[
                (Kick, "X......x..X.....", 1.0),
                (Clap, "........X.......", 0.9),
                (Hat, "x.x.x.x.xxx.x.xx", 0.5),
                (OpenHat, "..............?.", 0.5),
            ],
            Groove::OneDrop => &[
                (Kick, "........X.......", 0.9),
                (Block, "........X.....?.", 0.7),
                (Hat, "X.x.X.x.X.x.X.x.", 0.5),
            ],
            Groove::Steppers => &[
                (Kick, "X...X...X...X...", 0.85),
                (Block, "........X..?....", 0.7),
                (Hat, "x.o.x.o.x.o.x.ox", 0.5),
            ],
            Groove::Samba => &[
                (LowTom, "o...X...o...X...", 0.9),
                (HighTom, "......x.......x.", 0.5),
                (Shaker, "XoxxXoxxXoxxXoxx", 0.5),
                (Block, "x.x..x.x.x..x.x.", 0.5),
                (Kick, "x..xx..xx..xx..x", 0.5),
            ],
            Groove::Bossa => &[
                (Block, "x..x..x...x..x..", 0.6),
                (Hat, "xoxoxoxoxoxoxoxo", 0.4),
                (Kick, "x..xx..xx..xx..x", 0.5),
            ],
            Groove::Salsa => &[
                (Block, "x..x..x.........", 0.6),
                (Block, "................x...x...........", 0.6),
                (Bell, "x...x.x.x.x.x.x.", 0.5),
                (Conga, "o.ooX.oox.ooX.xx", 0.7),
                (LowTom, "..............x.", 0.5),
            ],
            Groove::DoubleKick => &[
                (Kick, "XxxxXxxxXxxxXxxx", 0.85),
                (Snare, "....X.......X...", 0.95),
                (Ride, "X...X...X...X...", 0.6),
            ],
            Groove::Blast => &[
                (Kick, "X.X.X.X.X.X.X.X.", 0.85),
                (Snare, ".x.x.x.x.x.x.x.x", 0.75),
                (Ride, "X.x.X.x.X.x.X.x.", 0.6),
            ],
            Groove::Train => &[(Kick, "X.......x.......", 0.6), (Snare, "ooXoooXoooXoooXo", 0.5)],
            Groove::HandDrums => &[
                (LowTom, "X.....x.X.......", 0.7),
                (Conga, "..o.X.o.o.o.X.oo", 0.55),
                (Shaker, "x.o.x.o.x.o.x.o.", 0.4),
            ],
            Groove::Orchestral => &[(LowTom, "x...............", 0.5)],
        }
    }

    /// Rows for two beats of three eighths.
    fn compound_rows(self) -> &'static [Row] {
        match self {
            Groove::HandDrums | Groove::Train => &[
                (LowTom, "X.....x.....", 0.7),
                (Conga, "..o.x...o.x.", 0.5),
                (Shaker, "x.o.o.x.o.o.", 0.4),
            ],
            Groove::DoubleKick | Groove::Blast => &[
                (Kick, "XxxxxxXxxxxx", 0.85),
                (Snare, "......X.....", 0.95),
                (Ride, "X.x.x.X.x.x.", 0.6),
            ],
            _ => &[
                (Kick, "X.......?.x.", 0.9),
                (Snare, "......X.....", 0.85),
                (Hat, "X.o.o.X.o.o.", 0.55),
            ],
        }
    }

    /// Rows for three beats: low, high, high.
    fn waltz_rows(self) -> &'static [Row] {
        match self {
            Groove::Swing | Groove::Brushes => &[
                (Kick, "x...........", 0.4),
                (Ride, "X...x.x.x...", 0.6),
                (Hat, "....x...x...", 0.4),
            ],
            Groove::HandDrums => &[
                (LowTom, "X...........", 0.7),
                (Conga, "....x...x.o.", 0.5),
                (Shaker, "x.o.x.o.x.o.", 0.4),
            ],
            _ => &[
                (Kick, "X...........", 0.9),
                (Snare, "....x...x...", 0.7),
                (Hat, "X.o.x.o.x.o.", 0.5),
            ],
        }
    }

    fn rows_in(self, meter: Meter) -> &'static [Row] {
        match meter {
            Meter::SixEight => self.compound_rows(),
            Meter::ThreeFour => self.waltz_rows(),
            _ => self.rows(),
        }
    }
}

/// A stroke on the grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// When, in beats.
    pub beat: f64,
    /// On what.
    pub drum: Drum,
    /// How hard, 0 to 1.
    pub velocity: f32,
}

/// How a drummer plays a pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drummer {
    /// Chance of a fill at the end of a phrase.
    pub fills: f32,
    /// Chance of a crash after a fill.
    pub crashes: f32,
    /// Chance that a soft stroke is added or a light one left out.
    pub freedom: f32,
    /// Which kicks this drummer likes to add: a slot for each sixteenth, bit by bit.
    pub kicks: u32,
    /// True if the ride takes the hat's place in choruses.
    pub rides: bool,
}

impl Drummer {
    /// Draws a drummer.
    pub fn draw(rng: &mut Rng) -> Drummer {
        // At most two further kicks, off the beat.
        let kicks = (0..rng.below(3))
            .fold(0, |bits, _| bits | 1 << *rng.pick(&[2, 3, 6, 7, 10, 11, 14, 15]));
        Drummer {
            fills: rng.uniform_in(0.1, 0.9),
            crashes: rng.uniform_in(0.1, 0.9),
            freedom: rng.uniform_in(0.0, 0.2),
            kicks,
            rides: rng.chance(0.4),
        }
    }
}

/// The strokes of a whole piece.
pub fn strokes(frame: &Frame, groove: Groove, drummer: &Drummer, rng: &mut Rng) -> Vec<Stroke> {
    let slots = frame.meter.slots();
    let rows = groove.rows_in(frame.meter);
    let machine_like =
        matches!(groove, Groove::Techno | Groove::FourOnTheFloor | Groove::Orchestral);
    let may_add =
        matches!(groove, Groove::Backbeat | Groove::HalfTime | Groove::BoomBap | Groove::Trap);
    let mut strokes = Vec::new();
    let mut filled = false;
    for bar in 0..frame.bars() {
        let section = frame.section(bar);
        let loud = section.intensity;
        let closing = frame.closes(bar);
        let fill = closing && groove != Groove::Orchestral && rng.chance(drummer.fills);
        // A fill takes the last beat, or the last two.
        let beats = if slots >= 12 && rng.chance(0.5) { 2 } else { 1 };
        let fill_from = if fill { slots - beats * frame.meter.slots_per_beat() } else { slots };
        let mut strike = |slot: usize, drum: Drum, velocity: f32| {
            strokes.push(Stroke {
                beat: frame.slot_beat(bar, slot),
                drum,
                velocity: velocity * loud,
            });
        };
        if filled && rng.chance(drummer.crashes) {
            strike(0, Crash, 0.85);
        }
        filled = fill && !machine_like;
        for &(drum, row, level) in rows {
            let rows_bars = (row.len() / slots).max(1);
            let drum = match drum {
                Hat if drummer.rides && section.part == super::form::Part::Chorus => Ride,
                other => other,
            };
            for slot in 0..slots {
                let place = if row.len() > slots && row.len().is_multiple_of(slots) {
                    (bar % rows_bars) * slots + slot
                } else {
                    slot % row.len()
                };
                let velocity = match row.as_bytes()[place] {
                    b'X' => level,
                    b'x' => 0.82 * level,
                    b'o' => 0.5 * level,
                    b'?' if rng.chance(0.35) => 0.45 * level,
                    _ => continue,
                };
                let kept = drum == Kick || slot < fill_from;
                let light = velocity < 0.7 * level && rng.chance(drummer.freedom);
                if kept && !light {
                    strike(slot, drum, velocity);
                }
            }
        }
        if may_add {
            let added = (0..fill_from.min(16)).filter(|slot| drummer.kicks >> slot & 1 == 1);
            added.for_each(|slot| strike(slot, Kick, 0.75));
        }
        if fill {
            let drums = if rows.iter().any(|row| row.0 == Conga) {
                [Conga, HighTom, LowTom]
            } else {
                [Snare, HighTom, LowTom]
            };
            for slot in fill_from..slots {
                let place = (slot - fill_from) as f32 / (slots - fill_from) as f32;
                if rng.chance(0.75) {
                    // From high to low.
                    let drum = drums[((3.0 * place) as usize + rng.below(2)).min(2)];
                    strike(slot, drum, 0.55 + 0.35 * place);
                }
            }
        }
    }
    // One stick cannot strike one drum twice at once.
    strokes.sort_by(|a, b| a.beat.total_cmp(&b.beat).then((a.drum as u8).cmp(&(b.drum as u8))));
    strokes.dedup_by(|later, first| later.beat == first.beat && later.drum == first.drum);
    strokes
}

#[cfg(test)]
mod tests {
    use super::super::genre::Genre;
    use super::super::harmony::{Key, Mode};
    use super::*;

    #[test]
    fn a_back_beat_is_where_it_should_be_and_no_drum_is_struck_twice() {
        let key = Key { tonic: 0, mode: Mode::Major };
        for meter in Meter::ALL {
            let mut rng = Rng::at(3, 0, 0, 0);
            let frame = Frame::draw(Genre::Rock, Genre::Rock.rules(), meter, key, 64, &mut rng);
            let drummer = Drummer { fills: 0.0, ..Drummer::draw(&mut rng) };
            for genre in Genre::ALL {
                for &(groove, _) in genre.rules().grooves {
                    let strokes = strokes(&frame, groove, &drummer, &mut rng);
                    assert!(strokes.len() >= frame.bars() / 2, "{groove:?} in {meter:?}");
                    let end = frame.bar_beat(frame.bars());
                    assert!(strokes.iter().all(|s| s.beat >= 0.0 && s.beat < end));
                    assert!(
                        strokes.windows(2).all(|w| w[0].beat < w[1].beat || w[0].drum != w[1].drum)
                    );
                }
            }
            if meter == Meter::FourFour {
                let rock = strokes(&frame, Groove::Backbeat, &drummer, &mut rng);
                for bar in 0..frame.bars() {
                    for beat in [1.0, 3.0] {
                        let snare =
                            |s: &Stroke| s.drum == Snare && s.beat == frame.bar_beat(bar) + beat;
                        assert!(rock.iter().any(snare), "bar {bar}, beat {beat}");
                    }
                }
            }
        }
    }
}
