//! The metadata of a file or a directory as keys and values, those of rclone's local backend: `mode`, `uid`, `gid`, `atime`, `btime`, `mtime`,
//! and what users called their own attributes.

use bisync_engine::entry::{Instant, Kind};
use bisync_engine::metadata::Metadata;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{Errno, Result};

use super::links::Form;
use super::metadata::{USER, attributes, fillable};
use super::source::READING;
use super::stat::Stat;

/// The keys of what the system keeps, which no attribute can have. Only devices have a `rdev`, and those take no part.
const SYSTEM: [&str; 7] = ["mode", "uid", "gid", "rdev", "atime", "mtime", "btime"];

/// Returns the metadata of the file or the directory that a name stands for, with times in `zone`.
///
/// Values that are no UTF-8 are shown with the replacement character. Where only the owner's attributes cannot be read, the
/// rest is returned.
pub fn metadata_of(directory: &OwnedFd, name: &[u8], form: Form, zone: &TimeZone) -> Result<Metadata> {
    let Stat { kind, mode, owner, accessed, changed, born, fingerprint, .. } = form.look(directory, name)?;
    let is_directory = kind == Kind::Directory;
    // What this user never gives a directory is not asked for either.
    let mode = if is_directory { fillable(mode) } else { mode };
    let moments = [("atime", Some(accessed)), ("btime", born), ("mtime", fingerprint.modified)];
    let mut pairs = vec![
        ("mode".to_owned(), format!("{mode:o}")),
        ("uid".to_owned(), owner.0.to_string()),
        ("gid".to_owned(), owner.1.to_string()),
    ];
    pairs.extend(moments.into_iter().filter_map(|(key, moment)| Some((key.to_owned(), rfc3339(moment?, zone)?))));
    pairs.extend(attributes_of(directory, name, form)?);
    // A new name in a directory changes both times, so that nothing can be said of its metadata then.
    let is_telling = !is_directory || fingerprint.modified != Some(changed);
    Ok(Metadata { pairs: pairs.into(), changed: is_telling.then_some(changed) })
}

/// Returns the attributes of the user, whose keys are their names in lower case without `user.`.
fn attributes_of(directory: &OwnedFd, name: &[u8], form: Form) -> Result<Vec<(String, String)>> {
    let flags = match form {
        Form::Plain => READING,
        Form::Followed => READING.difference(OFlags::NOFOLLOW),
        // Links have no attributes of the user.
        Form::Link => return Ok(Vec::new()),
    };
    let opened = openat(directory, name, flags, Mode::empty()).and_then(|file| attributes(&file));
    let found = match opened {
        Err(Errno::ACCESS | Errno::PERM) => return Ok(Vec::new()),
        found => found?,
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let pairs = found.iter().filter_map(|(name, value)| {
        let key = text(name.strip_prefix(USER)?).to_lowercase();
        (!SYSTEM.contains(&&*key)).then(|| (key, text(value)))
    });
    Ok(pairs.collect())
}

/// Writes a time as rclone does: with as many decimals as it takes, and `Z` for no offset. `None` beyond the year 9999.
fn rfc3339(moment: Instant, zone: &TimeZone) -> Option<String> {
    let nanoseconds = i32::try_from(moment.nanoseconds).ok()?;
    let local = Timestamp::new(moment.seconds, nanoseconds).ok()?.to_zoned(zone.clone());
    let offset = if local.offset().seconds() == 0 { "Z".to_owned() } else { local.strftime("%:z").to_string() };
    Some(format!("{}{offset}", local.strftime("%Y-%m-%dT%H:%M:%S%.f")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_rclone() {
        let check = |offset, seconds, nanoseconds, expected: &str| {
            let zone = TimeZone::fixed(jiff::tz::Offset::constant(offset));
            assert_eq!(rfc3339(Instant { seconds, nanoseconds }, &zone).as_deref(), Some(expected));
        };
        check(0, 1_577_836_800, 500_000_000, "2020-01-01T00:00:00.5Z");
        check(1, 1_577_836_800, 0, "2020-01-01T01:00:00+01:00");
        check(-5, -1, 999_999_999, "1969-12-31T18:59:59.999999999-05:00");
        check(0, -62_135_596_800, 1, "0001-01-01T00:00:00.000000001Z");
    }
}
