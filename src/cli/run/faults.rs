//! Every single step of every save fails once: nothing that was saved is lost, and the run goes on to the
//! same bytes.

use super::request::{Request, options};
use super::work::Run;
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use elman::internals::checkpoint;
use elman::internals::disk::{Disk, System};
use elman::{Model, Plan};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What happens at the step that fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// It fails, and what follows does not.
    Once,
    /// From there on nothing succeeds any more: as if the program had been killed.
    Stop,
    /// And what is not on the device is lost with the power.
    PowerLoss,
}

/// A change of the folder's names that only the next sync of the folder makes last.
enum Change {
    Created(PathBuf),
    Renamed { from: PathBuf, to: PathBuf, old: Option<Vec<u8>> },
    Removed { path: PathBuf, old: Vec<u8> },
}

#[derive(Default)]
struct Device {
    steps: Vec<&'static str>,
    /// The step that fails.
    at: usize,
    fault: Option<Fault>,
    /// Bytes that are on the device, of files that have more.
    lasting: HashMap<u64, u64>,
    changes: Vec<Change>,
}

impl Device {
    fn step(&mut self, name: &'static str) -> io::Result<()> {
        self.steps.push(name);
        let n = self.steps.len() - 1;
        match self.fault {
            None => Ok(()),
            Some(Fault::Once) if n != self.at => Ok(()),
            Some(_) if n < self.at => Ok(()),
            Some(_) => Err(io::Error::other("the device fails")),
        }
    }

    /// What was never brought to the device is gone.
    fn lose_power(&mut self, folder: &Path) {
        for change in self.changes.drain(..).rev() {
            match change {
                Change::Created(path) => drop(fs::remove_file(path)),
                Change::Renamed { from, to, old } => {
                    fs::rename(&to, &from).unwrap();
                    old.into_iter().for_each(|old| fs::write(&to, old).unwrap());
                }
                Change::Removed { path, old } => fs::write(path, old).unwrap(),
            }
        }
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if let Some(&length) = self.lasting.get(&fs::metadata(&path).unwrap().ino()) {
                let file = File::options().write(true).open(&path).unwrap();
                file.set_len(length).unwrap();
            }
        }
    }
}

/// The device as a run sees it. Nothing is really synced: the tests' own computer goes on.
#[derive(Clone, Default)]
struct Frail(Rc<RefCell<Device>>);

impl Frail {
    fn failing(at: usize, fault: Fault) -> Self {
        let frail = Frail::default();
        frail.0.borrow_mut().at = at;
        frail.0.borrow_mut().fault = Some(fault);
        frail
    }
}

impl Disk for Frail {
    fn make_folder(&mut self, path: &Path) -> io::Result<()> {
        self.0.borrow_mut().step("make folder")?;
        fs::create_dir_all(path)
    }

