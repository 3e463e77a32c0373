//! No secret of a remote is in what the program says or writes, nor in what anybody sees of its processes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bisync_tests::real::folders::{Node, contents};
use bisync_tests::real::home::Home;
use bisync_tests::real::processes::command_lines;
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::servers::{Protocol, Server};

/// What nobody is to see, and the user that it belongs to.
const SECRET: &str = "Tr0ub4dor";
/// The same as HTTP sends it, with the name `user`.
const BASIC: &str = "dXNlcjpUcjB1YjRkb3I=";

/// A home whose server wants a secret, and the configuration that has it.
struct Guarded {
    home: Home,
    obscured: String,
    _server: Server,
}

impl Guarded {
    fn new(rclone: &Path, protocol: Protocol) -> Self {
        let home = Home::with(&[("one/tea", "green"), ("served/two/rice", "basmati"), ("served/vault/other", "")]);
        let wants = match protocol {
            Protocol::S3 => format!("--auth-key=access,{SECRET}"),
            _ => format!("--pass={SECRET}"),
        };
        let more = [wants, "--dir-cache-time=1h".to_owned()];
        let server = Server::start_with(rclone, protocol, &home.at("served"), &more);
        let obscured = Command::new(rclone).args(["obscure", SECRET]).output().unwrap();
        let obscured = String::from_utf8(obscured.stdout).unwrap().trim().to_owned();
        let section = server.section("box");
        let is_known = |line: &&str| !line.starts_with("pass ") && !line.starts_with("secret_access_key ");
        let known: Vec<&str> = section.lines().filter(is_known).collect();
        let secret = match protocol {
            Protocol::S3 => format!("secret_access_key = {SECRET}"),
            _ => format!("pass = {obscured}"),
        };
        let vault = format!("[vault]\ntype = crypt\nremote = box:vault\npassword = {obscured}\npassword2 = {obscured}");
        home.write("rclone.conf", &format!("{}\n{secret}\n{vault}\n", known.join("\n")));
        Self { home, obscured, _server: server }
    }

    /// Runs the program on folder `one` and a remote, and returns what anybody could see meanwhile in its processes.
    fn run(&self, two: &str, more: &[&str]) -> (Ended, Vec<String>) {
        let mut command = program::command(&program::bisync(), &self.home.at(""));
        command.args(["one", two, "--config=rclone.conf", "-vv", "--dump=headers"]).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = program::start(&mut command);
        let process = child.id();
        let waiting = std::thread::spawn(move || program::wait(child, "bisync"));
        let mut seen = Vec::new();
        while !waiting.is_finished() {
            seen.extend(command_lines(process));
            std::thread::sleep(Duration::from_millis(1));
        }
        (waiting.join().unwrap(), seen)
    }

    /// Asserts that a text holds no secret.
    fn check(&self, text: &str, what: &str) {
        for secret in [SECRET, &self.obscured, BASIC] {
            assert!(!text.contains(secret), "{what} tells `{secret}`:\n{text}");
        }
    }

    /// Asserts that no file that the program wrote holds a secret, nor its name. What is served may be anything.
    fn check_files(&self) {
        let mut tree = self.home.tree();
        tree.retain(|path, node| path != "rclone.conf" && !path.starts_with("served/") && *node != Node::Directory);
        for (path, node) in &tree {
            self.check(path, "a name");
            let one = [(path.clone(), node.clone())].into();
            contents(&one).into_iter().for_each(|content| self.check(&String::from_utf8_lossy(content), path));
        }
        let has = |beginning: &str| tree.keys().any(|path| path.starts_with(beginning));
        assert!(has("state/") && has("plan") && has("log"), "{:?}", tree.keys());
    }
}

fn try_remote(protocol: Protocol, two: &str, backend: &str, dumped: &str) {
    let Some(rclone) = program::rclone() else { return };
    let guarded = Guarded::new(&rclone, protocol);
    let mut told = String::new();
    // A plan, what it says when it is told to a file, and what to whoever looks.
    for more in [&["--plan-out=plan", "--log-file=log"][..], &["--log-file=log"], &["--resync"]] {
        let (ended, seen) = guarded.run(two, &[more, &[backend]].concat());
        let logged = guarded.home.read("log").unwrap_or_default();
        assert_eq!(ended.code, Some(0), "{}{logged}", ended.all());
        assert_eq!(ended.errors.is_empty(), more != ["--resync"], "{}", ended.all());
        assert!(!seen.is_empty());
        for text in seen.into_iter().chain([ended.all()]) {
            guarded.check(&text, "the program");
            told.push_str(&text);
        }
    }
    guarded.check_files();
    let plan = guarded.home.read("plan").unwrap();
    assert!(plan.contains(two) && plan.contains("tea"), "{plan}");
    assert!(told.contains(dumped), "no `{dumped}`:\n{told}");
}

#[test]
fn the_keys_of_s3_are_not_told() {
    try_remote(Protocol::S3, "box:two", "--backend=native", "(signed)");
}

#[test]
fn the_password_of_sftp_is_not_told() {
    try_remote(Protocol::Sftp, "box:two", "--backend=native", "tea");
}

#[test]
fn the_password_of_webdav_is_not_told() {
    try_remote(Protocol::Webdav, "box:two", "--backend=native", "authorization: (hidden)");
}

#[test]
fn the_passwords_of_a_vault_are_not_told() {
    try_remote(Protocol::Webdav, "vault:", "--backend=auto", " rcd ");
}
