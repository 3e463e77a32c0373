//! Texts that a person or another program may have written.

use bisync_engine::entry::{Entry, Instant, Kind};
use bisync_engine::listing::{Reader, write_entry, write_header};
use bisync_engine::options::{OPTIONS, Options};
use bisync_engine::path::RelPath;
use bisync_engine::plan::file::PlanReader;
use bisync_engine::pull::Pull;
use bisync_engine::session::Session;

use crate::opening;

pub const LISTINGS: &[&str] = &[
    "# bisync listing v1 from 2026-01-02T03:04:05.000000000+0000\n\
     -        5 md5:5d41402abc4b2a76b9719d911017c592 - 2026-01-01T00:00:00.123456789+0000 \"a/b \\\"c\\\".txt\"\n\
     d       -1 - - 2026-01-01T00:00:00.000000000+0200 \"d\"\n\
     -        0 - - 2026-01-01T00:00:00.000000000+0000 \"\\u00e9\\x7f\\n\"\n",
    "# bisync listing v1 from 2026-01-02T03:04:05.000000000+0000\n",
];

pub const OPTION_LINES: &[&str] = &[
    "max-delete=50%\nforce=true\nmax-size=1.5Gi\nmin-age=2026-01-01T00:00:00Z\nmax-age=1h30m\n",
    "conflict-resolve=newer\nconflict-suffix=a,b-{DateOnly}\nconflict-loser=pathname\ncompare=size,modtime,checksum\n",
    "bwlimit=08:00,512k 12:00,10M:1M Mon-20:00,off\norder-by=size,mixed,25\nhash-filter=1/7\ntransfers=-1\n",
    "backup-dir1=x\nsuffix=.old\nsuffix-keep-extension=true\nmodify-window=1ns\nretries-sleep=-5s\n",
    "filters-file=f\\n- *.tmp\\n+ /a/**\\n\nresync-mode=older\nrecover=true\nresilient=1\nlockout=t\n",
];

pub const RULES: &[&str] = &[
    "- *.tmp\n+ /a/**\n- {b,c{d,e}}/?[!f-g]\n!\n+ {{^(x|y)+$}}\n# comment\n; another\n- /dir/\n",
    "+ [[:alpha:]]*\n- **/\\*\n- a{{[^/]*}}b\n- *\n",
];

pub const PLANS: &[&str] = &[
    "{\"bisync-plan\":1,\"made\":\"2026-01-01T00:00:00Z\",\"roots\":[\"/one\",\"/two\"],\"paths\":[\"one/\",\"two/\"],\
     \"options\":[],\"listings\":[null,null],\"has_base\":false}\n\
     {\"path\":\"a\",\"choice\":\"adopt\",\"phase\":\"fill\"}\n{\"decisions\":1}\n",
];

/// A listing is read to its end or refused with the line; what was read is written and read again as the same.
pub fn listing(bytes: &[u8]) {
    let Ok(entries) = read_listing(bytes) else { return };
    let mut written = Vec::new();
    write_header(&mut written, Instant { seconds: 0, nanoseconds: 0 });
    entries.iter().for_each(|entry| write_entry(&mut written, entry));
    assert_eq!(read_listing(&written).as_ref(), Ok(&entries));
}

fn read_listing(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let mut reader = Reader::default();
    let mut entries: Vec<Entry> = Vec::new();
    let mut parts = bytes.chunks(7);
    loop {
        match reader.pull().map_err(|error| error.to_string())? {
            Pull::Item(mut entry) => {
                if entry.found.kind == Kind::Directory {
                    // It means nothing, and is always written as 0.
                    entry.found.fingerprint.size = None;
                }
                assert!(entries.last().is_none_or(|last| last.path < entry.path), "not in order");
                entries.push(entry);
            }
            Pull::Wait => match parts.next() {
                Some(part) => reader.feed(part),
                None => reader.finish(),
            },
            Pull::End => return Ok(entries),
        }
    }
}

/// Options are taken, or refused with words; `name=value` lines, where `\n` in a value is a line feed.
pub fn options(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.lines().map(|line| line.split_once('=').unwrap_or((line, "true")));
    open(&pairs.map(|(name, value)| (name.to_owned(), value.replace("\\n", "\n"))).collect::<Vec<_>>());
}

/// Rules are taken, or refused with words, wherever they stand; what they say of a path they say again.
pub fn filters(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut all = vec![("filters-file".to_owned(), format!("rules\n{text}"))];
    open(&all);
    for line in text.lines().take(20) {
        all.push(("include".to_owned(), line.to_owned()));
        open(&[("exclude".to_owned(), line.to_owned()), ("ignore-case".to_owned(), "true".to_owned())]);
        open(&[("files-from".to_owned(), format!("list\n{line}"))]);
    }
    open(&all);
}

fn open(pairs: &[(String, String)]) {
    if let Err(error) = Session::open(opening(pairs.to_vec())) {
        assert!(!error.message.trim().is_empty(), "{pairs:?}");
        let is_known = |option: &String| {
            pairs.iter().any(|(name, _)| name == option) || OPTIONS.iter().any(|spec| spec.name == option)
        };
        assert!(error.option.as_ref().is_none_or(is_known), "{pairs:?}: {error:?}");
    } else {
        assert!(Options::parse(pairs).is_ok());
    }
}

/// A plan is read to its end or refused; no path of it leads out of the root.
pub fn plan(bytes: &[u8]) {
    let mut reader = PlanReader::default();
    for part in bytes.chunks(11) {
        reader.feed(part);
        loop {
            match reader.pull() {
                Ok(Some(bisync_engine::plan::file::PlanLine::Decision(planned))) => {
                    let path = planned.row.path.as_str();
                    assert!(path.is_empty() || RelPath::parse(path).is_ok(), "{path:?}");
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    return;
                }
            }
        }
    }
    let _ = reader.finish();
}
