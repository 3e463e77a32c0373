//! A host that answers with whatever comes to its mind, in any order.

use std::collections::BTreeSet;

use bisync_engine::entry::{FileId, Fingerprint, Found, Hash, Instant, Kind};
use bisync_engine::item::Item;
use bisync_engine::metadata::Metadata;
use bisync_engine::protocol::{Expect, Failure, FailureKind, Reply, Request, Verb};
use bisync_engine::session::{PlanUse, Session, StopReason};
use bisync_engine::side::Pair;

use crate::opening;
use crate::texts::{LISTINGS, PLANS};

/// Sets of options that lead through different parts of the engine.
const OPTIONS: &[&str] = &[
    "",
    "--resync",
    "--resync-mode=newer --create-empty-src-dirs",
    "--lockout --check-access --max-delete=1",
    "--conflict-resolve=newer --conflict-loser=delete --backup-dir1=x --backup-dir2=y",
    "--ignore-case-sync --fix-case --compare=size,modtime,checksum",
    "--dry-run --remove-empty-dirs",
    "--check-sync=only",
    "--filter=-\\s*.tmp --max-depth=2 --exclude-if-present=b --metadata-include=mode=*",
    "--metadata",
    "--metadata --conflict-resolve=newer --resync",
    "--inplace --track-renames-strategy=modtime --max-transfer=10 --order-by=size --max-backlog=2",
];

/// Names as a listing may give them.
const NAMES: &[&str] = &[
    "a",
    "b",
    "B",
    "c.tmp",
    "d",
    "e\u{301}",
    "\u{e9}",
    "..",
    ".",
    "",
    "a/b",
    "/",
    "a\0b",
    "RCLONE_TEST",
    ".bisync-0000000000000001-1.partial",
    "x\n",
    "a..path1",
    "\u{feff}",
    "\\",
    "...",
];

/// After so many answers, everything fails.
const PATIENCE: usize = 3000;

/// Leads a conversation as the bytes say, then lets everything fail, until it ends.
pub fn conversation(bytes: &[u8]) {
    let mut choices = Choices(bytes.iter());
    let text = choices.pick(OPTIONS);
    let mut opening = opening(options(text));
    opening.plan = match choices.below(8) {
        0 => Some(PlanUse::Apply),
        1 => Some(PlanUse::Write { roots: Pair::new("/one".into(), "/two".into()) }),
        _ => None,
    };
    opening.capabilities.two.case_insensitive = choices.below(4) == 0;
    opening.capabilities.two.time_precision_ns = (choices.below(4) > 0).then_some(1_000_000_000);
    let is_plan_given = opening.plan == Some(PlanUse::Apply);
    let Ok(mut session) = Session::open(opening) else { return };
    let mut open: Vec<Request> = Vec::new();
    let mut known: Pair<BTreeSet<String>> = Pair::default();
    for answers in 0.. {
        assert!(answers < 1_000_000, "it does not end: {text}");
        let turn = session.turn();
        for Request { verb, .. } in &turn.requests {
            if !is_plan_given {
                check_is_known(verb, &known, text);
            }
        }
        open.extend(turn.requests);
        if turn.outcome.is_some() {
            assert!(open.is_empty(), "it ended with open requests: {text}");
            return;
        }
        assert!(!open.is_empty(), "it stands still: {text}");
        if choices.below(200) == 1 {
            session.stop(StopReason::Wish);
        }
        if choices.below(50) == 1 {
            session.supply(choices.below(100) as u64 + 1_000_000, Reply::Same(true)).unwrap_err();
        }
        let at = choices.below(open.len());
        let Request { id, verb } = open[at].clone();
        let reply = if answers > PATIENCE { failure(&mut choices) } else { answer(&verb, &mut choices) };
        learn(&verb, &reply, &mut known);
        let is_last = reply.is_last();
        // An answer that does not fit changes nothing: the request is still open.
        if session.supply(id, reply).is_ok() && is_last {
            open.remove(at);
        }
    }
}

/// Options as the command line would give them; `\\s` is a space.
fn options(text: &str) -> Vec<(String, String)> {
    let given = text.split_whitespace().map(|word| {
        let word = word.trim_start_matches("--");
        let (name, value) = word.split_once('=').unwrap_or((word, "true"));
        (name.to_owned(), value.replace("\\s", " "))
    });
    given.collect()
}

/// What is replaced, moved or deleted was seen by this host before.
fn check_is_known(verb: &Verb, known: &Pair<BTreeSet<String>>, text: &str) {
    let (side, path) = match verb {
        Verb::DeleteFile { side, path, .. } | Verb::SetTime { side, path, .. } => (*side, path),
        Verb::MoveFile(moved) => (moved.side, &moved.path),
        Verb::SetMetadata(set) => (set.from.other(), &set.target),
        Verb::CopyFile(copy) if matches!(copy.expect, Expect::Exactly(_)) => (copy.from.other(), &copy.target),
        _ => return,
    };
    assert!(known[side].contains(path.as_str()), "{verb:?} was never seen: {text}");
}

