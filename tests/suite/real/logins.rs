//! How the program logs in to SFTP servers, and whom it trusts: with OpenSSH's server, and with one that asks for passwords.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::servers::PASSWORD;
use bisync_tests::real::servers::openssh::Openssh;
use bisync_tests::real::servers::strange::{Lets, Strange, nothing};

/// The passphrase of keys that the tests know: what [`PASSWORD`] is when it is no longer obscured.
const PASSPHRASE: &str = "secret";

/// A home with a file on each side.
fn home() -> Home {
    Home::with(&[("one/tea", "green"), ("served/two/rice", "basmati")])
}

/// Runs the program on folder `one` and a remote, served natively, with a variable of the environment.
fn run(home: &Home, remote: &str, variable: Option<(&str, &Path)>) -> Ended {
    let mut command = program::command(&program::bisync(), &home.at(""));
    let two = format!("{remote}:two");
    command.args(["one", &two, "--workdir=work", "--config=", "--backend=native", "--retries=1"]);
    command.env_remove("SSH_AUTH_SOCK").envs(variable);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program::wait(program::start(&mut command), "bisync")
}

/// Both sides are brought in step.
fn lets_in(home: &Home, ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert_eq!(home.read("served/two/tea").as_deref(), Some("green"), "{}", ended.all());
    assert_eq!(home.read("one/rice").as_deref(), Some("basmati"), "{}", ended.all());
}

/// It is said why, and nothing is done.
fn keeps_out(home: &Home, ended: &Ended, expected: &str) {
    assert!(ended.code == Some(1) && ended.all().contains(expected), "no `{expected}`:\n{}", ended.all());
    assert!(!ended.all().contains(PASSPHRASE), "{}", ended.all());
    assert_eq!((home.read("served/two/tea"), home.read("one/rice")), (None, None), "{}", ended.all());
}

/// OpenSSH's server for what is `served` of a home.
fn openssh(home: &Home) -> Option<Openssh> {
    Openssh::start(&home.at("served"))
}

#[test]
fn keys_with_a_passphrase_are_opened() {
    for options in [&["-t", "ed25519"][..], &["-t", "rsa", "-b", "2048"], &["-t", "ecdsa"], &["-t", "rsa", "-m", "PEM"]]
    {
        let home = home();
        let Some(server) = openssh(&home) else { return };
        let key = server.key("locked", options, PASSPHRASE, true);
        let by = |more: &str| format!("{},key_file='{}'{more}", server.connection(), key.display());
        keeps_out(&home, &run(&home, &by(""), None), "its password is wrong");
        lets_in(&home, &run(&home, &by(&format!(",key_file_pass={PASSWORD}")), None));
    }
}

#[test]
fn a_wrong_passphrase_opens_no_key() {
    let home = home();
    let Some(server) = openssh(&home) else { return };
    let key = server.key("locked", &[], "something else", true);
    let by = format!("{},key_file='{}',key_file_pass={PASSWORD}", server.connection(), key.display());
    keeps_out(&home, &run(&home, &by, None), "its password is wrong");
}

#[test]
fn a_key_may_stand_in_the_configuration() {
    for (options, passphrase) in [(&["-t", "ed25519"][..], ""), (&["-t", "rsa", "-m", "PEM"], ""), (&[], PASSPHRASE)] {
        let home = home();
        let Some(server) = openssh(&home) else { return };
        let key = fs::read_to_string(server.key("written", options, passphrase, true)).unwrap();
        let by = format!("{},key_pem='{}'", server.connection(), key.replace('\n', "\\n"));
        let by = if passphrase.is_empty() { by } else { format!("{by},key_file_pass={PASSWORD}") };
        let ended = run(&home, &by, None);
        lets_in(&home, &ended);
        assert!(!ended.all().contains(key.lines().nth(1).unwrap()), "{}", ended.all());
    }
}

#[test]
fn a_key_that_the_server_does_not_know_is_refused() {
    let home = home();
    let Some(server) = openssh(&home) else { return };
    let key = server.key("stranger", &[], "", false);
    let by = format!("{},key_file='{}',pass={PASSWORD}", server.connection(), key.display());
    keeps_out(&home, &run(&home, &by, None), "the server does not let us in");
    fs::write(&key, "no key\n").unwrap();
    keeps_out(&home, &run(&home, &by, None), "cannot be used");
    fs::remove_file(&key).unwrap();
    keeps_out(&home, &run(&home, &by, None), "no such file");
}

/// An agent that ends with the test.
struct Agent(Child);

