//! The lines of a plan, from JSON. They are written by the derived code of each type.
//!
//! Fields that are not known are refused, here and everywhere: a misspelt one would take an expectation away.

use std::cmp::Reverse;

use crate::entry::{FileId, Fingerprint, Found, Hash, Instant, Kind};
use crate::json::{Fields, Json, JsonError};
use crate::merge::Row;
use crate::metadata::Pairs;
use crate::path::RelPath;
use crate::plan::{Choice, Phase, Planned, Reason};
use crate::side::{Pair, Side};

use super::version::Version;
use super::{Header, RowLine, time};

type Read<T> = Result<T, JsonError>;

/// Reads the version of the format from the first line, whatever else that says.
pub fn format(line: &Json) -> Read<u32> {
    line.clone().fields()?.take("bisync-plan")?.number()
}

/// Reads the first line.
pub fn header(line: Json) -> Read<Header> {
    line.only(|fields| {
        Ok(Header {
            format: fields.take("bisync-plan")?.number()?,
            made: instant(fields.take("made")?)?,
            roots: pair(fields.take("roots")?, Json::text)?,
            paths: pair(fields.take("paths")?, Json::text)?,
            options: texts_by_two(fields.take("options")?)?,
            listings: pair(fields.take("listings")?, |line| line.optional(Json::text))?,
            has_base: fields.take("has_base")?.truth()?,
        })
    })
}

/// Reads the last line: how many decisions there are.
pub fn end(line: &Json) -> Read<u64> {
    line.clone().only(|fields| fields.take("decisions")?.number())
}

/// Reads a line between.
pub fn decision(line: Json) -> Read<Planned> {
    line.only(|fields| {
        // What is in words is for people.
        if let Some(does) = fields.find("does") {
            does.list()?.into_iter().try_for_each(|action| action.text().map(drop))?;
        }
        if let Some(why) = fields.find("why") {
            why.text()?;
        }
        Ok(Planned {
            choice: choice(fields.take("choice")?)?,
            phase: phase(fields.take("phase")?)?,
            row: Box::new(row(fields)?),
        })
    })
}

fn row(fields: &mut Fields) -> Read<Row> {
    let path = path(fields.take("path")?)?;
    let alias = fields.optional("alias", self::path)?;
    let versions = |json| pair(json, |json: Json| json.optional(version));
    let base = fields.find("base").map(versions).transpose()?.unwrap_or_default();
    let now = fields.find("now").map(versions).transpose()?.unwrap_or_default();
    let metadata = fields.find("metadata").map(|json| pair(json, |json: Json| json.optional(pairs))).transpose()?;
    Ok(RowLine { path, alias, base, now, metadata: metadata.unwrap_or_default() }.into())
}

fn choice(json: Json) -> Read<Choice> {
    let (name, content) = json.variant()?;
    match (name.as_str(), content) {
        ("forget", Some(why)) => Ok(Choice::Forget(reason(why)?)),
        ("adopt", None) => Ok(Choice::Adopt),
        ("respell", Some(stale)) => Ok(Choice::Respell(Box::new(stale.only(row)?))),
        ("carry", Some(carry)) => carry.only(|fields| {
            let (from, target) = (side(fields.take("from")?)?, fields.optional("target", path)?);
            Ok(Choice::Carry { from, target, reason: reason(fields.take("reason")?)? })
        }),
        ("remove", Some(on)) => Ok(Choice::Remove(side(on)?)),
        ("touch", Some(touch)) => touch.only(|fields| {
            let (on, modified) = (side(fields.take("on")?)?, instant(fields.take("modified")?)?);
            let metadata_of = fields.optional("metadata_of", side)?;
            Ok(Choice::Touch { on, modified, metadata_of, reason: reason(fields.take("reason")?)? })
        }),
        ("set-metadata", Some(set)) => set.only(|fields| {
            Ok(Choice::SetMetadata { on: side(fields.take("on")?)?, reason: reason(fields.take("reason")?)? })
        }),
        ("follow", Some(follow)) => follow.only(|fields| {
            let (side, target) = (side(fields.take("side")?)?, fields.optional("target", path)?);
            Ok(Choice::Follow { side, old: Box::new(fields.take("old")?.only(row)?), target })
        }),
        ("fix-case", Some(name)) => Ok(Choice::FixCase(path(name)?)),
        ("conflict", Some(conflict)) => conflict.only(|fields| {
            let names = pair(fields.take("names")?, |name| name.optional(path))?;
            Ok(Choice::Conflict { winner: fields.optional("winner", side)?, names: Box::new(names) })
        }),
        ("step-aside", Some(aside)) => aside.only(|fields| {
            Ok(Choice::StepAside {
                side: side(fields.take("side")?)?,
                name: path(fields.take("name")?)?,
                reason: reason(fields.take("reason")?)?,
            })
        }),
        ("replace-directory", Some(by)) => Ok(Choice::ReplaceDirectory(side(by)?)),
        ("make-directory", Some(make)) => make.only(|fields| {
            Ok(Choice::MakeDirectory { on: side(fields.take("on")?)?, target: fields.optional("target", path)? })
        }),
        ("remove-directory", Some(remove)) => remove.only(|fields| {
            Ok(Choice::RemoveDirectory { on: side(fields.take("on")?)?, reason: reason(fields.take("reason")?)? })
        }),
        ("leftover", Some(on)) => Ok(Choice::Leftover(side(on)?)),
        _ => Err(JsonError::unknown(&name)),
    }
}

