//! What people say about a recording, and what to do with it before anything is learned.
//!
//! The original lesson cleans the tags of MagnaTagATune: 25 863 clips, 188 tags given by players of a game, in their own words. Here is a table
//! of the same kind, drawn by rule, so that every mistake in it is known: synonyms, contradictions, tags that nobody uses, clips without any.

use std::collections::BTreeMap;

use dlmir_nn::Rng;

use super::Lab;

/// The tags as players typed them.
const RAW: [&str; 10] = [
    "beat",
    "beats",
    "choir",
    "choral",
    "instrumental",
    "singing",
    "loud",
    "quiet",
    "soft",
    "kazoo",
];
/// Groups of one meaning; the first name is kept.
const SYNONYMS: [&[&str]; 2] = [&["beat", "beats"], &["choir", "choral"]];
/// A tag that fewer clips have is not learned.
const MIN_CLIPS: usize = 20;
const CLIPS: usize = 200;

/// A table of clips: the number of each, and the tags that it was given.
type Table = BTreeMap<u64, Vec<&'static str>>;

pub fn clean_up(lab: &mut Lab<'_>, seed: u64) {
    lab.section("Labels need a look, too");
    let raw = draw(seed);
    lab.say(&format!(
        "{CLIPS} clips and the tags that listeners gave them. The table is keyed by the clip's own number, not by the row: rows move when a table \
         is sorted or shortened, and a label in the wrong row is a mistake that no program notices."
    ));
    counts(lab, "clips, as typed", &raw);

    // 1. One word for one meaning: a clip has the tag if it has any of the synonyms.
    let mut table = raw;
    for tags in table.values_mut() {
        for tag in tags.iter_mut() {
            if let Some(group) = SYNONYMS.iter().find(|group| group.contains(tag)) {
                *tag = group[0];
            }
        }
        tags.sort_unstable();
        tags.dedup();
    }
    lab.say("First, synonyms: 'beats' and 'choral' become 'beat' and 'choir'. A clip keeps the tag if it had either.");
    counts(lab, "clips, synonyms merged", &table);

    // 2. What contradicts itself is of no use: keep clips of which exactly one is said.
    let one_of = |tags: &[&str]| tags.contains(&"instrumental") != tags.contains(&"singing");
    let voice: Vec<(u64, bool)> = table
        .iter()
        .filter(|(_, tags)| one_of(tags))
        .map(|(&clip, tags)| (clip, tags.contains(&"singing")))
        .collect();
    let both = table
        .values()
        .filter(|tags| tags.contains(&"instrumental") && tags.contains(&"singing"))
        .count();
    let sung = voice.iter().filter(|(_, sung)| *sung).count();
    lab.say(&format!(
        "For 'singing or instrumental?', {both} clips are called both and {} neither. Exactly one of the two is left for {} clips, {sung} of them \
         sung. Two columns have become one.",
        CLIPS - both - voice.len(),
        voice.len()
    ));

    // 3. A tag needs clips to be learned from, and clips to be tested on.
    let rare: Vec<&str> =
        RAW.iter().copied().filter(|tag| (1..MIN_CLIPS).contains(&count(&table, tag))).collect();
    for tags in table.values_mut() {
        tags.retain(|tag| !rare.contains(tag));
    }
    let none = table.values().filter(|tags| tags.is_empty()).count();
    lab.say(&format!(
        "Tags with fewer than {MIN_CLIPS} clips are dropped: {}. Now {none} clips have no tag left. Is that 'none of these', or 'nobody said'? \
         For the mood set of the original, 108 of 719 clips are such; a network trained on them learns that silence is an answer. The derived table is \
         written to a file of its own: the raw one stays as it came.",
        rare.join(", ")
    ));
    counts(lab, "clips, cleaned", &table);
    for (clip, tags) in &table {
        lab.receipt.text(&clip.to_string(), &tags.join("|"));
    }
}

/// Tags drawn by rule: half of the clips are sung, some are called both, loud and quiet exclude each other.
fn draw(seed: u64) -> Table {
    let mut table = Table::new();
    for row in 0..CLIPS as u64 {
        let mut rng = Rng::at(seed, 0, row, Rng::PROGRAM);
        let mut chance = |p: f32| rng.uniform() < p;
        let sung = chance(0.5);
        let loud = chance(0.4);
        let odds = [
            0.3,
            0.2,
            if sung { 0.2 } else { 0.02 },
            if sung { 0.15 } else { 0.0 },
            if sung { 0.05 } else { 0.7 },
            if sung { 0.8 } else { 0.05 },
            if loud { 0.6 } else { 0.0 },
            if loud { 0.0 } else { 0.4 },
            if loud { 0.02 } else { 0.4 },
            0.03,
        ];
        let tags = RAW.iter().zip(odds).filter(|(_, p)| chance(*p)).map(|(tag, _)| *tag).collect();
        // Clip numbers have gaps, as in every real set.
        table.insert(2 + 3 * row, tags);
    }
    table
}

fn count(table: &Table, tag: &str) -> usize {
    table.values().filter(|tags| tags.contains(&tag)).count()
}

fn counts(lab: &mut Lab<'_>, title: &str, table: &Table) {
    let used = RAW.iter().filter(|tag| count(table, tag) > 0);
    let rows: Vec<Vec<String>> =
        used.map(|tag| vec![(*tag).into(), count(table, tag).to_string()]).collect();
    lab.table(&["tag", title], &rows);
}
