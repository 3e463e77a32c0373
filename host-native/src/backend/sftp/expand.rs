//! Paths of files of this machine, as rclone's configuration has them: with `~` and variables.

use std::path::PathBuf;

use crate::backend::native::Unopened;
use crate::environment::Environment;

/// Returns a path with `~` at its beginning, `$NAME` and `${NAME}` replaced; a variable that is not set is empty, as in rclone.
///
/// # Errors
/// Leaves to rclone what is not plain: the home of somebody else, and braces that do not close.
pub fn expand(path: &str, environment: &Environment) -> Result<PathBuf, Unopened> {
    let left = || Unopened::LeftToRclone(format!("the path `{path}`"));
    let variable = |name: &str| environment.get(name).and_then(|value| value.to_str()).unwrap_or_default();
    let (mut expanded, mut rest) = (String::new(), path);
    if let Some(below) = path.strip_prefix('~') {
        if !below.is_empty() && !below.starts_with('/') {
            return Err(left());
        }
        expanded.push_str(variable("HOME"));
        rest = below;
    }
    while let Some((plain, named)) = rest.split_once('$') {
        expanded.push_str(plain);
        if let Some(named) = named.strip_prefix('{') {
            let (name, after) = named.split_once('}').ok_or_else(left)?;
            expanded.push_str(variable(name));
            rest = after;
        } else {
            let end = named.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
            let (name, after) = named.split_at(end.unwrap_or(named.len()));
            if name.is_empty() || name.starts_with(|character: char| character.is_ascii_digit()) {
                return Err(left());
            }
            expanded.push_str(variable(name));
            rest = after;
        }
    }
    expanded.push_str(rest);
    Ok(expanded.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_and_variables_are_replaced() {
        let home = std::env::var("HOME").unwrap();
        let check = |path: &str, expected: Option<&str>| {
            let expanded = expand(path, &Environment::of_process()).ok();
            assert_eq!(expanded, expected.map(PathBuf::from), "{path}");
        };
        check("/a/b", Some("/a/b"));
        check("~", Some(&home));
        check("~/k", Some(&format!("{home}/k")));
        check("$HOME/k", Some(&format!("{home}/k")));
        check("a${HOME}k", Some(&format!("a{home}k")));
        check("a/$BISYNC_NOT_SET/b", Some("a//b"));
        check("~other/k", None);
        check("${HOME", None);
        check("$1", None);
    }
}
