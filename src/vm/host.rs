//! The world outside of an instance: output, input, arguments, clock, files. An embedder supplies his own.

use std::io::{self, BufRead, ErrorKind, Write};
use std::time::Instant;

use super::fault::Fault;

/// How much output is gathered before it is written.
const OUTPUT_BYTES: usize = 1 << 16;

/// The files that a script may read and write.
pub trait Files: Send {
    /// Opens a file to be read from its start.
    fn open(&mut self, path: &str) -> io::Result<Box<dyn io::Read>>;
    /// Creates a file or replaces its contents.
    fn write(&mut self, path: &str, contents: &[u8]) -> io::Result<()>;
}

/// The files of the system.
pub struct SystemFiles;

impl Files for SystemFiles {
    fn open(&mut self, path: &str) -> io::Result<Box<dyn io::Read>> {
        let file = std::fs::File::open(path)?;
        Ok(Box::new(file))
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> io::Result<()> {
        std::fs::write(path, contents)
    }
}

/// No files at all.
pub struct NoFiles;

impl Files for NoFiles {
    fn open(&mut self, _path: &str) -> io::Result<Box<dyn io::Read>> {
        Err(ErrorKind::PermissionDenied.into())
    }

    fn write(&mut self, _path: &str, _contents: &[u8]) -> io::Result<()> {
        Err(ErrorKind::PermissionDenied.into())
    }
}

/// What an instance sees of the world.
pub struct Host {
    output: Box<dyn Write + Send>,
    /// Output not written yet.
    pending: Vec<u8>,
    /// Whether each line is written at once.
    line_buffered: bool,
    input: Box<dyn BufRead + Send>,
    /// A line that has been read, but not been given to the program yet.
    line: Option<Vec<u8>>,
    /// The beginning of a line whose reading was interrupted.
    begun: Vec<u8>,
    pub files: Box<dyn Files>,
    /// What `args()` gives.
    pub args: Vec<String>,
    start: Instant,
}

impl Default for Host {
    /// Standard output and input of the process, and the files of the system.
    fn default() -> Host {
        let line_buffered = io::IsTerminal::is_terminal(&io::stdout());
        let mut host = Host::new(
            Box::new(io::stdout()),
            Box::new(io::BufReader::new(io::stdin())),
            Box::new(SystemFiles),
        );
        host.line_buffered = line_buffered;
        host
    }
}

impl Host {
    /// A host with these ways out and in.
    pub fn new(output: Box<dyn Write + Send>, input: Box<dyn BufRead + Send>, files: Box<dyn Files>) -> Host {
        let (pending, args) = (Vec::new(), Vec::new());
        let (line, begun) = (None, Vec::new());
        Host { output, pending, line_buffered: false, input, line, begun, files, args, start: Instant::now() }
    }

    /// A host without output, input and files.
    pub fn none() -> Host {
        Host::new(Box::new(io::sink()), Box::new(io::empty()), Box::new(NoFiles))
    }

    /// Another output.
    pub fn set_output(&mut self, output: Box<dyn Write + Send>) {
        self.output = output;
        self.line_buffered = false;
    }

    /// Another input.
    pub fn set_input(&mut self, input: Box<dyn BufRead + Send>) {
        self.input = input;
    }

    /// Has each line written at once, as on a terminal.
    pub fn set_line_buffered(&mut self, line_buffered: bool) {
        self.line_buffered = line_buffered;
    }

    /// Writes to the output, sooner or later.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.pending.len() + bytes.len() > OUTPUT_BYTES {
            self.write_pending()?;
            if bytes.len() > OUTPUT_BYTES {
                return self.output.write_all(bytes).map_err(output_failed);
            }
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    /// Ends a line of output.
    pub fn end_line(&mut self) -> Result<(), Fault> {
        self.write(b"\n")?;
        if self.line_buffered { self.flush() } else { Ok(()) }
    }

    fn write_pending(&mut self) -> Result<(), Fault> {
        let result = self.output.write_all(&self.pending);
        // What could not be written is lost: the run ends.
        self.pending.clear();
        result.map_err(output_failed)
    }

    /// Writes what is left to be written.
    pub fn flush(&mut self) -> Result<(), Fault> {
        if !self.pending.is_empty() {
            self.write_pending()?;
        }
        self.output.flush().map_err(output_failed)
    }

    /// The next line of input without its end (LF or CRLF), after writing a prompt; `None` at the end of the input. It stays the
    /// next one until [`Host::take_line`], so that an instruction that is run once more gets the same.
    ///
    /// `Interrupted` means that waiting for input was interrupted: nothing is lost, and one may ask again.
    pub fn next_line(&mut self, prompt: &[u8], most: usize) -> Result<io::Result<Option<&[u8]>>, Fault> {
        if self.line.is_none() {
            self.write(prompt)?;
            self.flush()?;
            match self.read_line(most) {
                Ok(line) => self.line = line,
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(self.line.as_deref()))
    }

    /// The line has reached the program.
    pub fn take_line(&mut self) {
        self.line = None;
    }

    fn read_line(&mut self, most: usize) -> io::Result<Option<Vec<u8>>> {
        let mut line = std::mem::take(&mut self.begun);
        loop {
            let available = match self.input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    self.begun = line;
                    return Err(error);
                }
                other => other?,
            };
            if available.is_empty() {
                return Ok((!line.is_empty()).then_some(line));
            }
            let end = available.iter().position(|&byte| byte == b'\n');
            let piece = &available[..end.unwrap_or(available.len())];
            if piece.len() > most.saturating_sub(line.len()) || line.try_reserve(piece.len()).is_err() {
                return Err(ErrorKind::OutOfMemory.into());
            }
            line.extend_from_slice(piece);
            let used = piece.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(line));
            }
        }
    }

    /// A monotonic clock, in seconds.
    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Nobody is left whom a failure could be reported to.
        let _ = self.flush();
    }
}

fn output_failed(error: io::Error) -> Fault {
    Fault::OutputFailed(error.kind())
}

/// What the system says of a failed access to a file, without the number that Rust adds.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn host(input: &'static str) -> Host {
        Host::new(Box::new(Broken), Box::new(input.as_bytes()), Box::new(NoFiles))
    }

    #[test]
    fn lines_of_all_kinds() {
        let mut host = host("one\r\n\ntwo\rx\nlast\r");
        let mut next = || host.read_line(100).unwrap().map(|line| String::from_utf8(line).unwrap());
        assert_eq!(next().as_deref(), Some("one"));
        assert_eq!(next().as_deref(), Some(""));
        assert_eq!(next().as_deref(), Some("two\rx"));
        assert_eq!(next().as_deref(), Some("last\r"));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_broken_pipe_is_told() {
        let mut host = host("");
        assert_eq!(host.write(b"x"), Ok(()));
        assert_eq!(host.flush(), Err(Fault::OutputFailed(ErrorKind::BrokenPipe)));
        host.set_line_buffered(true);
        assert_eq!(host.end_line(), Err(Fault::OutputFailed(ErrorKind::BrokenPipe)));
        assert_eq!(host.write(&[0; 100_000]), Err(Fault::OutputFailed(ErrorKind::BrokenPipe)));
    }

    #[test]
    #[cfg_attr(miri, ignore = "asks the system")]
    fn reasons_are_words() {
        let error = io::Error::from_raw_os_error(2);
        assert!(!reason(&error).contains("os error"), "{}", reason(&error));
    }
}
