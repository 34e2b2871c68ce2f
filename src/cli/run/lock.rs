//! One run per folder. Whoever trains into a folder holds a lock in the temporary folder, named by a digest
//! of the folder's path; the system frees it with its process, however that ends.

use crate::cli::command_line::failure::Failure;
use elman::internals::digest::Digest;
use std::io;
use std::path::{Path, PathBuf};

/// The lock of a folder, held until it is dropped.
pub struct Lock {
    folder: PathBuf,
    mark: system::Mark,
}

/// Why a lock is not to be had.
#[derive(Debug)]
enum Denied {
    /// Another run holds it.
    Held,
    /// Whether another run holds it cannot be told.
    Unknown(io::Error),
    /// There is no place for a lock.
    NoPlace(io::Error),
}

impl Lock {
    /// Takes the lock of a folder that there is, unless another run holds it.
    pub fn take(folder: &Path) -> Result<Self, Failure> {
        let at = |error: String| Failure::at(folder.display(), error);
        let path = (folder.canonicalize()).map_err(|error| at(error.to_string()))?;
        let digest = Digest::new().with(path.as_os_str().as_encoded_bytes());
        let name = format!("elman-{:016x}", digest.value());
        let mut no_place = String::new();
        for place in system::places() {
            let path = place.join(&name);
            match system::take(&path) {
                Ok(mark) => {
                    let folder = folder.to_path_buf();
                    return Ok(Lock { folder, mark });
                }
                Err(Denied::Held) => {
                    return Err(at(
                        "another run is at work on it: wait until that ends".into()
                    ));
                }
                Err(Denied::Unknown(error)) => {
                    return Err(at(format!(
                        "cannot tell whether another run is at work on it: {}: {error}; remove that file \
                         if none is",
                        path.display()
                    )));
                }
                Err(Denied::NoPlace(error)) => {
                    no_place = format!("{}: {error}", place.display());
                }
            }
        }
        Err(at(format!(
            "cannot make sure that no other run works on it: {no_place}; set TMPDIR to a folder that can be \
             written to"
        )))
    }

    /// Makes sure before a save that no other run has taken the lock.
    pub fn keep(&mut self) -> Result<(), Failure> {
        if self.mark.keep() {
            Ok(())
        } else {
            Err(Failure::at(
                self.folder.display(),
                "another run has taken it over: nothing more is written here",
            ))
        }
    }
}

/// A socket that its process listens on: a refused connection means that its owner is dead.
#[cfg(unix)]
mod system {
    use super::Denied;
    use std::fs;
    use std::io::{self, ErrorKind};
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::thread;
    use std::time::Duration;

    /// Two may find the same dead socket. Whoever removed it waits this long, so that the other, if it had
    /// been about to remove it as well, has done so, and then looks whether its own is still there.
    const SETTLE: Duration = Duration::from_millis(10);
    /// So often a socket may be gone, or be another, when it is looked at again.
    const TRIES: usize = 20;

    pub struct Mark {
        listener: UnixListener,
        path: PathBuf,
    }

    /// Where a socket's path leads.
    enum Leads {
        Here,
        Elsewhere,
        Nowhere,
    }

    /// The temporary folder, or the usual one where a path in that is too long for a socket, or it cannot
    /// be written to.
    pub fn places() -> Vec<PathBuf> {
        vec![std::env::temp_dir(), PathBuf::from("/tmp")]
    }

    pub fn take(path: &Path) -> Result<Mark, Denied> {
        let mut settle = Duration::ZERO;
        for _ in 0..TRIES {
            let listener = match UnixListener::bind(path) {
                Ok(listener) => listener,
                Err(error) if error.kind() == ErrorKind::AddrInUse => {
                    remove_dead(path)?;
                    settle = SETTLE;
                    continue;
                }
                Err(error) => return Err(Denied::NoPlace(error)),
            };
            let path = path.to_path_buf();
            let mark = Mark { listener, path };
            mark.listener
                .set_nonblocking(true)
                .map_err(Denied::NoPlace)?;
            thread::sleep(settle);
            return match mark.leads() {
                Leads::Here => Ok(mark),
                _ => Err(Denied::Held),
            };
        }
        Err(Denied::Held)
    }

