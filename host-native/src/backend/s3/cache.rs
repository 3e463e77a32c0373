//! Facts about an object that a server returns only in a request for that object, kept from run to run.
//!
//! A listing says when the server last wrote an object, and which version it is. As long as these stay the same, so do all other facts.
//! The cache holds no content, and nothing is lost if the file is deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::mem;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use bisync_engine::entry::Instant;
use redb::{Database, DatabaseError, ReadableTable, StorageError, Table, TableDefinition, WriteTransaction};
use reqwest::header::{DATE, HeaderMap};

use super::object::Details;
use super::times::{read_date, read_time, write_time};
use super::xml::Listed;

/// What a directory's keys begin with, and the rest of the key; what the listing said, and what was told.
const OBJECTS: TableDefinition<'static, (&str, &str), &str> = TableDefinition::new("objects-1");

/// So much memory is used for it, in bytes.
const MEMORY: usize = 8 << 20;

/// When the server wrote an object that was uploaded, as far as its answer tells: in whole seconds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    first: i64,
    last: i64,
}

impl Written {
    /// Reads the answer to an upload that took so long; `None` when it has no date.
    pub fn during(headers: &HeaderMap, took: Duration) -> Option<Self> {
        let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
        let date = i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
        // Some servers write the date when the request comes, and some objects are as old as that.
        let around = i64::try_from(took.as_secs()).ok()?.checked_add(1)?;
        Some(Self { first: date - around, last: date.checked_add(around)? })
    }
}

/// What is known of the objects of a folder.
pub struct Cache {
    file: PathBuf,
    opened: Mutex<Opened>,
}

#[derive(Default)]
enum Opened {
    #[default]
    NotYet,
    Unusable,
    Open(Box<Open>),
}

/// All that a run keeps is one transaction: to end one takes longer than all else that is done here for an object.
struct Open {
    transaction: WriteTransaction,
    /// It ends after its transaction.
    _database: Database,
}

impl Cache {
    /// Names the file. It is opened when it is first needed, and made where its directory is there.
    pub fn new(file: PathBuf) -> Self {
        Self { file, opened: Mutex::default() }
    }

    /// Returns what is known of the objects that a page of the listing of a directory holds, in its order.
    ///
    /// The page has all names after the first of `names`, up to and with the second, or to the end: what is known of others there is
    /// forgotten.
    pub fn known(&self, prefix: &str, names: (&str, Option<&str>), listed: &[Listed]) -> Vec<Option<Details>> {
        let name = |object: &'_ Listed| object.key.strip_prefix(prefix).map(str::to_owned);
        let kept = self.with(|table| read(table, prefix, names)).unwrap_or_default();
        let names: BTreeSet<_> = listed.iter().filter_map(name).collect();
        let gone: Vec<_> = kept.keys().filter(|name| !names.contains(*name)).collect();
        if !gone.is_empty() {
            self.with(|table| gone.iter().try_for_each(|name| table.remove((prefix, name.as_str())).map(drop)));
        }
        listed.iter().map(|object| details(kept.get(&name(object)?)?, object)).collect()
    }

