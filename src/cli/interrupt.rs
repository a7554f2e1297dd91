//! Cleans up after an interruption: a file that is being written is removed before the process ends.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

/// The path of the unfinished file. A signal handler holds the lock until the process ends, so that no new file is made
/// meanwhile.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

fn unfinished() -> MutexGuard<'static, Option<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a file that a signal removes, until [`finish`] gives it its final name.
pub(super) fn start(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<NamedTempFile> {
    #[cfg(unix)]
    signals::watch();
    let mut unfinished = unfinished();
    let file = make()?;
    *unfinished = Some(file.path().to_path_buf());
    Ok(file)
}

/// Renames a complete file to its target and replaces what was there.
pub(super) fn finish(file: NamedTempFile, target: &Path) -> io::Result<()> {
    let mut unfinished = unfinished();
    file.persist(target).map_err(|error| error.error)?;
    *unfinished = None;
    Ok(())
}

/// Removes the file that is being written, where the process ends for want of memory.
pub(super) fn remove_unfinished() {
    // The thread that ends the process may hold the lock itself.
    if let Ok(unfinished) = UNFINISHED.try_lock()
        && let Some(path) = unfinished.as_ref()
    {
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(unix)]
mod signals {
    use std::sync::Once;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    /// Starts a thread that waits for signals, removes the unfinished file, and ends the process as the signal would
    /// have.
    pub(super) fn watch() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let ignored = ignored();
            let wanted =
                [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
            let Ok(mut signals) = Signals::new(wanted) else { return };
            let wait = move || {
                if let Some(signal) = signals.forever().next() {
                    let unfinished = super::unfinished();
                    if let Some(path) = unfinished.as_ref() {
                        let _ = std::fs::remove_file(path);
                    }
                    let _ = emulate_default_handler(signal);
                }
            };
            // If the thread cannot be started, a signal ends the process at once and leaves the unfinished file.
            let _ = std::thread::Builder::new().spawn(wait);
        });
    }

    /// The signals that the process inherited as ignored, for example from `nohup`: bit 0 is signal 1.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        line.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
    }
}
