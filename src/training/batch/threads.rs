//! The groups and the threads of a batch, and a training that goes on with others.

use super::*;
use crate::network::parameters::Shape;
use crate::settings::{Initialization, Loss, Settings};
use crate::training::{Observation, Training};

const TEXT: &str = "the ferry crosses at nine, and the bell rings twice; at ten it rings again. ";

/// Sequences, requested threads, and the sequences of each group. Groups differ by at most one sequence.
const GROUPS: [(usize, usize, &[usize]); 9] = [
    (1, 1, &[1]),
    (1, 4, &[1]),
    (2, 2, &[1, 1]),
    (3, 2, &[1, 2]),
    (5, 0, &[5]),
    (5, 1, &[5]),
    (5, 3, &[1, 2, 2]),
    (5, 7, &[1, 1, 1, 1, 1]),
    (16, 5, &[3, 3, 3, 3, 4]),
];

/// Checks that the batch works at a level, in these groups, and on the requested number of threads: at least one, and
/// no more than there are groups or parts of the parameters.
#[track_caller]
fn check_layout(batch: &Batch, level: Level, asked: usize, sizes: &[usize]) {
    let shared = batch.crew.shared();
    assert_eq!(shared.level, level);
    let groups: Vec<_> = shared.groups.iter().map(|group| read(group).level).collect();
    assert_eq!(groups, vec![level; sizes.len()]);
    let found: Vec<_> = shared.groups.iter().map(|group| read(group).batch_size()).collect();
    assert_eq!(found, sizes);
    let threads = asked.max(1).min(sizes.len().max(shared.parts.len()));
    assert_eq!((batch.crew.threads(), lock(&shared.scratch).len()), (threads, threads));
}

#[test]
fn a_batch_has_a_group_for_every_thread_that_has_a_sequence() {
    let rnn = Rnn::random(Shape::new(9, 4).unwrap(), 0.3, 1).unwrap();
    assert_eq!(Part::all(rnn.shape()).count(), 5);
    for level in Level::available() {
        for (B, threads, sizes) in GROUPS {
            check_layout(&Batch::new(&rnn, 3, B, threads, level).unwrap(), level, threads, sizes);
        }
    }
}

fn training(settings: Settings) -> Training {
    let initialization = Initialization::Normal { sigma: 0.3 };
    let settings = Settings { hidden: 9, sequence_length: 5, initialization, ..settings };
    Training::new(&TEXT.repeat(3), settings).unwrap()
}

#[test]
fn a_training_goes_on_at_the_level_and_on_the_threads_that_it_is_given() {
    for level in Level::available() {
        for (batch_size, threads, sizes) in GROUPS {
            let usual = Settings { batch_size, validation: 0.3, ..Settings::default() };
            let training = training(usual).on(level, threads).unwrap();
            check_layout(&training.batch, level, threads, sizes);
            assert_eq!(training.validator.map(|validator| validator.level()), Some(level));
        }
    }
}

/// The observations before every update, and the training after the last update. The training moves between an
/// observation and its update.
fn learned(
    settings: Settings,
    on: impl Fn(u64, Training) -> Training,
) -> (Vec<Observation>, Training) {
    let mut training = training(settings);
    let mut seen = Vec::new();
    for n in 0..8 {
        if settings.validation > 0.0 && n % 3 == 1 {
            training.validate().unwrap();
        }
        seen.push(training.observe().unwrap());
        let best = (training.best().clone(), training.best_validation());
        training = on(n, training);
        seen.push(training.update().unwrap());
        // Those that have competed are still the best.
        if settings.validation > 0.0 {
            assert_eq!((training.best(), training.best_validation()), (&best.0, best.1));
        }
    }
    (seen, training)
}

/// The update repeats the passes over its chunk in its present buffers.
#[test]
fn a_training_that_moves_between_a_look_and_an_update_learns_the_same() {
    let usual = Settings::default();
    for settings in [
        usual,
        Settings { batch_size: 5, loss: Loss::Mean, ..usual },
        Settings { batch_size: 3, validation: 0.3, ..usual },
    ] {
        let (seen, stayed) = learned(settings, |_, training| training);
        for level in Level::available() {
            for threads in [1, 2, 3, 7] {
                let (again, moved) = learned(settings, |n, training| {
                    let training = training.on(level, threads + n as usize % 2).unwrap();
                    assert_eq!(training.batch.crew.shared().level, level);
                    training
                });
                assert_eq!(again, seen, "{level:?}, {threads} threads");
                assert_eq!(moved.model(), stayed.model(), "{level:?}, {threads} threads");
                assert_eq!(moved.best(), stayed.best(), "{level:?}, {threads} threads");
                assert_eq!(moved.best_validation(), stayed.best_validation());
            }
        }
    }
}
