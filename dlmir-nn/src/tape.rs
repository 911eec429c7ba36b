//! The tape: a record of what was computed, read backwards to get every gradient.
//!
//! Each operation appends one node with its output. As an operation can only use what is there already,
//! the order of recording is an order in which inputs come before outputs, and the backward walk is one
//! loop from the end to the start: at each node, the gradient of the loss with respect to its output is
//! complete (all users of the output stand later on the tape and have been visited), so it can be moved
//! into the operation, which answers with the gradients of its inputs. Where a value was used twice, the
//! two gradients are added: the chain rule in several variables.
//!
//! The tape borrows the parameters, so no weight can change between forward and backward; this is
//! checked at compile time. [`Tape::backward`] consumes the tape and so frees them for the optimiser.

use std::sync::Arc;

use crate::gradients::Gradients;
use crate::op::{At, Op, Saved};
use crate::params::{ParamId, Params};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tensor::Tensor;

/// A value on the tape. Only a number, so it can be copied and used as often as you like.
///
/// It means something on the tape that made it and nowhere else. Another tape refuses a number beyond
/// its own end; a smaller one it takes for a value of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Var(usize);

/// Whether a network is being trained and, if so, at which address its random numbers are drawn.
///
/// Dropout and noise are off without one. The random numbers of an item depend on the seed, the epoch
/// and the item's number in the data set, not on its place in the batch.
#[derive(Debug, Clone)]
pub struct Training {
    /// The seed of the run.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The number of each item of the batch within the data set, in the order of the batch axis.
    pub items: Arc<[u64]>,
}

/// A recording of a computation. See the module's text.
pub struct Tape<'a> {
    params: &'a Params,
    pool: &'a mut Pool,
    nodes: Vec<Node<'a>>,
    training: Option<Training>,
    keeps: bool,
    layers: Vec<String>,
    layer: usize,
    depth: usize,
    streams: u64,
    updates: Vec<(ParamId, Tensor)>,
}

struct Node<'a> {
    value: Value<'a>,
    step: Option<Box<dyn Step>>,
    source: Source,
    wants_grad: bool,
    layer: usize,
}

enum Value<'a> {
    Owned(Tensor),
    Borrowed(&'a Tensor),
}

#[derive(Clone, Copy, PartialEq)]
enum Source {
    Computed,
    Leaf,
    Param(ParamId),
}

impl Node<'_> {
    fn tensor(&self) -> &Tensor {
        match &self.value {
            Value::Owned(tensor) => tensor,
            Value::Borrowed(tensor) => tensor,
        }
    }
}

