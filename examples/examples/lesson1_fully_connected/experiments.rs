//! Experiments with the loop of `main.rs`: watching it, activations, batch sizes, optimisers, overfitting.
//!
//! What a table calls held-out is measured on points that had no say in training.

use std::time::Instant;

use dlmir_data::synthetic::toy::{self, ToySet};
use dlmir_eval::Report;
use dlmir_eval::plot::{DecisionBoundary, LearningCurve, decision_boundary, learning_curves};
use dlmir_examples::{Receipt, say};
use dlmir_nn::optim::{AdaGrad, Adam, Nadam, Optimizer, RmsProp, Sgd};
use dlmir_nn::{Activation, Dropout, Layer, Linear, Params, Pool, Rng, Sequential, Tape, Tensor};

use crate::{Problem, Recipe, Standing, judge, train, two_layers};

/// What the experiments share: how much time they may take, and where their results go.
pub struct Lab<'a> {
    pub seed: u64,
    /// Divides all numbers of epochs, for a quick run.
    pub hurry: u64,
    pub report: &'a mut Report,
    /// Every number that is shown, for the receipt.
    pub numbers: Vec<(String, f64)>,
}

impl Lab<'_> {
    fn show(&mut self, header: &[&str], rows: Vec<Vec<String>>) {
        println!("  {}", header.iter().map(|h| format!("{h:>14}")).collect::<String>());
        for row in &rows {
            println!("  {}", row.iter().map(|cell| format!("{cell:>14}")).collect::<String>());
        }
        self.report.table(header, &rows);
    }
}

// ------------------------------------------------------------------------------------------------
// 3. Watching the loop
// ------------------------------------------------------------------------------------------------

/// Trains on the half-moons with plain SGD, and draws where the network is undecided as it learns.
pub fn watch_the_boundary(lab: &mut Lab, receipt: &mut Receipt) {
    say(
        lab.report,
        "An epoch shows every point once. After each batch of 16 the weights take one step against the \
         gradient. The colours are the network's opinion; the boundary is where it cannot decide.",
    );
    let problem = moons(lab.seed);
    let mut params = Params::new();
    let net = two_layers(&mut params, 16, Activation::Tanh, lab.seed);
    println!(
        "  {:<16} {:<14} {:<18} {:>10} {:>12}",
        "layer", "kind", "output", "parameters", "multiply-adds"
    );
    for row in net.summary(&[2], &params).into_iter().flatten() {
        println!("  {row}");
    }
    let epochs = 100 / lab.hurry;
    let recipe = Recipe { epochs, batch: 16, learning_rate: 0.3, ..Recipe::default() };
    let mut pictures = vec![(0, draw(&net, &params, &problem.train))];
    let mut sgd = Sgd::default();
    let history =
        train(&net, &mut params, &mut sgd, &problem, recipe, lab.seed, |epoch, params| {
            if [1, 5, 20, epochs].contains(&(epoch + 1)) {
                pictures.push((epoch + 1, draw(&net, params, &problem.train)));
            }
        });
    for (epoch, standing) in (1..).zip(&history).filter(|(epoch, _)| epoch % (epochs / 5) == 0) {
        let Standing { loss, validation_loss, validation_accuracy } = standing;
        println!(
            "  epoch {epoch:>3}  loss {loss:.4}  validation loss {validation_loss:.4}  accuracy {validation_accuracy:.3}"
        );
    }
    for (epoch, picture) in &pictures {
        lab.report.svg(&format!("After {epoch} epochs"), picture);
    }
    params.iter().for_each(|(_, param)| _ = receipt.array(&param.name, param.value.as_slice()));
}

