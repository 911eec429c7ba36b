//! What is known about a network beside its layers, in one form for all: a card.

use serde_json::{Value, json};

use crate::Architecture;

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Printed in the source that is named, and equal to what the layers give.
    Published(&'static str),
    /// Counted from published layers.
    Counted,
    /// Counted from layers of our own: there is nothing to compare with.
    Ours,
}

impl Origin {
    fn text(self) -> String {
        match self {
            Origin::Published(source) => format!("published: {source}"),
            Origin::Counted => "counted from the published layers".into(),
            Origin::Ours => "counted from our own layers".into(),
        }
    }
}

/// What a network takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputContract {
    /// Samples per second that the sound is brought to, where that is known.
    pub sample_rate_hz: Option<u32>,
    /// Length and choice of segments.
    pub segments: &'static str,
    /// The transform, and the bands of its result.
    pub spectrum: &'static str,
    /// How values are compressed.
    pub scaling: &'static str,
    /// How they are standardised.
    pub normalization: &'static str,
}

/// A figure that was reported for a network. None of them is ours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reported {
    /// The data.
    pub data: &'static str,
    /// How it was split and judged.
    pub protocol: &'static str,
    /// What was measured.
    pub metric: &'static str,
    /// The figure.
    pub value: f64,
    /// Who reports it.
    pub source: &'static str,
    /// Whether it may stand beside figures of other networks on the same data: equal protocol, split without leaks.
    pub comparable: bool,
}

/// All about one network.
#[derive(Debug, Clone, Copy)]
pub struct ModelCard {
    /// Its name: that of the function, of files and of `mir summary`.
    pub id: &'static str,
    /// Who proposed it, and where.
    pub paper: &'static str,
    /// When.
    pub year: u16,
    /// What it is for: genre, mood, tagging, similarity, scenes, speech, vision.
    pub tags: &'static [&'static str],
    /// What it takes in.
    pub input: InputContract,
    /// The network at the sizes that the counts belong to.
    pub build: fn() -> Architecture,
    /// How many numbers are stored and how many are trained.
    pub params: [usize; 2],
    /// Where these come from.
    pub origin: Origin,
    /// The shape of one output item.
    pub output: &'static [usize],
    /// Loss, optimiser, mini-batch, epochs, choice of weights, how segments become a file's answer.
    pub recipe: &'static str,
    /// What was reported.
    pub reported: &'static [Reported],
    /// Where we deviate, and what to beware of.
    pub notes: &'static str,
}

impl ModelCard {
    /// The card as JSON, with the description of the network.
    pub fn to_json(&self) -> Value {
        let reported = |r: &Reported| {
            json!({
                "data": r.data, "protocol": r.protocol, "metric": r.metric, "value": r.value,
                "source": r.source, "comparable": r.comparable,
            })
        };
        json!({
            "id": self.id, "paper": self.paper, "year": self.year, "tags": self.tags,
            "input": {
                "sample_rate_hz": self.input.sample_rate_hz, "segments": self.input.segments,
                "spectrum": self.input.spectrum, "scaling": self.input.scaling,
                "normalization": self.input.normalization,
            },
            "params": {
                "stored": self.params[0], "trainable": self.params[1], "origin": self.origin.text(),
            },
            "output": self.output, "recipe": self.recipe,
            "reported": self.reported.iter().map(reported).collect::<Vec<_>>(),
            "notes": self.notes, "architecture": (self.build)().to_json(),
        })
    }
}
