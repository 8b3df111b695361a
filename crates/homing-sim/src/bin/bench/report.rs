//! The table, and what the disk did meanwhile.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

/// How long the disk is asked.
const PROBE: Duration = Duration::from_secs(1);

/// One row of the table.
#[derive(Serialize)]
pub struct Row {
    pub what: String,
    pub measured: String,
    pub floor: String,
    pub target: String,
    /// None: the row has no target of its own.
    pub met: Option<bool>,
}

#[derive(Serialize)]
pub struct Report {
    fsyncs_before: u64,
    fsyncs_after: u64,
    cores: usize,
    rows: Vec<Row>,
}

impl Report {
    pub fn new(probe: &Path) -> Result<Self> {
        let fsyncs_before = fsyncs(probe)?;
        println!("fsync probe: {fsyncs_before}/s");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { fsyncs_before, fsyncs_after: 0, cores, rows: Vec::new() })
    }

    pub fn row(&mut self, what: &str, measured: String, floor: String, target: &str, met: Option<bool>) {
        let mark = match met {
            Some(true) => "ok  ",
            Some(false) => "MISS",
            None => "    ",
        };
        println!("{mark} {what}\n       {measured}\n       floor: {floor}; target: {target}");
        self.rows.push(Row { what: what.to_owned(), measured, floor, target: target.to_owned(), met });
    }

    pub fn finish(mut self, probe: &Path, out: Option<&Path>) -> Result<()> {
        self.fsyncs_after = fsyncs(probe)?;
        println!(
            "fsync probe: {}/s before, {}/s after; {} cores",
            self.fsyncs_before, self.fsyncs_after, self.cores
        );
        if let Some(out) = out {
            std::fs::write(out, serde_json::to_vec_pretty(&self)?)?;
        }
        Ok(())
    }
}

/// Small writes made durable one after the other, per second.
fn fsyncs(path: &Path) -> Result<u64> {
    let mut file = File::create(path)?;
    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < PROBE {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(count)
}

/// Durations of one thing, many times.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Does something so many times.
    pub fn of(count: usize, mut work: impl FnMut(usize) -> Result<()>) -> Result<Self> {
        let mut times = Self::default();
        for n in 0..count {
            let begin = Instant::now();
            work(n)?;
            times.add(begin.elapsed());
        }
        Ok(times)
    }

    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn percent(&mut self, percent: usize) -> Duration {
        self.0.sort_unstable();
        let at = self.0.len().saturating_sub(1) * percent / 100;
        self.0.get(at).copied().unwrap_or_default()
    }

    /// The median and the slowest of a hundred.
    pub fn text(&mut self) -> String {
        format!("p50 {}, p99 {}", ms(self.percent(50)), ms(self.percent(99)))
    }
}

pub fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

pub fn ratio(of: Duration, to: Duration) -> f64 {
    of.as_secs_f64() / to.as_secs_f64().max(1e-9)
}

/// Per second, as a whole number.
pub fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(1e-9)
}

/// Resident memory of a process in KiB; none where the system does not say it in a file.
pub fn resident_kib(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
