use std::fs;
use std::process::Stdio;

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::servers::{PASSWORD, Protocol, Server};

/// A folder of this machine, and one that is served; `None` when there is no rclone to serve it.
struct Served {
    home: Home,
    server: Server,
}

impl Served {
    fn new(protocol: Protocol) -> Option<Self> {
        let rclone = program::rclone()?;
        let home = Home::with(&[("one/a", "one's"), ("served/bucket/b", "theirs")]);
        let server = Server::start(&rclone, protocol, &home.at("served"));
        Some(Self { home, server })
    }
}

#[test]
fn config() {
    let Some(served) = Served::new(Protocol::Sftp) else { return };
    let Served { home, server } = &served;
    let options = server.connection().replace(",", "\n").replace('\'', "");
    home.write("named.conf", &format!("[box]\n{}\n", options.replace(":sftp", "type=sftp")));
    let run = |more: &[&str]| {
        let arguments = [&["one", "box:bucket", "--workdir=work"], more].concat();
        program::run(&program::bisync(), &home.at(""), &arguments)
    };
    let ended = run(&["--config=named.conf"]);
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert_eq!(home.read("served/bucket/a").as_deref(), Some("one's"));
    let ended = run(&["--config=other.conf"]);
    assert!(ended.all().contains("`other.conf` does not exist"), "{}", ended.all());
    let ended = run(&["--config="]);
    assert!(ended.all().contains("no remote is named `box`"), "{}", ended.all());
}

#[test]
fn backend() {
    let Some(Served { home, server }) = Served::new(Protocol::Sftp) else { return };
    // This option is one that only rclone knows.
    let two = format!("{},use_fstat=true:bucket", server.connection());
    let run = |backend| program::run(&program::bisync(), &home.at(""), &["one", &two, "--workdir=work", backend]);
    let ended = run("--backend=native");
    assert!(ended.code == Some(1) && ended.all().contains("not served here, but by rclone"), "{}", ended.all());
    assert_eq!(run("--backend=rclone").code, Some(0));
    assert_eq!(home.read("one/b").as_deref(), Some("theirs"));
}

#[test]
fn password_command() {
    let home = Home::default();
    fs::write(home.at("c"), include_str!("../../../host-native/src/remote/encrypted.conf")).unwrap();
    let run = |command: &str| {
        let command = format!("--password-command={command}");
        program::run(&program::bisync(), &home.at(""), &["remotes", "--config=c", &command])
    };
    home.write("password", "pässword\n");
    let ended = run("cat password");
    assert!(ended.code == Some(0) && ended.output.contains("S3.x:"), "{}", ended.all());
    let ended = run("cat secret");
    assert!(
        ended.code == Some(2) && ended.all().contains("no password from `--password-command`: `cat`"),
        "{}",
        ended.all()
    );
}

/// Runs against a port where connections are taken, and nothing is ever said.
fn run_against_silence(more: &[&str]) -> Option<String> {
    program::rclone()?;
    let home = Home::default();
    let silence = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(":webdav,url='http://{}':", silence.local_addr().unwrap());
    let arguments = [&["one", url.as_str(), "--workdir=work", "--low-level-retries=1", "--retries=1"], more].concat();
    let ended = program::run(&program::bisync(), &home.at(""), &arguments);
    assert_eq!(ended.code, Some(1), "{}", ended.all());
    Some(ended.all())
}

#[test]
fn timeout() {
    for (backend, expected) in [("--backend=rclone", "timeout"), ("--backend=native", "the server does not answer")] {
        let Some(said) = run_against_silence(&["--timeout=300ms", backend]) else { return };
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn contimeout() {
    if program::rclone().is_none() {
        return;
    }
    let home = Home::default();
    // Of a server that takes no more connections, the next one is not refused, and never made.
    let full = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None).unwrap();
    rustix::net::bind(&full, &std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
    rustix::net::listen(&full, 0).unwrap();
    let address = std::net::SocketAddr::try_from(rustix::net::getsockname(&full).unwrap()).unwrap();
    let _waiting: Vec<_> = (0..3)
        .filter_map(|_| std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(200)).ok())
        .collect();
    let webdav = format!(":webdav,url='http://{address}':");
    let sftp = format!(":sftp,host=127.0.0.1,port={},user=me,pass={PASSWORD}:", address.port());
    let cases = [
        (&webdav, "--backend=rclone", "timeout"),
        (&webdav, "--backend=native", "no answer from the server"),
        (&sftp, "--backend=native", "the server does not answer"),
    ];
    for (url, backend, expected) in cases {
        let mut command = program::command(&program::bisync(), &home.at(""));
        command.args(["one", url.as_str(), "--workdir=work", "--low-level-retries=1", "--contimeout=300ms", backend]);
        // Without the option, this is how long it would be waited: longer than a test may take.
        command.env("RCLONE_CONTIMEOUT", "10m").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ended = program::wait(program::start(&mut command), "bisync");
        assert!(ended.code == Some(1) && ended.all().contains(expected), "{}", ended.all());
    }
}

/// Answers one request, and returns what was asked.
fn overhear(more: &[&str]) -> Option<String> {
    use std::io::{Read, Write};
    program::rclone()?;
    let home = Home::default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(":webdav,url='http://{}':", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = vec![0; 4096];
        let length = stream.read(&mut heard).unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").unwrap();
        heard.truncate(length);
        String::from_utf8(heard).unwrap()
    });
    let arguments = [&["one", url.as_str(), "--workdir=work", "--low-level-retries=1"], more].concat();
    program::run(&program::bisync(), &home.at(""), &arguments);
    Some(heard.join().unwrap())
}

