//! Two folders and a working directory in a directory of their own, and `bisync` run there.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::folders::{Tree, difference, files, read_tree};
use super::program::{self, Ended};

/// The user and the group `nobody`.
const NOBODY: u32 = 65534;

/// A directory with the folders `one` and `two`; the working directory is `work`.
#[derive(Debug)]
pub struct Home(TempDir);

impl Default for Home {
    /// Makes both folders, empty.
    fn default() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.at("one")).unwrap();
        fs::create_dir(home.at("two")).unwrap();
        home
    }
}

impl Home {
    /// Makes both folders, with files in them: paths and contents.
    ///
    /// # Panics
    /// When a file cannot be written.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let home = Self::default();
        files.iter().for_each(|(path, content)| home.write(path, content));
        home
    }

    /// Returns the path of something here.
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(path)
    }

    /// Writes a file and its parents.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &str, content: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file; `None` when there is none.
    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.at(path)).ok()
    }

    /// Changes the permissions of something here.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn set_mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Returns all there is.
    pub fn tree(&self) -> Tree {
        read_tree(self.0.path())
    }

    /// Makes the command that keeps both folders in step.
    pub fn command<A: AsRef<OsStr>>(&self, more: &[A]) -> Command {
        let mut command = program::command(&program::bisync(), self.0.path());
        command.args(["one", "two", "--workdir=work"]).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program on both folders.
    pub fn run<A: AsRef<OsStr>>(&self, more: &[A]) -> Ended {
        program::wait(self.start(more), "bisync")
    }

    /// Starts the program on both folders; what it says has to be read, or it waits.
    pub fn start<A: AsRef<OsStr>>(&self, more: &[A]) -> Child {
        program::start(&mut self.command(more))
    }

    /// Runs the program on both folders, and checks how it ends and that it says `expected`.
    ///
    /// # Panics
    /// When it ends otherwise or does not say so.
    pub fn check<A: AsRef<OsStr>>(&self, more: &[A], code: i32, expected: &str) -> Ended {
        let ended = self.run(more);
        assert_eq!(ended.code, Some(code), "{}", ended.all());
        assert!(ended.all().contains(expected), "does not say `{expected}`:\n{}", ended.all());
        ended
    }

    /// Runs the program as a user whom permissions bind. Root is not such a user, so `nobody` gets all there is here.
    ///
    /// # Panics
    /// When root cannot give things away.
    pub fn run_bound(&self, more: &[&str]) -> Ended {
        let mut command = self.command(more);
        if rustix::process::getuid().is_root() {
            // The program may be where only root can go.
            let copy = self.at("program");
            fs::copy(program::bisync(), &copy).unwrap();
            give_away(self.0.path());
            command = program::command(&copy, self.0.path());
            command.args(["one", "two", "--workdir=work"]).args(more).uid(NOBODY).gid(NOBODY);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        program::wait(program::start(&mut command), "bisync")
    }

    /// Checks that both folders hold the same files.
    ///
    /// # Panics
    /// When they do not.
    pub fn check_in_step(&self) {
        let [one, two] = ["one", "two"].map(|folder| files(&read_tree(&self.at(folder))));
        let difference = difference("Path1", &one, "Path2", &two);
        assert!(difference.is_empty(), "{difference}");
    }
}

fn give_away(directory: &Path) {
    chown(directory, Some(NOBODY), Some(NOBODY)).unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            give_away(&entry.path());
        } else {
            chown(entry.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
}
