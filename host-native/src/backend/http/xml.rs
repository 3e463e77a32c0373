//! Answers in XML, element by element.

use bisync_engine::protocol::{Failure, FailureKind};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use crate::backend::failed;

/// Calls `visit` at the end of each element with the names from the root to it, and the text in it.
///
/// # Errors
/// Fails when it is no XML, or not all of it.
pub fn read(text: &[u8], mut visit: impl FnMut(&[&str], String)) -> Result<(), Failure> {
    let mut reader = Reader::from_reader(text);
    let mut open: Vec<String> = Vec::new();
    let mut value = String::new();
    let because = |error: &dyn std::fmt::Display| unreadable(&error.to_string());
    loop {
        match reader.read_event().map_err(|error| because(&error))? {
            Event::Start(start) => {
                open.push(start.local_name().as_ref().to_owned());
                value.clear();
            }
            Event::Empty(empty) => {
                open.push(empty.local_name().as_ref().to_owned());
                visit(&names(&open), String::new());
                open.pop();
            }
            Event::End(_) => {
                visit(&names(&open), std::mem::take(&mut value));
                open.pop();
            }
            Event::Text(text) => value.push_str(&text),
            Event::CData(text) => value.push_str(&text),
            Event::GeneralRef(entity) => match entity.resolve_char_ref().map_err(|error| because(&error))? {
                Some(character) => value.push(character),
                None => {
                    value.push_str(resolve_predefined_entity(&entity).ok_or_else(|| unreadable("an unknown entity"))?);
                }
            },
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err(unreadable("it breaks off")),
        }
    }
}

fn names(open: &[String]) -> Vec<&str> {
    open.iter().map(String::as_str).collect()
}

/// Returns the failure of an answer that cannot be read.
pub fn unreadable(why: &str) -> Failure {
    failed(FailureKind::Other, &format!("the server's answer cannot be read: {why}"))
}

/// Returns a tag without its quotes, which some servers leave out.
pub fn plain_etag(etag: &str) -> &str {
    etag.trim().trim_start_matches("W/").trim_matches('"')
}
