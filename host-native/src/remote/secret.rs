//! What of a remote nobody is to see.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::{Remote, obscure};

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
    if is_secret(option) {
        return [Some(value.to_owned()), obscure::reveal(value)].into_iter().flatten().collect();
    }
    let Some(password) = value.parse::<Url>().ok().and_then(|url| url.password().map(str::to_owned)) else {
        return Vec::new();
    };
    let meant = percent_decode_str(&password).decode_utf8_lossy().into_owned();
    if meant == password { vec![password] } else { vec![password, meant] }
}