fn reason(json: Json) -> Read<Reason> {
    let (name, content) = json.variant()?;
    Ok(match (name.as_str(), content) {
        ("new", Some(on)) => Reason::New(side(on)?),
        ("changed", Some(on)) => Reason::Changed(side(on)?),
        ("changed-against-delete", Some(on)) => Reason::ChangedAgainstDelete(side(on)?),
        ("deleted", Some(on)) => Reason::Deleted(side(on)?),
        ("moved", Some(moved)) => {
            let [on, from] = moved.array()?;
            Reason::Moved(side(on)?, path(from)?)
        }
        ("later", Some(on)) => Reason::Later(side(on)?),
        ("metadata", Some(on)) => Reason::Metadata(side(on)?),
        ("later-metadata", Some(on)) => Reason::LaterMetadata(side(on)?),
        ("same", None) => Reason::Same,
        ("gone", None) => Reason::Gone,
        ("excluded", None) => Reason::Excluded,
        ("conflict", Some(winner)) => Reason::Conflict(winner.optional(side)?),
        ("file-against-directory", Some(on)) => Reason::FileAgainstDirectory(side(on)?),
        ("resync", Some(preferred)) => Reason::Resync(side(preferred)?),
        ("spelling", None) => Reason::Spelling,
        ("respelled", None) => Reason::Respelled,
        ("leftover", None) => Reason::Leftover,
        ("half-written", Some(on)) => Reason::HalfWritten(side(on)?),
        ("empty-directory", None) => Reason::EmptyDirectory,
        _ => return Err(JsonError::unknown(&name)),
    })
}

fn phase(json: Json) -> Read<Phase> {
    let (name, content) = json.variant()?;
    match (name.as_str(), content) {
        ("clear", None) => Ok(Phase::Clear),
        ("fill", None) => Ok(Phase::Fill),
        ("remove", None) => Ok(Phase::Remove),
        ("prune", Some(depth)) => Ok(Phase::Prune(Reverse(depth.number()?))),
        _ => Err(JsonError::unknown(&name)),
    }
}

/// Reads what is at a path; what a side does not know is left out.
fn version(json: Json) -> Read<Version> {
    json.only(|fields| {
        let name = fields.take("kind")?.text()?;
        let kind = match name.as_str() {
            "file" => Kind::File,
            "directory" => Kind::Directory,
            "link" => Kind::Link,
            "special" => Kind::Special,
            "other-file-system" => Kind::OtherFileSystem,
            _ => return Err(JsonError::unknown(&name)),
        };
        let fingerprint = Fingerprint {
            size: fields.optional("size", Json::number)?,
            modified: fields.optional("modified", instant)?,
            hash: fields.optional("hash", |json| malformed(json, "hash", Hash::parse))?,
            id: fields
                .optional("id", |json| malformed(json, "id", |text| u128::from_str_radix(text, 16).ok().map(FileId)))?,
        };
        Ok(Found { kind, fingerprint }.into())
    })
}

fn pairs(json: Json) -> Read<Pairs> {
    texts_by_two(json).map(Vec::into_boxed_slice)
}

fn texts_by_two(json: Json) -> Read<Vec<(String, String)>> {
    let two = |json: Json| {
        let [one, two] = json.array()?;
        Ok((one.text()?, two.text()?))
    };
    json.list()?.into_iter().map(two).collect()
}

fn instant(json: Json) -> Read<Instant> {
    malformed(json, "time", time::parse)
}

/// Reads a path below the root: no plan says anything about the root itself.
fn path(json: Json) -> Read<RelPath> {
    let path = RelPath::parse(&json.text()?).map_err(|error| JsonError::new(error.to_string()))?;
    if path.is_root() { Err(JsonError::new("a path is empty")) } else { Ok(path) }
}

fn side(json: Json) -> Read<Side> {
    let name = json.text()?;
    match name.as_str() {
        "path1" => Ok(Side::One),
        "path2" => Ok(Side::Two),
        _ => Err(JsonError::unknown(&name)),
    }
}

fn pair<T>(json: Json, read: fn(Json) -> Read<T>) -> Read<Pair<T>> {
    json.only(|fields| {
        let mut of = |name| read(fields.take(name)?);
        Ok(Pair::new(of("path1")?, of("path2")?))
    })
}

fn malformed<T>(json: Json, what: &str, parse: impl FnOnce(&str) -> Option<T>) -> Read<T> {
    let text = json.text()?;
    parse(&text).ok_or_else(|| JsonError::new(format!("`{text}` is no {what}")))
}
