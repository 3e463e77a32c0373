//! Checksums, which a server computes in a shell, as rclone has it do: the same algorithms by the same commands.

use bisync_engine::entry::{Fingerprint, Found, Hash, Kind};
use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Failure, FailureKind};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use md5::{Digest, Md5};
use sha1::Sha1;

use super::algorithm::Algorithm;
use super::connection::Connection;
use super::entry::{found, is_still};
use super::exec::{run, word};
use super::settings::{Place, Wanted};
use super::shell::Shells;
use super::{Sftp, below, name};
use crate::backend::native::Unopened;
use crate::backend::{Content, failed};

/// So many commands run at a time where each has a channel of its own, and so many files are read for their checksums.
const AT_ONCE: usize = 4;
/// So many files are looked at once more at a time.
const LOOKED_AT_ONCE: usize = 16;
/// What a shell of Windows prints something else for than any other, as rclone asks it.
const WHICH_SHELL: &str = "echo ${ShellId}%ComSpec%";

/// The checksums that a server computes.
#[derive(Default)]
pub struct Checksums {
    /// The algorithms and their commands.
    commands: Vec<(Algorithm, String)>,
    /// Shells that run them; without any, each has a channel of its own.
    shells: Option<Shells>,
    place: Place,
}

impl Checksums {
    /// Finds out which checksums a server computes.
    ///
    /// # Errors
    /// Leaves shells of Windows to rclone.
    pub async fn find(connection: &Connection, wanted: &Wanted) -> Result<Self, Unopened> {
        let Wanted { algorithms, is_unix, place } = wanted;
        if algorithms.is_empty() {
            return Ok(Self::default());
        }
        let printed = if *is_unix { None } else { connection.patiently(run(connection, WHICH_SHELL)).await?? };
        if printed.is_some_and(|printed| is_of_windows(&String::from_utf8_lossy(&printed))) {
            return Err(Unopened::LeftToRclone(
                "to compare checksums with a server whose shell is one of Windows".to_owned(),
            ));
        }
        let mut commands = Vec::new();
        // One after the other: a server may want no more channels at a time.
        for (algorithm, given) in algorithms {
            let command = match given {
                Some(command) => Some(command.clone()),
                None => command(connection, *algorithm).await?,
            };
            commands.extend(command.map(|command| (*algorithm, command)));
        }
        // Who knows what another command does to a shell.
        let are_known = commands.iter().all(|(algorithm, command)| algorithm.commands().contains(&command.as_str()));
        let shells = if commands.is_empty() || !are_known { None } else { Shells::open(connection).await? };
        Ok(Self { commands, shells, place: place.clone() })
    }

    /// Returns the names of the algorithms.
    pub fn names(&self) -> Vec<String> {
        self.commands.iter().map(|(algorithm, _)| algorithm.name().to_owned()).collect()
    }

    fn command(&self, algorithm: &str) -> Option<(Algorithm, &str)> {
        let (algorithm, command) = self.commands.iter().find(|(offered, _)| offered.name() == algorithm)?;
        Some((*algorithm, command))
    }

    /// Returns where a shell finds something in a folder.
    fn path(&self, folder: &str, path: &RelPath) -> Result<String, Failure> {
        let folder = match &self.place {
            Place::Same => folder.to_owned(),
            Place::At(place) => place.clone(),
            Place::Below(place) => format!("{}/{}", place.trim_end_matches('/'), folder.trim_start_matches('/')),
        };
        let path = below(&folder, name(path)?);
        // It is no option.
        Ok(if path.starts_with('-') { format!("./{path}") } else { path })
    }
}

/// Returns the command that computes a checksum; `None` where there is none.
async fn command(connection: &Connection, algorithm: Algorithm) -> Result<Option<String>, Failure> {
    for command in algorithm.commands() {
        let printed = connection.patiently(run(connection, command)).await??;
        let printed = printed.map(|printed| String::from_utf8_lossy(&printed).trim().to_owned());
        let hash = printed.and_then(|printed| algorithm.read(&printed));
        if hash == Some(Hash::new(algorithm.name(), algorithm.of_nothing())) {
            return Ok(Some(command.to_owned()));
        }
    }
    Ok(None)
}

fn is_of_windows(printed: &str) -> bool {
    let printed = printed.trim();
    let lower = printed.to_lowercase();
    printed.starts_with("Microsoft.PowerShell")
        || !printed.ends_with("%ComSpec%") && (lower.contains(".exe") || lower.contains(".com"))
}