/// What the network would answer everywhere in the plane.
fn draw(net: &Sequential, params: &Params, (points, classes): &ToySet) -> dlmir_eval::plot::Svg {
    const CELLS: usize = 60;
    let (low, high) = (-2.0f32, 3.0f32);
    let middle = |i: usize| low + (high - low) * (i as f32 + 0.5) / CELLS as f32;
    let grid = (0..CELLS * CELLS).flat_map(|i| [middle(i % CELLS), middle(i / CELLS)]).collect();
    let mut pool = Pool::new();
    let mut tape = Tape::record(params, &mut pool);
    let x = tape.constant(Tensor::from_vec(&[CELLS * CELLS, 2], grid));
    let z = net.forward(&mut tape, x);
    let p = tape.sigmoid(z);
    let probabilities: Vec<f32> =
        tape.value(p).as_slice().iter().flat_map(|&p| [1.0 - p, p]).collect();
    let dots: Vec<(f64, f64, usize)> = points
        .iter()
        .zip(classes)
        .map(|(&[x, y], &class)| (f64::from(x), f64::from(y), class))
        .collect();
    decision_boundary(&DecisionBoundary {
        title: "",
        axis_labels: ("x", "y"),
        x_range: (f64::from(low), f64::from(high)),
        y_range: (f64::from(low), f64::from(high)),
        classes: &["class 0", "class 1"],
        probabilities: &probabilities,
        columns: CELLS,
        points: &dots,
    })
}

// ------------------------------------------------------------------------------------------------
// 4. Activations: without one, two layers are one
// ------------------------------------------------------------------------------------------------

/// One hidden layer with each activation, on a ring around a ring.
pub fn activations(lab: &mut Lab) {
    say(
        lab.report,
        "An activation bends the line. Without one, a layer of a layer is one layer: one straight cut, and \
         a ring around a ring cannot be cut. Sigmoid and tanh saturate: far from 0 their slope fades, and \
         learning with it. ReLU, max(x, 0), keeps slope 1 or has none; ELU bends smoothly below 0.",
    );
    let problem = Problem::of(lab.seed, 200, 200, |n, seed| toy::circles(n, 0.08, seed));
    let (epochs, learning_rate) = (120 / lab.hurry, 0.02);
    let recipe = Recipe { epochs, batch: 20, learning_rate, ..Recipe::default() };
    let mut rows = Vec::new();
    for (name, activation) in [
        ("none", Activation::Identity),
        ("sigmoid", Activation::Sigmoid),
        ("tanh", Activation::Tanh),
        ("relu", Activation::Relu),
        ("elu", Activation::Elu(1.0)),
    ] {
        let mut params = Params::new();
        let net = two_layers(&mut params, 16, activation, lab.seed);
        let mut adam = Adam::default();
        let history = train(&net, &mut params, &mut adam, &problem, recipe, lab.seed, |_, _| ());
        let (_, accuracy) = judge(&net, &params, &problem.held_out);
        lab.numbers.push((format!("activation {name}"), accuracy));
        let loss = history[history.len() - 1].loss;
        rows.push(vec![name.to_string(), format!("{loss:.4}"), format!("{accuracy:.3}")]);
    }
    lab.show(&["activation", "loss", "held-out acc."], rows);
}

// ------------------------------------------------------------------------------------------------
// 5. Mini-batches: how much to look at before each step
// ------------------------------------------------------------------------------------------------

/// The same number of epochs with batches of one point, of sixteen and of all points.
pub fn batch_sizes(lab: &mut Lab) {
    say(
        lab.report,
        "The same number of epochs is not the same number of steps. One point a step: many steps, each \
         after one point's noise. All points: few, exact. In between, a matrix product does 16 points for \
         little more than the price of one.",
    );
    let problem = moons(lab.seed);
    let mut rows = Vec::new();
    for batch in [1, 16, 200] {
        let epochs = 30 / lab.hurry;
        let recipe = Recipe { epochs, batch, learning_rate: 0.1, ..Recipe::default() };
        let mut params = Params::new();
        let net = two_layers(&mut params, 16, Activation::Tanh, lab.seed);
        let (mut sgd, clock) = (Sgd::default(), Instant::now());
        let history = train(&net, &mut params, &mut sgd, &problem, recipe, lab.seed, |_, _| ());
        let seconds = clock.elapsed().as_secs_f64();
        let (held_out_loss, accuracy) = judge(&net, &params, &problem.held_out);
        lab.numbers.push((format!("batch {batch}"), held_out_loss));
        rows.push(vec![
            batch.to_string(),
            (epochs * 200u64.div_ceil(batch as u64)).to_string(),
            format!("{seconds:.3}"),
            format!("{:.4}", history[history.len() - 1].loss),
            format!("{accuracy:.3}"),
        ]);
    }
    lab.show(&["batch", "updates", "seconds", "loss", "held-out acc."], rows);
}

