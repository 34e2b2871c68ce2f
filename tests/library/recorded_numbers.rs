//! The network against numbers of an independent NumPy program: `fixtures/recorded_numbers.py`.

use elman::internals::model::state_mut;
use elman::model::Model;
use elman::network::Optimizer;
use elman::settings::{Loss, Settings};
use elman::text::Vocabulary;
use elman::{Parameters, Rnn, Shape, Training, Unrolled};
use std::collections::HashMap;

/// Largest difference that counts as equal, as a share of a tensor's largest entry. Fifteen recorded digits are off by
/// up to 5e-15 of a number; sums in another order, after five updates of 33 units by large steps, by 1.3e-13.
const TOLERANCE: f64 = 1e-12;

/// The numbers of one file, by name.
struct Recorded(HashMap<String, Vec<f64>>);

impl Recorded {
    /// Entries of `name rows columns` and as many lines of as many numbers.
    fn read(file: &str) -> Self {
        let mut lines = file.lines().filter(|line| !line.starts_with('#'));
        let mut entries = HashMap::new();
        while let Some(head) = lines.next() {
            let words: Vec<&str> = head.split(' ').collect();
            let [name, rows, columns] = words[..] else {
                panic!("no entry: {head}");
            };
            let (rows, columns): (usize, usize) = (rows.parse().unwrap(), columns.parse().unwrap());
            let numbers: Vec<f64> = (&mut lines)
                .take(rows)
                .flat_map(|line| line.split(' ').map(|number| number.parse().unwrap()))
                .collect();
            assert_eq!(numbers.len(), rows * columns, "{name}");
            entries.insert(name.to_string(), numbers);
        }
        Recorded(entries)
    }

    fn get(&self, name: &str) -> &[f64] {
        self.0.get(name).unwrap_or_else(|| panic!("{name} is not recorded"))
    }

    fn one(&self, name: &str) -> f64 {
        self.get(name)[0]
    }

    /// A single number, where it is recorded.
    fn any(&self, name: &str) -> Option<f64> {
        self.0.get(name).map(|numbers| numbers[0])
    }

    fn text(&self) -> String {
        let code_points = self.get("text").iter();
        code_points.map(|&code| char::from_u32(code as u32).unwrap()).collect()
    }

    /// U, W, V, b and c under a prefix: as parameters.
    fn parameters(&self, shape: Shape, prefix: &str) -> Parameters {
        let mut parameters = Parameters::zeros(shape).unwrap();
        let all = ["U", "W", "V", "b", "c"].map(|name| self.get(&format!("{prefix}{name}")));
        parameters.values_mut().copy_from_slice(&all.concat());
        parameters
    }

    fn assert_close(&self, name: &str, ours: &[f64]) {
        let recorded = self.get(name);
        assert_eq!(ours.len(), recorded.len(), "{name}");
        let largest = recorded.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        for (i, (x, y)) in ours.iter().zip(recorded).enumerate() {
            assert!((x - y).abs() <= TOLERANCE * largest, "{name}[{i}]: {x} instead of {y}");
        }
    }

    fn assert_all_close(&self, prefix: &str, ours: &Parameters) {
        for part in ours.named() {
            self.assert_close(&format!("{prefix}{}", part.name), part.values);
        }
    }
}

/// A case: the numbers, and what they are of.
struct Case {
    recorded: Recorded,
    text: Vec<usize>,
    shape: Shape,
    T: usize,
    optimizer: Optimizer,
    loss: Loss,
    /// After how many updates the runs end.
    runs: &'static [u32],
}

