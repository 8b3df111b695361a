//! Processes that end with the test that started them.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// How long a killed process may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(10);
/// How long a process may take to do what it was started for and end.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// A process and all it starts, as one process group; killed when dropped.
pub struct Group {
    leader: Child,
}

impl Group {
    /// Starts `command` as the leader of a new group.
    pub fn spawn(command: &mut Command) -> Self {
        let leader = command
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{:?} does not start: {error}", command.get_program()));
        Self { leader }
    }

    /// The leader's output; once.
    pub fn take_stdout(&mut self) -> ChildStdout {
        self.leader.stdout.take().unwrap()
    }

    /// The leader's input; once.
    pub fn take_stdin(&mut self) -> ChildStdin {
        self.leader.stdin.take().unwrap()
    }

    /// Whether the leader has ended.
    pub fn ended(&mut self) -> bool {
        self.leader.try_wait().unwrap().is_some()
    }

    /// Waits until the leader has ended by itself; whether it says that all went well.
    pub fn wait_end(&mut self) -> bool {
        let deadline = Instant::now() + ENDS_WITHIN;
        loop {
            if let Some(status) = self.leader.try_wait().unwrap() {
                return status.success();
            }
            assert!(Instant::now() < deadline, "the process does not end by itself");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The one live process of the group that runs `program`, if there is one.
    pub fn running(&self, program: &Path) -> Option<u32> {
        members(self.leader.id())
            .into_iter()
            .find(|pid| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program))
    }

    /// Kills the group and returns once none of it runs any more, so that locks and ports are free.
    pub fn kill(&mut self) {
        let pid = Pid::from_child(&self.leader);
        // An empty group can't be signalled; then there is nothing to kill.
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        let _ = self.leader.wait();
        let deadline = Instant::now() + GONE_WITHIN;
        while !members(self.leader.id()).is_empty() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks one process to end and waits until it has.
pub fn end(pid: u32) {
    send(pid, Signal::TERM);
}

/// Kills one process without notice, as a crash would, and waits until it is gone.
pub fn kill_hard(pid: u32) {
    send(pid, Signal::KILL);
}

fn send(pid: u32, signal: Signal) {
    let target = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(target, signal).unwrap();
    let deadline = Instant::now() + GONE_WITHIN;
    while is_live(pid) {
        assert!(Instant::now() < deadline, "process {pid} did not end after {signal:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Makes a folder only its owner can use, as a session's runtime folder must be.
pub fn make_private(path: &Path) {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
}

/// State letter and process group of a process. The name before them may hold spaces and parentheses.
fn state(pid: u32) -> Option<(char, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let letter = fields.next()?.chars().next()?;
    let group = fields.nth(1)?.parse().ok()?;
    Some((letter, group))
}

/// A zombie holds no lock and no port: it only waits to be counted.
fn is_live(pid: u32) -> bool {
    state(pid).is_some_and(|(letter, _)| letter != 'Z' && letter != 'X')
}

fn members(group: u32) -> Vec<u32> {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| state(*pid).is_some_and(|(_, of)| of == group) && is_live(*pid))
        .collect()
}
