//! The same bits, whatever the instruction set, the number of threads, or how a run was interrupted.

use crate::examples::TEXT;
use elman::internals::checkpoint;
use elman::model::Edition;
use elman::training::OptimizerStart;
use elman::{
    Corpus, Initialization, Level, Optimizer, Order, STORY, Settings, Training, TrainingError,
    Unrolled,
};

/// Digests on the built-in text with seed 1: m, streams, updates, digest. They change with the order of
/// a sum or with a kernel's formula, and then for everyone: never lightly.
const RECORDED: [(usize, usize, u64, u64); 4] = [
    (100, 1, 1000, 0x0174_6f9a_2c08_3412),
    (5, 1, 1000, 0xfe6b_ea60_950b_8945),
    (20, 4, 200, 0x5286_e56f_99db_02f3),
    (520, 1, 20, 0xae3e_b6c3_4d90_a046),
];

/// With m = 20 and 2 streams after 200 updates.
const RECORDED_ORDERS: [(Order, u64); 2] = [
    (Order::Chunks { length: 110 }, 0xaf12_dc57_b2b2_5c21),
    (Order::Positions, 0x4795_ec75_142a_fbda),
];

const THREADS: [usize; 4] = [1, 2, 3, 5];

fn begin(text: &str, hidden: usize, sequence_length: usize, streams: usize) -> Training {
    let settings = Settings { hidden, sequence_length, batch_size: streams, ..Settings::default() };
    Training::new(text, settings).unwrap()
}

fn digest_of(training: &Training) -> u64 {
    training.model().parameters().digest()
}

/// The digest after so many updates, and the bits of all losses, of G and of h.
fn learn(training: &mut Training, updates: usize) -> (u64, Vec<u64>) {
    let mut numbers = Vec::new();
    for _ in 0..updates {
        let look = training.observe().unwrap();
        numbers.extend([look.loss, look.smooth_loss]);
        training.update().unwrap();
    }
    let state = training.model().state();
    numbers.extend(state.optimizer_state.iter().flat_map(|part| part.values()));
    numbers.extend(&state.h);
    let bits = numbers.into_iter().map(f64::to_bits);
    (digest_of(training), bits.collect())
}

#[test]
fn recorded_digests_are_found_again() {
    let line = |(m, B, updates, digest)| format!("({m}, {B}, {updates}, 0x{digest:016x}),\n");
    let found = RECORDED.map(|(m, B, updates, _)| {
        let mut training = begin(STORY, m, 25, B);
        for _ in 0..updates {
            training.update().unwrap();
        }
        line((m, B, updates, digest_of(&training)))
    });
    let (found, recorded) = (found.concat(), RECORDED.map(line).concat());
    assert!(found == recorded, "found:\n{found}recorded:\n{recorded}");
}

/// On any number of threads, at every level.
#[test]
fn random_orders_are_found_again() {
    let line = |(order, digest)| format!("({order:?}, 0x{digest:016x}),\n");
    let recorded = RECORDED_ORDERS.map(line).concat();
    for level in Level::available() {
        for threads in [1, 3] {
            let found = RECORDED_ORDERS.map(|(order, _)| {
                let settings = Settings { hidden: 20, batch_size: 2, order, ..Settings::default() };
                let training = Training::new(STORY, settings).unwrap();
                let mut training = training.on(level, threads).unwrap();
                (0..200).for_each(|_| _ = training.update().unwrap());
                line((order, digest_of(&training)))
            });
            let found = found.concat();
            assert!(found == recorded, "{level:?}, {threads} threads:\n{found}");
        }
    }
}

/// As the random orders: both editions' optimisers, and RMSProp.
#[test]
fn editions_are_found_again() {
    let rmsprop =
        Settings { optimizer: Optimizer::RMSPROP, learning_rate: 0.001, ..Settings::default() };
    let recorded = [(Settings::adam_edition(), 0x47142ab0b6a48ec2), (rmsprop, 0xd40f4789c896c34b)];
    for level in Level::available() {
        for threads in [1, 3] {
            for (edition, digest) in recorded {
                let settings = Settings { hidden: 20, batch_size: 2, ..edition };
                let training = Training::new(STORY, settings).unwrap();
                let mut training = training.on(level, threads).unwrap();
                (0..200).for_each(|_| _ = training.update().unwrap());
                let found = digest_of(&training);
                let name = settings.optimizer.name();
                assert!(found == digest, "{name}, {level:?}, {threads} threads: 0x{found:016x}");
            }
        }
    }
}

