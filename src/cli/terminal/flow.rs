//! Standard output that shows soon what is written, and is fast for much output.

use std::io::{self, StdoutLock, Write};
use std::time::{Duration, Instant};

/// A delay that nobody notices.
const SOON: Duration = Duration::from_millis(10);
/// The most bytes that wait.
const MOST: usize = 1 << 14;

/// A writer whose bytes wait until [`SOON`] has passed since the last flush, or until [`MOST`] have come. Flush it before a
/// pause.
pub struct Flow<W: Write = StdoutLock<'static>> {
    output: W,
    waiting: Vec<u8>,
    shown: Instant,
}

impl Flow {
    pub fn new() -> Self {
        Flow::to(io::stdout().lock())
    }
}

impl<W: Write> Flow<W> {
    fn to(output: W) -> Self {
        Flow { output, waiting: Vec::with_capacity(MOST), shown: Instant::now() }
    }
}

impl<W: Write> Write for Flow<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= MOST || self.shown.elapsed() >= SOON {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.write_all(&self.waiting)?;
        self.waiting.clear();
        self.output.flush()?;
        self.shown = Instant::now();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;

    #[test]
    fn what_is_written_is_shown_soon_and_much_of_it_at_once() {
        let mut flow = Flow::to(Vec::new());
        flow.shown = Instant::now() + Duration::from_secs(60);
        flow.write_all(b"wait").unwrap();
        assert_eq!(flow.output, b"");
        flow.shown = Instant::now();
        sleep(SOON);
        flow.write_all(b"ed").unwrap();
        assert_eq!(flow.output, b"waited");
        flow.shown = Instant::now() + Duration::from_secs(60);
        flow.write_all(&[b'x'; MOST - 1]).unwrap();
        assert_eq!(flow.output, b"waited");
        flow.write_all(b"x").unwrap();
        assert_eq!(flow.output.len(), b"waited".len() + MOST);
        flow.write_all(b".").unwrap();
        flow.flush().unwrap();
        assert!(flow.output.ends_with(b"xx."));
    }
}
