//! Experiments with the loop of `main.rs`: activations, batch sizes, optimisers, overfitting.

use dlmir_data::synthetic::toy;
use dlmir_eval::Report;
use dlmir_eval::plot::{LearningCurve, learning_curves};
use dlmir_nn::optim::{AdaGrad, Adam, Nadam, Optimizer, RmsProp, Sgd};
use dlmir_nn::{Activation, Dropout, Linear, Params, Rng, Sequential};

use crate::{Problem, Recipe, train, two_layers};

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
// 4. Activations: without one, two layers are one
// ------------------------------------------------------------------------------------------------

/// One hidden layer with each activation, on a ring around a ring.
pub fn activations(lab: &mut Lab) {
    let problem = Problem {
        train: toy::circles(200, 0.08, lab.seed),
        held_out: toy::circles(200, 0.08, lab.seed + 1),
    };
    let recipe = Recipe { epochs: 120 / lab.hurry, batch: 20, ..Recipe::default() };
    let mut rows = Vec::new();
    for (name, activation) in [
        ("none", Activation::Linear),
        ("sigmoid", Activation::Sigmoid),
        ("tanh", Activation::Tanh),
        ("relu", Activation::Relu),
        ("elu", Activation::Elu(1.0)),
    ] {
        let mut params = Params::new();
        let net = two_layers(&mut params, 16, activation, lab.seed);
        let mut adam = Adam::default();
        let recipe = Recipe { learning_rate: 0.02, ..recipe };
        let history = train(&net, &mut params, &mut adam, &problem, recipe, lab.seed, |_, _| ());
        let last = history[history.len() - 1];
        lab.numbers.push((format!("activation {name}"), last.held_out_accuracy));
        rows.push(vec![
            name.to_string(),
            format!("{:.4}", last.loss),
            format!("{:.3}", last.held_out_accuracy),
        ]);
    }
    lab.show(&["activation", "loss", "held-out acc."], rows);
}

// ------------------------------------------------------------------------------------------------
// 5. Mini-batches: how much to look at before each step
// ------------------------------------------------------------------------------------------------

/// The same number of epochs with batches of one point, of sixteen and of all points.
pub fn batch_sizes(lab: &mut Lab) {
    let problem = moons(lab.seed);
    let mut rows = Vec::new();
    for batch in [1, 16, 200] {
        let recipe = Recipe { epochs: 30 / lab.hurry, batch, ..Recipe::default() };
        let mut params = Params::new();
        let net = two_layers(&mut params, 16, Activation::Tanh, lab.seed);
        let mut sgd = Sgd::default();
        let recipe = Recipe { learning_rate: 0.1, ..recipe };
        let history = train(&net, &mut params, &mut sgd, &problem, recipe, lab.seed, |_, _| ());
        let last = history[history.len() - 1];
        let updates = recipe.epochs * 200u64.div_ceil(batch as u64);
        lab.numbers.push((format!("batch {batch}"), last.held_out_loss));
        rows.push(vec![
            batch.to_string(),
            updates.to_string(),
            format!("{:.4}", last.loss),
            format!("{:.3}", last.held_out_accuracy),
        ]);
    }
    lab.show(&["batch", "updates", "loss", "held-out acc."], rows);
}

fn moons(seed: u64) -> Problem {
    Problem {
        train: toy::two_moons(200, 0.15, seed),
        held_out: toy::two_moons(200, 0.15, seed + 1),
    }
}

// ------------------------------------------------------------------------------------------------
// 6. Optimisers: a race
// ------------------------------------------------------------------------------------------------

/// Seven ways to use the same gradients, from the same start, on two spiral arms.
pub fn optimizer_race(lab: &mut Lab) {
    let problem = Problem {
        train: toy::spiral(300, 0.03, lab.seed),
        held_out: toy::spiral(300, 0.03, lab.seed + 1),
    };
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
    let recipe = Recipe { epochs: 150 / lab.hurry, batch: 32, ..Recipe::default() };
    let mut rows = Vec::new();
    let mut curves = Vec::new();
    for (name, learning_rate, mut optimizer) in racers {
        let mut params = Params::new();
        let net = three_layers(&mut params, 32, 0.0, lab.seed);
        let recipe = Recipe { learning_rate, ..recipe };
        let history =
            train(&net, &mut params, optimizer.as_mut(), &problem, recipe, lab.seed, |_, _| ());
        let last = history[history.len() - 1];
        lab.numbers.push((format!("optimizer {name}"), last.loss));
        rows.push(vec![
            name.to_string(),
            learning_rate.to_string(),
            format!("{:.4}", last.loss),
            format!("{:.3}", last.held_out_accuracy),
        ]);
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
// 7. Overfitting, on purpose, and its cures
// ------------------------------------------------------------------------------------------------

/// A large network on forty noisy points learns the noise by heart. Four remedies, one at a time.
pub fn overfitting(lab: &mut Lab) {
    let problem = Problem {
        train: toy::two_moons(40, 0.35, lab.seed),
        held_out: toy::two_moons(1000, 0.35, lab.seed + 1),
    };
    let plain =
        Recipe { epochs: 400 / lab.hurry, batch: 10, learning_rate: 0.01, ..Recipe::default() };
    let cures = [
        ("none", plain, 0.0),
        ("dropout 0.5", plain, 0.5),
        ("L2 0.003", Recipe { l2: 0.003, ..plain }, 0.0),
        ("early stopping", Recipe { patience: Some(20), ..plain }, 0.0),
        ("decay 0.05", Recipe { decay: 0.05, ..plain }, 0.0),
    ];
    let mut rows = Vec::new();
    let mut curves = Vec::new();
    for (name, recipe, dropout) in cures {
        let mut params = Params::new();
        let net = three_layers(&mut params, 128, dropout, lab.seed);
        let mut adam = Adam::default();
        let history = train(&net, &mut params, &mut adam, &problem, recipe, lab.seed, |_, _| ());
        let trained = crate::judge(&net, &params, &problem.train);
        let asked = crate::judge(&net, &params, &problem.held_out);
        lab.numbers.push((format!("cure {name}"), asked.0));
        rows.push(vec![
            name.to_string(),
            history.len().to_string(),
            format!("{:.3}", trained.1),
            format!("{:.3}", asked.1),
            format!("{:.3}", asked.0),
        ]);
        let held_out: Vec<f64> = history.iter().map(|standing| standing.held_out_loss).collect();
        curves.push((name, held_out));
    }
    lab.show(&["cure", "epochs", "training acc.", "held-out acc.", "held-out loss"], rows);
    let curves: Vec<LearningCurve> = curves
        .iter()
        .map(|(name, validation)| LearningCurve { name, train: &[], validation })
        .collect();
    let plot = learning_curves("Forty noisy points", "loss on held-out points", &curves);
    lab.report.svg("Where a curve rises again, the network begins to learn noise by heart.", &plot);
}
