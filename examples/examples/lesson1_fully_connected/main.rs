//! Lesson 1: a fully connected network.
//!
//! **You will learn** what a network is (a chain of simple functions with numbers to adjust), how it
//! learns (follow the gradient of the loss downhill), where the gradient comes from (the chain rule,
//! read backwards), and what can go wrong (learning the noise instead of the music).
//!
//! **Run** `cargo run --release --example lesson1_fully_connected`. It takes about a quarter of a minute,
//! prints each step with its figures, and leaves `report.html` in `target/lessons/lesson1_fully_connected`,
//! beside the weights, the answers to the test clips, and logs for TensorBoard (`tensorboard --logdir`
//! that folder).
//!
//! Read from top to bottom: first, in this file, an engine for automatic differentiation, complete; then
//! the same computation with the real engine, and the training loop. `experiments.rs` asks what each part
//! of training is good for, and `sound.rs` turns from points to something to hear. The exercises are at
//! the end of this file.
//!
//! **A little history.** 1958: Rosenblatt's perceptron learns one straight cut between two classes. 1969:
//! Minsky and Papert show what a straight cut cannot do. 1986: Rumelhart, Hinton and Williams train layers
//! in between by the chain rule. 2012: large convolutional networks win at pictures, and soon at sound.

mod experiments;
mod sound;

use std::error::Error;
use std::process::ExitCode;

use dlmir_data::Batches;
use dlmir_data::synthetic::toy::{self, ToySet};
use dlmir_eval::{Report, accuracy};
use dlmir_examples::{Accepts, Flags, Output, Receipt, say};
use dlmir_nn::ops::Penalty;
use dlmir_nn::optim::Optimizer;
use dlmir_nn::{
    Activation, Layer, Linear, ParamId, Params, Pool, Rng, Sequential, Show, Tape, Tensor, Training,
};

use experiments::Lab;

// ------------------------------------------------------------------------------------------------
// 1. Automatic differentiation in 80 lines
// ------------------------------------------------------------------------------------------------

/// One number of a computation: its value, and how it depends on the at most two numbers that it was
/// made from.
struct Number {
    value: f64,
    /// (position on the tape, slope): if that number moves by a little, this one moves slope times as
    /// much. This is all of calculus that the engine needs to know.
    parents: [Option<(usize, f64)>; 2],
}

/// The tape: every number in the order in which it was computed.
#[derive(Default)]
struct Scalars {
    tape: Vec<Number>,
}

/// A place on the tape.
type At = usize;

impl Scalars {
    fn push(&mut self, value: f64, parents: [Option<(At, f64)>; 2]) -> At {
        self.tape.push(Number { value, parents });
        self.tape.len() - 1
    }

    fn value(&self, a: At) -> f64 {
        self.tape[a].value
    }

    /// A number that depends on nothing: data or a weight.
    fn leaf(&mut self, value: f64) -> At {
        self.push(value, [None, None])
    }

    /// a + b: if either moves by h, so does the sum.
    fn add(&mut self, a: At, b: At) -> At {
        self.push(self.value(a) + self.value(b), [Some((a, 1.0)), Some((b, 1.0))])
    }

    /// a b: if a moves by h, the product moves by b h.
    fn mul(&mut self, a: At, b: At) -> At {
        let (x, y) = (self.value(a), self.value(b));
        self.push(x * y, [Some((a, y)), Some((b, x))])
    }

    /// tanh a, which squeezes any number into (-1, 1); its slope is 1 - tanh^2 a.
    fn tanh(&mut self, a: At) -> At {
        let y = self.value(a).tanh();
        self.push(y, [Some((a, 1.0 - y * y)), None])
    }

    /// The loss of one answer: a is the network's opinion, from minus to plus infinity, that the class
    /// is 1. p = 1 / (1 + exp(-a)) makes a probability of it, and -ln p (or -ln(1 - p), if the class is
    /// 0) is how surprised the network is by the truth. The slope is p - class: as simple as can be.
    fn surprise(&mut self, a: At, class: f64) -> At {
        let p = 1.0 / (1.0 + (-self.value(a)).exp());
        // -ln p = ln(1 + exp(-a)), and -ln(1 - p) = ln(1 + exp(a)).
        let against = if class == 1.0 { -self.value(a) } else { self.value(a) };
        let loss = against.exp().ln_1p();
        self.push(loss, [Some((a, p - class)), None])
    }

    /// How the number at `end` depends on every number before it. One loop from the end to the start:
    /// whoever uses a number stands later on the tape, so its slope is complete when the loop gets there.
    fn backward(&self, end: At) -> Vec<f64> {
        let mut grad = vec![0.0; self.tape.len()];
        grad[end] = 1.0;
        for a in (0..=end).rev() {
            for (parent, slope) in self.tape[a].parents.into_iter().flatten() {
                grad[parent] += slope * grad[a]; // the chain rule
            }
        }
        grad
    }
}

