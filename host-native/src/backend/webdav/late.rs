//! Uploads that a server may finish when nobody waits for them any more.
//!
//! A server that has the whole content of an upload may give it its name although the connection broke off: after another try has succeeded,
//! or after the temporary file was deleted. Apache does so.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use bisync_engine::protocol::{Failure, FailureKind};
use reqwest::header::HeaderMap;

use super::Webdav;
use super::address::Form;

/// The temporary places of uploads of which a try was not answered well.
#[derive(Debug, Default)]
pub struct Late(Mutex<BTreeSet<String>>);

impl Late {
    /// Takes note of such an upload.
    pub fn add(&self, temporary: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(temporary.to_owned());
    }

    /// Returns them all.
    pub fn places(&self) -> BTreeSet<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Webdav {
    /// Removes what has been finished late so far. A server that fails at this is left to the next run, which looks in any case.
    pub(super) async fn remove_late(&self) {
        for temporary in self.late.places() {
            let Ok(url) = self.server.url(&temporary, Form::Plain) else { continue };
            match self.server.ask_once("DELETE", &url, &HeaderMap::new()).await {
                Ok(_) | Err(Failure { kind: FailureKind::NotFound, .. }) => {}
                Err(_) => return,
            }
        }
    }
}