fn moons(seed: u64) -> Problem {
    Problem::of(seed, 200, 200, |n, seed| toy::two_moons(n, 0.15, seed))
}

// ------------------------------------------------------------------------------------------------
// 6. Optimisers: a race
// ------------------------------------------------------------------------------------------------

/// Seven ways to use the same gradients, from the same start, on two spiral arms.
pub fn optimizer_race(lab: &mut Lab) {
    say(
        lab.report,
        "SGD goes straight downhill. Momentum keeps its speed; Nesterov looks where it would land. AdaGrad, \
         RMSprop, Adam and Nadam give each weight a rate of its own. The rates are usual ones, not tuned: \
         the ranking is one of this problem with these rates.",
    );
    let problem = Problem::of(lab.seed, 300, 300, |n, seed| toy::spiral(n, 0.03, seed));
    let momentum = |nesterov| Sgd { momentum: 0.9, nesterov, ..Sgd::default() };
    let racers: Vec<(&str, f64, Box<dyn Optimizer>)> = vec![
        ("sgd", 0.1, Box::new(Sgd::default())),
        ("momentum", 0.1, Box::new(momentum(false))),
        ("nesterov", 0.1, Box::new(momentum(true))),
        ("adagrad", 0.1, Box::new(AdaGrad::default())),
        ("rmsprop", 0.01, Box::new(RmsProp::default())),
        ("adam", 0.01, Box::new(Adam::default())),
        ("nadam", 0.01, Box::new(Nadam::default())),
    ];
    let mut rows = Vec::new();
    let mut curves = Vec::new();
    for (name, learning_rate, mut optimizer) in racers {
        let epochs = 150 / lab.hurry;
        let recipe = Recipe { epochs, batch: 32, learning_rate, ..Recipe::default() };
        let mut params = Params::new();
        let net = three_layers(&mut params, 32, 0.0, lab.seed);
        let history =
            train(&net, &mut params, optimizer.as_mut(), &problem, recipe, lab.seed, |_, _| ());
        let (_, accuracy) = judge(&net, &params, &problem.held_out);
        let loss = history[history.len() - 1].loss;
        lab.numbers.push((format!("optimizer {name}"), loss));
        let rate = learning_rate.to_string();
        rows.push(vec![name.into(), rate, format!("{loss:.4}"), format!("{accuracy:.3}")]);
        curves.push((name, history.iter().map(|standing| standing.loss).collect::<Vec<_>>()));
    }
    lab.show(&["optimizer", "lr", "loss", "held-out acc."], rows);
    let curves: Vec<LearningCurve> =
        curves.iter().map(|(name, train)| LearningCurve { name, train, validation: &[] }).collect();
    let plot = learning_curves("Seven optimisers on two spiral arms", "loss", &curves);
    lab.report.svg("Training loss over epochs. The same start, the same batches.", &plot);
}

/// Two hidden layers of ReLUs, with dropout after each if the rate is above 0.
fn three_layers(params: &mut Params, hidden: usize, dropout: f32, seed: u64) -> Sequential {
    let mut rng = Rng::new(seed, 0);
    let mut net = Sequential::new();
    for (layer, inputs) in [("hidden1", 2), ("hidden2", hidden)] {
        net.push(layer, Linear::new(params, layer, inputs, hidden, &mut rng));
        net.push(&format!("{layer}_relu"), Activation::Relu);
        if dropout > 0.0 {
            net.push(&format!("{layer}_dropout"), Dropout::new(dropout));
        }
    }
    net.push("opinion", Linear::new(params, "opinion", hidden, 1, &mut rng));
    net
}

