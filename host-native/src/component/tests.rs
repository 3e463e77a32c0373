//! The component from outside: what it imports, and what its failures are to a host.

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::item::Item;
use bisync_engine::protocol::{Capabilities, Reply};
use bisync_engine::session::{Opening, ProtocolError, Session, StopReason};
use bisync_engine::side::Pair;
use wasmparser::{Parser, Payload};

use super::{Conversation, ConversationError, Engine, OpenError, Trap};
use crate::component;

static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bisync_engine.component.wasm"));

fn opening() -> Opening {
    Opening {
        options: Vec::new(),
        paths: Pair::new("/one/".to_owned(), "/two/".to_owned()),
        capabilities: Pair::from_fn(|_| Capabilities::default()),
        now: Instant { seconds: 1_700_000_000, nanoseconds: 0 },
        utc_offset_seconds: 0,
        run: 1,
        plan: None,
    }
}

fn page(names: usize) -> Reply {
    let found = Found { kind: Kind::File, fingerprint: Fingerprint::default() };
    let items =
        (0..names).map(|number| Item { name: number.to_string(), found: found.clone(), metadata: None }).collect();
    Reply::Page { items, last: true }
}

#[test]
fn the_component_imports_nothing() {
    let mut depth = 0_usize;
    let mut imports = Vec::new();
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(COMPONENT) {
        let payload = payload.unwrap();
        // What is nested is wired up inside; only the outermost level is the component's own.
        if matches!(payload, Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) {
            depth += 1;
        } else if matches!(payload, Payload::End(_)) {
            depth = depth.saturating_sub(1);
        } else if depth > 0 {
            continue;
        } else if let Payload::ComponentImportSection(section) = payload {
            imports.extend(section.into_iter().map(|import| import.unwrap().name.name));
        } else if let Payload::ComponentExportSection(section) = payload {
            exports.extend(section.into_iter().map(|export| export.unwrap().name.name));
        }
    }
    assert_eq!(imports, Vec::<&str>::new());
    assert_eq!(exports, ["bisync:engine/sync@0.1.0"]);
}

#[test]
fn the_component_says_what_the_library_says() {
    let mut component = component::open(opening()).unwrap();
    let mut library = Session::open(opening()).unwrap();
    assert_eq!(component.turn().unwrap(), library.turn());
}

#[test]
fn an_answer_to_no_request_is_an_error_of_the_host() {
    let mut session = component::open(opening()).unwrap();
    for _ in 0..2 {
        match session.supply(u64::MAX, Reply::Same(true)) {
            Err(ConversationError::Protocol(error)) => assert_eq!(error, ProtocolError::UnknownRequest(u64::MAX)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_trap_is_an_error_and_stays_one() {
    let mut session = Engine::load().unwrap().with_memory(4 << 20).open(opening()).unwrap();
    match session.supply(0, page(100_000)) {
        Err(ConversationError::Engine(Trap::Memory { limit_bytes })) => assert_eq!(limit_bytes, 4 << 20),
        other => panic!("{other:?}"),
    }
    assert!(matches!(session.turn(), Err(ConversationError::Engine(Trap::Failed(_)))));
    assert!(matches!(session.stop(StopReason::Wish), Err(ConversationError::Engine(Trap::Failed(_)))));
}

#[test]
fn too_little_memory_to_start_is_an_error_of_opening() {
    let error = Engine::load().unwrap().with_memory(1).open(opening()).unwrap_err();
    assert!(matches!(error, OpenError::Engine(Trap::Memory { limit_bytes: 1 })), "{error:?}");
}
