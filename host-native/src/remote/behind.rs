//! The remotes behind a remote: those on which it keeps what is written to it, such as the one that a `crypt` encrypts for.

use super::{Config, Connection, Remote};

/// So many remotes are followed: some may lead to each other.
const FOLLOWED: usize = 64;

impl Config {
    /// Returns a remote and all that it leads to. What leads nowhere is left out: rclone says what is wrong with it.
    pub fn with_those_behind(&self, remote: &Remote) -> Vec<Remote> {
        let mut found = vec![remote.clone()];
        let mut next = 0;
        while let Some(remote) = found.get(next) {
            let behind: Vec<_> = places(remote).iter().filter_map(|place| self.remote_of(place)).collect();
            for behind in behind {
                if found.len() < FOLLOWED && !found.contains(&behind) {
                    found.push(behind);
                }
            }
            next += 1;
        }
        found
    }

    fn remote_of(&self, place: &str) -> Option<Remote> {
        self.remote(&Connection::parse(place).ok().flatten()?).ok()
    }
}

/// Returns the places that a remote names as those of its files.
fn places(remote: &Remote) -> Vec<String> {
    let upstreams = remote.value("upstreams").map(words).unwrap_or_default();
    let upstreams = upstreams.into_iter().map(|upstream| match upstream.split_once('=') {
        // Each has a name there.
        Some((_, place)) if remote.kind == "combine" => place.to_owned(),
        Some(_) | None => upstream,
    });
    remote.value("remote").map(str::to_owned).into_iter().chain(upstreams).collect()
}

/// Splits a list at its spaces; a word that holds some is in quotes.
fn words(list: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in list.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_are_followed_to_those_that_hold_the_files() {
        let variables = [
            ("RCLONE_CONFIG_BOX_TYPE", "sftp"),
            ("RCLONE_CONFIG_LOCK_TYPE", "crypt"),
            ("RCLONE_CONFIG_LOCK_REMOTE", "box:a/b"),
            ("RCLONE_CONFIG_BOTH_TYPE", "union"),
            ("RCLONE_CONFIG_BOTH_UPSTREAMS", "lock:x \":webdav,url='http://h':my files:ro\" nobody:"),
            ("RCLONE_CONFIG_EACH_TYPE", "combine"),
            ("RCLONE_CONFIG_EACH_UPSTREAMS", "one=box: two=:memory,x=1:"),
            ("RCLONE_CONFIG_CIRCLE_TYPE", "chunker"),
            ("RCLONE_CONFIG_CIRCLE_REMOTE", "circle:"),
        ];
        let config = Config::read(None, &variables.into_iter().collect(), |_| Ok(None)).unwrap();
        let check = |given: &str, expected: &[&str]| {
            let found = config.with_those_behind(&config.remote_of(given).unwrap());
            assert_eq!(found.iter().map(|remote| &*remote.kind).collect::<Vec<_>>(), expected, "{given}");
        };
        check("box:", &["sftp"]);
        check("lock:", &["crypt", "sftp"]);
        check("both:", &["union", "crypt", "webdav", "sftp"]);
        check("each:", &["combine", "sftp", "memory"]);
        check("circle:", &["chunker"]);
        check(":crypt,remote='lock,remote=\":ftp:\":':", &["crypt", "crypt", "ftp"]);
    }
}
