//! What the figures were measured on. Linux only; elsewhere the facts are left out.

use std::fs;

/// One line: processor, cores, memory, and how busy the machine was before the measurement.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = line("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = line("/proc/meminfo", "MemTotal").and_then(|text| kib(&text));
    let memory = memory.map_or_else(String::new, |kib| format!(", {:.1} GiB of memory", gib(kib)));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().map_or_else(String::new, |load| format!(", load {load}"));
    format!("{model}, {cores} cores{memory}{load}")
}

/// A process's peak of resident memory, in MiB.
pub(crate) fn peak_mib(process: u32) -> Option<f64> {
    let kib = kib(&line(&format!("/proc/{process}/status"), "VmHWM")?)?;
    Some(f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0)
}

/// A process's user and system time, in seconds.
pub(crate) fn cpu_seconds(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the name, which may hold anything: user and system time are the 14th and 15th field, in hundredths of a
    // second (proc_pid_stat(5); `USER_HZ` is 100 wherever Linux runs on processors of Lambda's kinds).
    let (_, fields) = text.rsplit_once(')')?;
    let times: Vec<u32> = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    (times.len() == 2).then(|| f64::from(times.iter().sum::<u32>()) / 100.0)
}

/// The processes that a process started, from any of its threads.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let texts = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    texts
        .flat_map(|text| text.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<u32>>())
        .collect()
}

fn line(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let (_, value) = text.lines().find(|line| line.starts_with(name))?.split_once(':')?;
    Some(value.trim().to_owned())
}

fn kib(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

fn gib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib / 1024).unwrap_or(u32::MAX)) / 1024.0
}