// ------------------------------------------------------------------------------------------------
// 7. Overfitting, on purpose, and what helps
// ------------------------------------------------------------------------------------------------

/// A large network on forty noisy points learns the noise by heart. Four remedies, one at a time.
pub fn overfitting(lab: &mut Lab) {
    let problem = Problem::of(lab.seed, 40, 1000, |n, seed| toy::two_moons(n, 0.35, seed));
    let plain =
        Recipe { epochs: 400 / lab.hurry, batch: 10, learning_rate: 0.01, ..Recipe::default() };
    say(
        lab.report,
        &format!(
            "{} epochs on 40 noisy points with some 17 000 weights. To be right on all training points is \
             not the aim. Look at the loss on held-out points: a network that is surely wrong pays for it. \
             Dropout switches units off at random, L2 makes large weights expensive, early stopping keeps \
             the weights of the epoch with the best validation loss, decay makes the steps smaller.",
            plain.epochs
        ),
    );
    let remedies = [
        ("none", plain, 0.0),
        ("dropout 0.5", plain, 0.5),
        ("L2 0.003", Recipe { l2: 0.003, ..plain }, 0.0),
        ("early stopping", Recipe { patience: Some(20), ..plain }, 0.0),
        ("decay 0.05", Recipe { decay: 0.05, ..plain }, 0.0),
    ];
    let mut rows = Vec::new();
    let mut losses: Vec<(&str, f64)> = Vec::new();
    let mut curves = Vec::new();
    for (name, recipe, dropout) in remedies {
        let mut params = Params::new();
        let net = three_layers(&mut params, 128, dropout, lab.seed);
        let mut adam = Adam::default();
        let history = train(&net, &mut params, &mut adam, &problem, recipe, lab.seed, |_, _| ());
        let (_, trained) = judge(&net, &params, &problem.train);
        let (held_out_loss, asked) = judge(&net, &params, &problem.held_out);
        lab.numbers.push((format!("remedy {name}"), held_out_loss));
        losses.push((name, held_out_loss));
        rows.push(vec![
            name.to_string(),
            history.len().to_string(),
            format!("{trained:.3}"),
            format!("{asked:.3}"),
            format!("{held_out_loss:.3}"),
        ]);
        let column = |of: fn(&Standing) -> f64| history.iter().map(of).collect::<Vec<f64>>();
        curves.push((name, column(|at| at.loss), column(|at| at.validation_loss)));
    }
    lab.show(&["remedy", "epochs", "training acc.", "held-out acc.", "held-out loss"], rows);
    let (best, least) = losses
        .iter()
        .copied()
        .fold(losses[0], |best, other| if other.1 < best.1 { other } else { best });
    let worse: Vec<&str> = losses[1..].iter().filter(|x| x.1 > losses[0].1).map(|x| x.0).collect();
    let mut verdict = format!(
        "Untreated, the held-out loss is {:.3}; the lowest, {least:.3}, is that of: {best}.",
        losses[0].1
    );
    if !worse.is_empty() {
        verdict += &format!(
            " Not every remedy suits every patient: worse than none here is {}. One experiment with one \
             seed shows that a thing can happen, not that it always does.",
            worse.join(", ")
        );
    }
    say(lab.report, &verdict);
    let curves: Vec<LearningCurve> = curves
        .iter()
        .map(|(name, train, validation)| LearningCurve { name, train, validation })
        .collect();
    let plot = learning_curves("Forty noisy points: none", "loss", &curves[..1]);
    lab.report
        .svg("The training loss vanishes, the validation loss rises: learnt by heart.", &plot);
    let validation: Vec<LearningCurve> =
        curves.iter().map(|curve| LearningCurve { train: &[], ..*curve }).collect();
    let plot = learning_curves("Five times forty points", "validation loss", &validation);
    lab.report.svg("Where a curve rises again, the network begins to learn noise by heart.", &plot);
}
