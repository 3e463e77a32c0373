//! The password of an encrypted configuration: from a command, from a variable, or from whoever sits there.

use std::path::Path;
use std::process::{Command, Stdio};

use bisync_engine::options::Options;

use super::ConfigError;
use crate::environment::Environment;
use crate::failure::reason;

/// Returns the password of a file; `None` when nobody can be asked.
///
/// # Errors
/// Says why `--password-command` gives none.
pub fn password(options: &Options, environment: &Environment, file: &Path) -> Result<Option<String>, ConfigError> {
    if let Some(line) = options.text("password-command").filter(|line| !line.trim().is_empty()) {
        return printed(&line).map(Some);
    }
    let given = environment.get("RCLONE_CONFIG_PASS").map(|password| password.to_string_lossy().into_owned());
    Ok(given.or_else(|| {
        rpassword::prompt_password(format!("Password of rclone's configuration `{}`: ", file.display())).ok()
    }))
}

/// Returns what a command prints, without the end of its line. It may speak with whoever sits there.
fn printed(line: &str) -> Result<String, ConfigError> {
    let words = words(line);
    // Its arguments may be secrets.
    let program = words.first().cloned().unwrap_or_default();
    let failed = |why: String| ConfigError::PasswordCommand(program.clone(), why);
    let run =
        Command::new(&program).args(words.iter().skip(1)).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output();
    let output = run.map_err(|error| failed(reason(&error)))?;
    if !output.status.success() {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    let password = String::from_utf8(output.stdout).map_err(|_| failed("it printed what is not UTF-8".to_owned()))?;
    match password.trim_matches(['\r', '\n']) {
        "" => Err(failed("it printed nothing".to_owned())),
        password => Ok(password.to_owned()),
    }
}

/// Parts a line at its blanks, as rclone does: words with blanks stand in double quotes, and two of these are one.
fn words(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(b' ').from_reader(line.trim().as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    record.iter().filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(command: &str) -> Result<Option<String>, ConfigError> {
        let options = Options::parse(&[("password-command".to_owned(), command.to_owned())]).unwrap();
        let environment = [("RCLONE_CONFIG_PASS", "of the variable")].into_iter().collect();
        password(&options, &environment, Path::new("/file"))
    }

    #[test]
    fn a_command_goes_before_the_variable() {
        assert_eq!(given("printf  of\\040the\\040command\\n").unwrap().as_deref(), Some("of the command"));
        assert_eq!(given(r#"echo "two  ""words""""#).unwrap().as_deref(), Some(r#"two  "words""#));
        assert_eq!(given("").unwrap().as_deref(), Some("of the variable"));
    }

    #[test]
    fn a_command_that_gives_no_password_is_named_without_its_arguments() {
        for (command, why) in
            [("false secret", "it ended with"), ("true secret", "printed nothing"), ("/no/such secret", "no such file")]
        {
            let error = given(command).unwrap_err().to_string();
            assert!(error.contains(command.split(' ').next().unwrap()) && error.contains(why), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
