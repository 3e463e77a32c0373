//! The engine for JavaScript: its conversation, in the types of JavaScript.
//!
//! Nothing is decided here. Turns and most replies cross the boundary as objects, which `serde-wasm-bindgen` makes and reads;
//! what may be long, pages of listings and parts of blobs, crosses it as bytes.

#![allow(unsafe_code, reason = "the generated code exports functions and reads their arguments from memory")]

#[cfg(test)]
mod options_file;
mod page;
mod table;

use bisync_engine::protocol::Reply;
use bisync_engine::session::{Session as Conversation, StopReason};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A run, from the first listing to the last word.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Session(Conversation);

#[wasm_bindgen]
impl Session {
    /// Checks the options against the capabilities of both sides.
    ///
    /// # Errors
    /// Throws an object with a `message` and, if the fault lies with one, the `option`.
    #[wasm_bindgen(constructor)]
    pub fn new(opening: JsValue) -> Result<Self, JsValue> {
        match Conversation::open(read(opening)?) {
            Ok(session) => Ok(Self(session)),
            Err(error) => Err(written(&error)?),
        }
    }

    /// Returns what is to be done and said now.
    ///
    /// # Errors
    /// Throws when a number is too large for JavaScript.
    pub fn turn(&mut self) -> Result<JsValue, JsValue> {
        written(&self.0.turn())
    }

    /// Takes the answer to a request.
    ///
    /// # Errors
    /// Throws an `Error` when the answer does not fit.
    pub fn supply(&mut self, id: u32, reply: JsValue) -> Result<(), JsValue> {
        self.take(id, read(reply)?)
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
        self.0.stop(if time_is_over { StopReason::Time } else { StopReason::Wish });
    }

    fn take(&mut self, id: u32, reply: Reply) -> Result<(), JsValue> {
        self.0.supply(id.into(), reply).map_err(|error| thrown(&error.to_string()))
    }
}

fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    Ok(serde_wasm_bindgen::from_value(value)?)
}

fn written<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    Ok(serde_wasm_bindgen::to_value(value)?)
}

fn thrown(message: &str) -> JsValue {
    js_sys::Error::new(message).into()
}

/// Returns what the names of the state of a pair begin with.
#[wasm_bindgen(js_name = sessionName)]
pub fn session_name(one: &str, two: &str) -> String {
    bisync_engine::session_name::session_name(one, two)
}
