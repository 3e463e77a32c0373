//! Moves, deletes and directories.

use std::process::{Command, Stdio};

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Emptiness, Expect, Failure, FailureKind, MoveFile, Staging};
use bisync_engine::side::Side;
use jiff::Timestamp;
use serde_json::json;

use super::child::program;
use super::{Folder, below, exactly, failed, failure, item};

/// How rclone says that a remote sets times only together with the content.
const NOT_WITHOUT_CONTENT: &str = "can't set modified time";

impl Folder {
    pub(super) async fn move_within(&self, moved: &MoveFile) -> Result<Found, Failure> {
        self.check(&moved.path, &Expect::Exactly(moved.expect.clone())).await?;
        self.check(&moved.target, &Expect::Absent).await?;
        self.rename(&moved.path, &self.place, &moved.target).await?;
        self.result(&moved.target).await
    }

    pub(super) async fn delete(&self, path: &RelPath, expect: Fingerprint, disposal: &Disposal) -> Result<(), Failure> {
        self.check(path, &Expect::Exactly(expect)).await?;
        match disposal {
            Disposal::Discard => {
                self.rclone.order("operations/deletefile", json!({ "fs": self.place, "remote": path.as_str() })).await
            }
            Disposal::Backup(kept) => self.rename(path, self.backup_place()?, kept).await,
        }
    }

    /// Keeps a copy of a file, where that is wanted, before it is replaced.
    pub(super) async fn keep(&self, path: &RelPath, disposal: &Disposal) -> Result<(), Failure> {
        let Disposal::Backup(kept) = disposal else { return Ok(()) };
        let input = json!({
            "srcFs": self.place, "srcRemote": path.as_str(),
            "dstFs": self.backup_place()?, "dstRemote": kept.as_str(), "_config": exactly(),
        });
        self.rclone.order("operations/copyfile", input).await
    }

    /// Renames a file of this folder, replacing what has the new name.
    pub(super) async fn rename(&self, path: &RelPath, place: &str, target: &RelPath) -> Result<(), Failure> {
        let input = json!({
            "srcFs": self.place, "srcRemote": path.as_str(),
            "dstFs": place, "dstRemote": target.as_str(), "_config": exactly(),
        });
        self.rclone.order("operations/movefile", input).await
    }

    /// Gives a staged file its name, unless something has it: then both stay as they are.
    pub(super) async fn rename_new(&self, staged: &RelPath, target: &RelPath) -> Result<(), Failure> {
        let mut options = exactly();
        options["IgnoreExisting"] = true.into();
        let input = json!({
            "srcFs": self.place, "srcRemote": staged.as_str(),
            "dstFs": self.place, "dstRemote": target.as_str(), "_config": options,
        });
        self.rclone.order("operations/movefile", input).await
    }

    fn backup_place(&self) -> Result<&str, Failure> {
        self.backup.as_deref().ok_or_else(|| failed(FailureKind::Other, "no directory for backups was given"))
    }

    pub(super) async fn make(&self, path: &RelPath) -> Result<Found, Failure> {
        self.rclone.order("operations/mkdir", json!({ "fs": self.place, "remote": path.as_str() })).await?;
        let found = if path.is_root() { None } else { self.look(path).await? };
        match found {
            Some(found) if found.kind != Kind::Directory => Err(failed(FailureKind::WrongKind, "a file is there")),
            Some(found) => Ok(found),
            None => Ok(Found { kind: Kind::Directory, fingerprint: Fingerprint::default() }),
        }
    }

    pub(super) async fn remove(&self, path: &RelPath, emptiness: Emptiness) -> Result<(), Failure> {
        let input = json!({ "fs": self.place, "remote": path.as_str() });
        let method = match emptiness {
            Emptiness::Empty => "operations/rmdir",
            Emptiness::NoFiles => {
                if self.holds_files(path).await? {
                    return Err(failed(FailureKind::NotEmpty, "the directory is not empty"));
                }
                "operations/rmdirs"
            }
        };
        match self.rclone.order(method, input).await {
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(()),
            result => result,
        }
    }

    async fn holds_files(&self, path: &RelPath) -> Result<bool, Failure> {
        let options = json!({ "noMimeType": true, "noModTime": true, "recurse": true, "filesOnly": true });
        let input = json!({ "fs": self.place, "remote": path.as_str(), "opt": options });
        match self.rclone.ask::<item::Listing>("operations/list", input).await {
            Ok(listing) => Ok(!listing.list.is_empty()),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Sets the time of a file. The server has no call for that; the program has a command. Where a remote sets times only with the
    /// content, that is written once more.
    pub(super) async fn set(&self, path: &RelPath, expect: Fingerprint, modified: Instant) -> Result<Found, Failure> {
        self.check(path, &Expect::Exactly(expect.clone())).await?;
        match self.touch(path, modified) {
            Ok(()) => self.result(path).await,
            Err(failure) if failure.message.contains(NOT_WITHOUT_CONTENT) => self.rewrite(path, expect, modified).await,
            Err(failure) => Err(failure),
        }
    }

    fn touch(&self, path: &RelPath, modified: Instant) -> Result<(), Failure> {
        let nanoseconds = i128::from(modified.seconds) * 1_000_000_000 + i128::from(modified.nanoseconds);
        let time = Timestamp::from_nanosecond(nanoseconds)
            .map_err(|_| failed(FailureKind::Other, "the time is outside of what a remote can hold"))?;
        let launch = &self.rclone.launch;
        let mut command = Command::new(program()?);
        command.args(["touch", "--no-create", "--timestamp"]).arg(time.strftime("%Y-%m-%dT%H:%M:%S.%9f").to_string());
        launch.prepare(command.args(&launch.arguments).arg(below(&self.place, path)).stdin(Stdio::null()));
        let output = command
            .output()
            .map_err(|error| failed(FailureKind::Other, &format!("rclone cannot be started: {error}")))?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text.lines().last().unwrap_or("rclone says nothing");
        Err(failed(FailureKind::Other, &failure::without_secrets(last, launch.secrets())))
    }

    async fn rewrite(&self, path: &RelPath, version: Fingerprint, modified: Instant) -> Result<Found, Failure> {
        let content = self.read_content(path.clone(), version.clone());
        let copy = CopyFile {
            from: Side::One,
            path: path.clone(),
            source: Fingerprint { modified: Some(modified), ..version.clone() },
            target: path.clone(),
            expect: Expect::Exactly(version),
            disposal: Disposal::Discard,
            // What can be seen half written can be touched.
            staging: Staging::InPlace,
            verify: None,
        };
        self.write_content(&copy, content).await
    }
}
