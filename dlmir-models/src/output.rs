//! What the numbers that leave a network mean.

use std::fmt;

use dlmir_nn::Show;
use serde_json::Value;

use crate::{Architecture, ModelError};

/// What the output of a network means: which last layer it has, and how labels belong to its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Two classes, one number after a sigmoid: the probability of the *first* label; the second label
    /// has the rest.
    Binary,
    /// One class out of several: probabilities after a softmax, which add up to 1.
    OneOf,
    /// Any number of labels at once: a probability after a sigmoid for each.
    AnyOf,
    /// Numbers without such a meaning: regression, embeddings, logits. Labels, if any, name them.
    Values,
}

impl Output {
    const ALL: [Output; 4] = [Output::Binary, Output::OneOf, Output::AnyOf, Output::Values];

    /// The name in files: `binary`, `one_of`, `any_of`, `values`.
    pub fn name(self) -> &'static str {
        match self {
            Output::Binary => "binary",
            Output::OneOf => "one_of",
            Output::AnyOf => "any_of",
            Output::Values => "values",
        }
    }

    pub(crate) fn from_json(value: &Value) -> Result<Output, ModelError> {
        let named = Output::ALL.into_iter().find(|output| value.as_str() == Some(output.name()));
        let unknown = || ModelError::description("model", format!("unknown output {value}"));
        named.ok_or_else(unknown)
    }

    /// Checks that a network's last layer and the number of labels fit; `shape` is the shape of an
    /// output item.
    pub(crate) fn check(
        self,
        architecture: &Architecture,
        shape: &[usize],
        labels: &[String],
    ) -> Result<(), ModelError> {
        let last = architecture.layers.last().map_or("nothing", |(_, layer)| layer.kind());
        let wanted = match self {
            Output::Binary | Output::AnyOf => Some("sigmoid"),
            Output::OneOf => Some("softmax"),
            Output::Values => None,
        };
        let error = |problem| Err(ModelError::description(format!("output `{self}`"), problem));
        if let Some(wanted) = wanted.filter(|wanted| *wanted != last) {
            return error(format!("the last layer must be `{wanted}`, it is `{last}`"));
        }
        if self != Output::Values && shape.len() != 1 {
            let shape = Show(shape);
            return error(format!("wants one axis of probabilities, the network makes {shape}"));
        }
        let numbers: usize = shape.iter().product();
        if self == Output::Binary && numbers != 1 {
            return error(format!("wants one number, the network makes {numbers}"));
        }
        let names = if self == Output::Binary { 2 } else { numbers };
        if !labels.is_empty() && labels.len() != names {
            return error(format!("wants {names} labels, there are {}", labels.len()));
        }
        Ok(())
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many layers at the end of a network only turn logits into probabilities.
pub(crate) fn layers_after_logits(architecture: &Architecture) -> usize {
    match architecture.layers.last().map(|(_, layer)| layer.kind()) {
        Some("sigmoid" | "softmax") => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Architecture, LayerSpec, Model, Output};

    /// A softmax over channels makes a map of probabilities, not one for each label.
    #[test]
    fn probabilities_have_one_axis() {
        let net = Architecture::new("map", &[1, 2, 1])
            .with("conv", LayerSpec::conv2d(3, [1, 1]))
            .with("probability", LayerSpec::Softmax);
        let error = Model::new(net.clone(), Output::OneOf, &[], 1).err().unwrap().to_string();
        let wanted =
            "output `one_of`: wants one axis of probabilities, the network makes [1, 2, 3]";
        assert_eq!(error, wanted);
        assert!(Model::new(net, Output::Values, &[], 1).is_ok());
    }

    #[test]
    fn names_are_read_as_written() {
        for output in Output::ALL {
            assert_eq!(Output::from_json(&output.name().into()).unwrap(), output);
        }
    }
}
