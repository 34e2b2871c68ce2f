//! The program writes the same bytes, whatever the instruction set and the number of threads.

use crate::harness::{Ended, Folder, ended};
use elman::Level;
use elman::internals::safetensors;

const THREADS: [usize; 4] = [1, 2, 3, 5];

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
            assert_eq!(last, Some("digest=3b99a5a444106a79"), "{level}, {threads} threads");
        }
    }
}

#[test]
fn the_program_finds_a_recorded_digest_again() {
    // As the tests of the library record it.
    let (m, B, updates, digest) = (5, 1, 1000, 0xfe6b_ea60_950b_8945_u64);
    let folder = Folder::new("recorded-digest");
    let stdout =
        folder.run(&format!("train --hidden {m} --batch-size {B} --iterations {updates} --quiet"));
    let stdout = stdout.well();
    let last = stdout.lines().last().unwrap();
    assert_eq!(last, format!("digest={digest:016x}"));
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
        let plain = train(&folder, "baseline", "plain", &format!("--batch-size {B}"));
        let plain = (plain.well(), folder.files("plain"));
        for level in Level::available().map(Level::name) {
            for threads in THREADS {
                let more = format!("--batch-size {B} --threads {threads} --force");
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

#[test]
fn no_streams_and_no_threads_are_refused() {
    let folder = Folder::new("none-of-them");
    let one = "must be a whole number of at least 1";
    let some = "must be a whole number from 1 to 256";
    for (option, need) in [("--batch-size 0", one), ("--threads 0", some), ("--threads 257", some)]
    {
        let refused = folder.train("refused", option);
        refused.refused(2, &format!("{option}: {need}"));
    }
    assert!(!folder.path("refused").exists());
}

/// T = 7: a stream needs 8 characters.
#[test]
fn a_text_too_short_for_the_streams_is_refused() {
    let folder = Folder::new("short-streams");
    folder.write("text", "abcdefg ".repeat(4));
    let stdout = train(&folder, "baseline", "run", "--batch-size 5")
        .refused(1, "batch-size x (seq-length + 1) = 40");
    assert_eq!(stdout, "");
    assert!(!folder.path("run").exists());
    train(&folder, "baseline", "run", "--batch-size 4").well();
}

#[test]
fn a_model_file_keeps_the_hidden_state_of_every_sequence() {
    let folder = Folder::new("batch-file");
    for (B, shape) in [(1, vec![13]), (3, vec![3, 13])] {
        train(&folder, "baseline", "run", &format!("--batch-size {B} --force")).well();
        let file = folder.read("run/model.safetensors");
        let tensors = safetensors::read(&file).unwrap().tensors;
        let h = tensors.iter().find(|tensor| tensor.name == "h").unwrap();
        assert_eq!(h.shape, shape);
        let shown = folder.run("show run/model.safetensors").well();
        let row = format!("batch size       {B}");
        assert!(shown.lines().any(|line| line == row), "{shown}");
    }
}