    /// Removes a socket that nobody listens on any more.
    fn remove_dead(path: &Path) -> Result<(), Denied> {
        let dead = identity(path);
        let removed = match UnixStream::connect(path) {
            Ok(_) => return Err(Denied::Held),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                // What stands there now may be another's that is quicker.
                if identity(path) == dead {
                    fs::remove_file(path)
                } else {
                    Ok(())
                }
            }
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Denied::Unknown(error)),
            _ => Ok(()),
        }
    }

    /// What tells a file from one that took its place.
    fn identity(path: &Path) -> Option<([u64; 2], [i64; 2])> {
        let file = fs::symlink_metadata(path).ok()?;
        Some(([file.dev(), file.ino()], [file.ctime(), file.ctime_nsec()]))
    }

    impl Mark {
        /// Whether no other run has taken the lock. Where the socket was cleared away, a new one is set up.
        pub fn keep(&mut self) -> bool {
            match self.leads() {
                Leads::Here => return true,
                Leads::Elsewhere => return false,
                Leads::Nowhere => {}
            }
            match take(&self.path) {
                Ok(mark) => *self = mark,
                Err(Denied::Held) => return false,
                // No socket can be made any more, and nobody else's was seen.
                Err(_) => {}
            }
            true
        }

        /// Calls the path, and sees whether it rings here. Those who called before are let in and forgotten.
        fn leads(&self) -> Leads {
            while self.listener.accept().is_ok() {}
            match UnixStream::connect(&self.path) {
                Ok(_) if self.listener.accept().is_ok() => Leads::Here,
                Ok(_) => Leads::Elsewhere,
                Err(error) if is_nowhere(&error) => Leads::Nowhere,
                // Nobody can be called, so nobody else was reached.
                Err(_) => Leads::Here,
            }
        }
    }

    fn is_nowhere(error: &io::Error) -> bool {
        matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::ConnectionRefused
        )
    }

    impl Drop for Mark {
        fn drop(&mut self) {
            if matches!(self.leads(), Leads::Here) {
                // One that is left behind is found dead.
                let _ = fs::remove_file(&self.path);
            }
        }
    }
}

/// A file that is open for its process alone.
#[cfg(windows)]
mod system {
    use super::Denied;
    use std::fs::{self, File};
    use std::os::windows::fs::OpenOptionsExt as _;
    use std::path::{Path, PathBuf};

    pub struct Mark {
        /// None only while it is dropped: an open file cannot be removed.
        file: Option<File>,
        path: PathBuf,
    }

    pub fn places() -> Vec<PathBuf> {
        vec![std::env::temp_dir()]
    }

    pub fn take(path: &Path) -> Result<Mark, Denied> {
        const SHARING_VIOLATION: i32 = 32;
        let mut options = File::options();
        options
            .write(true)
            .create(true)
            .truncate(false)
            .share_mode(0);
        match options.open(path) {
            Ok(file) => Ok(Mark {
                file: Some(file),
                path: path.to_path_buf(),
            }),
            Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Err(Denied::Held),
            Err(error) if path.exists() => Err(Denied::Unknown(error)),
            Err(error) => Err(Denied::NoPlace(error)),
        }
    }

    impl Mark {
        /// What is open for one process alone cannot be taken from it.
        pub fn keep(&mut self) -> bool {
            self.file.is_some()
        }
    }

