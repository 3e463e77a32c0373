//! Options from the environment: `BISYNC_MAX_DELETE=10`, and rclone's `RCLONE_MAX_DELETE=10`.

use bisync_engine::event::{Event, Level};
use bisync_engine::options::{OPTIONS, OptionSpec, Options, OptionsError, is_opposite};

use super::error::CliError;
use super::origin::{Given, Origin};
use crate::environment::Environment;

const OWN: &str = "BISYNC_";
const RCLONE: &str = "RCLONE_";

/// Returns the options of the variables that begin with `BISYNC_`.
///
/// # Errors
/// Names the variable whose value cannot be read.
pub fn own_options(environment: &Environment) -> Result<Vec<Given>, CliError> {
    options(environment, OWN)
}

/// Returns the options of the variables that begin with `RCLONE_`.
///
/// # Errors
/// Names the variable whose value cannot be read.
pub fn rclone_options(environment: &Environment) -> Result<Vec<Given>, CliError> {
    options(environment, RCLONE)
}

fn options(environment: &Environment, prefix: &str) -> Result<Vec<Given>, CliError> {
    let mut given = Vec::new();
    for spec in OPTIONS.iter().filter(|spec| is_lasting(spec)) {
        let name = variable(prefix, spec.name);
        let Some(value) = environment.get(&name) else { continue };
        let origin = Origin::Variable(name);
        let text = value.to_str().ok_or_else(|| CliError::NotText(spec.name.to_owned()).given_at(&origin))?;
        let values = if spec.kind.is_list() {
            fields(text).ok_or_else(|| CliError::Unclosed(text.to_owned()).given_at(&origin))?
        } else {
            vec![text.to_owned()]
        };
        given.extend(values.into_iter().map(|value| Given { spec, value, origin: origin.clone() }));
    }
    Ok(given)
}

/// Returns a notice for each variable that begins with `BISYNC_` and is no option.
pub fn unknown(environment: &Environment) -> Vec<Event> {
    let unknown = environment
        .names()
        .filter(|name| name.starts_with(OWN) && !OPTIONS.iter().any(|spec| variable(OWN, spec.name) == **name));
    unknown.map(notice).collect()
}

/// Says whether an option can be set once for many runs: `--help` and `--version` cannot.
pub(super) fn is_lasting(spec: &OptionSpec) -> bool {
    !matches!(spec.name, "help" | "version")
}

/// Returns the name of the variable for an option.
fn variable(prefix: &str, option: &str) -> String {
    format!("{prefix}{}", option.to_uppercase().replace('-', "_"))
}

fn notice(name: &str) -> Event {
    let option = name.trim_start_matches(OWN).to_lowercase().replace('_', "-");
    let meant = match Options::parse(&[(option.clone(), String::new())]) {
        Err(OptionsError::Unknown { nearest: Some(nearest), .. }) => {
            let value = if is_opposite(&option, nearest) { "=false" } else { "" };
            format!("; did you mean `{}{value}`?", variable(OWN, nearest))
        }
        Ok(_) | Err(_) => String::new(),
    };
    let text = format!("the variable `{name}` is ignored: no option has that name{meant}");
    Event { level: Level::Notice, code: "variable-unknown".into(), path: None, text }
}

/// Splits the value of a list at its commas, as rclone does, and at the ends of lines: a field with a comma in it stands in double quotes.
/// `None` when a quote is not closed.
fn fields(text: &str) -> Option<Vec<String>> {
    // A quote within quotes is doubled.
    if text.split([',', '\r', '\n']).any(|field| field.starts_with('"')) && text.matches('"').count() % 2 == 1 {
        return None;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    // A text that is UTF-8 is always made of records.
    let fields =
        reader.records().filter_map(Result::ok).flat_map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>());
    Some(fields.filter(|field| !field.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    #[test]
    fn variables_are_options() {
        let check = |variables: &[(&str, &str)], expected: &[(&str, &str)]| {
            let given = own_options(&environment(variables)).unwrap();
            let given: Vec<_> = given.iter().map(|given| (given.spec.name, given.value.as_str())).collect();
            assert_eq!(given, expected, "{variables:?}");
        };
        check(&[("BISYNC_MAX_DELETE", "10"), ("RCLONE_FORCE", "true")], &[("max-delete", "10")]);
        check(&[("BISYNC_FORCE", "false"), ("bisync_resync", "true")], &[("force", "false")]);
        check(&[("BISYNC_MAX_DELETE", ""), ("BISYNC_HELP", "1"), ("BISYNC_VERSION", "1.2")], &[]);
        check(&[("BISYNC_COMPARE", "size,checksum")], &[("compare", "size,checksum")]);
        check(&[("BISYNC_EXCLUDE", "*.jpg,*.png")], &[("exclude", "*.jpg"), ("exclude", "*.png")]);
        check(&[("BISYNC_EXCLUDE", "\"*.jpg\",\"*.png\"")], &[("exclude", "*.jpg"), ("exclude", "*.png")]);
        check(&[("BISYNC_EXCLUDE", "\"/a, b/**\",{c}")], &[("exclude", "/a, b/**"), ("exclude", "{c}")]);
        check(&[("BISYNC_FILTER", "- a b ,+ \"c\"")], &[("filter", "- a b "), ("filter", "+ \"c\"")]);
        check(
            &[("BISYNC_FILTER", "- a, + b\n\r\n\"- c,d\"\n- e")],
            &[("filter", "- a"), ("filter", " + b"), ("filter", "- c,d"), ("filter", "- e")],
        );
        check(&[("BISYNC_FILTER_FROM", "one,two")], &[("filter-from", "one"), ("filter-from", "two")]);
    }

    #[test]
    fn quotes_have_to_be_closed() {
        let check = |value: &str, is_closed: bool| {
            let options = own_options(&environment(&[("BISYNC_EXCLUDE", value)]));
            assert_eq!(options.is_ok(), is_closed, "{value}");
        };
        check("\"a,b\",c", true);
        check("a\"b,c", true);
        check("\"a \"\"b\"\"\"", true);
        check("\"a,b", false);
        check("c,\"a,b", false);
        let error = own_options(&environment(&[("BISYNC_EXCLUDE", "\"a,b")])).unwrap_err().to_string();
        assert!(error.contains("BISYNC_EXCLUDE") && error.contains("is not closed"), "{error}");
    }

    #[test]
    fn variables_that_are_no_options_are_named() {
        let check = |name: &str, expected: &[&str]| {
            let notices = unknown(&environment(&[(name, "1")]));
            let texts: Vec<_> = notices.iter().map(|event| event.text.as_str()).collect();
            assert_eq!(texts, expected, "{name}");
        };
        check("BISYNC_MAX_DELETE", &[]);
        check("BISYNC_VERSION", &[]);
        check("RCLONE_MAX_DELTE", &[]);
        check(
            "BISYNC_MAX_DELTE",
            &["the variable `BISYNC_MAX_DELTE` is ignored: no option has that name; did you mean `BISYNC_MAX_DELETE`?"],
        );
        check(
            "BISYNC_NO_FORCE",
            &["the variable `BISYNC_NO_FORCE` is ignored: no option has that name; did you mean `BISYNC_FORCE=false`?"],
        );
        check("BISYNC_SEEDS", &["the variable `BISYNC_SEEDS` is ignored: no option has that name"]);
    }
}
