//! Edits of real folders, as data that can be applied, shown as shell commands, and dropped one by one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use bisync_engine::side::Side;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};

/// A modification time: seconds since 1970, and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub u64, pub u32);

/// Something a person does on one side. What cannot be done, because what it needs is not there, is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Writes a file and its parents.
    Write(Side, String, String, Time),
    /// Gives a file a new time.
    Touch(Side, String, Time),
    /// Deletes a file, or a directory with all that is in it.
    Delete(Side, String),
    /// Moves a file or a directory to where nothing is.
    Rename(Side, String, String),
    /// Makes a directory.
    MakeDirectory(Side, String),
    /// Makes a symbolic link to what is at a path relative to the link's directory, in the place of a link or of nothing.
    Link(Side, String, String, Time),
    /// Writes a file into [`REFERENCE`].
    Refer(String, String, Time),
}

/// The directory that `--compare-dest` and `--copy-dest` name.
pub const REFERENCE: &str = "reference";

/// Returns the folder of a side below a test's home.
pub fn folder(side: Side) -> &'static str {
    match side {
        Side::One => "one",
        Side::Two => "two",
    }
}

impl Edit {
    /// Does it below `home`.
    ///
    /// # Panics
    /// When the file system refuses.
    pub fn apply(&self, home: &Path) {
        let at = |side: &Side, path: &str| home.join(folder(*side)).join(path);
        match self {
            Self::Write(side, path, content, time) => write(&at(side, path), content, *time),
            Self::Refer(path, content, time) => write(&home.join(REFERENCE).join(path), content, *time),
            Self::Link(side, path, target, Time(seconds, nanoseconds)) => {
                let path = at(side, path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                match fs::symlink_metadata(&path) {
                    Ok(metadata) if !metadata.is_symlink() => return,
                    Ok(_) => fs::remove_file(&path).unwrap(),
                    Err(_) => {}
                }
                symlink(target, &path).unwrap();
                let time = Timespec { tv_sec: i64::try_from(*seconds).unwrap(), tv_nsec: i64::from(*nanoseconds) };
                let times = Timestamps { last_access: time, last_modification: time };
                rustix::fs::utimensat(CWD, &path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
            }
            Self::Touch(side, path, time) => {
                let path = at(side, path);
                if path.is_file() {
                    set_time(&path, *time);
                }
            }
            Self::Delete(side, path) => {
                let path = at(side, path);
                match fs::symlink_metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).unwrap(),
                    Ok(_) => fs::remove_file(path).unwrap(),
                    Err(_) => {}
                }
            }
            Self::Rename(side, from, to) => {
                let (from, to) = (at(side, from), at(side, to));
                if from.exists() && !to.exists() && !to.starts_with(&from) {
                    fs::create_dir_all(to.parent().unwrap()).unwrap();
                    fs::rename(from, to).unwrap();
                }
            }
            Self::MakeDirectory(side, path) => fs::create_dir_all(at(side, path)).unwrap(),
        }
    }

    /// Writes it as a shell command.
    pub fn command(&self) -> String {
        let at = |side: &Side, path: &str| quoted(&format!("{}/{path}", folder(*side)));
        let above = |side: &Side, path: &str| at(side, path.rsplit_once('/').map_or("", |(parent, _)| parent));
        match self {
            Self::Write(side, path, content, time) => {
                write_command(&format!("{}/{path}", folder(*side)), content, *time)
            }
            Self::Refer(path, content, time) => write_command(&format!("{REFERENCE}/{path}"), content, *time),
            Self::Link(side, path, target, Time(seconds, nanoseconds)) => {
                let (path, parent, target) = (at(side, path), above(side, path), quoted(target));
                format!("mkdir -p {parent}; ln -sfT {target} {path}; touch -hd @{seconds}.{nanoseconds:09} {path}")
            }
            Self::Touch(side, path, Time(seconds, nanoseconds)) => {
                format!("touch -cd @{seconds}.{nanoseconds:09} {}", at(side, path))
            }
            Self::Delete(side, path) => format!("rm -rf {}", at(side, path)),
            Self::Rename(side, from, to) => {
                format!("mkdir -p {}; mv -nT {} {}", above(side, to), at(side, from), at(side, to))
            }
            Self::MakeDirectory(side, path) => format!("mkdir -p {}", at(side, path)),
        }
    }
}

fn write(path: &Path, content: &str, time: Time) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    set_time(path, time);
}

fn write_command(path: &str, content: &str, Time(seconds, nanoseconds): Time) -> String {
    let parent = quoted(path.rsplit_once('/').map_or("", |(parent, _)| parent));
    let (path, content) = (quoted(path), quoted(content));
    format!("mkdir -p {parent}; printf %s {content} >{path}; touch -d @{seconds}.{nanoseconds:09} {path}")
}

/// Puts a word into the quotes of the shell, where it needs them.
pub fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./=,".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Sets the modification time of a file.
///
/// # Panics
/// When the file system refuses.
pub fn set_time(path: &Path, Time(seconds, nanoseconds): Time) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::new(seconds, nanoseconds)).unwrap();
}