impl<'a> Tape<'a> {
    /// Starts a recording in which the network is used, not trained: dropout and noise do nothing,
    /// batch norm applies its running statistics. Gradients can be asked for all the same.
    pub fn record(params: &'a Params, pool: &'a mut Pool) -> Tape<'a> {
        let layers = vec![String::from("input")];
        let (nodes, updates) = (Vec::new(), Vec::new());
        Tape {
            params,
            pool,
            nodes,
            training: None,
            keeps: true,
            layers,
            layer: 0,
            depth: 0,
            streams: 0,
            updates,
        }
    }

    /// Starts a recording without gradients: operations keep nothing for a way back, and values can be given up with
    /// [`Tape::release`]. What a network in use needs.
    pub fn infer(params: &'a Params, pool: &'a mut Pool) -> Tape<'a> {
        let mut tape = Tape::record(params, pool);
        tape.keeps = false;
        tape
    }

    /// Starts a recording of a training step.
    pub fn train(params: &'a Params, pool: &'a mut Pool, training: Training) -> Tape<'a> {
        let mut tape = Tape::record(params, pool);
        tape.training = Some(training);
        tape
    }

    /// The training step's address, or nothing while the network is only used.
    pub fn training(&self) -> Option<&Training> {
        self.training.as_ref()
    }

    /// A new number for each call, so that two dropout layers draw from different streams.
    pub fn next_stream(&mut self) -> u64 {
        self.streams += 1;
        self.streams
    }

    /// Puts data on the tape; no gradient is computed for it.
    pub fn constant(&mut self, value: Tensor) -> Var {
        self.push(Value::Owned(value), None, Source::Computed, false)
    }

    /// Puts data on the tape without taking it over.
    pub fn borrowed(&mut self, value: &'a Tensor) -> Var {
        self.push(Value::Borrowed(value), None, Source::Computed, false)
    }

    /// Puts a tensor on the tape whose gradient is wanted; ask for it with [`Gradients::of`].
    pub fn leaf(&mut self, value: Tensor) -> Var {
        self.push(Value::Owned(value), None, Source::Leaf, self.keeps)
    }

    /// Puts a parameter on the tape. It is borrowed, not copied.
    pub fn param(&mut self, id: ParamId) -> Var {
        let value = Value::Borrowed(self.params.value(id));
        let wants_grad = self.keeps && self.params.is_trainable(id);
        self.push(value, None, Source::Param(id), wants_grad)
    }

    /// Applies an operation and records it.
    ///
    /// # Panics
    /// If the operation cannot take these shapes.
    #[track_caller]
    pub fn apply<const N: usize, O: Op<N>>(&mut self, op: O, inputs: [Var; N]) -> Var {
        self.apply_and_look(op, inputs, |_, _| ()).0
    }

    /// As [`Tape::apply`], and shows `look` what the operation saved: a batch norm's layer wants the
    /// statistics that were just computed.
    ///
    /// # Panics
    /// If the operation cannot take these shapes.
    #[track_caller]
    pub fn apply_and_look<const N: usize, O: Op<N>, R>(
        &mut self,
        op: O,
        inputs: [Var; N],
        look: impl FnOnce(&O::Saved, &mut Pool) -> R,
    ) -> (Var, R) {
        self.assert_own(&inputs);
        let (tensors, needs) = look_up(&self.nodes, inputs);
        let wants_grad = needs.contains(&true);
        let (y, saved) = op.forward(tensors, self.pool);
        let seen = look(&saved, self.pool);
        let step: Option<Box<dyn Step>> = if wants_grad {
            Some(Box::new(Recorded { op, inputs, saved }))
        } else {
            saved.give_back(self.pool);
            None
        };
        (self.push(Value::Owned(y), step, Source::Computed, wants_grad), seen)
    }

    fn push(
        &mut self,
        value: Value<'a>,
        step: Option<Box<dyn Step>>,
        source: Source,
        wants_grad: bool,
    ) -> Var {
        self.nodes.push(Node { value, step, source, wants_grad, layer: self.layer });
        Var(self.nodes.len() - 1)
    }

    #[track_caller]
    fn assert_own(&self, values: &[Var]) {
        let own = values.iter().all(|x| x.0 < self.nodes.len());
        assert!(own, "tape: this value is of another tape");
    }

    /// The numbers of a value.
    ///
    /// # Panics
    /// If the value is of another tape, as far as that can be told.
    #[track_caller]
    pub fn value(&self, x: Var) -> &Tensor {
        self.assert_own(&[x]);
        self.nodes[x.0].tensor()
    }

    /// The shape of a value.
    ///
    /// # Panics
    /// If the value is of another tape, as far as that can be told.
    #[track_caller]
    pub fn shape(&self, x: Var) -> &[usize] {
        self.value(x).shape()
    }

    /// The parameters that this tape borrows.
    pub fn params(&self) -> &'a Params {
        self.params
    }

    /// The pool, for operations that prepare a tensor before they are recorded.
    pub fn pool(&mut self) -> &mut Pool {
        self.pool
    }

    /// Says that what follows belongs to the layer of this name; see [`Tape::first_not_finite`].
    pub fn enter(&mut self, layer: &str) {
        self.layer = self.layers.len();
        self.layers.push(layer.to_string());
    }

    /// Says that what `f` records belongs to the layer of this name: `OUTER/NAME` if that layer is part
    /// of one that is being recorded already.
    pub fn within<R>(&mut self, layer: &str, f: impl FnOnce(&mut Self) -> R) -> R {
        let (outer, depth) = (self.layer, self.depth);
        let path = match depth {
            0 => layer.to_string(),
            _ => format!("{}/{layer}", self.layers[outer]),
        };
        self.enter(&path);
        self.depth += 1;
        let result = f(self);
        (self.layer, self.depth) = (outer, depth);
        result
    }

    /// Where the first NaN or infinity on the tape is, in the order of recording: the name of the
    /// parameter if it is in one, otherwise that of the layer whose output has it; `input` stands for
    /// what was recorded before the first layer. `None` if all numbers are finite.
    pub fn first_not_finite(&self) -> Option<&str> {
        let node = self.nodes.iter().find(|node| !node.tensor().all_finite())?;
        Some(match node.source {
            Source::Param(id) => &self.params.get(id).name,
            _ => &self.layers[node.layer],
        })
    }

    /// Notes a new value for a state (a running mean, for instance). It takes effect when the caller
    /// hands the [`Gradients`] to [`Gradients::update_states`]; updates of frozen states are dropped.
    ///
    /// # Panics
    /// If the parameter is a weight (these are the optimiser's), or is of another shape.
    #[track_caller]
    pub fn update_state(&mut self, id: ParamId, value: Tensor) {
        let param = self.params.get(id);
        let role = param.role;
        assert!(role == crate::params::Role::State, "tape: `{}` is a weight", param.name);
        let (old, new) = (param.value.shape(), value.shape());
        let (name, old, new, fits) = (&param.name, Show(old), Show(new), old == new);
        assert!(fits, "tape: the state `{name}` is {old}, its new value {new}");
        if param.frozen {
            self.pool.give(value);
        } else {
            self.updates.push((id, value));
        }
    }

    /// The newest value of a state: the one last noted on this tape, otherwise the parameter's. A layer
    /// that is used twice on one tape goes on from its own first update.
    pub fn state(&self, id: ParamId) -> &Tensor {
        let noted = self.updates.iter().rev().find(|(other, _)| *other == id);
        noted.map_or(self.params.value(id), |(_, value)| value)
    }

    /// Gives the memory of a value back to the pool, if the tape is one of [`Tape::infer`]: nobody will ask for it again. On
    /// others, whose way back may need it, and for data that was borrowed, nothing happens.
    ///
    /// # Panics
    /// If the value is of another tape, as far as that can be told.
    #[track_caller]
    pub fn release(&mut self, x: Var) {
        self.assert_own(&[x]);
        if let (false, Value::Owned(tensor)) = (self.keeps, &mut self.nodes[x.0].value) {
            self.pool.give(std::mem::replace(tensor, Tensor::zeros(&[0])));
        }
    }

    /// Takes a value off the tape and ends the recording without gradients.
    ///
    /// # Panics
    /// If the value is of another tape, as far as that can be told.
    #[track_caller]
    pub fn into_value(mut self, x: Var) -> Tensor {
        self.assert_own(&[x]);
        match &self.nodes[x.0].value {
            Value::Borrowed(tensor) => (*tensor).clone(),
            Value::Owned(_) => {
                let empty = Value::Owned(Tensor::zeros(&[0]));
                match std::mem::replace(&mut self.nodes[x.0].value, empty) {
                    Value::Owned(tensor) => {
                        self.pool.let_go(&tensor);
                        tensor
                    }
                    Value::Borrowed(_) => unreachable!("the value is owned"),
                }
            }
        }
    }

    /// The gradients of `loss`, a single number, with respect to every trainable parameter and leaf.
    ///
    /// # Panics
    /// If `loss` has more than one element or is of another tape, or if an operation is asked for a
    /// gradient that it does not have: losses take targets and weights as data.
    #[track_caller]
    pub fn backward(mut self, loss: Var) -> Gradients {
        let shape = self.shape(loss).to_vec();
        assert!(
            self.value(loss).len() == 1,
            "backward: the loss is {}, not a number",
            Show(&shape)
        );
        let mut seed = self.pool.take(&shape);
        seed.as_mut_slice().fill(1.0);

        let mut grads: Vec<Option<Tensor>> = (0..self.nodes.len()).map(|_| None).collect();
        grads[loss.0] = Some(seed);
        let mut result =
            Gradients { of_params: Vec::new(), of_leaves: Vec::new(), updates: vec![] };
        result.of_params.resize_with(self.params.len(), || None);
        for i in (0..self.nodes.len()).rev() {
            let Some(grad) = grads[i].take() else { continue };
            match self.nodes[i].source {
                Source::Leaf => result.of_leaves.push((Var(i), grad)),
                Source::Param(id) => add(&mut result.of_params[id.0], grad, self.pool),
                Source::Computed => match self.nodes[i].step.take() {
                    Some(step) => step.backward(&self.nodes, i, grad, self.pool, &mut grads),
                    None => self.pool.give(grad),
                },
            }
        }
        result.updates = std::mem::take(&mut self.updates);
        result
    }
}