#[test]
fn user_agent() {
    for backend in ["--backend=rclone", "--backend=native"] {
        let Some(heard) = overhear(&["--user-agent=my own name", backend]) else { return };
        assert!(heard.to_lowercase().contains("user-agent: my own name"), "{heard}");
    }
}

#[test]
fn dump() {
    for (protocol, verb) in [(Protocol::S3, "GET"), (Protocol::Webdav, "PROPFIND")] {
        let Some(Served { home, server }) = Served::new(protocol) else { return };
        let two = format!("{}:bucket", server.connection());
        let run = |more: &[&str]| {
            program::run(
                &program::bisync(),
                &home.at(""),
                &[&["one", two.as_str(), "--workdir=work", "--backend=native"], more].concat(),
            )
        };
        let ended = run(&["--dump=headers"]);
        assert_eq!(ended.code, Some(0), "{}", ended.all());
        assert!(ended.all().contains(&format!("request 1: {verb} http://127.0.0.1:")), "{}", ended.all());
        assert!(ended.all().contains("answer 1: 20"), "{}", ended.all());
        assert!(!ended.all().contains("secret") && ended.all().contains("(hidden)"), "{}", ended.all());
        assert!(!run(&[]).all().contains("request"), "{}", ended.all());
    }
    // What was said before a run failed is shown all the same.
    let silence = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let two = format!(":webdav,url='http://{}':", silence.local_addr().unwrap());
    let arguments = ["one", &two, "--workdir=work", "--dump=headers", "--timeout=200ms", "--low-level-retries=1"];
    let ended = program::run(&program::bisync(), &Home::with(&[("one/a", "")]).at(""), &arguments);
    assert!(ended.code == Some(1) && ended.all().contains("request 1: PROPFIND"), "{}", ended.all());
}

/// Runs against a server whose certificate nobody but a test trusts.
fn run_against_self_signed(more: &[&str]) -> Option<(Home, Ended)> {
    let rclone = program::rclone()?;
    let home = Home::with(&[("one/a", "one's"), ("served/b", "theirs")]);
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(home.at("cert.pem"), key.cert.pem()).unwrap();
    fs::write(home.at("key.pem"), key.signing_key.serialize_pem()).unwrap();
    let server = Server::start_with(
        &rclone,
        Protocol::Webdav,
        &home.at("served"),
        &[format!("--cert={}", home.at("cert.pem").display()), format!("--key={}", home.at("key.pem").display())],
    );
    let two = format!("{}:", server.connection().replace("http:", "https:"));
    let arguments = [&["one", two.as_str(), "--workdir=work", "--low-level-retries=1"], more].concat();
    let ended = program::run(&program::bisync(), &home.at(""), &arguments);
    Some((home, ended))
}

#[test]
fn ca_cert() {
    let Some((_, ended)) = run_against_self_signed(&[]) else { return };
    assert!(ended.code == Some(1) && ended.all().contains("certificate"), "{}", ended.all());
    let Some((home, ended)) = run_against_self_signed(&["--ca-cert=cert.pem"]) else { return };
    assert_eq!((ended.code, home.read("one/b").as_deref()), (Some(0), Some("theirs")), "{}", ended.all());
}

#[test]
fn no_check_certificate() {
    let Some((home, ended)) = run_against_self_signed(&["--no-check-certificate"]) else { return };
    assert_eq!((ended.code, home.read("one/b").as_deref()), (Some(0), Some("theirs")), "{}", ended.all());
}

/// Options of which rclone says that they may be secret, and that only name a user, an account, a server, or a folder. To hide their values
/// would hide words of every message.
const NAMES: [&str; 42] = [
    "account",
    "account_id",
    "api_url",
    "app_id",
    "apple_id",
    "application_credential_id",
    "application_credential_name",
    "base_folder_uuid",
    "client_id",
    "client_uid",
    "cloud_name",
    "compartment",
    "deleted_id",
    "device_id",
    "domain",
    "drive_id",
    "email",
    "host",
    "impersonate",
    "impersonate_admin",
    "msi_client_id",
    "msi_mi_res_id",
    "msi_object_id",
    "namenode",
    "namespace",
    "plex_username",
    "project_number",
    "root_folder_id",
    "root_folder_slug",
    "root_id",
    "service_principal_name",
    "spn",
    "team_drive",
    "tenant",
    "tenant_domain",
    "tenant_id",
    // A password in it is hidden, see below.
    "url",
    "user",
    "user_id",
    "user_project",
    "username",
    "workspace_id",
];

#[test]
fn what_is_secret_to_rclone_is_secret_here() {
    let Some(rclone) = program::rclone() else { return };
    let told = std::process::Command::new(rclone).args(["--config=", "config", "providers"]).output().unwrap();
    let providers: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let options = providers.as_array().unwrap().iter().flat_map(|provider| provider["Options"].as_array().unwrap());
    let is = |option: &serde_json::Value, what: &str| option[what].as_bool().unwrap_or_default();
    let mut seen = 0;
    for option in options {
        let name = option["Name"].as_str().unwrap();
        let may_be_told = !is(option, "IsPassword") && (!is(option, "Sensitive") || NAMES.contains(&name));
        assert!(may_be_told || bisync::remote::is_secret(name), "`{name}` is secret to rclone");
        seen += usize::from(!may_be_told);
    }
    assert!(seen > 50, "{seen}");
    // Headers may hold who asks.
    assert!(bisync::remote::is_secret("headers") && NAMES.iter().all(|name| !bisync::remote::is_secret(name)));
}