impl Agent {
    /// Starts an agent at a socket.
    fn start(socket: &Path) -> Self {
        let mut command = Command::new("ssh-agent");
        command.arg("-D").arg("-a").arg(socket).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let agent = Self(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(30);
        while !socket.exists() {
            assert!(Instant::now() < deadline, "the agent does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn add(socket: &Path, key: &Path) {
    let mut command = Command::new("ssh-add");
    let added = command.arg("-q").arg(key).env("SSH_AUTH_SOCK", socket).stdin(Stdio::null()).status().unwrap();
    assert!(added.success());
}

#[test]
fn an_agent_is_asked_for_its_keys() {
    let home = home();
    let Some(server) = openssh(&home) else { return };
    if !Path::new("/usr/bin/ssh-agent").exists() {
        return;
    }
    let socket = server.file("agent");
    let _agent = Agent::start(&socket);
    let by = |more: &str| run(&home, &format!("{}{more}", server.connection()), Some(("SSH_AUTH_SOCK", &socket)));
    // It is asked without a key and a password, or when that is wanted.
    for more in ["", ",key_use_agent=true", &format!(",key_use_agent=true,pass={PASSWORD}")] {
        keeps_out(&home, &by(more), "the server does not let us in");
    }
    add(&socket, &server.key("stranger", &[], "", false));
    keeps_out(&home, &by(""), "the server does not let us in");
    add(&socket, &server.key("friend", &["-t", "rsa", "-b", "2048"], "", true));
    keeps_out(&home, &by(&format!(",pass={PASSWORD}")), "the server does not let us in");
    lets_in(&home, &by(""));
    assert_eq!(by(",key_use_agent=true").code, Some(0));
    assert_eq!(by(&format!(",key_use_agent=true,pass={PASSWORD}")).code, Some(0));
    let key = format!(",key_use_agent=true,key_file='{}'", server.file("user").display());
    assert!(by(&key).all().contains("`key_use_agent` for one key of several is not served here, but by rclone"));
}

#[test]
fn without_an_agent_it_is_said_that_there_is_none() {
    let home = home();
    let Some(server) = openssh(&home) else { return };
    keeps_out(&home, &run(&home, &server.connection(), None), "the SSH agent cannot be used");
    let nobody = home.at("nobody");
    let ended = run(&home, &server.connection(), Some(("SSH_AUTH_SOCK", &nobody)));
    keeps_out(&home, &ended, "the SSH agent cannot be used");
}

#[test]
fn a_server_is_trusted_only_with_the_key_that_is_known() {
    let home = home();
    let Some(server) = openssh(&home) else { return };
    let key = fs::read_to_string(server.file("host.pub")).unwrap();
    let other = server.key("other", &[], "", false);
    let other = fs::read_to_string(other.with_extension("pub")).unwrap();
    let known = server.file("known");
    let run = || run(&home, server.usual_connection(), None);
    let name = server.name();
    let check = |text: &str, expected: &str| {
        fs::write(&known, text).unwrap();
        keeps_out(&home, &run(), expected);
    };
    check(&format!("{name} {other}"), "is not the one that `known_hosts_file` has for it");
    check(&format!("{name} {key}{name} {other}"), "is not the one that `known_hosts_file` has for it");
    check(&format!("example.org {key}"), "`known_hosts_file` has no key of this server");
    check("", "`known_hosts_file` has no key of this server");
    check(&format!("# {name} {key}"), "`known_hosts_file` has no key of this server");
    check(&format!("@revoked {name} {key}"), "is not served here, but by rclone");
    fs::remove_file(&known).unwrap();
    keeps_out(&home, &run(), "no such file");
    fs::write(&known, format!("example.org {other}{name} {key}")).unwrap();
    lets_in(&home, &run());
}

/// Of several keys a server shows the one that it is asked for.
#[test]
fn a_server_is_known_by_any_of_its_keys() {
    let home = home();
    let Some(server) = openssh(&home) else { return };
    let rsa = server.key("other_host", &["-t", "rsa", "-b", "2048"], "", false);
    let Some(server) = Openssh::start_with(&home.at("served"), &format!("HostKey {}\n", rsa.display())) else { return };
    let key = fs::read_to_string(rsa.with_extension("pub")).unwrap();
    fs::write(server.file("known"), format!("{} {key}", server.name())).unwrap();
    lets_in(&home, &run(&home, server.usual_connection(), None));
}

#[test]
fn passwords_are_given_where_they_are_asked_for() {
    for lets in [Lets::ByPassword, Lets::ByQuestions] {
        let home = home();
        let server = Strange::start(&home.at("served"), lets, &[], nothing);
        let by = |more: &str| run(&home, &format!("{}{more}", server.connection()), None);
        keeps_out(&home, &by(""), "the SSH agent cannot be used");
        // `wrong`, obscured.
        keeps_out(&home, &by(",pass=AMh9aP5kdgoVbPzKAeI4fVaYtJ74"), "the server does not let us in");
        lets_in(&home, &by(&format!(",pass={PASSWORD}")));
    }
}

#[test]
fn a_server_that_lets_nobody_in_is_left_alone() {
    let home = home();
    let server = Strange::start(&home.at("served"), Lets::Nobody, &[], nothing);
    let ended = run(&home, &format!("{},pass={PASSWORD}", server.connection()), None);
    keeps_out(&home, &ended, "the server does not let us in");
    assert!(server.heard("").is_empty());
}
