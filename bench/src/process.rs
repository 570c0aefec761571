//! Processes that are measured: started on a given core, spoken to by lines, read out of `/proc`, ended with their owner.
//!
//! Left out: other systems than Linux. Invariant: a [`Child`] that is dropped is killed and waited for, so a failed run leaves nothing.

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// What Linux counts processor time in for other processes, everywhere: USER_HZ.
const TICK: Duration = Duration::from_millis(10);

/// A process that reads and writes lines.
pub(crate) struct Child {
    process: std::process::Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    name: String,
}

impl Child {
    /// Starts `program`, on `core` if one is given.
    pub(crate) fn start<A: AsRef<OsStr>>(
        program: &Path,
        args: impl IntoIterator<Item = A>,
        core: Option<usize>,
    ) -> anyhow::Result<Self> {
        let name = program
            .file_name()
            .map_or_else(String::new, |name| name.display().to_string());
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &core.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let mut process = command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().context("the child has no output")?);
        Ok(Self {
            process,
            input,
            output,
            name,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends a line.
    pub(crate) fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("the child's input is closed")?;
        writeln!(input, "{line}")
            .and_then(|()| input.flush())
            .with_context(|| format!("{} does not listen", self.name))
    }

    /// Waits for a line.
    pub(crate) fn hear(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self
            .output
            .read_line(&mut line)
            .with_context(|| format!("{} cannot be read", self.name))?
            == 0
        {
            bail!("{} ended before it answered; what it wrote is above", self.name);
        }
        Ok(line.trim_end().to_owned())
    }

    /// Waits for the first line that is a JSON object, and reads it.
    pub(crate) fn hear_json<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        loop {
            let line = self.hear()?;
            if line.starts_with('{') {
                return serde_json::from_str(&line)
                    .with_context(|| format!("{} answered: {line}", self.name));
            }
        }
    }

    /// Asks to end as an init system does, and waits.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let told = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status()?;
        anyhow::ensure!(told.success(), "{} cannot be told to stop", self.name);
        let status = self.process.wait()?;
        anyhow::ensure!(status.success(), "{} did not stop cleanly: {status}", self.name);
        Ok(())
    }

    /// Waits for an end that comes by itself.
    pub(crate) fn wait(mut self) -> anyhow::Result<()> {
        self.input = None;
        let status = self.process.wait()?;
        anyhow::ensure!(status.success(), "{} failed: {status}", self.name);
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already, and then both are refused, which is what was wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The processors that this process may use.
pub(crate) fn cores() -> anyhow::Result<Vec<usize>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .context("/proc/self/status names no processors")?;
    let mut cores = Vec::new();
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.parse::<usize>()?..=last.parse()?);
    }
    Ok(cores)
}

/// Time on a processor of the first thread of `pid`, in nanoseconds. Exact while that thread waits.
pub(crate) fn thread_nanoseconds(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/schedstat"))
        .context("this kernel does not tell processor times (CONFIG_SCHED_INFO)")?;
    let first = text.split(' ').next().unwrap_or_default();
    Ok(first.parse()?)
}

/// Time on a processor of all threads that `pid` has or had, in steps of 10 ms.
pub(crate) fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let [user, system, ..] = times(pid)?;
    Ok(TICK * (user + system))
}

/// The same with its children, those that ended included (a database server with a process for each connection).
pub(crate) fn family_cpu(pid: u32) -> anyhow::Result<Duration> {
    let mut ticks: u32 = times(pid)?.iter().sum();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(other) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // It may end between the look and the read; then it is in the parent's count of ended children next time.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{other}/stat")) else {
            continue;
        };
        if fields(&stat).nth(1) == Some(pid.to_string().as_str()) {
            ticks += times_of(&stat)?.iter().sum::<u32>();
        }
    }
    Ok(TICK * ticks)
}

/// The fields of a stat line after the name, which may hold blanks: state, parent, …
fn fields(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .split_whitespace()
}

fn times(pid: u32) -> anyhow::Result<[u32; 4]> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} is gone"))?;
    times_of(&stat)
}

/// User, system, and both of ended children.
fn times_of(stat: &str) -> anyhow::Result<[u32; 4]> {
    let mut times = fields(stat).skip(11).map(str::parse);
    let mut next = || anyhow::Ok(times.next().context("the stat line is short")??);
    Ok([next()?, next()?, next()?, next()?])
}

/// Memory of a process in KiB.
#[derive(Debug, Clone, Copy, Serialize, serde::Deserialize)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) resident_kib: u64,
    /// The most that was ever resident.
    pub(crate) peak_kib: u64,
}

/// Reads it.
pub(crate) fn memory(pid: u32) -> anyhow::Result<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .with_context(|| format!("no {name}"))?;
        anyhow::Ok(line.trim().trim_end_matches(" kB").parse::<u64>()?)
    };
    Ok(Memory {
        resident_kib: field("VmRSS:")?,
        peak_kib: field("VmHWM:")?,
    })
}

/// How busy the machine is: runnable processes, averaged over the last minute.
pub(crate) fn load_average() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().parse()?)
}

/// Tells the person who waits.
#[expect(
    clippy::print_stderr,
    reason = "a command that takes minutes says where it is"
)]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// The middle one; of an even number the lower of the two.
pub(crate) fn median<T: Copy + PartialOrd>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_out() {
        let own = std::process::id();
        let before = cpu(own).expect("proc");
        let mut sum = 0_u64;
        while cpu(own).expect("proc") < before + 2 * TICK {
            sum = std::hint::black_box(sum + 1);
        }
        let alone = cpu(own).expect("proc");
        assert!(family_cpu(own).expect("proc") >= alone);
        assert!(thread_nanoseconds(own).expect("proc") > 0);
        let memory = memory(own).expect("proc");
        assert!(memory.resident_kib > 0 && memory.peak_kib >= memory.resident_kib);
        assert!(!cores().expect("proc").is_empty());
    }

    #[test]
    fn a_stat_line_with_blanks_and_brackets_in_the_name() {
        let stat = "42 (a b) c) S 7 42 42 0 -1 0 0 0 0 0 11 12 13 14 20 0 1 0 5 0 0";
        assert_eq!(fields(stat).nth(1), Some("7"));
        assert_eq!(times_of(stat).expect("it is long enough"), [11, 12, 13, 14]);
    }

    #[test]
    fn medians() {
        assert_eq!(median::<u32>(&[]), None);
        assert_eq!(median(&[3, 1, 2]), Some(2));
        assert_eq!(median(&[4, 1, 2, 3]), Some(2));
    }
}
