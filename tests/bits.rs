//! The same bits, whatever the instruction set, the number of threads, or how a run was interrupted.

#![allow(non_snake_case)]

mod program;

use elman::internals::{checkpoint, safetensors};
use elman::{Level, Optimizer, Order, STORY, Settings, Training, Unrolled};
use program::{Ended, Folder, TEXT, ended};

/// Digests on the built-in text with seed 1: m, streams, updates, digest. They change with the order of
/// a sum or with a kernel's formula, and then for everyone: never lightly.
const RECORDED: [(usize, usize, u64, u64); 4] = [
    (100, 1, 1000, 0x8cb9_8073_ffcf_e49b),
    (5, 1, 1000, 0xd5dc_85f6_f192_7fdc),
    (20, 4, 200, 0x1a90_4a10_d9dc_4db6),
    (520, 1, 20, 0xabfb_5712_78c2_8b4f),
];

/// With m = 20 and 2 streams after 200 updates.
const RECORDED_ORDERS: [(Order, u64); 2] = [
    (Order::Chunks { length: 110 }, 0x52de_85d8_883b_135d),
    (Order::Positions, 0xa469_2035_1db2_f294),
];

const THREADS: [usize; 4] = [1, 2, 3, 5];

fn begin(text: &str, hidden: usize, sequence_length: usize, streams: usize) -> Training {
    let settings = Settings {
        hidden,
        sequence_length,
        streams,
        ..Settings::default()
    };
    Training::new(text, settings).unwrap()
}

fn digest_of(training: &Training) -> u64 {
    training.model().state.rnn.parameters.digest()
}

/// The digest after so many updates, and the bits of all losses, of G and of h.
fn learn(training: &mut Training, updates: usize) -> (u64, Vec<u64>) {
    let mut numbers = Vec::new();
    for _ in 0..updates {
        let look = training.observe().unwrap();
        numbers.extend([look.loss, look.smooth_loss]);
        training.update().unwrap();
    }
    let state = &training.model().state;
    numbers.extend(state.memory.iter().flat_map(|part| part.values()));
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
                let settings = Settings {
                    hidden: 20,
                    streams: 2,
                    order,
                    ..Settings::default()
                };
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
    let rmsprop = Settings {
        optimizer: Optimizer::RmsProp,
        learning_rate: 0.001,
        beta2: 0.9,
        ..Settings::default()
    };
    let recorded = [
        (Settings::adam_edition(), 0xf8c529972056f5b7),
        (rmsprop, 0x9092d2eb8a9bd2b5),
    ];
    for level in Level::available() {
        for threads in [1, 3] {
            for (edition, digest) in recorded {
                let settings = Settings {
                    hidden: 20,
                    streams: 2,
                    ..edition
                };
                let training = Training::new(STORY, settings).unwrap();
                let mut training = training.on(level, threads).unwrap();
                (0..200).for_each(|_| _ = training.update().unwrap());
                let found = digest_of(&training);
                let name = settings.optimizer.name();
                assert!(
                    found == digest,
                    "{name}, {level:?}, {threads} threads: 0x{found:016x}"
                );
            }
        }
    }
}

/// On the built-in text, at every level.
#[test]
fn the_best_preset_is_found_again() {
    let folder = Folder::new("recorded-preset");
    for level in Level::available().map(Level::name) {
        for threads in [1, 3] {
            let arguments =
                format!("train --preset best --iterations 30 --quiet --force --threads {threads}");
            let mut command = folder.command(&arguments);
            let stdout = ended(command.env("ELMAN_ISA", level)).well();
            let last = stdout.lines().last();
            assert_eq!(
                last,
                Some("digest=962c7806155c1d05"),
                "{level}, {threads} threads"
            );
        }
    }
}

#[test]
fn the_program_finds_a_recorded_digest_again() {
    let (m, B, updates, digest) = RECORDED[1];
    let folder = Folder::new("recorded-digest");
    let stdout = folder.run(&format!(
        "train --hidden {m} --streams {B} --iterations {updates} --quiet"
    ));
    let stdout = stdout.well();
    let last = stdout.lines().last().unwrap();
    assert_eq!(last, format!("digest={digest:016x}"));
}

