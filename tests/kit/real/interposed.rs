//! A way to a server on which somebody else is quicker.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::proxy::lead_to;

/// Passes connections on to a server of this machine, until the test ends.
#[derive(Debug)]
pub struct Interposed {
    port: u16,
    waiting: Arc<Mutex<Option<Waiting>>>,
    lines: Arc<Mutex<Vec<String>>>,
}

/// What is done before a request goes on.
struct Waiting {
    /// What the first line of the request holds.
    words: &'static [&'static str],
    meddle: Box<dyn FnOnce() + Send>,
}

impl fmt::Debug for Waiting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Waiting").field(&self.words).finish()
    }
}

impl Interposed {
    /// Leads to a port of this machine.
    ///
    /// # Panics
    /// When this machine has no port left.
    pub fn to(server: u16) -> Self {
        let waiting: Arc<Mutex<Option<Waiting>>> = Arc::default();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let shared = (Arc::clone(&waiting), Arc::clone(&lines));
        let (port, _) = lead_to(server, move |bytes| {
            let mut waiting = shared.0.lock().unwrap();
            let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
            let line = String::from_utf8_lossy(line);
            if let Some(due) = waiting.take_if(|waiting| waiting.words.iter().all(|word| line.contains(word))) {
                (due.meddle)();
            }
            shared.1.lock().unwrap().push(line.into_owned());
            None
        });
        Self { port, waiting, lines }
    }

    /// Returns the port that leads to the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Does something, once, before the next request whose first line holds these words goes on.
    ///
    /// # Panics
    /// When the way is broken.
    pub fn before(&self, words: &'static [&'static str], meddle: impl FnOnce() + Send + 'static) {
        *self.waiting.lock().unwrap() = Some(Waiting { words, meddle: Box::new(meddle) });
    }

    /// Says whether what was to be done was done.
    ///
    /// # Panics
    /// When the way is broken.
    pub fn is_done(&self) -> bool {
        self.waiting.lock().unwrap().is_none()
    }

    /// Says how often there was a request whose first line holds this.
    ///
    /// # Panics
    /// When the way is broken.
    pub fn count(&self, word: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|line| line.contains(word)).count()
    }
}
