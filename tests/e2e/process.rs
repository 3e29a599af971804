//! Real processes: started with an environment that holds nothing of this machine, listened to line by line, stopped
//! by signals, and never left behind.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write},
    mem,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};

/// How long a process may say nothing before it is taken to hang.
const SILENCE: Duration = Duration::from_secs(180);

/// A process to be started. Its environment is empty but for `PATH`, and for a `HOME` in its own folder.
#[derive(Debug)]
pub(crate) struct Invocation {
    command: Command,
    input: String,
}

impl Invocation {
    /// `program`, to be started in `folder`.
    pub(crate) fn of(program: impl AsRef<OsStr>, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.current_dir(folder).env_clear().env("HOME", folder);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        Self { command, input: String::new() }
    }

    /// Adds arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets one variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The same, started by a shell script that says what holds for it: there `"$0"` is the program, `"$@"` its arguments.
    pub(crate) fn under_shell(mut self, script: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(self.command.get_program()).args(self.command.get_args());
        shell.env_clear().envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(self.command.get_current_dir().unwrap_or(Path::new(".")));
        self.command = shell;
        self
    }

    /// What it reads on standard input; nothing unless set.
    pub(crate) fn input(mut self, text: &str) -> Self {
        text.clone_into(&mut self.input);
        self
    }

    /// Starts it and waits for its end.
    pub(crate) fn run(self) -> Outcome {
        self.spawn().wait()
    }

    /// Starts it.
    pub(crate) fn spawn(mut self) -> Running {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let spoken = format!("{:?}", self.command);
        let mut child =
            self.command.spawn().unwrap_or_else(|error| panic!("{spoken} does not start: {error}"));
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let input = mem::take(&mut self.input);
        // A process that ends without reading its input closes the pipe; that is its right.
        thread::spawn(move || stdin.write_all(input.as_bytes()));
        let (sender, lines) = channel();
        listen(child.stdout.take().expect("standard output is piped"), Stream::Output, sender.clone());
        listen(child.stderr.take().expect("standard error is piped"), Stream::Error, sender);
        Running { child, lines, spoken, stdout: String::new(), stderr: String::new() }
    }
}

#[derive(Clone, Copy, Debug)]
enum Stream {
    Output,
    Error,
}

/// Sends each line of a pipe on, in a thread that ends with the pipe.
fn listen(pipe: impl Read + Send + 'static, stream: Stream, sender: Sender<(Stream, String)>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            if sender.send((stream, String::from_utf8_lossy(&line).into_owned())).is_err() {
                return;
            }
        }
    });
}

/// A process that has been started; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    lines: Receiver<(Stream, String)>,
    spoken: String,
    stdout: String,
    stderr: String,
}

impl Running {
    /// Waits for a line, of either stream, that `wanted` accepts. Panics when the process ends or falls silent before.
    pub(crate) fn wait_for_line(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        while let Some(line) = self.next_line() {
            if wanted(&line) {
                return line;
            }
        }
        panic!("{} ended without the line\n{}\n{}", self.spoken, self.stdout, self.stderr);
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("process ids are positive and small");
        signal::kill(Pid::from_raw(id), signal).expect("the process can be signalled until it is waited for");
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the process was started here").is_some()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Outcome {
        while self.next_line().is_some() {}
        let status = self.child.wait().expect("the process was started here");
        Outcome {
            code: status.code(),
            signal: status.signal().and_then(|signal| Signal::try_from(signal).ok()),
            spoken: mem::take(&mut self.spoken),
            stdout: mem::take(&mut self.stdout),
            stderr: mem::take(&mut self.stderr),
        }
    }

    /// The next line of either stream, kept; `None` when both have ended.
    fn next_line(&mut self) -> Option<String> {
        let (stream, line) = match self.lines.recv_timeout(SILENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("{} says nothing any more\n{}\n{}", self.spoken, self.stdout, self.stderr)
            }
        };
        let kept = match stream {
            Stream::Output => &mut self.stdout,
            Stream::Error => &mut self.stderr,
        };
        kept.push_str(&line);
        kept.push('\n');
        Some(line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has been waited for, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a process ended and all that it said.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Its exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<Signal>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    spoken: String,
}

impl Outcome {
    /// Asserts the exit code, showing what was said when it is another.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}\n{}", self.spoken, self.stdout, self.stderr);
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{}: not JSON: {error}\n{}\n{}", self.spoken, self.stdout, self.stderr)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Invocation {
        Invocation::of("sh", Path::new("/")).args(["-c", script])
    }

    #[test]
    fn both_streams_and_the_exit_code_are_kept() {
        let outcome = shell("echo out; echo err >&2; exit 3").run().expect_code(3);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("out\n", "err\n"));
    }

    #[test]
    fn input_is_passed_on_and_json_is_read() {
        assert_eq!(shell("cat").input(r#"{"rows": 3}"#).run().json()["rows"], 3);
    }

    #[test]
    fn nothing_of_this_environment_reaches_a_process() {
        let outcome = shell("env").env("SECRET", "s3").run();
        let mut names: Vec<_> =
            outcome.stdout.lines().filter_map(|line| line.split_once('=')).map(|(n, _)| n).collect();
        names.retain(|name| !matches!(*name, "PWD" | "SHLVL" | "_" | "OLDPWD"));
        names.sort_unstable();
        assert_eq!(names, ["HOME", "PATH", "SECRET"]);
    }

    #[test]
    fn a_process_is_stopped_by_the_signal_it_is_sent() {
        let mut running = shell("echo ready; exec cat /dev/zero > /dev/null").spawn();
        running.wait_for_line(|line| line == "ready");
        running.signal(Signal::SIGTERM);
        let outcome = running.wait();
        assert_eq!((outcome.code, outcome.signal), (None, Some(Signal::SIGTERM)));
    }

    #[test]
    #[should_panic(expected = "ended without the line")]
    fn waiting_for_a_line_that_never_comes_fails() {
        shell("echo other").spawn().wait_for_line(|line| line == "ready");
    }
}
