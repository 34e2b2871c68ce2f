//! Runs that are killed, and runs that meet on one folder.

use crate::harness::{Folder, PATIENCE, Running, value, wait_for};
use elman::random::{Generator, Stream};
use std::thread;
use std::time::{Duration, Instant};

/// A run that saves all the time and would go on for days.
const ENDLESS: &str = "train text --hidden 6 --seq-length 10 --iterations 1000000000000 --report-every 41 \
                       --report-length 20 --passage-length 50 --log-every 3 --save-every 7 --out run --force";

fn update_of(report: &str) -> u64 {
    value(report.lines().next().unwrap(), "iter").parse().unwrap()
}

#[test]
fn a_run_that_is_killed_fifty_times_is_the_run_that_never_was() {
    killed("killed", ENDLESS, 50);
}

/// It looks at what is held out more often than it saves, and less often than it writes rows.
#[test]
fn a_run_with_a_part_held_out_may_be_killed_too() {
    let begin = format!("{ENDLESS} --validation 0.2 --validate-every 5");
    killed("killed-validation", &begin, 16);
}

/// In the middle of chunks and of epochs.
#[test]
fn a_run_in_random_order_may_be_killed_too() {
    for (name, order) in [
        ("killed-chunks", "--order chunks --chunk 35"),
        ("killed-positions", "--order positions --batch-size 2"),
    ] {
        killed(name, &format!("{ENDLESS} {order}"), 16);
    }
}

fn killed(name: &str, begin: &str, least: usize) {
    let folder = Folder::new(name);
    let mut generator = Generator::new(50, Stream::Passage);
    let (mut kills, mut in_a_save, mut progress) = (0, 0, Vec::new());
    let patience = Instant::now();
    while kills < least || in_a_save == 0 {
        assert!(patience.elapsed() < 3 * PATIENCE, "{kills} kills, {in_a_save} in a save");
        let begun = folder.path("run/model.safetensors").exists();
        let child = if begun {
            Running::start(&folder, "train text --resume run")
        } else {
            Running::start(&folder, begin)
        };
        // Half of them at any moment, the others once they have gone on.
        if begun && kills % 2 == 0 {
            let updates = folder.updates("run");
            while folder.updates("run") == updates {
                assert!(patience.elapsed() < 3 * PATIENCE, "it does not go on");
            }
        }
        let wait = 1.0 + 30.0 * generator.uniform();
        thread::sleep(Duration::from_micros((1000.0 * wait) as u64));
        assert!(child.kill(), "it has ended");
        kills += 1;
        if folder.path("run/model.safetensors").exists() {
            progress.push(folder.updates("run"));
            let names = folder.files("run").into_iter().map(|file| file.0);
            in_a_save += usize::from(names.into_iter().any(|name| name.ends_with(".new")));
        }
    }
    progress.dedup();
    assert!(progress.len() > 5 && progress.is_sorted(), "{progress:?}");

    let end = progress.last().unwrap() + 500;
    let last = format!("train text --resume run --iterations {end}");
    let last = folder.run(&last).well();
    let whole = begin.replace("1000000000000", &end.to_string());
    let whole = folder.run(&whole.replace("out run", "out whole")).well();
    let stopped = update_of(&last);
    assert!(stopped >= *progress.last().unwrap());
    assert!(whole.ends_with(&last), "from update {stopped}");
    assert!(folder.files("run") == folder.files("whole"));
}

/// Long before its next save, a run that was asked for more knows of it when it goes on once more.
#[test]
fn a_new_end_outlives_a_kill() {
    let folder = Folder::new("new-end");
    folder.train("run", "--iterations 50").well();
    let more = "train text --resume run --iterations 1000000000000 --save-every 1000000000000";
    let run = Running::start(&folder, more);
    let path = folder.path("run/model.safetensors");
    let begun = Instant::now();
    let held = || {
        let (model, plan) = elman::files::load_with_plan(&path).unwrap();
        (model.state().updates, plan.unwrap().iterations)
    };
    while held() != (50, 1_000_000_000_000) {
        assert!(begun.elapsed() < PATIENCE, "{:?}", held());
    }
    assert!(run.kill());
    let again = Running::start(&folder, "train text --resume run");
    thread::sleep(Duration::from_millis(100));
    assert!(again.kill(), "it has ended");
}