    impl Drop for Mark {
        fn drop(&mut self) {
            self.file = None;
            // Another run may have opened it already.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Elsewhere there is no lock.
#[cfg(not(any(unix, windows)))]
mod system {
    use super::Denied;
    use std::path::{Path, PathBuf};

    pub struct Mark;

    pub fn places() -> Vec<PathBuf> {
        vec![PathBuf::new()]
    }

    pub fn take(_: &Path) -> Result<Mark, Denied> {
        Ok(Mark)
    }

    impl Mark {
        pub fn keep(&mut self) -> bool {
            true
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::system::take;
    use super::*;
    use std::fs;
    use std::os::unix::net::{UnixListener, UnixStream};

    /// A path for a socket, cleared away at the end.
    struct Socket(PathBuf);

    impl Socket {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("elman-{name}-{}", std::process::id()));
            let _ = fs::remove_file(&path);
            Socket(path)
        }
    }

    impl Drop for Socket {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    /// What a killed process leaves: a socket that nobody listens on.
    fn leave_dead(path: &Path) {
        let _ = fs::remove_file(path);
        drop(UnixListener::bind(path).unwrap());
        assert!(path.exists());
    }

    #[test]
    fn one_at_a_time_holds_a_lock() {
        let socket = Socket::new("lock-one");
        let mut mark = take(&socket.0).unwrap();
        for _ in 0..300 {
            assert!(matches!(take(&socket.0), Err(Denied::Held)));
            assert!(mark.keep());
        }
        drop(mark);
        assert!(!socket.0.exists());
        assert!(take(&socket.0).is_ok());
    }

    #[test]
    fn a_dead_owner_s_lock_is_taken_over() {
        let socket = Socket::new("lock-dead");
        leave_dead(&socket.0);
        let mut mark = take(&socket.0).unwrap();
        assert!(mark.keep());
        assert!(matches!(take(&socket.0), Err(Denied::Held)));
    }

    #[test]
    fn of_many_who_find_a_dead_owner_one_takes_over() {
        let socket = Socket::new("lock-many");
        let mut rounds = 0;
        for _ in 0..20 {
            leave_dead(&socket.0);
            let marks: Vec<_> = std::thread::scope(|scope| {
                let takers: Vec<_> = (0..8).map(|_| scope.spawn(|| take(&socket.0))).collect();
                (takers.into_iter())
                    .filter_map(|taker| taker.join().unwrap().ok())
                    .collect()
            });
            let mut held = marks;
            held.retain_mut(|mark| mark.keep());
            assert!(held.len() <= 1, "{} hold the lock", held.len());
            rounds += held.len();
        }
        // On a busy machine all may give up.
        assert!(rounds > 0);
    }

    /// Somebody slow, who found the same dead owner, removes what has taken its place meanwhile.
    #[test]
    fn whoever_is_too_slow_never_shares_a_lock() {
        let socket = Socket::new("lock-slow");
        let other = Socket::new("lock-slower");
        for _ in 0..20 {
            leave_dead(&socket.0);
            let _listener = UnixListener::bind(&other.0).unwrap();
            std::thread::scope(|scope| {
                let taker = scope.spawn(|| take(&socket.0));
                while UnixStream::connect(&socket.0).is_err() {}
                fs::rename(&other.0, &socket.0).unwrap();
                if let Ok(mut mark) = taker.join().unwrap() {
                    assert!(!mark.keep());
                }
            });
        }
    }

    #[test]
    fn a_lock_that_another_has_taken_is_lost() {
        let socket = Socket::new("lock-lost");
        let mut mark = take(&socket.0).unwrap();
        // A caller that still waits to be let in is no sign of the path.
        assert!(matches!(take(&socket.0), Err(Denied::Held)));
        fs::remove_file(&socket.0).unwrap();
        let other = take(&socket.0).unwrap();
        assert!(!mark.keep());
        // Whoever lost it leaves the other's alone.
        drop(mark);
        assert!(socket.0.exists());
        drop(other);
    }

    #[test]
    fn a_lock_that_was_cleared_away_is_set_up_again() {
        let socket = Socket::new("lock-cleared");
        let mut mark = take(&socket.0).unwrap();
        fs::remove_file(&socket.0).unwrap();
        assert!(mark.keep());
        assert!(matches!(take(&socket.0), Err(Denied::Held)));
        assert!(mark.keep());
    }

    #[test]
    fn where_no_socket_can_be_there_is_no_place() {
        let long = std::env::temp_dir().join("x".repeat(120));
        let none = std::env::temp_dir().join("elman-none").join("lock");
        for path in [long, none] {
            assert!(matches!(take(&path), Err(Denied::NoPlace(_))));
        }
    }

    #[test]
    fn every_name_of_a_folder_has_one_lock() {
        let name = format!("elman-lock-names-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(folder.join("run")).unwrap();
        std::os::unix::fs::symlink("run", folder.join("link")).unwrap();
        let lock = Lock::take(&folder.join("run")).unwrap();
        for other in ["run", "link", "run/../run"] {
            let path = folder.join(other);
            let Err(Failure::Failed(message)) = Lock::take(&path) else {
                panic!("{other} is another lock");
            };
            assert!(message.starts_with(&format!("{}: another run", path.display())));
        }
        drop(lock);
        assert!(Lock::take(&folder.join("link")).is_ok());
        fs::remove_dir_all(&folder).unwrap();
    }
}
