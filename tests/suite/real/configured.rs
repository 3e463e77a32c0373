//! Where the configuration of remotes comes from: files, variables, and what opens a file that is encrypted.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::servers::{PASSWORD, Protocol, Server};
use bisync_tests::real::terminal::Terminal;

/// What encrypts configurations here.
const PASSPHRASE: &str = "ünlock me";

/// A home whose `served` is behind a server, which the configuration file `c` calls `box`.
fn home(rclone: &Path) -> (Home, Server) {
    let home = Home::with(&[("one/tea", "green"), ("served/two/rice", "basmati")]);
    let more = ["--dir-cache-time=1h".to_owned()];
    let server = Server::start_with(rclone, Protocol::Webdav, &home.at("served"), &more);
    home.write("c", &server.section("box"));
    (home, server)
}

/// Makes a run of folder `one` and a remote that is served natively, or by rclone, with variables of the environment.
fn command(home: &Home, two: &str, backend: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = program::command(&program::bisync(), &home.at(""));
    command.args(["one", two, "--workdir=work", backend]).envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(home: &Home, two: &str, backend: &str, variables: &[(&str, &str)]) -> Ended {
    program::wait(program::start(&mut command(home, two, backend, variables)), "bisync")
}

/// Both sides are brought in step, natively and by rclone.
fn reaches_with(two: &str, variables: impl Fn(&Home, &Server) -> Vec<(String, String)>) {
    let Some(rclone) = program::rclone() else { return };
    for backend in ["--backend=native", "--backend=rclone"] {
        let (home, server) = home(&rclone);
        let variables = variables(&home, &server);
        let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        in_step(&home, &run(&home, two, backend, &variables));
    }
}

fn in_step(home: &Home, ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert_eq!(home.read("served/two/tea").as_deref(), Some("green"), "{}", ended.all());
    assert_eq!(home.read("one/rice").as_deref(), Some("basmati"), "{}", ended.all());
}

fn given<const N: usize>(variables: [(&str, String); N]) -> Vec<(String, String)> {
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}

#[test]
fn a_variable_says_where_the_file_is() {
    reaches_with("box:two", |home, _| given([("RCLONE_CONFIG", home.at("c").display().to_string())]));
}

#[test]
fn variables_alone_make_a_remote() {
    reaches_with("dav:two", |home, server| {
        fs::remove_file(home.at("c")).unwrap();
        given([
            ("RCLONE_CONFIG_DAV_TYPE", "webdav".to_owned()),
            ("RCLONE_CONFIG_DAV_URL", format!("http://127.0.0.1:{}", server.port())),
            ("RCLONE_CONFIG_DAV_VENDOR", "rclone".to_owned()),
            ("RCLONE_CONFIG_DAV_USER", "user".to_owned()),
            ("RCLONE_CONFIG_DAV_PASS", PASSWORD.to_owned()),
        ])
    });
}

#[test]
fn a_variable_goes_before_the_file() {
    reaches_with("box:two", |home, server| {
        let text = home.read("c").unwrap().replace(&server.port().to_string(), "1");
        home.write("c", &text);
        given([
            ("RCLONE_CONFIG", "c".to_owned()),
            ("RCLONE_CONFIG_BOX_URL", format!("http://127.0.0.1:{}", server.port())),
        ])
    });
}

/// Encrypts the configuration as rclone does.
fn encrypt(rclone: &Path, home: &Home) {
    home.write("password", PASSPHRASE);
    let mut command = program::command(rclone, &home.at(""));
    command.args(["config", "encryption", "set", "--config=c", "--password-command=cat password"]);
    let ended = command.stdin(Stdio::null()).output().unwrap();
    assert!(ended.status.success() && home.read("c").unwrap().contains("RCLONE_ENCRYPT"), "{ended:?}");
    fs::remove_file(home.at("password")).unwrap();
}

#[test]
fn a_variable_opens_an_encrypted_file() {
    reaches_with("box:two", |home, _| {
        encrypt(&program::rclone().unwrap(), home);
        given([("RCLONE_CONFIG", "c".to_owned()), ("RCLONE_CONFIG_PASS", PASSPHRASE.to_owned())])
    });
}

#[test]
fn a_wrong_password_opens_nothing() {
    let Some(rclone) = program::rclone() else { return };
    let (home, _server) = home(&rclone);
    encrypt(&rclone, &home);
    for (password, expected) in [(Some("unlock me"), "does not open"), (None, "is encrypted: give its password")] {
        let mut variables = vec![("RCLONE_CONFIG", "c")];
        variables.extend(password.map(|password| ("RCLONE_CONFIG_PASS", password)));
        // Without a terminal of its own nobody is asked.
        let mut command = command(&home, "box:two", "--backend=auto", &variables);
        let ended = program::wait(program::start(&mut without_terminal(&mut command)), "bisync");
        assert!(ended.code != Some(0) && ended.all().contains(expected), "no `{expected}`: {}", ended.all());
        assert_eq!((home.read("served/two/tea"), home.read("one/rice")), (None, None));
    }
}

/// Whoever sits at the terminal is asked, and what is typed is not drawn.
#[test]
fn whoever_sits_there_is_asked_for_the_password() {
    let Some(rclone) = program::rclone() else { return };
    let (home, _server) = home(&rclone);
    encrypt(&rclone, &home);
    for backend in ["--backend=native", "--backend=rclone"] {
        let asking = command(&home, "box:two", backend, &[("RCLONE_CONFIG", "c")]);
        let (mut terminal, end) = Terminal::open();
        let mut command = in_session(&asking, &["--ctty", "--wait"]);
        command.stdin(end).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = program::start(&mut command);
        // It holds an end of the terminal too.
        drop(command);
        let drawn = terminal.read_until(|text| text.contains("`c`: "));
        assert!(drawn.contains("Password of rclone's configuration `c`: "), "{drawn}");
        terminal.type_secret(PASSPHRASE);
        let ended = program::wait(child, "bisync");
        in_step(&home, &ended);
        let drawn = terminal.read_until(|_| false);
        assert!(!format!("{drawn}{}", ended.all()).contains(PASSPHRASE), "{drawn}");
    }
}

/// Makes the same command begin a session of its own.
fn in_session(command: &Command, options: &[&str]) -> Command {
    let mut session = Command::new("setsid");
    session.args(options).arg(command.get_program()).args(command.get_args());
    session.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => session.env(name, value),
            None => session.env_remove(name),
        };
    }
    session
}

fn without_terminal(command: &mut Command) -> Command {
    let mut session = in_session(command, &["--wait"]);
    session.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    session
}
