//! What optimisers remember between updates.

use std::collections::BTreeMap;

use crate::optim::OptimError;
use crate::params::Params;
use crate::tensor::Tensor;

/// What an optimiser remembers about each parameter: `N` arrays of its shape, and how often it was
/// updated. Starts empty; a parameter gets its place at its first update.
///
/// Parameters are known by their names, so a state can be restored into a network that was built in
/// another order. Updates are counted for each parameter by itself, as in PyTorch: a layer that was
/// frozen at first and joins later gets the bias correction of a first step then. (Keras counts for
/// all together.)
#[derive(Debug, Clone, Default)]
pub struct Memory<const N: usize> {
    slots: BTreeMap<String, Slot<N>>,
}

/// The memory of one parameter.
#[derive(Debug, Clone)]
pub(crate) struct Slot<const N: usize> {
    /// How many updates there were, the present one included.
    pub updates: u64,
    /// The arrays.
    pub arrays: [Tensor; N],
}

/// The last part of the name of a count.
const UPDATES: &str = "updates";

/// The base in which a count is split into two numbers that `f32` holds exactly.
const BASE: u64 = 1 << 24;

impl<const N: usize> Memory<N> {
    /// The memory of a parameter about to be updated, with its count raised by one. At the first update
    /// all arrays are filled with `initial`.
    pub(crate) fn slot(&mut self, name: &str, shape: &[usize], initial: f32) -> &mut Slot<N> {
        if !self.slots.contains_key(name) {
            let arrays = std::array::from_fn(|_| Tensor::full(shape, initial));
            self.slots.insert(name.to_string(), Slot { updates: 0, arrays });
        }
        let slot = self.slots.get_mut(name).expect("it was just put there");
        slot.updates += 1;
        slot
    }

    /// All counts and arrays; `kinds` names the `N` arrays.
    pub(crate) fn state(&self, kinds: [&str; N]) -> Vec<(String, Tensor)> {
        let mut state = Vec::new();
        for (name, slot) in &self.slots {
            state.push((format!("{name}/{UPDATES}"), count_to_tensor(slot.updates)));
            for (kind, array) in kinds.iter().zip(&slot.arrays) {
                state.push((format!("{name}/{kind}"), array.clone()));
            }
        }
        state
    }

    /// Takes up what [`Memory::state`] gave.
    pub(crate) fn restore(
        &mut self,
        state: &[(String, Tensor)],
        params: &Params,
        kinds: [&str; N],
    ) -> Result<(), OptimError> {
        let found: BTreeMap<&str, &Tensor> = state.iter().map(|(n, t)| (n.as_str(), t)).collect();
        let mut slots = BTreeMap::new();
        for &name in found.keys() {
            let unknown = || OptimError::Unknown { name: name.to_string() };
            let (param, kind) = name.rsplit_once('/').ok_or_else(unknown)?;
            let id = params.id(param).ok_or_else(unknown)?;
            if kind != UPDATES && !kinds.contains(&kind) {
                return Err(unknown());
            }
            if slots.contains_key(param) {
                continue;
            }
            let array = |kind: &str| {
                let name = format!("{param}/{kind}");
                let array = found.get(name.as_str()).copied().cloned();
                array.ok_or(OptimError::Missing { name })
            };
            let updates = count_from_tensor(&format!("{param}/{UPDATES}"), &array(UPDATES)?)?;
            let mut arrays = std::array::from_fn(|_| Tensor::zeros(&[0]));
            for (slot, kind) in arrays.iter_mut().zip(kinds) {
                *slot = array(kind)?;
                check_shape(&format!("{param}/{kind}"), slot, params.value(id).shape())?;
            }
            slots.insert(param.to_string(), Slot { updates, arrays });
        }
        self.slots = slots;
        Ok(())
    }
}

fn check_shape(name: &str, array: &Tensor, wanted: &[usize]) -> Result<(), OptimError> {
    let (got, wanted) = (array.shape().to_vec(), wanted.to_vec());
    if got == wanted { Ok(()) } else { Err(OptimError::Shape { name: name.into(), got, wanted }) }
}

fn count_to_tensor(count: u64) -> Tensor {
    Tensor::from_vec(&[2], vec![(count / BASE) as f32, (count % BASE) as f32])
}

fn count_from_tensor(name: &str, tensor: &Tensor) -> Result<u64, OptimError> {
    check_shape(name, tensor, &[2])?;
    let digit = |x: f32| {
        let whole = x >= 0.0 && x < BASE as f32 && x.fract() == 0.0;
        whole.then_some(x as u64).ok_or_else(|| OptimError::Count { name: name.into() })
    };
    Ok(digit(tensor.as_slice()[0])? * BASE + digit(tensor.as_slice()[1])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> Params {
        let mut params = Params::new();
        params.add("a/weight", Tensor::zeros(&[2]));
        params.add("b", Tensor::zeros(&[3]));
        params
    }

    fn filled() -> Memory<2> {
        let mut memory = Memory::default();
        memory.slot("a/weight", &[2], 0.5);
        memory.slot("b", &[3], 0.0).updates = (1 << 24) + 1;
        memory
    }

    #[test]
    fn a_state_comes_back_with_its_counts() {
        let state = filled().state(["m", "v"]);
        let names: Vec<_> = state.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["a/weight/updates", "a/weight/m", "a/weight/v", "b/updates", "b/m", "b/v"]
        );
        let mut other = Memory::default();
        other.restore(&state, &params(), ["m", "v"]).unwrap();
        assert_eq!(other.state(["m", "v"]), state);
        assert_eq!(other.slot("b", &[3], 0.0).updates, (1 << 24) + 2);
    }

    #[test]
    fn what_does_not_fit_is_an_error_that_changes_nothing() {
        type State = Vec<(String, Tensor)>;
        let good = filled().state(["m", "v"]);
        let refused = |change: &dyn Fn(&mut State)| {
            let mut state = good.clone();
            change(&mut state);
            let mut memory = filled();
            let error = memory.restore(&state, &params(), ["m", "v"]).unwrap_err();
            assert_eq!(memory.state(["m", "v"]), good);
            error.to_string()
        };
        assert!(refused(&|s| drop(s.remove(2))).contains("has no `a/weight/v`"));
        assert!(refused(&|s| drop(s.remove(0))).contains("has no `a/weight/updates`"));
        for stranger in ["c/m", "a/weight/x", "d"] {
            let error = refused(&|s| s.push((stranger.into(), Tensor::zeros(&[2]))));
            assert!(error.contains(&format!("has `{stranger}`, which")), "{error}");
        }
        let shape = refused(&|s| s[4].1 = Tensor::zeros(&[2]));
        assert!(shape.contains("`b/m` is [2], the network wants [3]"), "{shape}");
        for broken in [-1.0, 0.5, f32::NAN, f32::INFINITY] {
            let count = refused(&|s| s[0].1 = Tensor::full(&[2], broken));
            assert!(count.contains("`a/weight/updates` is not a count"), "{count}");
        }
    }
}
