//! What of a remote nobody is to see.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::{Connection, Remote, obscure};

/// Options whose value is nobody's business, by parts of their names. All that rclone asks for as a password are among them, and what
/// else it calls sensitive, unless it only names somebody or something.
const SECRET: [&str; 13] = [
    "access_grant",
    "auth",
    "connection_string",
    "cookies",
    "credentials",
    "headers",
    "key",
    "mnemonic",
    "pass",
    "sas_url",
    "secret",
    "session_id",
    "token",
];

/// Says whether the value of an option is nobody's business.
pub fn is_secret(option: &str) -> bool {
    SECRET.iter().any(|word| option.contains(word))
}

impl Remote {
    /// Returns the texts that nobody is to see: values, what those hide that are obscured, and passwords in addresses.
    pub fn secrets(&self) -> Vec<String> {
        self.options().flat_map(|(option, value)| secrets(option, value)).filter(|secret| !secret.is_empty()).collect()
    }
}

fn secrets(option: &str, value: &str) -> Vec<String> {
    // Some options of such names are switches.
    if is_secret(option) && !matches!(value, "true" | "false") {
        return [Some(value.to_owned()), obscure::reveal(value)].into_iter().flatten().collect();
    }
    let Some(password) = value.parse::<Url>().ok().and_then(|url| url.password().map(str::to_owned)) else {
        // Another remote, or several, may be written there with its options.
        let inner = value.split_whitespace().filter_map(|word| Connection::parse(word).ok().flatten());
        return inner
            .flat_map(|connection| connection.options)
            .flat_map(|(option, value)| secrets(&option, &value))
            .collect();
    };
    let meant = percent_decode_str(&password).decode_utf8_lossy().into_owned();
    if meant == password { vec![password] } else { vec![password, meant] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_wherever_they_stand() {
        let check =
            |option: &str, value: &str, expected: &[&str]| assert_eq!(secrets(option, value), expected, "{value}");
        check("secret_access_key", "abc", &["abc"]);
        check("user", "abc", &[]);
        check("key_use_agent", "true", &[]);
        check("url", "http://u:a%20b@h/", &["a%20b", "a b"]);
        check("remote", "box:documents", &[]);
        check("remote", ":webdav,url='http://h',bearer_token=abc:d", &["abc"]);
        check("upstreams", "one:d :s3,secret_access_key=abc:d", &["abc"]);
    }
}
