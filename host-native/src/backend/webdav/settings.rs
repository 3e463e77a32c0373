//! What the options of a remote mean here, and which remotes are left to rclone.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bisync_engine::protocol::{Failure, FailureKind};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, REFERER};

use crate::backend::failed;
use crate::backend::native::Unopened;
use crate::remote::Remote;

/// How a remote is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the server's files begin, with `/` at the end.
    pub endpoint: Url,
    /// What every request says, who asks included. Values that may be secret are marked so.
    pub headers: HeaderMap,
    /// Who made the server.
    pub vendor: Vendor,
}

/// Who made a server: what it can do more than WebDAV says, as rclone has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// Fastmail: times, and SHA-1 by a property of its own.
    Fastmail,
    /// Nextcloud: times, and the SHA-1 that came with the content.
    Nextcloud,
    /// Anybody else: no times are kept but those at which the server wrote.
    Other,
    /// ownCloud: times, MD5 and SHA-1.
    Owncloud,
    /// `rclone serve webdav`: times.
    Rclone,
}

/// Options that are honoured here, or that concern nothing that is done here.
const KNOWN: [&str; 9] =
    ["bearer_token", "description", "headers", "nextcloud_chunk_size", "pass", "type", "url", "user", "vendor"];

impl Vendor {
    /// Says whether content comes with a time.
    pub fn keeps_times(self) -> bool {
        self != Self::Other
    }

    /// Returns the smallest difference of times that counts, in nanoseconds.
    pub fn time_precision_ns(self) -> u64 {
        // A time that is the server's own has a fraction that tells its versions apart.
        if self.keeps_times() { 1_000_000_000 } else { 1 }
    }

    /// Returns the hashes that the server tells, in the order in which rclone chooses among them.
    pub fn hashes(self) -> &'static [&'static str] {
        match self {
            Self::Owncloud => &["md5", "sha1"],
            Self::Fastmail | Self::Nextcloud => &["sha1"],
            Self::Other | Self::Rclone => &[],
        }
    }

    /// Says whether content is sent with its hash, which the server then looks at or keeps.
    pub fn takes_checksum(self) -> bool {
        matches!(self, Self::Nextcloud | Self::Owncloud)
    }
}

impl Settings {
    /// Reads the options of a remote.
    ///
    /// # Errors
    /// Names what cannot be honoured here.
    pub fn of(remote: &Remote) -> Result<Self, Unopened> {
        let left = |what: String| Err(Unopened::LeftToRclone(what));
        for option in remote.options().map(|(option, _)| option).filter(|option| !KNOWN.contains(option)) {
            if remote.value(option) != Some("false") {
                return left(format!("the option `{option}`"));
            }
        }
        let vendor = match remote.value("vendor").unwrap_or("other") {
            "fastmail" => Vendor::Fastmail,
            "nextcloud" if matches!(remote.value("nextcloud_chunk_size"), Some("0" | "0B")) => Vendor::Nextcloud,
            "nextcloud" => return left("uploads to Nextcloud in chunks".to_owned()),
            "other" => Vendor::Other,
            "owncloud" => Vendor::Owncloud,
            "rclone" => Vendor::Rclone,
            vendor => return left(format!("the vendor `{vendor}`")),
        };
        let endpoint = endpoint(remote)?;
        Ok(Self { headers: headers(remote, &endpoint)?, endpoint, vendor })
    }
}

