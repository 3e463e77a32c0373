//! The engine as a WebAssembly component: the vocabulary of `wit/engine.wit` over [`bisync_engine`].
//!
//! Nothing is decided here. The component imports nothing, so all it can do is answer.
//!
//! Only a build for WebAssembly exports anything: linkers for other targets refuse such names. The rest of the code is
//! still compiled for them, so that every check of the workspace reaches it.

#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, unused_imports, reason = "nothing is exported there"))]

mod received;
mod sent;
mod values;

use std::cell::RefCell;

use bisync_engine::session::Session;

use bindings::exports::bisync::engine::sync as wit;

mod bindings {
    #![allow(unsafe_code, reason = "the generated code exports functions and reads their arguments from memory")]
    #![allow(missing_docs, clippy::all, rust_2018_idioms, reason = "the generated code is documented by the WIT")]

    use super::Component;

    wit_bindgen::generate!({ path: "../../wit", world: "engine" });
    #[cfg(target_arch = "wasm32")]
    export!(Component);
}

struct Component;

impl wit::Guest for Component {
    type Session = Conversation;
}

/// A session as the component model hands it out: by shared reference.
struct Conversation(RefCell<Session>);

impl wit::GuestSession for Conversation {
    fn open(opening: wit::Opening) -> Result<wit::Session, wit::OpenError> {
        let session = Session::open(opening.into())?;
        Ok(wit::Session::new(Self(RefCell::new(session))))
    }

    fn turn(&self) -> wit::Turn {
        self.0.borrow_mut().turn().into()
    }

    fn supply(&self, id: wit::RequestId, reply: wit::Reply) -> Result<(), wit::ProtocolError> {
        let reply = reply.try_into().map_err(|values::Malformed| wit::ProtocolError::WrongReply(id))?;
        Ok(self.0.borrow_mut().supply(id, reply)?)
    }

    fn stop(&self, reason: wit::StopReason) {
        self.0.borrow_mut().stop(reason.into());
    }
}
