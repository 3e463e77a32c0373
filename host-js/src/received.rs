//! What JavaScript sends, as the engine's own types. `lib/engine.ts` writes what is read here.

use bisync_engine::entry::{FileId, Fingerprint, Found, Hash, Instant, Kind};
use bisync_engine::json::{Json, JsonError};
use bisync_engine::metadata::Keeps;
use bisync_engine::protocol::{Capabilities, Failure, FailureKind, Reply};
use bisync_engine::session::{Opening, PlanUse};
use bisync_engine::side::Pair;

type Read<T> = Result<T, JsonError>;

/// Reads what a session needs to know.
pub fn opening(json: Json) -> Read<Opening> {
    let mut fields = json.fields()?;
    Ok(Opening {
        options: fields.take("options")?.list()?.into_iter().map(option).collect::<Read<_>>()?,
        paths: pair(fields.take("paths")?, Json::text)?,
        capabilities: pair(fields.take("capabilities")?, capabilities)?,
        now: instant(fields.take("now")?)?,
        utc_offset_seconds: fields.take("utcOffsetSeconds")?.number()?,
        run: hexadecimal(fields.take("run")?, |text| u64::from_str_radix(text, 16).ok())?,
        plan: fields.optional("plan", plan_use)?,
    })
}

/// Reads the answer to a request. Pages and parts of blobs come as bytes.
pub fn reply(json: Json) -> Read<Reply> {
    let (name, content) = json.variant()?;
    Ok(match (name.as_str(), content) {
        ("anew", None) => Reply::Anew,
        ("described", Some(there)) => Reply::Described(there.optional(found)?),
        ("same", Some(same)) => Reply::Same(same.truth()?),
        ("done", Some(there)) => Reply::Done(there.optional(found)?),
        ("failed", Some(failure)) => {
            let mut fields = failure.fields()?;
            Reply::Failed(Failure {
                kind: failure_kind(fields.take("kind")?)?,
                message: fields.take("message")?.text()?,
            })
        }
        _ => return Err(JsonError::unknown(&name)),
    })
}

/// Reads the options of several places.
pub fn places(json: Json) -> Read<Vec<Vec<(String, String)>>> {
    let place = |place: Json| place.list()?.into_iter().map(option).collect();
    json.list()?.into_iter().map(place).collect()
}

/// What is asked about a path and the filter.
pub struct FilterAsked {
    pub options: Vec<(String, String)>,
    pub now: Instant,
    pub utc_offset_seconds: i32,
    /// The path as it was given.
    pub path: String,
    /// What is there, as far as that is known.
    pub found: Option<Found>,
    /// Which files there are, of those that exclude the directory that they are in.
    pub held: Vec<String>,
}

/// Reads what is asked about a path and the filter.
pub fn filter_asked(json: Json) -> Read<FilterAsked> {
    let mut fields = json.fields()?;
    Ok(FilterAsked {
        options: fields.take("options")?.list()?.into_iter().map(option).collect::<Read<_>>()?,
        now: instant(fields.take("now")?)?,
        utc_offset_seconds: fields.take("utcOffsetSeconds")?.number()?,
        path: fields.take("path")?.text()?,
        found: fields.optional("found", found)?,
        held: fields.take("held")?.list()?.into_iter().map(Json::text).collect::<Read<_>>()?,
    })
}

fn option(json: Json) -> Read<(String, String)> {
    let [name, value] = json.array()?;
    Ok((name.text()?, value.text()?))
}

fn plan_use(json: Json) -> Read<PlanUse> {
    let (name, content) = json.variant()?;
    match (name.as_str(), content) {
        ("write", Some(write)) => Ok(PlanUse::Write { roots: pair(write.fields()?.take("roots")?, Json::text)? }),
        ("apply", None) => Ok(PlanUse::Apply),
        _ => Err(JsonError::unknown(&name)),
    }
}

fn capabilities(json: Json) -> Read<Capabilities> {
    let mut fields = json.fields()?;
    let mut keeps = fields.take("keeps")?.fields()?;
    Ok(Capabilities {
        time_precision_ns: fields.optional("timePrecisionNs", Json::number)?,
        sets_time: fields.take("setsTime")?.truth()?,
        hashes: fields.take("hashes")?.list()?.into_iter().map(Json::text).collect::<Read<_>>()?,
        slow_hashes: fields.take("slowHashes")?.truth()?,
        case_insensitive: fields.take("caseInsensitive")?.truth()?,
        keeps: Keeps {
            permissions: keeps.take("permissions")?.truth()?,
            owner: keeps.take("owner")?.truth()?,
            attributes: keeps.take("attributes")?.truth()?,
        },
    })
}

fn found(json: Json) -> Read<Found> {
    let mut fields = json.fields()?;
    Ok(Found { kind: kind(fields.take("kind")?)?, fingerprint: fingerprint(fields.take("fingerprint")?)? })
}

fn fingerprint(json: Json) -> Read<Fingerprint> {
    let mut fields = json.fields()?;
    let hash = |json: Json| {
        let text = json.text()?;
        Hash::parse(&text).ok_or_else(|| JsonError::new(format!("`{text}` is no hash")))
    };
    let id = |json| hexadecimal(json, |text| u128::from_str_radix(text, 16).ok().map(FileId));
    Ok(Fingerprint {
        size: fields.optional("size", Json::number)?,
        modified: fields.optional("modified", instant)?,
        hash: fields.optional("hash", hash)?,
        id: fields.optional("id", id)?,
    })
}

fn kind(json: Json) -> Read<Kind> {
    let name = json.text()?;
    Ok(match name.as_str() {
        "file" => Kind::File,
        "directory" => Kind::Directory,
        "link" => Kind::Link,
        "special" => Kind::Special,
        "otherFileSystem" => Kind::OtherFileSystem,
        _ => return Err(JsonError::unknown(&name)),
    })
}

fn failure_kind(json: Json) -> Read<FailureKind> {
    let name = json.text()?;
    Ok(match name.as_str() {
        "refused" => FailureKind::Refused,
        "changed" => FailureKind::Changed,
        "notFound" => FailureKind::NotFound,
        "permissionDenied" => FailureKind::PermissionDenied,
        "readOnly" => FailureKind::ReadOnly,
        "noSpace" => FailureKind::NoSpace,
        "impossibleName" => FailureKind::ImpossibleName,
        "wrongKind" => FailureKind::WrongKind,
        "notEmpty" => FailureKind::NotEmpty,
        "elsewhere" => FailureKind::Elsewhere,
        "stopped" => FailureKind::Stopped,
        "busy" => FailureKind::Busy,
        "temporary" => FailureKind::Temporary,
        "other" => FailureKind::Other,
        _ => return Err(JsonError::unknown(&name)),
    })
}

fn instant(json: Json) -> Read<Instant> {
    let mut fields = json.fields()?;
    Ok(Instant { seconds: fields.take("seconds")?.number()?, nanoseconds: fields.take("nanoseconds")?.number()? })
}

fn pair<T>(json: Json, read: fn(Json) -> Read<T>) -> Read<Pair<T>> {
    let mut fields = json.fields()?;
    Ok(Pair::new(read(fields.take("path1")?)?, read(fields.take("path2")?)?))
}

/// Reads what numbers of JavaScript cannot hold.
fn hexadecimal<T>(json: Json, parse: impl FnOnce(&str) -> Option<T>) -> Read<T> {
    let text = json.text()?;
    parse(&text).ok_or_else(|| JsonError::new(format!("`{text}` is no hexadecimal number")))
}
