//! Signals that ask the program to end: the first one in good order, the second one at once.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator;

use crate::report::progress::Eraser;

/// The exit code after a second wish to stop.
const INTERRUPTED: i32 = 130;

/// Hears the signals for as long as the program runs.
#[derive(Clone, Default)]
pub struct Signals(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    is_asked: bool,
    /// Asks whatever is at work to end.
    ask: Option<Box<dyn Fn() + Send>>,
    eraser: Eraser,
}

impl Signals {
    /// Begins to hear.
    ///
    /// # Errors
    /// Fails when the system does not allow it.
    pub fn hear() -> io::Result<Self> {
        let mut signals = iterator::Signals::new([SIGINT, SIGTERM])?;
        let heard = Self::default();
        let hearing = heard.clone();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for _ in signals.forever() {
                hearing.heard();
            }
        })?;
        Ok(heard)
    }

    fn heard(&self) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.is_asked {
            heard.eraser.clone().erase();
            // What was being written has a temporary name, which the next run finds in the journal.
            std::process::exit(INTERRUPTED);
        }
        heard.is_asked = true;
        heard.ask.iter().for_each(|ask| ask());
    }

    /// Says how what is at work now is asked to end, and what takes its progress away. It is asked at once when that was wished before.
    pub fn ask_by(&self, ask: impl Fn() + Send + 'static, eraser: Eraser) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.is_asked {
            ask();
        }
        heard.ask = Some(Box::new(ask));
        heard.eraser = eraser;
    }

    /// Says whether the program was asked to end.
    pub fn is_asked(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_asked
    }
}
