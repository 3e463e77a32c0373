//! The credentials of requests: from the remote, or with `env_auth` from the variables and the file of AWS's own tools.

use std::fs;
use std::path::PathBuf;

use bisync_engine::protocol::{Failure, FailureKind};
use ini::{Ini, ParseOption};
use rusty_s3::Credentials;

use crate::backend::failed;
use crate::backend::native::Unopened;
use crate::environment::Environment;
use crate::failure::reason;
use crate::remote::Remote;

/// Returns the credentials of a remote; `None` for nobody in particular.
///
/// # Errors
/// Says what is missing.
pub fn find(remote: &Remote, environment: &Environment) -> Result<Option<Credentials>, Unopened> {
    match [remote.value("access_key_id"), remote.value("secret_access_key"), remote.value("session_token")] {
        [Some(key), Some(secret), token] => Ok(Some(made(key, secret, token))),
        [None, None, _] if remote.flag("env_auth") => from_environment(remote, environment).map(Some),
        [None, None, _] => Ok(None),
        [None, ..] => Err(missing("access_key_id").into()),
        [_, None, _] => Err(missing("secret_access_key").into()),
    }
}

fn from_environment(remote: &Remote, environment: &Environment) -> Result<Credentials, Unopened> {
    let variable = |name: &str| environment.get(name).and_then(|value| value.to_str());
    let of_variables = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
    if let (None, (Some(key), Some(secret))) = (remote.value("profile"), of_variables) {
        return Ok(made(key, secret, variable("AWS_SESSION_TOKEN")));
    }
    let named = remote.value("shared_credentials_file").or_else(|| variable("AWS_SHARED_CREDENTIALS_FILE"));
    let usual = || variable("HOME").map(|home| PathBuf::from(home).join(".aws/credentials"));
    let file = named.map(PathBuf::from).or_else(usual).filter(|file| file.exists());
    let nothing = || {
        Unopened::LeftToRclone("`env_auth` without the variables `AWS_…` and without a file of credentials".to_owned())
    };
    let file = file.ok_or_else(nothing)?;
    let unusable = |why: &str| {
        failed(FailureKind::Other, &format!("the credentials in `{}` cannot be used: {why}", file.display()))
    };
    let text = fs::read_to_string(&file).map_err(|error| unusable(&reason(&error)))?;
    let plain = ParseOption { enabled_quote: false, enabled_escape: false, ..ParseOption::default() };
    // What it says of the place may repeat a line.
    let sections = Ini::load_from_str_opt(&text, plain).map_err(|_| unusable("it cannot be understood"))?;
    let profile = remote.value("profile").or_else(|| variable("AWS_PROFILE")).unwrap_or("default");
    let section = sections.section(Some(profile)).ok_or_else(|| unusable(&format!("it has no `[{profile}]`")))?;
    match (section.get("aws_access_key_id"), section.get("aws_secret_access_key")) {
        (Some(key), Some(secret)) => Ok(made(key, secret, section.get("aws_session_token"))),
        _ => {
            let profile = format!("the profile `{profile}` of `{}`, which holds no keys,", file.display());
            Err(Unopened::LeftToRclone(profile))
        }
    }
}

fn made(key: &str, secret: &str, token: Option<&str>) -> Credentials {
    match token {
        Some(token) => Credentials::new_with_token(key, secret, token),
        None => Credentials::new(key, secret),
    }
}

fn missing(option: &str) -> Failure {
    failed(FailureKind::Other, &format!("the option `{option}` of the remote is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Expected<'a> = Result<Option<[&'a str; 3]>, &'a str>;

    #[test]
    fn credentials_are_found_where_rclone_finds_them() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        let text = "[default]\naws_access_key_id = d\naws_secret_access_key = e/+=\n[p]\naws_access_key_id=pk\n\
                    aws_secret_access_key=ps\naws_session_token=pt\n[role]\nrole_arn=x\n";
        fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let check = |options: &[(&str, &str)], variables: &[(&str, &str)], expected: Expected<'_>| {
            let values = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let found = find(&Remote::new("r".into(), "s3".into(), values), &variables.iter().copied().collect());
            match expected {
                Ok(expected) => {
                    let found = found.unwrap();
                    let found = found.as_ref();
                    let found = found.map(|found| [found.key(), found.secret(), found.token().unwrap_or_default()]);
                    assert_eq!(found, expected, "{options:?} {variables:?}");
                }
                Err(expected) => {
                    let failure = found.unwrap_err();
                    assert!(failure.to_string().contains(expected), "{failure}");
                }
            }
        };
        let keys = [("access_key_id", "k"), ("secret_access_key", "s")];
        let variables = [("AWS_ACCESS_KEY_ID", "vk"), ("AWS_SECRET_ACCESS_KEY", "vs"), ("AWS_SESSION_TOKEN", "vt")];
        check(&[], &variables, Ok(None));
        check(&keys, &variables, Ok(Some(["k", "s", ""])));
        check(&keys[..1], &[], Err("`secret_access_key`"));
        check(&keys[1..], &[], Err("`access_key_id`"));
        let environment = ("env_auth", "true");
        let of_file = ("shared_credentials_file", file);
        check(&[environment], &variables, Ok(Some(["vk", "vs", "vt"])));
        check(&[environment], &[("AWS_SHARED_CREDENTIALS_FILE", file)], Ok(Some(["d", "e/+=", ""])));
        check(&[environment, of_file, ("profile", "p")], &variables, Ok(Some(["pk", "ps", "pt"])));
        check(&[environment, of_file], &[("AWS_PROFILE", "p")], Ok(Some(["pk", "ps", "pt"])));
        check(&[environment, of_file, ("profile", "no")], &[], Err("`[no]`"));
        check(&[environment, of_file, ("profile", "role")], &[], Err("by rclone"));
        check(&[environment], &[("HOME", "/nonexistent")], Err("by rclone"));
    }
}