    fn create(&mut self, path: &Path) -> io::Result<File> {
        let mut device = self.0.borrow_mut();
        device.step("create")?;
        if !path.exists() {
            device.changes.push(Change::Created(path.to_path_buf()));
        }
        let file = File::create(path)?;
        device.lasting.insert(file.metadata()?.ino(), 0);
        Ok(file)
    }

    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let mut device = self.0.borrow_mut();
        let before = file.metadata()?;
        device.lasting.entry(before.ino()).or_insert(before.len());
        if let Err(error) = device.step("write") {
            // A part arrives.
            System.write(file, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        System.write(file, bytes)
    }

    fn truncate(&mut self, file: &File, length: u64) -> io::Result<()> {
        self.0.borrow_mut().step("truncate")?;
        System.truncate(file, length)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        let mut device = self.0.borrow_mut();
        device.step("sync")?;
        device.lasting.remove(&file.metadata()?.ino());
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let mut device = self.0.borrow_mut();
        device.step("rename")?;
        let old = fs::read(to).ok();
        let [from, to] = [from, to].map(Path::to_path_buf);
        fs::rename(&from, &to)?;
        device.changes.push(Change::Renamed { from, to, old });
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        let mut device = self.0.borrow_mut();
        device.step("remove")?;
        let (path, old) = (path.to_path_buf(), fs::read(path)?);
        fs::remove_file(&path)?;
        device.changes.push(Change::Removed { path, old });
        Ok(())
    }

    fn sync_folder(&mut self, _: &Path) -> io::Result<()> {
        let mut device = self.0.borrow_mut();
        device.step("sync folder")?;
        device.changes.clear();
        Ok(())
    }
}

/// A folder for the runs of one test, with a text in it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        // In memory where there is a folder for that.
        let memory = PathBuf::from("/dev/shm");
        let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let path = place.join(format!("elman-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let text = "the ferry crosses at nine, and the bell rings twice. ".repeat(7);
        fs::write(path.join("text"), text).unwrap();
        Place(path)
    }

    /// Trains with the text; of the other words, `@` stands for this folder.
    fn train(&self, words: &str, disk: impl Disk + 'static) -> Result<(), Failure> {
        let here = format!("{}/", self.0.display());
        let words = format!("@text {words} --quiet").replace('@', &here);
        let words = words.split_whitespace().map(OsString::from);
        let arguments = Arguments::parse(words, options(), 1, |_| Vec::new())?;
        let request = Request::of(&arguments)?;
        let mut run = Run::start(&request, Box::new(disk))?;
        run.is_silent = true;
        run.run_and_print()
    }

    /// Names and bytes of a run's files, without the lock.
    fn files(&self, run: &str) -> Vec<(OsString, Vec<u8>)> {
        let Ok(entries) = fs::read_dir(self.0.join(run)) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.file_name(), fs::read(entry.path()).unwrap())
            })
            .collect();
        files.retain(|(name, _)| name != ".lock");
        files.sort();
        files
    }

    fn set(&self, run: &str, files: &[(OsString, Vec<u8>)]) {
        let folder = self.0.join(run);
        let _ = fs::remove_dir_all(&folder);
        if !files.is_empty() {
            fs::create_dir_all(&folder).unwrap();
        }
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }

    /// The last state of a run, and its plan.
    fn state(&self, run: &str) -> Option<(Model, Plan)> {
        let path = self.0.join(run).join("model.safetensors");
        path.exists().then(|| {
            let (model, plan) = checkpoint::load_with_plan(&path).unwrap();
            (model, plan.unwrap())
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const TRAIN: &str =
    "--hidden 3 --seq-length 5 --log-every 1 --save-every 50 --report-every 40 --report-length 9";

/// A run that begins with some files in its folder.
struct Case {
    name: &'static str,
    before: Vec<(OsString, Vec<u8>)>,
    /// How it is started.
    words: String,
    /// Whether `before` is another run, which may be all that there is in the end.
    replaces: bool,
    /// The first update whose report is to be found.
    reports_from: u64,
}

/// The files of a run that nothing stopped.
struct Whole {
    iterations: u64,
    files: Vec<(OsString, Vec<u8>)>,
}

fn of<'a>(files: &'a mut [(OsString, Vec<u8>)], name: &str) -> &'a mut Vec<u8> {
    let file = files.iter_mut().find(|(found, _)| found == name);
    &mut file.unwrap().1
}

/// The files of a run that wrote no reports before update `first`.
fn with_reports_from(files: &[(OsString, Vec<u8>)], first: u64) -> Vec<(OsString, Vec<u8>)> {
    let mut files = files.to_vec();
    let reports = of(&mut files, "reports.jsonl");
    let lines = String::from_utf8(reports.clone()).unwrap();
    let n = |line: &&str| -> u64 {
        let after = line.strip_prefix("{\"iteration\":").unwrap();
        after.split(',').next().unwrap().parse().unwrap()
    };
    *reports =
        (lines.split_inclusive('\n').filter(|line| n(line) >= first)).collect::<String>().into();
    files
}

/// What has to be true after a fault at any step.
fn check(place: &Place, case: &Case, ends: &[Whole], frail: &Frail) {
    let whole = &with_reports_from(&ends[0].files, case.reports_from);
    let (at, fault) = (frail.0.borrow().at, frail.0.borrow().fault.unwrap());
    place.set("run", &case.before);
    let failure = place.train(&case.words, frail.clone()).unwrap_err();
    let step = frail.0.borrow().steps[at];
    let what = format!("{}, {fault:?} at step {at}, {step}: {failure:?}", case.name);
    let Failure::Failed(message) = failure else {
        panic!("{what}");
    };
    assert!(message.contains("the device fails"), "{what}");
    if fault == Fault::PowerLoss && place.0.join("run").exists() {
        frail.0.borrow_mut().lose_power(&place.0.join("run"));
    }

    let Some((state, plan)) = place.state("run") else {
        let told = message.contains("keeps no model of this run");
        let begins = ["make folder", "create", "remove", "sync folder"].contains(&step);
        assert!(told || begins, "{what}");
        place.train(&format!("{} --force", case.words), Frail::default()).unwrap();
        assert!(place.files("run") == *whole, "{what}");
        return;
    };
    let kept = format!("keeps the best model and the state at update {}", state.state().updates);
    // A state that is in place, but perhaps not to last, is not promised.
    let promised = message.contains(&kept) || step == "sync folder" || !message.contains("keeps");
    assert!(promised, "{what}: {kept}");
    let mut found = place.files("run");
    // The state of an end is never found without its report, unless it came before there were such files.
    if plan.iterations == state.state().updates && case.reports_from <= plan.iterations {
        let reports = String::from_utf8(of(&mut found, "reports.jsonl").clone()).unwrap();
        let start = format!("{{\"iteration\":{},", plan.iterations);
        assert!(reports.lines().any(|line| line.starts_with(&start)), "{what}");
    }
    for Whole { iterations, files } in ends {
        let files = with_reports_from(files, case.reports_from);
        place.set("run", &found);
        let go_on = format!("--resume @run --iterations {iterations}");
        place.train(&go_on, Frail::default()).unwrap();
        if case.replaces && place.files("run") == case.before {
            assert!(!message.contains("keeps the best"), "{what}");
            return;
        }
        assert!(place.files("run") == files, "{what}: {iterations}");
    }
}

#[test]
fn every_step_of_every_save_may_fail() {
    all_steps_fail("faults", TRAIN, &[130]);
}

/// Rows and the best model come at other times then.
#[test]
fn with_a_part_of_the_text_held_out_it_may_too() {
    let train =
        format!("{TRAIN} --validation 0.2 --validate-every 45").replace("-every 1 ", "-every 7 ");
    all_steps_fail("faults-validation", &train, &[130, 131]);
}

/// A run of 130 updates, stopped and then gone on with to each of these ends.
fn all_steps_fail(name: &str, train: &str, ends: &[u64]) {
    let place = Place::new(name);
    let ends: Vec<Whole> = (ends.iter())
        .map(|&iterations| {
            let run = format!("{train} --iterations {iterations} --force --out @run");
            place.train(&run, Frail::default()).unwrap();
            let files = place.files("run");
            Whole { iterations, files }
        })
        .collect();
    let begin = format!("{train} --iterations 130 --out @run");
    assert_eq!(ends[0].files.len(), 5);
    let part = format!("{train} --iterations 60 --force --out @run");
    place.train(&part, Frail::default()).unwrap();
    let mut part = place.files("run");
    // What a stopped run had written after its last save.
    of(&mut part, "loss.csv").extend(b"60,0,1.0,1.0\n61,");
    of(&mut part, "reports.jsonl").extend(b"{\"iteration\":");
    let mut old = part.clone();
    old.retain(|(name, _)| name != "reports.jsonl");
    let mut old_best = part.clone();
    let best = of(&mut old_best, "best.safetensors");
    let (state, _) = place.state("run").unwrap();
    let end = std::mem::replace(best, checkpoint::to_bytes(&state).unwrap());
    old_best.push(("best-before-end.safetensors".into(), end));
    let other = format!("{begin} --force --seed 2");
    place.train(&other, Frail::default()).unwrap();
    let other = place.files("run");

    let cases = [
        Case {
            name: "begun",
            before: Vec::new(),
            words: begin.clone(),
            replaces: false,
            reports_from: 0,
        },
        Case {
            name: "resumed",
            before: part,
            words: "--resume @run --iterations 130".into(),
            replaces: false,
            reports_from: 0,
        },
        Case {
            name: "resumed from before there were reports",
            before: old,
            words: "--resume @run --iterations 130".into(),
            replaces: false,
            reports_from: 61,
        },
        Case {
            name: "resumed from before the end stopped competing",
            before: old_best,
            words: "--resume @run --iterations 130".into(),
            replaces: false,
            reports_from: 0,
        },
        Case {
            name: "replacing another",
            before: other,
            words: format!("{begin} --force"),
            replaces: true,
            reports_from: 0,
        },
    ];
    let mut met = Vec::new();
    for case in &cases {
        let counting = Frail::default();
        place.set("run", &case.before);
        place.train(&case.words, counting.clone()).unwrap();
        let whole = with_reports_from(&ends[0].files, case.reports_from);
        assert!(place.files("run") == whole, "{}", case.name);
        let steps = counting.0.borrow().steps.clone();
        for at in 0..steps.len() {
            for fault in [Fault::Once, Fault::Stop, Fault::PowerLoss] {
                check(&place, case, &ends, &Frail::failing(at, fault));
            }
        }
        met.extend(steps);
    }
    met.sort_unstable();
    met.dedup();
    let all =
        ["create", "make folder", "remove", "rename", "sync", "sync folder", "truncate", "write"];
    assert_eq!(met, all);
}
