//! Cleans up after an interruption: a file that is being written is removed before the process ends.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

/// The file that is being written. Whoever ends the process holds the lock, so that none is made meanwhile.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

fn unfinished() -> MutexGuard<'static, Option<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a file that an interruption removes, until [`finish`] gives it its name.
pub(super) fn start(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<NamedTempFile> {
    #[cfg(unix)]
    signals::watch();
    let mut unfinished = unfinished();
    let file = make()?;
    *unfinished = Some(file.path().to_path_buf());
    Ok(file)
}

/// Gives a whole file its name; what had the name is replaced.
pub(super) fn finish(file: NamedTempFile, target: &Path) -> io::Result<()> {
    let mut unfinished = unfinished();
    file.persist(target).map_err(|error| error.error)?;
    *unfinished = None;
    Ok(())
}

#[cfg(unix)]
mod signals {
    use std::sync::Once;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    /// Waits for signals on a thread of its own; each then ends the process as it would have without.
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
            // Without the thread an interruption ends the process as ever.
            let _ = std::thread::Builder::new().spawn(wait);
        });
    }

    /// The signals that the caller wants to be ignored, such as by `nohup`: bit 0 is the first.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        line.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
    }
}