/// A network of two inputs, `HIDDEN` units and one output, unit by unit: each unit adds up its weighted
/// inputs and squeezes the sum. The weights are in the order w1 `[2, HIDDEN]`, b1, w2 `[HIDDEN, 1]`, b2.
fn network_of_numbers(s: &mut Scalars, weights: &[At], point: [f32; 2]) -> At {
    let (w1, rest) = weights.split_at(2 * HIDDEN);
    let (b1, rest) = rest.split_at(HIDDEN);
    let (w2, b2) = rest.split_at(HIDDEN);
    let inputs = point.map(|x| s.leaf(f64::from(x)));
    let mut opinion = b2[0];
    for unit in 0..HIDDEN {
        let mut sum = b1[unit];
        for (i, &input) in inputs.iter().enumerate() {
            let term = s.mul(input, w1[i * HIDDEN + unit]);
            sum = s.add(sum, term);
        }
        let squeezed = s.tanh(sum);
        let term = s.mul(squeezed, w2[unit]);
        opinion = s.add(opinion, term);
    }
    opinion
}

const HIDDEN: usize = 8;

/// Trains that network on two interleaved half-moons, all points at once, by walking downhill.
fn train_by_numbers(seed: u64, steps: usize) -> (Vec<f64>, Vec<f64>) {
    let (points, classes) = toy::two_moons(80, 0.1, seed);
    let mut rng = Rng::new(seed, 100);
    let mut weights: Vec<f64> =
        (0..4 * HIDDEN + 1).map(|_| f64::from(rng.normal()) * 0.5).collect();
    let mut losses = Vec::new();
    for _ in 0..steps {
        let mut s = Scalars::default();
        let w: Vec<At> = weights.iter().map(|&w| s.leaf(w)).collect();
        let mut sum = s.leaf(0.0);
        for (point, class) in points.iter().zip(&classes) {
            let opinion = network_of_numbers(&mut s, &w, *point);
            let surprise = s.surprise(opinion, *class as f64);
            sum = s.add(sum, surprise);
        }
        let share = s.leaf(1.0 / points.len() as f64);
        let loss = s.mul(sum, share);
        losses.push(s.value(loss));
        let grad = s.backward(loss);
        // The gradient points uphill; a step against it makes the loss smaller.
        weights.iter_mut().zip(&w).for_each(|(weight, &at)| *weight -= 1.0 * grad[at]);
    }
    (losses, weights)
}

// ------------------------------------------------------------------------------------------------
// The lesson, step by step
// ------------------------------------------------------------------------------------------------

const NAME: &str = "lesson1_fully_connected";

fn main() -> ExitCode {
    dlmir_examples::run(
        NAME,
        "Lesson 1: a fully connected network, from the chain rule to overfitting and its cures",
        Accepts::GeneratedOnly,
        lesson,
    )
}

/// The lesson, step by step.
fn lesson(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let output = Output::open(NAME, flags)?;
    output.begin(flags, &format!("seed {}, quick {}", flags.seed, flags.quick), &[])?;
    let mut receipt = Receipt::new();
    let mut report = Report::new("Lesson 1: a fully connected network");
    report.paragraph(
        "A network is a chain of simple functions with numbers to adjust. Learning is walking downhill: \
         compute how the loss depends on every number, and move each a little against its slope.",
    );
    let hurry: u64 = if flags.quick { 5 } else { 1 };
    let seed = flags.seed;
    let heading = |report: &mut Report, title: &str| {
        println!("\n{title}");
        report.section(title.split_once(". ").map_or(title, |(_, title)| title));
    };

    heading(&mut report, "1. Automatic differentiation in 80 lines");
    let (losses, weights) = train_by_numbers(seed, 200 / hurry as usize);
    say(
        &mut report,
        &format!(
            "A tape of single numbers trains {} weights on 80 points: the loss falls from {:.4} to {:.4} in \
             {} steps. The whole engine is at the top of the lesson's source.",
            weights.len(),
            losses[0],
            losses[losses.len() - 1],
            losses.len(),
        ),
    );
    losses.iter().for_each(|&loss| _ = receipt.number("scalar loss", loss));

    heading(&mut report, "2. The same with the real engine");
    let difference = compare_engines(seed);
    if difference >= 1e-5 {
        return Err(format!("the gradients of the two engines differ by {difference}").into());
    }
    say(
        &mut report,
        &format!(
            "The same network as two matrix products. Its gradients differ from those of the tape of \
             numbers by at most {difference:.1e}, the rounding of 32-bit numbers."
        ),
    );

    let mut lab = Lab { seed, hurry, report: &mut report, numbers: Vec::new() };
    heading(lab.report, "3. The training loop, written out");
    experiments::watch_the_boundary(&mut lab, &mut receipt);
    heading(lab.report, "4. Activations: without one, two layers are one");
    experiments::activations(&mut lab);
    heading(lab.report, "5. Mini-batches: how much to look at before each step");
    experiments::batch_sizes(&mut lab);
    heading(lab.report, "6. Optimisers: a race");
    experiments::optimizer_race(&mut lab);
    heading(lab.report, "7. Overfitting on purpose, and what helps");
    experiments::overfitting(&mut lab);
    lab.numbers.iter().for_each(|(name, number)| _ = receipt.number(name, *number));

    heading(&mut report, "8. From points to sound");
    let entries = sound::lesson(flags, &output, &mut report, &mut receipt)?;

    report.section("Exercises");
    EXERCISES.iter().for_each(|exercise| report.paragraph(exercise));
    report.write(output.path("report.html"))?;
    output.finish(entries, &receipt)?;
    Ok(())
}

