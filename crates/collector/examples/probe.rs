//! Throw-away.
#![allow(
    clippy::all,
    clippy::pedantic,
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "x"
)]
use collector::*;
use std::sync::Arc;
use std::time::Instant;
use store::*;
fn cpu() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1e9
}
fn rss() -> String {
    std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS"))
        .map(|l| l.split_whitespace().nth(1).unwrap().to_owned())
        .collect::<Vec<_>>()
        .join("/")
}
struct M(std::cell::Cell<f64>);
impl Monitor for M {
    fn report(&self, p: &Progress<'_>) {
        if p.stage == Stage::Committing {
            self.0.set(cpu());
        }
    }
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let storage: Arc<dyn Storage> = match std::env::var("STORE") {
        Ok(p) => Arc::new(LocalStorage::new(std::path::PathBuf::from(p))),
        Err(_) => Arc::new(MemoryStorage::new()),
    };
    let now = || jiff::Timestamp::now();
    let _ = now;
    if Archive::open(Arc::clone(&storage), &Secrets::default()).is_err() {
        Archive::create(
            &storage,
            &CreateOptions {
                tenant: "t".into(),
                slots: vec![SlotChoice::Unprotected],
                tool: "t".into(),
                now: jiff::Timestamp::now(),
            },
        )
        .unwrap();
    }
    let mut writer = Writer::open(
        Arc::clone(&storage),
        &Secrets::default(),
        WriterOptions {
            tool: "t".into(),
            now: jiff::Timestamp::now,
        },
    )
    .unwrap();
    let accept = std::env::var("ACCEPT").is_ok();
    let delta = std::env::var("DELTA").is_ok();
    let quiet = std::env::var("QUIET").is_ok();
    let format = std::env::var("FORMAT")
        .map(|f| f.parse().unwrap())
        .unwrap_or(Format::Auto);
    let mut t: Option<i64> = std::env::var("T0").ok().map(|x| x.parse().unwrap());
    for path in &args {
        let request = ImportRequest {
            path: path.into(),
            accept_deletions: accept,
            delta,
            format,
            taken_at: t.map(|t| jiff::Timestamp::from_second(t).unwrap()),
            ..Default::default()
        };
        t = t.map(|t| t + 86400);
        let (at, c) = (Instant::now(), cpu());
        let m = M(std::cell::Cell::new(0.0));
        match import(&mut writer, &request, &m) {
            Err(e) => println!("{path}: ERROR {e}"),
            Ok(report) => {
                println!(
                    "{path}: {:?} read cpu {:.3} cpu {:.3}s rss {} snapshots {} already {} rejected {} doubtful {} files {} bytes {} ignored {}",
                    at.elapsed(),
                    m.0.get() - c,
                    cpu() - c,
                    rss(),
                    report.snapshots.len(),
                    report.already,
                    report.rejected,
                    report.doubtful,
                    report.files,
                    report.bytes_read,
                    report.ignored
                );
                if !quiet {
                    for s in report.snapshots.iter().rev().take(1) {
                        println!(
                            "  #{} {} {} +{}",
                            s.number, s.taken_at, s.version, s.bytes_added
                        );
                        for k in &s.kinds {
                            println!(
                                "    {} {:?} alive {} new {} opened {} closed {}",
                                k.kind, k.state, k.alive, k.new_versions, k.opened, k.closed
                            );
                        }
                    }
                    for f in report
                        .findings
                        .iter()
                        .take(std::env::var("N").map(|n| n.parse().unwrap()).unwrap_or(25))
                    {
                        println!("  {:?} {} [{}] {}", f.verdict, f.file, f.place, f.reason);
                    }
                    for s in &report.suspected {
                        println!("  SUSPECTED {s:?}");
                    }
                }
            }
        }
    }
}
