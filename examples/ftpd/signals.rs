//! Signals: those that end the server, and the one that has it read its configuration again.

use std::io;
use std::sync::Arc;
use std::thread;

/// Calls `end` on SIGTERM and SIGINT, and on Ctrl-C and Ctrl-Break. A second one ends the process at
/// once. This system has no SIGHUP.
#[cfg(windows)]
pub fn handle(end: impl Fn() + Send + 'static, _: Option<impl FnMut() + Send + 'static>) -> io::Result<()> {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use signal_hook::consts::{SIGINT, SIGTERM};

    let (ended, at_once) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first one only arms it.
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&at_once))?;
        signal_hook::flag::register(signal, Arc::clone(&at_once))?;
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    thread::Builder::new().name("signals".into()).spawn(move || {
        // A handler can only set a flag there, which no thread can wait for.
        while !ended.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(100));
        }
        end();
    })?;
    Ok(())
}

/// Calls `end` on SIGTERM and SIGINT, and `reload` on SIGHUP. A second signal that ends the server
/// ends the process at once. Without `reload`, SIGHUP ends the server too, unless it was ignored at
/// the start.
#[cfg(unix)]
pub fn handle(
    end: impl Fn() + Send + 'static,
    mut reload: Option<impl FnMut() + Send + 'static>,
) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;

    // This signal would end the process at an upload that exceeds the limit of file sizes. With it
    // handled, the upload is refused.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let has_hangup = reload.is_some() || !ignores(SIGHUP);
    let handled = [SIGTERM, SIGINT, SIGHUP].into_iter().filter(|signal| *signal != SIGHUP || has_hangup);
    let mut signals = Signals::new(handled)?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        let mut is_ending = false;
        for signal in signals.forever() {
            match &mut reload {
                Some(reload) if signal == SIGHUP => reload(),
                _ if std::mem::replace(&mut is_ending, true) => std::process::exit(1),
                _ => end(),
            }
        }
    })?;
    Ok(())
}

/// Returns whether a signal is ignored, as SIGHUP is under `nohup`. Linux reports that for each
/// process.
#[cfg(unix)]
fn ignores(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}