// ------------------------------------------------------------------------------------------------
// 2. The same with the real engine
// ------------------------------------------------------------------------------------------------

/// The network from above as two linear layers: a matrix product does all units and all points at once.
fn two_layers(params: &mut Params, hidden: usize, activation: Activation, seed: u64) -> Sequential {
    let mut rng = Rng::new(seed, 0);
    let mut net = Sequential::new();
    net.push("hidden", Linear::new(params, "hidden", 2, hidden, &mut rng));
    net.push("squeeze", activation);
    net.push("opinion", Linear::new(params, "opinion", hidden, 1, &mut rng));
    net
}

/// Compares the gradients of the two engines at the same weights and points: largest difference.
fn compare_engines(seed: u64) -> f64 {
    let (points, classes) = toy::two_moons(80, 0.1, seed);
    let mut params = Params::new();
    let net = two_layers(&mut params, HIDDEN, Activation::Tanh, seed);

    // The tape of tensors: forward, loss, backward.
    let mut pool = Pool::new();
    let mut tape = Tape::record(&params, &mut pool);
    let x = tape.constant(Tensor::from_vec(&[points.len(), 2], points.concat()));
    let z = net.forward(&mut tape, x);
    let t = tape.constant(targets(&classes));
    let loss = tape.bce_with_logits(z, t);
    println!("  x {}  z {}  loss {}", Show(tape.shape(x)), Show(tape.shape(z)), tape.value(loss));
    let of_tensors = tape.backward(loss);

    // The tape of numbers, with the same weights in the same order.
    let mut s = Scalars::default();
    let weights = params.iter().flat_map(|(_, param)| param.value.as_slice());
    let w: Vec<At> = weights.map(|&weight| s.leaf(f64::from(weight))).collect();
    let mut sum = s.leaf(0.0);
    for (point, class) in points.iter().zip(&classes) {
        let opinion = network_of_numbers(&mut s, &w, *point);
        let surprise = s.surprise(opinion, *class as f64);
        sum = s.add(sum, surprise);
    }
    let of_numbers = s.backward(sum);
    let n = points.len() as f64;

    let tensors = of_tensors.iter().flat_map(|(_, grad)| grad.as_slice());
    let pairs = tensors.zip(&w).map(|(&g, &at)| (f64::from(g) - of_numbers[at] / n).abs());
    pairs.fold(0.0, f64::max)
}

/// Classes as numbers, one row each.
fn targets(classes: &[usize]) -> Tensor {
    Tensor::from_vec(&[classes.len(), 1], classes.iter().map(|&class| class as f32).collect())
}

// ------------------------------------------------------------------------------------------------
// 3. The training loop, written out
// ------------------------------------------------------------------------------------------------

/// Points with their classes. A network learns from the first; the second tell when it has learned enough,
/// and which of several networks is best; the last are asked once, when all is decided. What has had a
/// say in a decision cannot judge it any more: never tune on the test.
struct Problem {
    train: ToySet,
    validation: ToySet,
    held_out: ToySet,
}

impl Problem {
    /// Three sets of the same kind from three seeds.
    fn of(
        seed: u64,
        train: usize,
        held_out: usize,
        make: impl Fn(usize, u64) -> ToySet,
    ) -> Problem {
        Problem {
            train: make(train, seed),
            validation: make(200, seed + 1),
            held_out: make(held_out, seed + 2),
        }
    }
}