/// Whatever is left on the tape goes back to the pool.
impl Drop for Tape<'_> {
    fn drop(&mut self) {
        for node in self.nodes.drain(..) {
            if let Some(step) = node.step {
                step.give_back(self.pool);
            }
            if let Value::Owned(tensor) = node.value {
                self.pool.give(tensor);
            }
        }
        for (_, value) in self.updates.drain(..) {
            self.pool.give(value);
        }
    }
}

/// `sum += grad`, where the first gradient to come is simply moved in.
fn add(sum: &mut Option<Tensor>, grad: Tensor, pool: &mut Pool) {
    match sum {
        None => *sum = Some(grad),
        Some(sum) => {
            let (from, to) = (grad.as_slice(), sum.as_mut_slice());
            to.iter_mut().zip(from).for_each(|(s, g)| *s += g);
            pool.give(grad);
        }
    }
}

/// An operation with its inputs, as the tape stores it, whatever its number of inputs.
trait Step {
    fn backward(
        self: Box<Self>,
        nodes: &[Node<'_>],
        at: usize,
        grad: Tensor,
        pool: &mut Pool,
        grads: &mut [Option<Tensor>],
    );
    fn give_back(self: Box<Self>, pool: &mut Pool);
}

/// The tensors of some values, and whether each wants a gradient.
fn look_up<'n, const N: usize>(
    nodes: &'n [Node<'_>],
    values: [Var; N],
) -> ([&'n Tensor; N], [bool; N]) {
    (values.map(|x| nodes[x.0].tensor()), values.map(|x| nodes[x.0].wants_grad))
}

/// Adds an operation's answer for one input to what is known of that input's gradient.
fn hand_back(
    op: &str,
    input: &Node<'_>,
    answer: Tensor,
    grad: &mut Option<Tensor>,
    pool: &mut Pool,
) {
    let (want, got) = (input.tensor().shape(), answer.shape());
    assert!(want == got, "{op}: an input is {}, its gradient {}", Show(want), Show(got));
    if input.wants_grad {
        add(grad, answer, pool);
    } else {
        pool.give(answer);
    }
}

struct Recorded<const N: usize, O: Op<N>> {
    op: O,
    inputs: [Var; N],
    saved: O::Saved,
}

impl<const N: usize, O: Op<N>> Step for Recorded<N, O> {
    fn backward(
        self: Box<Self>,
        nodes: &[Node<'_>],
        at: usize,
        grad: Tensor,
        pool: &mut Pool,
        grads: &mut [Option<Tensor>],
    ) {
        let Recorded { op, inputs, saved } = *self;
        let (tensors, needs) = look_up(nodes, inputs);
        let step = At { inputs: tensors, output: nodes[at].tensor(), saved, needs };
        for (input, answer) in inputs.into_iter().zip(op.backward(step, grad, pool)) {
            if let Some(answer) = answer {
                hand_back(op.name(), &nodes[input.0], answer, &mut grads[input.0], pool);
            }
        }
    }

    fn give_back(self: Box<Self>, pool: &mut Pool) {
        self.saved.give_back(pool);
    }
}