fn cases() -> Vec<Case> {
    macro_rules! file {
        ($name:literal) => {
            include_str!(concat!("../../fixtures/recorded/", $name, ".txt"))
        };
    }
    use Optimizer::AdaGrad;
    let (adam, rms_prop) = (Optimizer::ADAM, Optimizer::RMSPROP);
    let all: [(&str, Optimizer, Loss, &'static [u32]); 7] = [
        (file!("m5"), AdaGrad, Loss::Sum, &[1, 5, 100]),
        (file!("m33"), AdaGrad, Loss::Sum, &[1, 5, 100]),
        (file!("clipped"), AdaGrad, Loss::Sum, &[1, 5, 100]),
        (file!("short"), AdaGrad, Loss::Sum, &[1, 5, 100]),
        (file!("adam"), adam, Loss::Mean, &[1, 2, 30]),
        (file!("adam-sum"), adam, Loss::Sum, &[30]),
        (file!("rmsprop"), rms_prop, Loss::Sum, &[1, 30]),
    ];
    all.map(|(file, optimizer, loss, runs)| {
        let recorded = Recorded::read(file);
        let text = recorded.text();
        let vocabulary = Vocabulary::of(&text);
        Case {
            shape: Shape::new(recorded.get("b").len(), vocabulary.len()).unwrap(),
            text: vocabulary.encode(&text).unwrap(),
            T: recorded.one("sequence_length") as usize,
            optimizer,
            loss,
            runs,
            recorded,
        }
    })
    .into()
}

#[test]
fn forward_loss_and_gradients_are_as_recorded() {
    for Case { recorded, text, shape, T, .. } in cases() {
        let rnn = Rnn { parameters: recorded.parameters(shape, "") };
        let mut steps = Unrolled::new(shape, T, 1).unwrap();
        steps.begin(0, &text[..T], &text[1..=T], recorded.get("h0")).unwrap();
        let loss = rnn.forward(&mut steps);
        recorded.assert_close("loss", &[loss]);
        let h: Vec<&[f64]> = (1..=T).map(|t| steps.h(t, 0)).collect();
        recorded.assert_close("h", &h.concat());
        let p: Vec<&[f64]> = (0..T).map(|t| steps.p(t, 0)).collect();
        recorded.assert_close("p", &p.concat());
        let mut gradient = Parameters::zeros(shape).unwrap();
        rnn.backward(&mut steps, &mut gradient);
        recorded.assert_all_close("d", &gradient);
    }
}

#[test]
fn one_update_by_the_recorded_gradient_is_as_recorded() {
    for case in cases().iter().filter(|case| case.runs[0] == 1) {
        let recorded = &case.recorded;
        let mut theta = recorded.parameters(case.shape, "");
        let mut gradient = recorded.parameters(case.shape, "d");
        if case.loss == Loss::Mean {
            let T = case.T as f64;
            gradient.values_mut().iter_mut().for_each(|g| *g /= T);
        }
        let mut memory = case.optimizer.initial_state(case.shape).unwrap();
        let rule = settings(case, 1).rule(1);
        rule.update(&mut theta, &mut memory, &gradient);
        recorded.assert_all_close("after_1.", &theta);
        assert_memory_close(case, "after_1.", &memory);
    }
}

/// What the optimiser remembers.
fn assert_memory_close(case: &Case, prefix: &str, memory: &[Parameters]) {
    let names = case.optimizer.state_parts();
    assert_eq!(names.len(), memory.len());
    for ((name, _), part) in names.iter().zip(memory) {
        (case.recorded).assert_all_close(&format!("{prefix}{name}."), part);
    }
}

/// What a run over so many updates is told.
fn settings(case: &Case, updates: u32) -> Settings {
    let number = |name: &str| case.recorded.any(&format!("after_{updates}.{name}"));
    let mut optimizer = case.optimizer;
    match &mut optimizer {
        Optimizer::AdaGrad => {}
        Optimizer::Adam { beta1, beta2 } => {
            (*beta1, *beta2) = (number("beta1").unwrap(), number("beta2").unwrap());
        }
        Optimizer::RmsProp { beta2 } => *beta2 = number("beta2").unwrap(),
    }
    Settings {
        hidden: case.shape.m(),
        sequence_length: case.T,
        optimizer,
        loss: case.loss,
        learning_rate: number("eta").unwrap(),
        epsilon: number("epsilon").unwrap(),
        clip: number("clip").unwrap_or(f64::INFINITY),
        ..Settings::default()
    }
}

/// A run that starts from the recorded weights and hidden state.
fn start(case: &Case, updates: u32) -> Training {
    let recorded = &case.recorded;
    let text = recorded.text();
    let untrained = Training::new(&text, settings(case, updates)).unwrap();
    let mut model: Model = untrained.model().clone();
    let state = state_mut(&mut model);
    state.rnn.parameters = recorded.parameters(case.shape, "");
    state.h.copy_from_slice(recorded.get("h0"));
    Training::resume(&text, model.clone(), model).unwrap()
}

#[test]
fn training_is_as_recorded_after_every_run() {
    for case in cases() {
        for &updates in case.runs {
            let prefix = format!("after_{updates}.");
            let recorded = &case.recorded;
            assert_eq!(recorded.one(&format!("{prefix}updates")), f64::from(updates));
            let mut training = start(&case, updates);
            let losses = (0..updates).map(|_| training.update().unwrap().loss);
            let losses: Vec<f64> = losses.collect();
            recorded.assert_close(&format!("{prefix}losses"), &losses);
            let state = training.model().state();
            recorded.assert_all_close(&prefix, &state.rnn.parameters);
            assert_memory_close(&case, &prefix, &state.optimizer_state);
            recorded.assert_close(&format!("{prefix}h"), &state.h);
            let smooth_loss = state.smooth_loss.unwrap();
            recorded.assert_close(&format!("{prefix}smooth_loss"), &[smooth_loss]);
        }
    }
}