fn endpoint(remote: &Remote) -> Result<Url, Unopened> {
    // What is wrong with an address is not told in the words of others: there may be a password in it.
    let problem = |problem: &str| failed(FailureKind::Other, &format!("the option `url` of the remote {problem}"));
    let text = remote.value("url").ok_or_else(|| problem("is missing"))?;
    let mut url: Url = text.parse().map_err(|_| problem("is no address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(problem("has to begin with `https://` or `http://`").into());
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(Unopened::LeftToRclone("a `url` with more than a path".to_owned()));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn headers(remote: &Remote, endpoint: &Url) -> Result<HeaderMap, Failure> {
    let impossible =
        |option: &str| failed(FailureKind::Other, &format!("the option `{option}` of the remote is no header"));
    let secret = |option: &str, text: &str| {
        let mut value = HeaderValue::from_str(text).map_err(|_| impossible(option))?;
        value.set_sensitive(true);
        Ok::<_, Failure>(value)
    };
    let mut headers = HeaderMap::new();
    let password = remote.secret("pass").map_err(|error| failed(FailureKind::Other, &error.to_string()))?;
    if remote.value("user").is_some() || password.is_some() {
        let (user, password) = (remote.value("user").unwrap_or_default(), password.unwrap_or_default());
        let both = BASE64_STANDARD.encode(format!("{user}:{password}"));
        headers.insert(AUTHORIZATION, secret("user", &format!("Basic {both}"))?);
    } else if let Some(token) = remote.value("bearer_token") {
        headers.insert(AUTHORIZATION, secret("bearer_token", &format!("Bearer {token}"))?);
    }
    if let Some(given) = remote.value("headers") {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(given.as_bytes());
        let fields = reader.records().next().and_then(Result::ok).ok_or_else(|| impossible("headers"))?;
        let fields: Vec<_> = fields.iter().collect();
        for pair in fields.chunks(2) {
            let [name, value] = pair else { return Err(impossible("headers")) };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| impossible("headers"))?;
            headers.insert(name, secret("headers", value)?);
        }
    }
    if !headers.contains_key(REFERER) {
        // Some servers want to see it.
        headers.insert(REFERER, HeaderValue::from_str(endpoint.as_str()).map_err(|_| impossible("url"))?);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: &[(&str, &str)]) -> Result<Settings, String> {
        let values = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::of(&Remote::new("r".into(), "webdav".into(), values)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_honoured_is_named() {
        let url = ("url", "http://h/dav");
        let check = |options: &[(&str, &str)], expected: &[&str]| {
            let message = settings(options).unwrap_err();
            assert!(expected.iter().all(|part| message.contains(part)), "{message}");
            assert!(!message.contains("hidden"), "{message}");
        };
        let rclone = "by rclone";
        check(&[url, ("vendor", "sharepoint")], &["`sharepoint`", rclone]);
        check(&[url, ("vendor", "infinitescale")], &["`infinitescale`", rclone]);
        check(&[url, ("vendor", "nextcloud")], &["chunks", rclone]);
        check(&[url, ("vendor", "nextcloud"), ("nextcloud_chunk_size", "0.5Mi")], &["chunks", rclone]);
        check(&[url, ("bearer_token_command", "hidden")], &["`bearer_token_command`", rclone]);
        check(&[url, ("encoding", "Slash")], &["`encoding`", rclone]);
        check(&[url, ("pacer_min_sleep", "1s")], &["`pacer_min_sleep`", rclone]);
        check(&[("url", "http://u:hidden@h/")], &["`url`", rclone]);
        check(&[("url", "hidden")], &["`url`", "no address"]);
        check(&[], &["`url`", "missing"]);
        check(&[url, ("headers", "one,hidden,two")], &["`headers`"]);
        check(&[url, ("bearer_token", "hidden\n")], &["`bearer_token`"]);
        check(&[url, ("pass", "hidden")], &["not obscured"]);
    }

    #[test]
    fn options_are_honoured() {
        let given = [
            ("url", "https://h/a%20b"),
            ("vendor", "nextcloud"),
            ("nextcloud_chunk_size", "0"),
            ("bearer_token", "hidden"),
            ("headers", "X-One,1,Cookie,\"hidden, too\""),
            ("owncloud_exclude_shares", "false"),
        ];
        let settings = settings(&given).unwrap();
        assert_eq!(settings.endpoint.as_str(), "https://h/a%20b/");
        assert_eq!(settings.vendor, Vendor::Nextcloud);
        assert_eq!(settings.headers[AUTHORIZATION], "Bearer hidden");
        assert_eq!(settings.headers["cookie"], "hidden, too");
        assert_eq!(settings.headers["referer"], "https://h/a%20b/");
        assert!(!format!("{settings:?}").contains("hidden"));
    }
}