#[test]
fn a_second_run_on_a_folder_is_refused() {
    let folder = Folder::new("second");
    let child = Running::start(&folder, ENDLESS);
    wait_for(&folder.path("run/model.safetensors"));
    #[cfg(unix)]
    std::os::unix::fs::symlink("run", folder.path("link")).unwrap();
    for (arguments, name) in [
        ("train text --resume run", "run"),
        ("train text --out run --force", "run"),
        ("train text --out run", "run"),
        ("train text --resume ./run/", "./run/"),
        #[cfg(unix)]
        ("train text --resume link", "link"),
    ] {
        let words = format!("elman: {name}: another run is using this folder");
        let second = Running::start(&folder, arguments);
        second.ended().refused(1, &words);
    }
    // The first did not notice, and its folder may be read.
    let updates = folder.updates("run");
    let begun = Instant::now();
    while folder.updates("run") == updates {
        assert!(begun.elapsed() < PATIENCE);
    }
    folder.run("show run").well();
    // Another folder is another's.
    folder.train("other", "").well();
    assert!(child.kill());
    let end = folder.updates("run") + 100;
    folder.run(&format!("train text --resume run --iterations {end}")).well();
    // What the lock leaves is no part of the run.
    assert_eq!(folder.read("run/.lock"), b"");
}

/// All of them find what a killed run left behind.
#[test]
fn of_many_that_go_on_with_a_run_one_does() {
    let folder = Folder::new("many");
    let first = Running::start(&folder, ENDLESS);
    wait_for(&folder.path("run/model.safetensors"));
    assert!(first.kill());
    let mut runs: Vec<Running> =
        (0..6).map(|_| Running::start(&folder, "train text --resume run")).collect();
    let begun = Instant::now();
    while runs.len() > 1 {
        assert!(begun.elapsed() < PATIENCE, "{} go on", runs.len());
        thread::sleep(Duration::from_millis(5));
        let ended = runs.iter_mut().position(|run| !run.is_at_work());
        if let Some(ended) = ended {
            runs.remove(ended).ended().refused(1, "run: another run");
        }
    }
    thread::sleep(Duration::from_millis(50));
    assert!(runs.pop().unwrap().kill());
}

/// A device of a few pages, gone at the end; `None` where this user may not have one.
#[cfg(target_os = "linux")]
struct Device(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Device {
    fn new(path: std::path::PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir(&path).unwrap();
        let mounted = Self::mount(&path, &format!("size={size}"));
        mounted.then_some(Device(path))
    }

    fn grow(&self, size: &str) {
        assert!(Self::mount(&self.0, &format!("remount,size={size}")));
    }

    fn mount(path: &std::path::Path, options: &str) -> bool {
        let mut command = std::process::Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "none"]);
        let ended = command.arg(path).stderr(std::process::Stdio::null()).status();
        ended.is_ok_and(|status| status.success())
    }
}

#[cfg(target_os = "linux")]
impl Drop for Device {
    fn drop(&mut self) {
        let unmounted = std::process::Command::new("umount").arg(&self.0).status();
        assert!(thread::panicking() || unmounted.is_ok_and(|status| status.success()));
    }
}

/// Rows are written until there is no room for more; with room, or elsewhere, the run goes on.
#[cfg(target_os = "linux")]
#[test]
fn a_full_device_keeps_the_last_state() {
    let folder = Folder::new("full-device");
    let Some(device) = Device::new(folder.path("device"), "64k") else {
        eprintln!("skipped: this user may not mount a device");
        return;
    };
    let train = |out: &str| {
        folder.run(&format!(
            "train text --hidden 6 --seq-length 10 --iterations 3000 --report-every 1000 --log-every 1 \
             --save-every 100 --quiet --out {out}"
        ))
    };
    let whole = train("whole").well();
    let ended = train("device/run");
    let updates = folder.updates("device/run");
    assert!(0 < updates && updates < 3000, "{updates}");
    let kept = format!("device/run keeps the best model and the state at update {updates}");
    ended.clone().refused(1, &kept);
    let stdout = ended.refused(1, "No space left on device");
    assert!(whole.starts_with(&stdout));
    folder.run("sample device/run --length 5").well();

    // As full as before, it fails as before.
    folder.run("train text --resume device/run --quiet").refused(1, "No space left on device");
    assert!(folder.updates("device/run") >= updates);
    std::fs::create_dir(folder.path("moved")).unwrap();
    for (name, bytes) in folder.files("device/run") {
        folder.write(&format!("moved/{name}"), bytes);
    }
    device.grow("1m");
    for run in ["device/run", "moved"] {
        let resume = format!("train text --resume {run} --quiet");
        let last = folder.run(&resume).well();
        assert!(whole.ends_with(&last));
        assert!(folder.files(run) == folder.files("whole"), "{run}");
    }
    drop(device);
}