/// The short text is begun anew on the way.
#[test]
fn no_level_and_no_number_of_threads_shows_in_a_run() {
    let short = TEXT.repeat(5);
    for (text, T) in [(STORY, 25), (&short, 7)] {
        for (m, B) in [5, 20, 33].into_iter().flat_map(|m| [1, 3, 4, 16].map(|B| (m, B))) {
            let run = |level, threads| {
                let mut training = begin(text, m, T, B).on(level, threads).unwrap();
                learn(&mut training, if B < 16 { 60 } else { 15 })
            };
            let plain = run(Level::BASELINE, 1);
            for level in Level::available() {
                for threads in THREADS {
                    assert!(
                        run(level, threads) == plain,
                        "{level:?}, {threads} threads: m = {m}, T = {T}, B = {B}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_stream_reads_its_own_part_and_carries_its_own_state() {
    let (T, B) = (7, 4);
    let mut training = begin(&TEXT.repeat(5), 9, T, B);
    let text = TEXT.repeat(5);
    let text = elman::Vocabulary::of(&text).encode(&text).unwrap();
    let part = text.len() / B;
    let (mut position, mut h) = (0, [[0.0; 9]; 4]);
    for _ in 0..60 {
        if part - position < T + 1 {
            (position, h) = (0, [[0.0; 9]; 4]);
        }
        let rnn = &training.model().state().rnn;
        let mut loss = 0.0;
        for (s, h) in h.iter_mut().enumerate() {
            let read = &text[s * part + position..][..T + 1];
            let mut steps = Unrolled::new(rnn.shape(), T, 1).unwrap();
            steps.begin(0, &read[..T], &read[1..], h).unwrap();
            rnn.forward(&mut steps);
            loss = steps.losses().fold(loss, |sum, loss| sum + loss);
            h.copy_from_slice(steps.h(T, 0));
        }
        assert_eq!(training.update().unwrap().loss, loss / B as f64);
        assert_eq!(training.model().state().h, h.concat());
        position += T;
    }
}

#[test]
fn a_run_that_goes_on_elsewhere_is_the_run_that_never_stopped() {
    let text = TEXT.repeat(13);
    let whole = learn(&mut begin(&text, 20, 7, 4).on(Level::BASELINE, 1).unwrap(), 60);
    let mut first = begin(&text, 20, 7, 4).on(Level::BASELINE, 3).unwrap();
    let (_, losses) = learn(&mut first, 30);
    let through_a_file = |model| {
        let bytes = checkpoint::to_bytes(model).unwrap();
        checkpoint::from_bytes(&bytes).unwrap()
    };
    let (model, best) = (through_a_file(first.model()), through_a_file(first.best()));
    let second = Training::resume(&text, model, best).unwrap();
    let rest = learn(&mut second.on(Level::widest(), 2).unwrap(), 30);
    assert_eq!(rest.0, whole.0);
    assert!([&losses[..60], &rest.1].concat() == whole.1);
}

/// Otherwise the tests would run at another level than was asked for.
#[test]
fn the_tests_themselves_run_at_a_level_that_is_there() {
    assert!(elman::Level::from_environment().is_ok());
}

/// Version 0.1.0 rounded otherwise. Its models are read, and a new training begins from them; its runs do not go on.
#[test]
fn models_of_the_first_version_are_read_but_their_runs_do_not_go_on() {
    let text = include_str!("../../fixtures/version-1/text");
    let rms_prop = Optimizer::RmsProp { beta2: 0.999 };
    let adam_edition = Settings { hidden: 2, sequence_length: 5, ..Settings::adam_edition() };
    let default = Settings { hidden: 2, sequence_length: 5, ..Settings::default() };
    for (file, settings) in [
        (
            &include_bytes!("../../fixtures/version-1/rmsprop.safetensors")[..],
            Settings { optimizer: rms_prop, learning_rate: 0.001, ..default },
        ),
        (
            include_bytes!("../../fixtures/version-1/adam.safetensors"),
            Settings {
                batch_size: 2,
                initialization: Initialization::Normal { sigma: 0.02 },
                ..adam_edition
            },
        ),
        (
            include_bytes!("../../fixtures/version-1/chunks.safetensors"),
            Settings {
                initialization: Initialization::FanIn,
                clip: f64::INFINITY,
                order: Order::Chunks { length: 20 },
                validation: 0.2,
                ..default
            },
        ),
    ] {
        let model = elman::files::from_bytes(file).unwrap();
        assert_eq!((*model.settings(), model.record().edition), (settings, Edition::First));
        let again = elman::files::from_bytes(&checkpoint::to_bytes(&model).unwrap()).unwrap();
        assert_eq!(again, model);
        let refused = Training::resume(text, model.clone(), model.clone());
        assert_eq!(refused.unwrap_err(), TrainingError::FirstEdition);
        let corpus = Corpus::of(text, &settings).unwrap();
        let mut training =
            Training::begin_from(corpus, settings, &model, OptimizerStart::Fresh).unwrap();
        training.update().unwrap();
        assert_eq!(training.model().record().edition, Edition::Second);
    }
}