/// The short text is begun anew on the way.
#[test]
fn no_level_and_no_number_of_threads_shows_in_a_run() {
    let short = TEXT.repeat(5);
    for (text, T) in [(STORY, 25), (&short, 7)] {
        for (m, B) in [5, 20, 33]
            .into_iter()
            .flat_map(|m| [1, 3, 4, 16].map(|B| (m, B)))
        {
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
        let rnn = &training.model().state.rnn;
        let mut loss = 0.0;
        for (s, h) in h.iter_mut().enumerate() {
            let read = &text[s * part + position..][..T + 1];
            let mut steps = Unrolled::new(rnn.shape(), T, 1).unwrap();
            steps.begin(0, &read[..T], &read[1..], h);
            rnn.forward(&mut steps);
            loss = steps.losses().fold(loss, |sum, loss| sum + loss);
            h.copy_from_slice(steps.h(T, 0));
        }
        assert_eq!(training.update().unwrap().loss, loss / B as f64);
        assert_eq!(training.model().state.h, h.concat());
        position += T;
    }
}

#[test]
fn a_run_that_goes_on_elsewhere_is_the_run_that_never_stopped() {
    let text = TEXT.repeat(13);
    let whole = learn(
        &mut begin(&text, 20, 7, 4).on(Level::BASELINE, 1).unwrap(),
        60,
    );
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

/// What a run of the program leaves with this instruction set and these options.
fn train(folder: &Folder, level: &str, out: &str, more: &str) -> Ended {
    let mut command = folder.command(&format!(
        "train text --hidden 13 --seq-length 7 --iterations 120 --report-every 50 --log-every 10 \
         --report-length 40 --passage-length 60 --quiet --out {out} {more}"
    ));
    ended(command.env("ELMAN_ISA", level))
}

#[test]
fn no_level_and_no_number_of_threads_shows_in_what_the_program_writes() {
    for B in [1, 3, 16] {
        let folder = Folder::new(&format!("program-bits-{B}"));
        let plain = train(&folder, "baseline", "plain", &format!("--streams {B}"));
        let plain = (plain.well(), folder.files("plain"));
        for level in Level::available().map(Level::name) {
            for threads in THREADS {
                let more = format!("--streams {B} --threads {threads} --force");
                let stdout = train(&folder, level, "run", &more).well();
                assert!(
                    (stdout, folder.files("run")) == plain,
                    "{level}, {threads} threads, B = {B}"
                );
            }
        }
    }
}

#[test]
fn an_instruction_set_that_the_machine_lacks_is_refused() {
    let folder = Folder::new("unknown-level");
    for level in ["neon9", "AVX2"] {
        let words = format!("ELMAN_ISA={level}: ");
        assert_eq!(train(&folder, level, "run", "").refused(1, &words), "");
        let mut command = folder.command("show run");
        ended(command.env("ELMAN_ISA", level)).refused(1, &words);
    }
    assert!(!folder.path("run").exists());
    // Empty is as good as not set.
    train(&folder, "", "run", "").well();
}

/// Otherwise the tests would run at another level than was asked for.
#[test]
fn the_tests_themselves_run_at_a_level_that_is_there() {
    assert!(elman::Level::from_environment().is_ok());
}

#[test]
fn no_streams_and_no_threads_are_refused() {
    let folder = Folder::new("none-of-them");
    let one = "must be a whole number of at least 1";
    let some = "must be a whole number from 1 to 256";
    for (option, need) in [
        ("--streams 0", one),
        ("--threads 0", some),
        ("--threads 257", some),
    ] {
        let refused = folder.train("refused", option);
        refused.refused(1, &format!("{option}: {need}"));
    }
    assert!(!folder.path("refused").exists());
}

/// T = 7: a stream needs 8 characters.
#[test]
fn a_text_too_short_for_the_streams_is_refused() {
    let folder = Folder::new("short-streams");
    folder.write("text", "abcdefg ".repeat(4));
    let stdout =
        train(&folder, "baseline", "run", "--streams 5").refused(1, "= 40, with 5 streams");
    assert_eq!(stdout, "");
    assert!(!folder.path("run").exists());
    train(&folder, "baseline", "run", "--streams 4").well();
}

#[test]
fn a_model_file_keeps_the_hidden_state_of_every_stream() {
    let folder = Folder::new("streams-file");
    for (B, shape) in [(1, vec![13]), (3, vec![3, 13])] {
        train(
            &folder,
            "baseline",
            "run",
            &format!("--streams {B} --force"),
        )
        .well();
        let file = folder.read("run/model.safetensors");
        let tensors = safetensors::read(&file).unwrap().tensors;
        let h = tensors.iter().find(|tensor| tensor.name == "h").unwrap();
        assert_eq!(h.shape, shape);
        let shown = folder.run("show run/model.safetensors").well();
        let row = format!("streams          B = {B}");
        assert!(shown.lines().any(|line| line == row), "{shown}");
    }
}