/// What training needs to know besides network and points.
#[derive(Clone, Copy, Default)]
struct Recipe {
    epochs: u64,
    batch: usize,
    learning_rate: f64,
    /// Keras's inverse-time decay: lr / (1 + decay * updates).
    decay: f64,
    /// Price of large weights: l2 times the sum of their squares is added to the loss.
    l2: f32,
    /// Stop after so many epochs without a better validation loss; in any case, end with the best weights.
    patience: Option<u64>,
}

/// Where a network stood after an epoch.
#[derive(Clone, Copy)]
struct Standing {
    /// Mean over the training points, each judged by the weights of its moment.
    loss: f64,
    validation_loss: f64,
    validation_accuracy: f64,
}

/// Trains a network. This is the loop behind every result of the course; the later lessons call the
/// trainer of `dlmir-models`, which is the same loop with checkpoints, callbacks and bars.
fn train(
    net: &Sequential,
    params: &mut Params,
    optimizer: &mut dyn Optimizer,
    problem: &Problem,
    recipe: Recipe,
    seed: u64,
    mut after_epoch: impl FnMut(u64, &Params),
) -> Vec<Standing> {
    let (points, classes) = &problem.train;
    let batches = Batches::new((0..points.len()).collect(), recipe.batch);
    let named = params.iter().filter(|(_, param)| param.name.ends_with("weight"));
    let weights: Vec<ParamId> = named.map(|(id, _)| id).collect();
    let mut pool = Pool::new();
    let mut updates = 0;
    let mut history: Vec<Standing> = Vec::new();
    let mut best = (0, f64::INFINITY, params.clone());
    for epoch in 0..recipe.epochs {
        // A new order in each epoch, and a few points at a time: a rough gradient now is worth more than
        // an exact one later.
        let mut sum = 0.0;
        for batch in batches.epoch(seed, epoch) {
            let coordinates = batch.iter().flat_map(|&i| points[i]).collect();
            let labels: Vec<usize> = batch.iter().map(|&i| classes[i]).collect();
            let items = batch.iter().map(|&i| i as u64).collect();

            // Forward: from the points to the loss, recorded on the tape.
            let mut tape = Tape::train(params, &mut pool, Training { seed, epoch, items });
            let x = tape.constant(Tensor::from_vec(&[batch.len(), 2], coordinates));
            let t = tape.constant(targets(&labels));
            let z = net.forward(&mut tape, x);
            let mut loss = tape.bce_with_logits(z, t);
            sum += f64::from(tape.value(loss).item()) * batch.len() as f64;
            if recipe.l2 > 0.0 {
                loss = tape.add_penalty(loss, Penalty::L2(recipe.l2), &weights);
            }

            // Backward: how the loss depends on every weight.
            let grads = tape.backward(loss);

            // Update: a step downhill.
            let learning_rate = recipe.learning_rate / (1.0 + recipe.decay * updates as f64);
            optimizer.update(params, &grads, learning_rate);
            grads.give_back(&mut pool);
            updates += 1;
        }
        after_epoch(epoch, params);
        let (validation_loss, validation_accuracy) = judge(net, params, &problem.validation);
        let loss = sum / points.len() as f64;
        history.push(Standing { loss, validation_loss, validation_accuracy });
        if validation_loss < best.1 {
            best = (epoch, validation_loss, params.clone());
        }
        if recipe.patience.is_some_and(|patience| epoch - best.0 >= patience) {
            break;
        }
    }
    if recipe.patience.is_some() {
        *params = best.2;
    }
    history
}

/// Loss and accuracy of a network that is used, not trained.
fn judge(net: &Sequential, params: &Params, (points, classes): &ToySet) -> (f64, f64) {
    let mut pool = Pool::new();
    let mut tape = Tape::record(params, &mut pool);
    let x = tape.constant(Tensor::from_vec(&[points.len(), 2], points.concat()));
    let t = tape.constant(targets(classes));
    let z = net.forward(&mut tape, x);
    let loss = tape.bce_with_logits(z, t);
    let predicted: Vec<usize> =
        tape.value(z).as_slice().iter().map(|&z| usize::from(z > 0.0)).collect();
    (f64::from(tape.value(loss).item()), accuracy(classes, &predicted))
}

// ------------------------------------------------------------------------------------------------
// Exercises
// ------------------------------------------------------------------------------------------------

/// Solutions are in `docs/solutions/lesson1.md`.
const EXERCISES: [&str; 5] = [
    "1. Give the tape of numbers a `relu` and train with it instead of `tanh`. What is its slope at 0?",
    "2. Start with all weights at 0. Why does nothing move but the last bias? Compute the gradients.",
    "3. Write the update of SGD with momentum yourself and show that it makes the same weights.",
    "4. How many hidden units do the two circles need? Try 1, 2, 3, 4. Draw what three units can do.",
    "5. Show that two linear layers without activation are one: multiply their weights.",
];
