//! What the tests of the program share: running it, and folders that are gone afterwards.

pub use crate::examples::TEXT;
use elman::{Model, Settings};
use std::fs;
use std::io::{Read as _, Write as _};
#[cfg(unix)]
use std::os::{fd::OwnedFd, unix::net::UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What one call of the program left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// It did its work.
    #[track_caller]
    pub fn well(self) -> String {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self.stdout
    }

    /// It ended with this status and one line on standard error that holds these words.
    #[track_caller]
    pub fn refused(self, status: i32, words: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.stderr.starts_with("elman: "), "{}", self.stderr);
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        assert!(self.stderr.contains(words), "{words:?} is not in {:?}", self.stderr);
        self.stdout
    }
}

/// A run at work; no test leaves it behind.
pub struct Running(Child);

impl Running {
    pub fn of(command: &mut Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        Running(command.spawn().unwrap())
    }

    pub fn start(folder: &Folder, arguments: &str) -> Self {
        Running::of(&mut folder.command(arguments))
    }

    pub fn is_at_work(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Kills it; whether it was still at work.
    pub fn kill(mut self) -> bool {
        let at_work = self.is_at_work();
        self.0.kill().unwrap();
        let status = self.0.wait().unwrap();
        #[cfg(unix)]
        assert!(!at_work || std::os::unix::process::ExitStatusExt::signal(&status) == Some(9));
        at_work && !status.success()
    }

    /// What it ends with, soon.
    pub fn ended(mut self) -> Ended {
        let begun = Instant::now();
        while self.is_at_work() {
            assert!(begun.elapsed() < PATIENCE, "it goes on");
            thread::sleep(Duration::from_millis(1));
        }
        let mut stderr = String::new();
        let pipe = self.0.stderr.as_mut().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        Ended { status: self.0.wait().unwrap().code().unwrap(), stdout: String::new(), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Nothing takes longer here.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until a file is there.
pub fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < PATIENCE, "{path:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A folder of its own for one test, with a text in it.
pub struct Folder(PathBuf);

/// What the file `text` of a folder holds.
pub fn text() -> String {
    TEXT.repeat(13)
}

/// `train` with the options of most tests; an option that is given again counts as given last.
pub const TRAIN: &str = "train text --hidden 6 --seq-length 10 --iterations 300 --report-every 100 \
                         --report-length 40 --passage-length 60";

/// The settings of [`TRAIN`] for the library.
pub fn settings() -> Settings {
    Settings { hidden: 6, sequence_length: 10, ..Settings::default() }
}

impl Folder {
    pub fn new(test: &str) -> Self {
        // Two tests may choose one name.
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("elman-{test}-{}-{number}", std::process::id());
        let folder = Folder(place().join(name));
        let _ = fs::remove_dir_all(&folder.0);
        fs::create_dir_all(&folder.0).unwrap();
        folder.write("text", text());
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Names and bytes of all files of a folder in it, without the lock of a run.
    pub fn files(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.path(name)).unwrap();
        let mut files: Vec<(String, Vec<u8>)> = entries
            .map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read(entry.path()).unwrap())
            })
            .collect();
        files.retain(|(name, _)| name != ".lock");
        files.sort();
        files
    }

    /// The program at work in this folder.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_elman"));
        command.args(arguments.split_whitespace());
        command.current_dir(&self.0).stdin(Stdio::null());
        command
    }

    /// Runs it with arguments that hold no spaces themselves.
    pub fn run(&self, arguments: &str) -> Ended {
        ended(&mut self.command(arguments))
    }

    /// Runs it with this standard input.
    pub fn run_with_input(&self, arguments: &str, input: impl AsRef<[u8]>) -> Ended {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that refuses its arguments reads nothing.
        let _ = stdin.write_all(input.as_ref());
        drop(stdin);
        of(child.wait_with_output().unwrap())
    }

    /// Runs it until it has written so many bytes, and then stops reading.
    #[cfg(unix)]
    pub fn run_for_some(&self, arguments: &str, bytes: usize) -> Ended {
        let mut child =
            self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut vec![0; bytes]).unwrap();
        drop(stdout);
        of(child.wait_with_output().unwrap())
    }

    pub fn model(&self, name: &str) -> Model {
        elman::files::load(self.path(name)).unwrap()
    }

    /// Updates that the last state of a run has behind it.
    pub fn updates(&self, run: &str) -> u64 {
        self.model(&format!("{run}/model.safetensors")).state().updates
    }

    /// A run of 300 updates with 6 hidden units; `more` are further options.
    pub fn train(&self, out: &str, more: &str) -> Ended {
        self.run(&format!("{TRAIN} --quiet --out {out} {more}"))
    }
}

/// In memory where there is a folder for that: runs bring all that they save to the device.
fn place() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    match fs::metadata(&memory) {
        Ok(folder) if folder.is_dir() && !folder.permissions().readonly() => memory,
        _ => std::env::temp_dir(),
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A device that has no room.
#[cfg(target_os = "linux")]
pub fn full_device() -> fs::File {
    fs::File::options().write(true).open("/dev/full").unwrap()
}

/// A standard output that nobody reads any more.
#[cfg(unix)]
pub fn unread() -> Stdio {
    let (ours, _) = UnixStream::pair().unwrap();
    Stdio::from(OwnedFd::from(ours))
}

/// A standard output that takes some and then fails, as long as the other end is kept.
#[cfg(unix)]
pub fn stalled() -> (Stdio, UnixStream) {
    let (ours, other) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (Stdio::from(OwnedFd::from(ours)), other)
}

pub fn ended(command: &mut Command) -> Ended {
    of(command.output().unwrap())
}

fn of(output: std::process::Output) -> Ended {
    Ended {
        status: output.status.code().expect("it was not killed"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The lines that begin so.
pub fn lines<'a>(stdout: &'a str, start: &str) -> Vec<&'a str> {
    stdout.lines().filter(|line| line.starts_with(start)).collect()
}

/// The digest in the last line of what `train` prints.
pub fn digest(stdout: &str) -> &str {
    stdout.lines().last().unwrap().strip_prefix("digest=").unwrap()
}

/// How the output of `train` ends: the line of the passage, the passage, and the last line.
pub fn ending(stdout: &str) -> (&str, &str, &str) {
    let (_, passage) = stdout.split_once("\n\npassage ").unwrap();
    let (line, text) = passage.split_once('\n').unwrap();
    let (text, last) = text.rsplit_once("\n\n").unwrap();
    (line, text, last)
}

/// The names of a line of `name=value`.
pub fn names(line: &str) -> Vec<&str> {
    line.split(' ').map(|word| word.split('=').next().unwrap()).collect()
}

/// The value of `name=` in a line.
pub fn value<'a>(line: &'a str, name: &str) -> &'a str {
    let words = line.split(' ');
    let mut values = words.filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    values.next().unwrap_or_else(|| panic!("no {name} in {line:?}"))
}