    /// Keeps what was told of objects of a directory.
    pub fn keep<'a>(&self, prefix: &str, told: impl Iterator<Item = (&'a Listed, &'a Details)>) {
        let rows: Vec<_> = told
            .filter_map(|(object, details)| {
                let name = object.key.strip_prefix(prefix)?;
                Some((name, row(&object.etag, &object.modified, object.size, details)))
            })
            .collect();
        self.insert(prefix, &rows);
    }

    /// Keeps what is known of an object because it was uploaded just now. The listing will say when it was written, and nobody
    /// else who put the same content there in these seconds is told from it.
    pub fn keep_uploaded(&self, key: &str, etag: &str, size: u64, Written { first, last }: Written, details: &Details) {
        let (prefix, name) = key.split_at(key.rfind('/').map_or(0, |slash| slash + 1));
        self.insert(prefix, &[(name, row(etag, &format!("{first}..{last}"), size, details))]);
    }

    fn insert(&self, prefix: &str, rows: &[(&str, String)]) {
        if !rows.is_empty() {
            self.with(|table| {
                rows.iter().try_for_each(|(name, row)| table.insert((prefix, *name), row.as_str()).map(drop))
            });
        }
    }

    /// Makes what is kept outlast the run, and closes the file.
    pub fn save(&self) {
        let mut opened = self.opened();
        match mem::take(&mut *opened) {
            Opened::Open(open) => {
                // Without this, what is kept is what there was.
                open.transaction.commit().ok();
            }
            closed => *opened = closed,
        }
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with what is kept; `None` where that cannot be, which is no misfortune.
    fn with<T>(&self, work: impl FnOnce(&mut Objects<'_>) -> Result<T, StorageError>) -> Option<T> {
        let mut opened = self.opened();
        if let Opened::NotYet = *opened {
            *opened = open(&self.file).map_or(Opened::Unusable, |open| Opened::Open(Box::new(open)));
        }
        let Opened::Open(open) = &*opened else { return None };
        let table = open.transaction.open_table(OBJECTS).ok();
        let done = table.and_then(|mut table| work(&mut table).ok());
        if done.is_none() {
            *opened = Opened::Unusable;
        }
        done
    }
}

fn open(file: &Path) -> Option<Open> {
    if !file.parent().is_some_and(Path::is_dir) {
        return None;
    }
    let create = || Database::builder().set_cache_size(MEMORY).create(file);
    let database = match create() {
        Ok(database) => database,
        // Another run has it.
        Err(DatabaseError::DatabaseAlreadyOpen) => return None,
        Err(_) => {
            fs::remove_file(file).ok()?;
            create().ok()?
        }
    };
    Some(Open { transaction: database.begin_write().ok()?, _database: database })
}

type Objects<'a> = Table<'a, (&'static str, &'static str), &'static str>;

fn read(
    table: &Objects<'_>,
    prefix: &str,
    (after, through): (&str, Option<&str>),
) -> Result<BTreeMap<String, String>, StorageError> {
    let mut kept = BTreeMap::new();
    // No object has the name of its directory, with which a listing begins.
    for entry in table.range::<(&str, &str)>((Bound::Excluded((prefix, after)), Bound::Unbounded))? {
        let (key, row) = entry?;
        let (directory, name) = key.value();
        if directory != prefix || through.is_some_and(|through| name > through) {
            break;
        }
        kept.insert(name.to_owned(), row.value().to_owned());
    }
    Ok(kept)
}

/// What the listing said (of what was uploaded: will say), and what was told: five lines, empty where there is nothing.
fn row(etag: &str, written: &str, size: u64, details: &Details) -> String {
    let modified = details.modified.map(write_time).unwrap_or_default();
    let md5 = details.md5.as_deref().unwrap_or_default();
    format!("{etag}\n{written}\n{size}\n{modified}\n{md5}")
}

/// Returns what was told, where the listing still says the same.
fn details(row: &str, object: &Listed) -> Option<Details> {
    let mut lines = row.split('\n');
    let mut next = || lines.next();
    let (etag, written, size, modified, md5) = (next()?, next()?, next()?, next()?, next()?);
    let modified = if modified.is_empty() { None } else { Some(read_time(modified)?) };
    let md5 = Some(md5.to_owned()).filter(|md5| !md5.is_empty());
    let is_same = etag == object.etag && size == object.size.to_string() && is_then(written, object, modified);
    is_same.then_some(Details { modified, md5 })
}

/// Says whether the listing tells the time of writing that was kept.
fn is_then(kept: &str, object: &Listed, modified: Option<Instant>) -> bool {
    let Some((first, last)) = kept.split_once("..") else { return kept == object.modified };
    let (Ok(first), Ok(last)) = (first.parse(), last.parse()) else { return false };
    // Some servers tell the modification time in its place.
    let told = read_date(&object.modified).map(|time| time.seconds);
    told.is_some_and(|told| (first..=last).contains(&told) || modified.is_some_and(|time| time.seconds == told))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(key: &str, etag: &str) -> Listed {
        Listed { key: key.into(), size: 5, etag: etag.into(), modified: "2026-01-01T00:00:00Z".into() }
    }

    /// A page that is a whole listing.
    const ALL: (&str, Option<&str>) = ("", None);

    #[test]
    fn a_page_tells_nothing_of_the_others() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::new(home.path().join("c"));
        let objects = ["d/a", "d/b", "d/c", "d/d"].map(|key| listed(key, "1"));
        let all: Vec<_> = (0..4).map(|number| Some(told(number))).collect();
        cache.keep("d/", objects.iter().zip(all.iter().flatten()));
        assert_eq!(cache.known("d/", ("", Some("b")), &objects[..2]), all[..2]);
        assert_eq!(cache.known("d/", ("b", None), &objects[2..]), all[2..]);
        // One is gone, in the middle page of three.
        cache.known("d/", ("a", Some("c")), &objects[1..2]);
        assert_eq!(cache.known("d/", ALL, &objects), [&all[..2], &[None], &all[3..]].concat());
    }

    fn told(seconds: i64) -> Details {
        Details { modified: Some(Instant { seconds, nanoseconds: 5 }), md5: Some("ab".into()) }
    }

    #[test]
    fn what_was_told_counts_as_long_as_the_listing_says_the_same() {
        let home = tempfile::tempdir().unwrap();
        let opened = || Cache::new(home.path().join("c"));
        let (a, b) = (listed("d/a", "1"), listed("d/b", "1"));
        let cache = opened();
        assert_eq!(cache.known("d/", ALL, std::slice::from_ref(&a)), [None]);
        cache.keep("d/", [(&a, &told(-7)), (&b, &Details::default())].into_iter());
        cache.keep("d/e/", [(&listed("d/e/a", "1"), &told(8))].into_iter());
        cache.save();
        drop(cache);
        let cache = opened();
        assert_eq!(cache.known("d/", ALL, &[a.clone(), b.clone()]), [Some(told(-7)), Some(Details::default())]);
        let others = [
            listed("d/a", "2"),
            Listed { size: 6, ..a.clone() },
            Listed { modified: "2026-01-01T00:00:01Z".into(), ..a.clone() },
        ];
        for other in others {
            assert_eq!(cache.known("d/", ALL, &[other, b.clone()])[0], None);
        }
        // It is forgotten when it is not there any more, and what is in other directories is not.
        cache.known("d/", ALL, std::slice::from_ref(&b));
        assert_eq!(cache.known("d/", ALL, &[a, b]), [None, Some(Details::default())]);
        assert_eq!(cache.known("d/e/", ALL, &[listed("d/e/a", "1")]), [Some(told(8))]);
    }

    #[test]
    fn what_was_uploaded_is_known_by_the_seconds_in_which_it_was_written() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::new(home.path().join("c"));
        let date = |text: &str| HeaderMap::from_iter([(DATE, text.parse().unwrap())]);
        assert_eq!(Written::during(&date("yesterday"), Duration::ZERO), None);
        let written = Written::during(&date("Thu, 01 Jan 2026 00:00:10 GMT"), Duration::from_millis(2_900)).unwrap();
        cache.keep_uploaded("d/a", "1", 5, written, &told(7));
        let known = |modified: &str, etag: &str, size: u64| {
            let object = Listed { modified: modified.into(), size, ..listed("d/a", etag) };
            cache.known("d/", ALL, &[object])[0].is_some()
        };
        for modified in ["2026-01-01T00:00:07.000Z", "2026-01-01T00:00:13.999Z", "1970-01-01T00:00:07Z"] {
            assert!(known(modified, "1", 5), "{modified}");
        }
        for modified in ["2026-01-01T00:00:06.999Z", "2026-01-01T00:00:14Z", "1970-01-01T00:00:08Z", ""] {
            assert!(!known(modified, "1", 5), "{modified}");
        }
        assert!(!known("2026-01-01T00:00:10Z", "2", 5) && !known("2026-01-01T00:00:10Z", "1", 6));
        cache.keep_uploaded("at the top", "1", 5, written, &told(7));
        assert_eq!(
            cache.known("", ALL, &[Listed { modified: "2026-01-01T00:00:10Z".into(), ..listed("at the top", "1") }]),
            [Some(told(7))]
        );
    }

    #[test]
    fn a_file_that_is_none_is_made_anew() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("c");
        fs::write(&file, "no database").unwrap();
        let cache = Cache::new(file);
        let a = listed("a", "1");
        cache.keep("", [(&a, &told(1))].into_iter());
        assert_eq!(cache.known("", ALL, &[a]), [Some(told(1))]);
    }

    #[test]
    fn nothing_is_made_where_there_is_no_directory() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::new(home.path().join("no/c"));
        let a = listed("a", "1");
        cache.keep("", [(&a, &told(1))].into_iter());
        assert_eq!(cache.known("", ALL, &[a]), [None]);
        assert!(!home.path().join("no").exists());
    }

    #[test]
    fn two_runs_do_not_wait_for_each_other() {
        let home = tempfile::tempdir().unwrap();
        let (one, other) = (Cache::new(home.path().join("c")), Cache::new(home.path().join("c")));
        let a = listed("a", "1");
        one.keep("", [(&a, &told(1))].into_iter());
        assert_eq!(other.known("", ALL, std::slice::from_ref(&a)), [None]);
        assert_eq!(one.known("", ALL, &[a]), [Some(told(1))]);
    }
}
