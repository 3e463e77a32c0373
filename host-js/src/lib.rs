//! The engine for JavaScript: its conversation, in the types of JavaScript.
//!
//! Nothing is decided here. Turns and most replies cross the boundary as JSON; what may be long, pages of listings and parts of
//! blobs, crosses it as bytes.

#![allow(unsafe_code, reason = "the generated code exports functions and reads their arguments from memory")]

#[cfg(test)]
mod commands_file;
#[cfg(test)]
mod options_file;
mod page;
mod received;
mod state;
mod table;

use bisync_engine::json::{Json, JsonError};
use bisync_engine::protocol::{Reply, RequestId, Verb};
use bisync_engine::session::{Session as Conversation, StopReason};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

/// A run, from the first listing to the last word.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Session {
    conversation: Conversation,
    /// What the last turns want written, until it is taken.
    parts: Vec<(RequestId, Vec<u8>)>,
}

#[wasm_bindgen]
impl Session {
    /// Checks the options against the capabilities of both sides.
    ///
    /// # Errors
    /// Throws JSON, an object with a `message` and, if the fault lies with one, the `option`; or an `Error` when the opening cannot be read.
    #[wasm_bindgen(constructor)]
    pub fn new(opening: &str) -> Result<Self, JsValue> {
        let opening = Json::parse(opening.as_bytes()).and_then(received::opening).map_err(unreadable)?;
        match Conversation::open(opening) {
            Ok(conversation) => Ok(Self { conversation, parts: Vec::new() }),
            Err(error) => Err(written(&error).into()),
        }
    }

    /// Returns what the host has to know of the settings, as JSON.
    pub fn settings(&self) -> String {
        let settings = self.conversation.settings();
        written(&HostSettings {
            tries: settings.retries,
            pause_ms: settings.retries_sleep_ms,
            lock_ns: settings.max_lock_ns,
            window_ns: settings.modify_window_ns.filter(|_| settings.compare.modified),
            compares_content: settings.compare.checksum || settings.sync_checksum,
        })
    }

    /// Returns what is to be done and said now, as JSON. What is to be written to the state is not in it.
    pub fn turn(&mut self) -> String {
        let mut turn = self.conversation.turn();
        for request in &mut turn.requests {
            if let Verb::WriteState { bytes, .. } = &mut request.verb {
                self.parts.push((request.id, std::mem::take(bytes)));
            }
        }
        written(&turn)
    }

    /// Hands over what a request wants written, once.
    #[wasm_bindgen(js_name = takePart)]
    pub fn take_part(&mut self, id: u32) -> Vec<u8> {
        let part = self.parts.iter().position(|(of, _)| *of == RequestId::from(id));
        part.map(|part| self.parts.swap_remove(part).1).unwrap_or_default()
    }

    /// Takes the answer to a request, as JSON.
    ///
    /// # Errors
    /// Throws an `Error` when the answer does not fit.
    pub fn supply(&mut self, id: u32, reply: &str) -> Result<(), JsValue> {
        let reply = Json::parse(reply.as_bytes()).and_then(received::reply).map_err(unreadable)?;
        self.take(id, reply)
    }

    /// Takes a page of a listing, packed as `page.ts` does.
    ///
    /// # Errors
    /// Throws an `Error` when the answer does not fit.
    #[wasm_bindgen(js_name = supplyPage)]
    pub fn supply_page(&mut self, id: u32, packed: &[u8], last: bool) -> Result<(), JsValue> {
        let items = page::unpack(packed).ok_or_else(|| thrown("a page is damaged"))?;
        self.take(id, Reply::Page { items, last })
    }

    /// Takes a part of a blob.
    ///
    /// # Errors
    /// Throws an `Error` when the answer does not fit.
    #[wasm_bindgen(js_name = supplyState)]
    pub fn supply_state(&mut self, id: u32, bytes: Option<Vec<u8>>) -> Result<(), JsValue> {
        self.take(id, Reply::State(bytes))
    }

    /// The run is to stop: what is under way is finished and recorded, nothing new is started.
    pub fn stop(&mut self, time_is_over: bool) {
        self.conversation.stop(if time_is_over { StopReason::Time } else { StopReason::Wish });
    }

    fn take(&mut self, id: u32, reply: Reply) -> Result<(), JsValue> {
        self.conversation.supply(id.into(), reply).map_err(|error| thrown(&error.to_string()))
    }
}

/// What the host carries out of the settings.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HostSettings {
    /// So many times in all what may work when tried again.
    tries: u32,
    /// The pause before trying again.
    pause_ms: u64,
    /// After how long a lock has expired that is not renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    lock_ns: Option<u64>,
    /// The smallest difference of times between the sides that counts, where times are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    window_ns: Option<u64>,
    /// Whether files that look the same are compared by their content.
    compares_content: bool,
}

fn written<T: Serialize>(value: &T) -> String {
    // Writing fails only for maps whose keys are no texts, and there are none.
    serde_json::to_string(value).unwrap_or_default()
}

fn unreadable(error: JsonError) -> JsValue {
    thrown(&error.to_string())
}

fn thrown(message: &str) -> JsValue {
    JsError::new(message).into()
}

/// Returns a path of which the names of the state are made that no other path has.
#[wasm_bindgen(js_name = distinctName)]
pub fn distinct_name(path: &str) -> String {
    bisync_engine::session_name::distinct(path)
}

/// Returns what the names of the state of a pair begin with.
#[wasm_bindgen(js_name = sessionName)]
pub fn session_name(one: &str, two: &str) -> String {
    bisync_engine::session_name::session_name(one, two)
}
