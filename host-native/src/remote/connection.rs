//! Where a path of the command line leads, as rclone writes it: `remote:path`, `remote,option=value:path`, `:backend:path`, or a
//! path of this machine.

/// A path on a remote.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// The remote of the configuration file, or the backend of one that stands in no file.
    pub target: Target,
    /// Options given with the path, in its order; they come before those of the file. They may hold secrets.
    pub options: Vec<(String, String)>,
    /// The path on the remote, as it was given.
    pub path: String,
}

/// What stands before the colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `name:`, a remote of the configuration file.
    Named(String),
    /// `:backend:`, which stands in no file.
    Backend(String),
}

/// Why a path names no remote that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// The name is none.
    #[error(
        "`{0}` is no name of a remote: letters, digits, `_`, `-`, `.`, `+`, `@` and spaces in between; \
         for a local directory write `./{0}`"
    )]
    Name(String),
    /// A name of an option is none.
    #[error(
        "an option of the remote `{0}` has no name, or one with other characters than letters, digits, `_` and `.`"
    )]
    OptionName(String),
    /// The last option does not end.
    #[error("the options of the remote `{0}` do not end: a `:` is missing before the path")]
    Unended(String),
    /// A quote is not closed, or something follows it.
    #[error("a value in quotes of the remote `{0}` must end with the quote and a `,` or `:`; a quote in it is doubled")]
    Quote(String),
}

impl Connection {
    /// Reads a path; `None` when it is one of this machine.
    ///
    /// # Errors
    /// Says what is wrong with the name or its options. No value is repeated: it may be a secret.
    pub fn parse(given: &str) -> Result<Option<Self>, ConnectionError> {
        let end = given.char_indices().skip(1).find(|(_, letter)| matches!(letter, ':' | ',' | '/'));
        let Some((end, separator)) = end.filter(|_| given.contains(':')) else { return local_or_error(given) };
        let (name, rest) = (&given[..end], &given[end + 1..]);
        if given.starts_with('/') || separator == '/' {
            return local_or_error(given);
        }
        // A name before a comma is only one when a colon ends the options.
        let target = Target::parse(name).ok_or_else(|| ConnectionError::Name(name.to_owned()))?;
        let (options, path) = if separator == ',' { read_options(name, rest)? } else { (Vec::new(), rest) };
        Ok(Some(Self { target, options, path: path.to_owned() }))
    }

    /// Returns what rclone reads as this remote, with all its options, and without the path: `remote,option="value":`.
    pub fn to_remote(&self) -> String {
        let mut text = self.target.to_string();
        for (name, value) in &self.options {
            text.push_str(&format!(",{name}=\"{}\"", value.replace('"', "\"\"")));
        }
        text.push(':');
        text
    }
}

impl Target {
    fn parse(text: &str) -> Option<Self> {
        let (name, is_backend) = text.strip_prefix(':').map_or((text, false), |name| (name, true));
        let is_letter = |letter: char| letter.is_alphanumeric() || "_.+@".contains(letter);
        let fits = name.chars().all(|letter| is_letter(letter) || " -".contains(letter))
            && name.starts_with(is_letter)
            && !name.ends_with(' ');
        let name = name.to_owned();
        fits.then_some(if is_backend { Self::Backend(name) } else { Self::Named(name) })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => formatter.write_str(name),
            Self::Backend(name) => write!(formatter, ":{name}"),
        }
    }
}

/// The values of options are left out.
impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let options: Vec<_> = self.options.iter().map(|(name, _)| name).collect();
        let Self { target, path, .. } = self;
        formatter
            .debug_struct("Connection")
            .field("target", target)
            .field("options", &options)
            .field("path", path)
            .finish()
    }
}

fn local_or_error(given: &str) -> Result<Option<Connection>, ConnectionError> {
    if given.starts_with(':') { Err(ConnectionError::Name(given.to_owned())) } else { Ok(None) }
}

type NamesAndValues = Vec<(String, String)>;