impl Sftp {
    /// Adds the checksums of the files of a directory. One that cannot be had stays unknown, and so does that of a file that did not
    /// stay what was listed.
    pub(super) async fn add_hashes(&self, directory: &RelPath, items: &mut [Item], hash: &str) -> Result<(), Failure> {
        let files = items.iter_mut().filter(|item| item.found.kind == Kind::File);
        let (mut files, paths): (Vec<_>, Vec<_>) =
            files.filter_map(|item| directory.join(&item.name).ok().map(|path| (item, path))).unzip();
        let hashes = match self.checksums.command(hash) {
            Some((algorithm, command)) => self.computed(algorithm, command, &paths).await?,
            None => {
                let versions = files.iter().map(|item| item.found.fingerprint.clone());
                self.downloaded(hash, paths.iter().cloned().zip(versions).collect()).await?
            }
        };
        let connection = self.server.connection().await?;
        let looks = paths.into_iter().map(|path| {
            let connection = &connection;
            async move {
                match connection.stat(&self.at(&path)?).await {
                    Err(failure) if failure.kind == FailureKind::Temporary => Err(failure),
                    there => Ok(there.ok().flatten().as_ref().map(found)),
                }
            }
        });
        let there: Vec<_> = stream::iter(looks).buffered(LOOKED_AT_ONCE).try_collect().await?;
        for ((item, hash), there) in files.iter_mut().zip(hashes).zip(there) {
            let stayed = |there: Found| there.kind == Kind::File && is_still(&item.found.fingerprint, &there);
            item.found.fingerprint.hash = hash.filter(|_| there.is_some_and(stayed));
        }
        Ok(())
    }

    /// Says whether the server computes the checksum that a copy has to have.
    pub(super) fn can_verify(&self, copy: &CopyFile) -> bool {
        copy.verify.as_ref().is_some_and(|expected| self.checksums.command(expected.algorithm()).is_some())
    }

    /// Makes sure that what was written has the checksum that it has to have, where the server computes it.
    pub(super) async fn verify(&self, copy: &CopyFile, path: &RelPath) -> Result<(), Failure> {
        let Some(expected) = &copy.verify else { return Ok(()) };
        let Some((algorithm, command)) = self.checksums.command(expected.algorithm()) else { return Ok(()) };
        let there = self.computed(algorithm, command, std::slice::from_ref(path)).await?.into_iter().next().flatten();
        if there.is_some_and(|there| there != *expected) {
            let message = "what the server has is not what was listed: its checksum differs";
            return Err(failed(FailureKind::Temporary, message));
        }
        Ok(())
    }

    /// Has the server compute checksums.
    async fn computed(
        &self,
        algorithm: Algorithm,
        command: &str,
        paths: &[RelPath],
    ) -> Result<Vec<Option<Hash>>, Failure> {
        let paths: Vec<_> =
            paths.iter().map(|path| self.checksums.path(&self.folder, path)).collect::<Result<_, _>>()?;
        let read = |printed: &str| algorithm.read(printed);
        match &self.checksums.shells {
            Some(shells) if !paths.is_empty() => {
                let words = shells.first_words(&self.server, command, &paths).await?;
                Ok(words.iter().map(|word| read(word)).collect())
            }
            Some(_) | None => {
                let computed = paths.into_iter().map(|path| async move {
                    let connection = self.server.connection().await?;
                    let printed = run(&connection, &format!("{command} {}", word(&path))).await?;
                    Ok(printed.and_then(|printed| read(&String::from_utf8_lossy(&printed))))
                });
                stream::iter(computed).buffered(AT_ONCE).try_collect().await
            }
        }
    }

    /// Computes checksums here, for `--download-hash`.
    async fn downloaded(&self, hash: &str, files: Vec<(RelPath, Fingerprint)>) -> Result<Vec<Option<Hash>>, Failure> {
        let algorithm = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == hash);
        let algorithm =
            algorithm.ok_or_else(|| failed(FailureKind::Other, &format!("there is no hash `{hash}` here")))?;
        let computed = files.into_iter().map(|(path, version)| async move {
            let content = self.content(path, version);
            let value = match algorithm {
                Algorithm::Md5 => digest::<Md5>(content).await,
                Algorithm::Sha1 => digest::<Sha1>(content).await,
            };
            match value {
                Err(failure) if failure.kind == FailureKind::Temporary => Err(failure),
                value => Ok(value.ok().map(|value| Hash::new(algorithm.name(), &value))),
            }
        });
        stream::iter(computed).buffered(AT_ONCE).try_collect().await
    }
}

async fn digest<D: Digest>(mut content: Content) -> Result<String, Failure> {
    let mut digest = D::new();
    while let Some(bytes) = content.next().await? {
        digest.update(&bytes);
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_of_windows_are_known_as_rclone_knows_them() {
        let check = |printed: &str, expected: bool| assert_eq!(is_of_windows(printed), expected, "{printed}");
        check("%ComSpec%\n", false);
        check("${ShellId}%ComSpec%\n", false);
        check("", false);
        check("Microsoft.PowerShell%ComSpec%\r\n", true);
        check("${ShellId}C:\\WINDOWS\\system32\\cmd.exe\r\n", true);
    }

    #[test]
    fn a_shell_finds_what_it_may_find_elsewhere() {
        let check = |place: Place, expected: &str| {
            let checksums = Checksums { place, ..Checksums::default() };
            assert_eq!(checksums.path("/home/me", &RelPath::parse("d/f").unwrap()).unwrap(), expected);
        };
        check(Place::Same, "/home/me/d/f");
        check(Place::At("/volume1/x".into()), "/volume1/x/d/f");
        check(Place::At("-x".into()), "./-x/d/f");
        check(Place::Below("/volume1/".into()), "/volume1/home/me/d/f");
    }
}