/// Remembers what the host said is there.
fn learn(verb: &Verb, reply: &Reply, known: &mut Pair<BTreeSet<String>>) {
    match (verb, reply) {
        (Verb::ListDirectory { side, path, .. }, Reply::Page { items, .. }) => {
            let paths = items.iter().filter_map(|item| path.join(&item.name).ok());
            known[*side].extend(paths.map(|path| path.as_str().to_owned()));
        }
        (Verb::CopyFile(copy), Reply::Done(_)) => {
            known[copy.from.other()].insert(copy.target.as_str().to_owned());
        }
        (Verb::MoveFile(moved), Reply::Done(_)) => {
            known[moved.side].insert(moved.target.as_str().to_owned());
        }
        _ => {}
    }
}

/// Numbers that the input chooses; zeros after its end.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % limit.max(1)
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

fn answer(verb: &Verb, choices: &mut Choices<'_>) -> Reply {
    match choices.below(20) {
        0 => return failure(choices),
        1 => return any(choices),
        _ => {}
    }
    match verb {
        Verb::ListDirectory { path, metadata, .. } => {
            let deep = path.as_str().len() > 12;
            if choices.below(10) == 0 {
                return Reply::Anew;
            }
            let items = (0..choices.below(6)).map(|_| item(choices, *metadata, deep)).collect();
            Reply::Page { items, last: choices.below(5) > 0 }
        }
        Verb::Describe { .. } => Reply::Described((choices.below(3) == 0).then(|| found(choices, false))),
        Verb::SameContent { .. } => Reply::Same(choices.below(2) == 0),
        Verb::CopyFile(_) | Verb::MoveFile(_) | Verb::MakeDirectory { .. } | Verb::SetTime { .. } => {
            Reply::Done(Some(found(choices, false)))
        }
        Verb::ReadState { offset, name, .. } => Reply::State(state(name, *offset, choices)),
        _ => Reply::Done(None),
    }
}

fn any(choices: &mut Choices<'_>) -> Reply {
    match choices.below(6) {
        0 => Reply::Same(true),
        1 => Reply::State(Some(vec![0; choices.below(200)])),
        2 => Reply::Described(None),
        3 => Reply::Done(None),
        4 => Reply::Page { items: Vec::new(), last: true },
        _ => Reply::Done(Some(found(choices, true))),
    }
}

fn failure(choices: &mut Choices<'_>) -> Reply {
    use FailureKind::{Changed, Elsewhere, NoSpace, NotEmpty, NotFound, Other, Refused, Stopped, Temporary};
    let kinds = [Other, Refused, Changed, NotFound, NoSpace, NotEmpty, Elsewhere, Stopped, Temporary];
    Reply::Failed(Failure { kind: choices.pick(&kinds), message: "no".to_owned() })
}

fn item(choices: &mut Choices<'_>, metadata: bool, deep: bool) -> Item {
    let metadata = metadata.then(|| {
        let mode = choices.pick(&["100644", "100600", "", "x"]);
        let changed = choices.pick(&[None, Some(0), Some(2_000_000), Some(i64::MAX)]);
        Metadata {
            pairs: [("mode".to_owned(), mode.to_owned())].into(),
            changed: changed.map(|seconds| Instant { seconds, nanoseconds: 0 }),
        }
    });
    Item { name: choices.pick(NAMES).to_owned(), found: found(choices, !deep), metadata }
}

fn found(choices: &mut Choices<'_>, may_be_directory: bool) -> Found {
    let kinds = [Kind::File, Kind::File, Kind::Directory, Kind::Link, Kind::Special, Kind::OtherFileSystem];
    let kind = if may_be_directory { choices.pick(&kinds) } else { Kind::File };
    let times = [i64::MIN, -1, 0, 1_700_000_000, 1_700_000_001, i64::MAX];
    let fingerprint = Fingerprint {
        size: choices.pick(&[Some(1), Some(2), None, Some(u64::MAX)]),
        modified: (choices.below(6) > 0).then(|| Instant { seconds: choices.pick(&times), nanoseconds: 0 }),
        hash: (choices.below(3) == 0).then(|| Hash::new("md5", choices.pick(&["a", "b"]))),
        id: (choices.below(3) > 0).then(|| FileId(choices.below(3) as u128)),
    };
    Found { kind, fingerprint }
}

/// A blob, or what is left of one: what the engine may have written itself, and other things.
fn state(name: &str, offset: u64, choices: &mut Choices<'_>) -> Option<Vec<u8>> {
    let texts = [LISTINGS[0], LISTINGS[1], PLANS[0], "", "commit\n", "run 0000000000000001\n", "\0"];
    let likely = if name.ends_with(".lst") { LISTINGS[choices.below(2)] } else { choices.pick(&texts) };
    let text = if choices.below(5) > 0 { likely } else { choices.pick(&texts) };
    if offset > 0 {
        return Some(Vec::new());
    }
    (choices.below(3) > 0).then(|| text.as_bytes().to_vec())
}