/// Reads `option=value,option,option="value":path`, and returns the path.
fn read_options<'a>(remote: &str, mut rest: &'a str) -> Result<(NamesAndValues, &'a str), ConnectionError> {
    let unended = || ConnectionError::Unended(remote.to_owned());
    let mut options = Vec::new();
    loop {
        let end = rest.find([',', ':', '=']).ok_or_else(unended)?;
        let (name, after) = rest.split_at(end);
        if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.".contains(letter)) {
            return Err(ConnectionError::OptionName(remote.to_owned()));
        }
        // An option without a value is one that is switched on.
        let (value, after) = match after.strip_prefix('=') {
            None => ("true".to_owned(), after),
            Some(after) => read_value(remote, after)?,
        };
        options.push((name.to_owned(), value));
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok((options, after.strip_prefix(':').ok_or_else(unended)?)),
        }
    }
}

/// Reads a value, and returns what follows it, which begins with `,` or `:`.
fn read_value<'a>(remote: &str, text: &'a str) -> Result<(String, &'a str), ConnectionError> {
    let quoted = || ConnectionError::Quote(remote.to_owned());
    let Some(quote) = text.chars().next().filter(|letter| matches!(letter, '\'' | '"')) else {
        let end = text.find([',', ':']).ok_or_else(|| ConnectionError::Unended(remote.to_owned()))?;
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let (mut value, mut rest) = (String::new(), &text[1..]);
    loop {
        let (part, after) = rest.split_once(quote).ok_or_else(quoted)?;
        value.push_str(part);
        if after.starts_with([',', ':']) {
            return Ok((value, after));
        }
        rest = after.strip_prefix(quote).ok_or_else(quoted)?;
        value.push(quote);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Target, options and path.
    type Parts<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

    #[test]
    fn remotes_are_read_as_rclone_reads_them() {
        let check = |given: &str, expected: Option<Parts<'_>>| {
            let connection = Connection::parse(given).unwrap();
            let read = connection.as_ref().map(|connection| {
                let options: Vec<_> = connection.options.iter().map(|(name, value)| (&**name, &**value)).collect();
                (connection.target.to_string(), options, connection.path.as_str())
            });
            let expected = expected.map(|(target, options, path)| (target.to_owned(), options.to_vec(), path));
            assert_eq!(read, expected, "{given}");
        };
        check("remote:", Some(("remote", &[], "")));
        check("remote:path/to:it", Some(("remote", &[], "path/to:it")));
        check("my remote-1.x+@:a", Some(("my remote-1.x+@", &[], "a")));
        check("ünï:a", Some(("ünï", &[], "a")));
        check(":s3:bucket/a", Some((":s3", &[], "bucket/a")));
        check(
            ":s3,provider=Minio,endpoint='http://host:9000',env_auth:b/c",
            Some((":s3", &[("provider", "Minio"), ("endpoint", "http://host:9000"), ("env_auth", "true")], "b/c")),
        );
        check("r,a=\"say \"\"x\"\", y:z\",b=:p", Some(("r", &[("a", "say \"x\", y:z"), ("b", "")], "p")));
        for local in ["a", "/a:b", "./a:b", "a/b:c", "a,b"] {
            check(local, None);
        }
    }

    #[test]
    fn what_is_no_remote_is_refused() {
        let check = |given: &str, expected: &str| {
            let error = Connection::parse(given).unwrap_err().to_string();
            assert!(error.contains(expected), "{given}: {error}");
            assert!(!error.contains("secret"), "{error}");
        };
        for given in [":", "::", ":/a:b", ":a/b", "-a:b", " a:b", "a :b", "a*:b"] {
            check(given, "is no name of a remote");
        }
        check("a,=secret:b", "has no name");
        check("a,b c=secret:b", "has no name");
        check("a,b/c:d", "other characters");
        check("a,b='secret:x", "quote");
        check("a,b='secret'x:y", "quote");
    }

    #[test]
    fn a_remote_is_written_as_it_is_read() {
        for given in ["remote:", ":s3,endpoint=\"http://host:1\",secret=\"a\"\"b\":", "r,flag=\"true\":"] {
            assert_eq!(Connection::parse(given).unwrap().unwrap().to_remote(), given);
        }
    }
}
