//! Remotes, as they are written on the command line, served by rclone.

use std::fs;
use std::os::unix::fs::{FileExt, symlink};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::proxy::Proxy;
use bisync_tests::real::servers::{PASSWORD, Protocol, Server};

/// The secret of a remote.
const SECRET: &str = "Tr0ub4dor";

/// Runs the program in a home, on folder `one` and a remote.
fn run(home: &Home, two: &str, more: &[&str]) -> Ended {
    let arguments = [&["one", two, "--workdir=work", "--config="], more].concat();
    program::run(&program::bisync(), &home.at(""), &arguments)
}

fn check(ended: &Ended, code: i32, expected: &str) {
    assert!(ended.code == Some(code) && ended.all().contains(expected), "no `{expected}`:\n{}", ended.all());
}

#[test]
fn a_remote_and_a_folder_are_kept_in_step() {
    let Some(rclone) = program::rclone() else { return };
    let kinds = [
        (Protocol::Sftp, "--backend=rclone"),
        (Protocol::Webdav, "--backend=rclone"),
        (Protocol::S3, "--backend=rclone"),
        (Protocol::S3, "--backend=native"),
        (Protocol::Moto, "--backend=native"),
        (Protocol::Webdav, "--backend=native"),
        (Protocol::Apache, "--backend=native"),
        (Protocol::Sftp, "--backend=native"),
        (Protocol::Openssh, "--backend=native"),
    ];
    for (protocol, backend) in kinds {
        let home = Home::with(&[
            ("one/tea", "green"),
            ("one/d/large", &"x".repeat(3_000_000)),
            ("served/two/rice", "basmati"),
        ]);
        let Some(server) = Server::try_start(&rclone, protocol, &home.at("served")) else { continue };
        let two = format!("{}:two", server.connection());
        let run = |more: &[&str]| {
            server.bring_in("two");
            let ended = run(&home, &two, &[more, &[backend]].concat());
            server.bring_out("two");
            ended
        };
        let quiet = |more: &[&str]| check(&run(more), 0, "nothing to do");
        check(&run(&[]), 0, "3 copied");
        quiet(&[]);
        assert_eq!(home.read("served/two/tea").as_deref(), Some("green"), "{protocol:?}");
        assert_eq!(home.read("one/rice").as_deref(), Some("basmati"), "{protocol:?}");
        // An edit and a move on one side, an edit and a delete on the other.
        home.write("one/tea", "black, with milk");
        fs::create_dir(home.at("one/e")).unwrap();
        fs::rename(home.at("one/d/large"), home.at("one/e/larger")).unwrap();
        fs::remove_file(home.at("served/two/rice")).unwrap();
        home.write("served/two/new/nuts", "cashew");
        let backups = [format!("--backup-dir2={}:kept", server.connection()), "--backup-dir1=kept".into()];
        let backups = backups.each_ref().map(String::as_str);
        check(&run(&backups), 0, "in step");
        quiet(&backups);
        server.bring_out("kept");
        assert_eq!(home.read("served/two/tea").as_deref(), Some("black, with milk"), "{protocol:?}");
        assert_eq!(home.read("served/kept/tea").as_deref(), Some("green"), "{protocol:?}");
        assert_eq!(home.read("kept/rice").as_deref(), Some("basmati"), "{protocol:?}");
        assert_eq!(home.read("one/new/nuts").as_deref(), Some("cashew"), "{protocol:?}");
        assert!(home.read("served/two/e/larger").is_some_and(|text| text.len() == 3_000_000), "{protocol:?}");
        assert_eq!((home.read("served/two/d/large"), home.read("one/rice")), (None, None), "{protocol:?}");
        // Both sides change a file.
        home.write("one/tea", "one says so");
        home.write("served/two/tea", "two says otherwise");
        check(&run(&["--conflict-resolve=path1"]), 0, "1 conflict");
        for folder in ["one", "served/two"] {
            assert_eq!(home.read(&format!("{folder}/tea")).as_deref(), Some("one says so"), "{protocol:?}");
            let loser = home.read(&format!("{folder}/tea.conflict1"));
            assert_eq!(loser.as_deref(), Some("two says otherwise"), "{protocol:?}");
        }
        quiet(&[]);
    }
}

/// Two edits may be in the same second, which is as much as the time says of which the server tells.
#[test]
fn edits_of_the_same_size_are_seen_where_no_times_are_kept() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[
        ("one/tea", "green"),
        ("one/nuts", "salted"),
        ("one/rice", "basmati"),
        ("served/two/rice", "basmati"),
    ]);
    let Some(server) = Server::try_start(&rclone, Protocol::Apache, &home.at("served")) else { return };
    let run = |more: &[&str]| run(&home, &format!("{}:two", server.connection()), more);
    let quiet = || check(&run(&[]), 0, "nothing to do");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    fs::File::open(home.at("one/rice")).unwrap().set_modified(long_ago).unwrap();
    check(&run(&[]), 0, "2 copied");
    quiet();
    // When the server wrote it says nothing of when it was edited.
    assert_eq!(fs::metadata(home.at("one/rice")).unwrap().modified().unwrap(), long_ago);
    check(&run(&["--refresh-times", "-v"]), 0, "nothing to do");
    assert_eq!(fs::metadata(home.at("one/rice")).unwrap().modified().unwrap(), long_ago);
    // What comes from here is no edit there, however it gets there.
    home.write("one/nuts", "roast!");
    check(&run(&[]), 0, "1 copied");
    quiet();
    fs::create_dir(home.at("one/d")).unwrap();
    fs::rename(home.at("one/nuts"), home.at("one/d/nuts")).unwrap();
    check(&run(&["--track-renames"]), 0, "in step");
    quiet();
    home.write("one/d/nuts", "cashew");
    check(&run(&[]), 0, "1 copied");
    quiet();
    home.write("served/two/tea", "brown");
    check(&run(&[]), 0, "1 copied");
    assert_eq!(home.read("one/tea").as_deref(), Some("brown"));
    quiet();
    home.write("served/two/tea", "black");
    home.write("one/tea", "white");
    check(&run(&[]), 0, "1 conflict");
    for folder in ["one", "served/two"] {
        let versions = ["tea.conflict1", "tea.conflict2"].map(|name| home.read(&format!("{folder}/{name}")));
        assert_eq!(versions.each_ref().map(Option::as_deref), [Some("white"), Some("black")]);
    }
    quiet();
}

/// What encrypts says that it keeps times, whatever it stands on does.
#[test]
fn a_remote_behind_another_one_may_have_times_of_its_own() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/tea", "green"), ("one/d/rice", "basmati")]);
    fs::create_dir_all(home.at("served/two")).unwrap();
    fs::create_dir(home.at("three")).unwrap();
    let server = Server::start(&rclone, Protocol::Sftp, &home.at("served"));
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    fs::File::open(home.at("one/tea")).unwrap().set_modified(long_ago).unwrap();
    let two = format!(":crypt,password={PASSWORD},remote='{},set_modtime=false:two':", server.connection());
    check(&run(&home, &two, &["--resync"]), 0, "2 copied");
    check(&run(&home, &two, &[]), 0, "nothing to do");
    home.write("one/d/rice", "wild rice");
    check(&run(&home, &two, &[]), 0, "1 copied");
    check(&run(&home, &two, &[]), 0, "nothing to do");
    assert_eq!(fs::metadata(home.at("one/tea")).unwrap().modified().unwrap(), long_ago);
    let three = program::run(&program::bisync(), &home.at(""), &["three", &two, "--workdir=work", "--config="]);
    check(&three, 0, "2 copied");
    assert_eq!(home.read("three/tea").as_deref(), Some("green"));
    assert_eq!(home.read("three/d/rice").as_deref(), Some("wild rice"));
}

/// rclone lists several directories in one call: what goes wrong with one of them is known of that one.
#[test]
fn below_a_directory_that_rclone_cannot_list_nothing_is_inferred() {
    let Some(rclone) = program::rclone() else { return };
    let files: Vec<_> = (0..30).map(|number| format!("one/d{number:02}/tea")).collect();
    let home = Home::with(&files.iter().map(|file| (file.as_str(), "green")).collect::<Vec<_>>());
    fs::create_dir_all(home.at("served/two")).unwrap();
    let server = Server::start(&rclone, Protocol::Webdav, &home.at("served"));
    let proxy = Proxy::without(server.port(), |bytes| bytes.starts_with(b"PROPFIND /two/d07"));
    let two = format!("{}:two", server.connection_by(proxy.port()));
    let run = || run(&home, &two, &["--backend=rclone", "--retries=1", "--low-level-retries=1"]);
    proxy.pause();
    check(&run(), 0, "30 copied");
    proxy.go_on();
    for number in ["05", "07", "09"] {
        fs::remove_file(home.at(format!("served/two/d{number}/tea"))).unwrap();
    }
    check(&run(), 1, "d07");
    let is_there = |number: &str| home.at(format!("one/d{number}/tea")).exists();
    assert_eq!(["05", "07", "09"].map(is_there), [false, true, false]);
    assert_eq!(files.iter().filter(|file| home.at(file).exists()).count(), 28);
    proxy.mend();
    check(&run(), 0, "in step");
    assert_eq!(files.iter().filter(|file| home.at(file).exists()).count(), 27);
}

/// A name that no run knows would never be looked for again.
#[test]
fn what_a_rewrite_leaves_behind_is_removed_by_the_next_run() {
    let Some(rclone) = program::rclone() else { return };
    for (protocol, options) in [(Protocol::Webdav, &[][..]), (Protocol::Apache, &["--inplace"])] {
        let home = Home::with(&[("one/tea", "green"), ("served/two/rice", "basmati")]);
        let Some(server) = Server::try_start(&rclone, protocol, &home.at("served")) else { continue };
        let proxy = Proxy::without(server.port(), |bytes| bytes.starts_with(b"MOVE ") || bytes.starts_with(b"DELETE "));
        let two = format!("{}:two", server.connection_by(proxy.port()));
        let run = || run(&home, &two, &[options, &["--retries=1", "--low-level-retries=1"]].concat());
        let left = || home.tree().keys().filter(|path| path.contains(".bisync-")).count();
        proxy.pause();
        check(&run(), 0, "in step");
        proxy.go_on();
        match protocol {
            // Only the time changes.
            Protocol::Webdav => {
                let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
                fs::File::open(home.at("one/tea")).unwrap().set_modified(long_ago).unwrap();
            }
            _ => home.write("one/tea", "black, with milk"),
        }
        check(&run(), 1, "");
        assert_eq!(left(), 1, "{protocol:?}");
        proxy.mend();
        check(&run(), 0, "in step");
        assert_eq!(left(), 0, "{protocol:?}");
    }
}

/// Sends a file to a server and fetches it again that is larger than what goes in one go to any of them. It takes minutes and 10 GiB of
/// disk (from elsewhere to a remote that rclone serves, 15), so it is done only with `BISYNC_LARGE=1`.
fn a_huge_file_goes_there_and_comes_back(protocol: Protocol, backend: &str) {
    if std::env::var_os("BISYNC_LARGE").is_none() {
        return;
    }
    let Some(rclone) = program::rclone() else { return };
    let home = Home::default();
    fs::create_dir_all(home.at("served/two")).unwrap();
    fs::create_dir(home.at("three")).unwrap();
    let huge = fs::File::create(home.at("one/huge")).unwrap();
    huge.set_len((5 << 30) + 1).unwrap();
    for (place, text) in [(0, "first"), ((5 << 30) - 4, "last")] {
        huge.write_all_at(text.as_bytes(), place).unwrap();
    }
    // rclone's server computes the checksum of the whole file for each part that is fetched, unless it remembers the file.
    let remembers = ["--dir-cache-time=1h".to_owned()];
    let Some(server) = Server::try_start_with(&rclone, protocol, &home.at("served"), &remembers) else { return };
    let two = format!("{}:two", server.connection());
    for local in ["one", "three"] {
        let mut command = program::command(&program::bisync(), &home.at(""));
        command.args([local, two.as_str(), "--workdir=work", "--config=", backend]);
        // However long it takes.
        let ended = command.output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    let is_same = std::process::Command::new("cmp").arg(home.at("one/huge")).arg(home.at("three/huge")).status();
    assert!(is_same.unwrap().success());
}

#[test]
fn a_huge_file_goes_to_s3_and_comes_back() {
    a_huge_file_goes_there_and_comes_back(Protocol::S3, "--backend=native");
}

#[test]
fn a_huge_file_goes_to_sftp_and_comes_back() {
    a_huge_file_goes_there_and_comes_back(Protocol::Openssh, "--backend=native");
}

#[test]
fn a_huge_file_goes_to_webdav_and_comes_back() {
    a_huge_file_goes_there_and_comes_back(Protocol::Webdav, "--backend=native");
}

#[test]
fn a_huge_file_goes_to_apache_and_comes_back() {
    a_huge_file_goes_there_and_comes_back(Protocol::Apache, "--backend=native");
}

#[test]
fn a_huge_file_goes_by_rclone_and_comes_back() {
    a_huge_file_goes_there_and_comes_back(Protocol::Webdav, "--backend=rclone");
}

#[test]
fn s3_is_the_same_whoever_serves_it() {
    is_the_same_whoever_serves_it(Protocol::S3, "directory_markers=true", &["--checksum"]);
}

#[test]
fn webdav_is_the_same_whoever_serves_it() {
    is_the_same_whoever_serves_it(Protocol::Webdav, "pacer_min_sleep=1ms", &[]);
}

#[test]
fn sftp_is_the_same_whoever_serves_it() {
    for protocol in [Protocol::Sftp, Protocol::Openssh] {
        is_the_same_whoever_serves_it(protocol, "use_fstat=true", &["--checksum"]);
    }
}

/// Runs by turns natively and by rclone, with and without `more`. `option` is one of the remote that only rclone knows.
fn is_the_same_whoever_serves_it(protocol: Protocol, option: &str, more: &[&str]) {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[
        ("one/tea", "green"),
        ("one/d/ü ?#%+&=;.txt", "odd"),
        ("one/empty", ""),
        ("one/d/large", &"x".repeat(9_000_000)),
        ("served/two/rice", "basmati"),
    ]);
    let Some(server) = Server::try_start(&rclone, protocol, &home.at("served")) else { return };
    let two = format!("{}:two", server.connection());
    let by = |backend: &str, more: &[&str]| run(&home, &two, &[more, &[backend]].concat());
    let backends = ["--backend=native", "--backend=rclone"];
    for (index, first) in backends.into_iter().enumerate() {
        let second = backends[1 - index];
        check(&by(first, &["--resync"]), 0, "in step");
        check(&by(second, &[]), 0, "nothing to do");
        check(&by(second, &[more, &["--resync"]].concat()), 0, "nothing to do");
        check(&by(first, more), 0, "nothing to do");
        home.write("one/tea", &format!("black for {first}"));
        home.write(&format!("one/d/new {index}"), "new");
        check(&by(first, &[]), 0, "2 copied");
        check(&by(second, &[]), 0, "nothing to do");
    }
    // What only rclone can do is left to it, unless that is not wanted.
    let kind = server.connection().split_once(',').unwrap().0.to_owned();
    let theirs = two.replacen(&kind, &format!("{kind},{option}"), 1);
    check(&run(&home, &theirs, &["--resync"]), 0, "in step");
    let name = option.split_once('=').unwrap().0;
    check(&run(&home, &theirs, &["--backend=native"]), 1, &format!("`{name}` is not served here, but by rclone"));
}

#[test]
fn a_link_that_leads_nowhere_hides_nothing_beside_it() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/tea", "green"), ("served/two/rice", "basmati"), ("elsewhere", "nuts")]);
    symlink("circle", home.at("served/two/circle")).unwrap();
    symlink("nobody", home.at("served/two/broken")).unwrap();
    // As one that leads to where nobody may look, which the tests' user may: the server says something else than that nothing is there.
    symlink("x".repeat(300), home.at("served/two/unreadable")).unwrap();
    symlink(home.at("elsewhere"), home.at("served/two/link")).unwrap();
    let Some(server) = Server::try_start(&rclone, Protocol::Openssh, &home.at("served")) else { return };
    let run = || run(&home, &format!("{}:two", server.connection()), &["--backend=native"]);
    check(&run(), 0, "in step");
    for (path, content) in [("served/two/tea", "green"), ("one/rice", "basmati"), ("one/link", "nuts")] {
        assert_eq!(home.read(path).as_deref(), Some(content), "{path}");
    }
    // What was listed stays on both sides when it can no longer be followed.
    fs::remove_file(home.at("served/two/link")).unwrap();
    symlink("link", home.at("served/two/link")).unwrap();
    check(&run(), 0, "in step");
    assert_eq!(home.read("one/link").as_deref(), Some("nuts"));
}

#[test]
fn requests_are_kept_to_a_rate_whoever_makes_them() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/a", "a"), ("one/b", "b"), ("one/c", "c"), ("served/two/d", "d")]);
    let server = Server::start(&rclone, Protocol::S3, &home.at("served"));
    let two = format!("{}:two", server.connection());
    for backend in ["--backend=native", "--backend=rclone"] {
        let begin = Instant::now();
        let ended = run(&home, &two, &[backend, "--resync", "--tpslimit=4", "--tpslimit-burst=2"]);
        check(&ended, 0, "in step");
        assert!(!ended.all().contains("ignored"), "{}", ended.all());
        // Whoever serves it, the folder is looked for and listed, and its file asked for or read.
        assert!(begin.elapsed() >= Duration::from_millis(250), "{backend}");
    }
}

#[test]
fn empty_directories_are_left_alone_where_the_other_side_cannot_keep_them() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/tea", "green"), ("served/two/rice", "basmati")]);
    fs::create_dir(home.at("one/empty")).unwrap();
    let server = Server::start(&rclone, Protocol::S3, &home.at("served"));
    let two = format!("{}:two", server.connection());
    for _ in 0..2 {
        check(&run(&home, &two, &["--create-empty-src-dirs"]), 0, "Path2 keeps no directories without files");
        assert!(home.at("one/empty").exists());
    }
}

#[test]
fn listings_of_rclone_are_gone_on_from() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/tea", "green"), ("served/two/rice", "basmati")]);
    let server = Server::start(&rclone, Protocol::Sftp, &home.at("served"));
    let two = format!("{}:two", server.connection());
    let theirs = ["bisync", "one", &two, "--workdir=work", "--config=", "--resync"];
    assert_eq!(program::run(&rclone, &home.at(""), &theirs).code, Some(0));
    fs::remove_file(home.at("one/tea")).unwrap();
    check(&run(&home, &two, &["-v", "--force"]), 0, "tea: deleted from Path2");
    let theirs = &theirs[..5];
    let ended = program::run(&rclone, &home.at(""), theirs);
    check(&ended, 0, "");
    assert!(home.at("served/two/rice").exists() && !home.at("served/two/tea").exists(), "{}", ended.all());
}

#[test]
fn rclone_ends_when_the_program_is_killed() {
    if program::rclone().is_none() {
        return;
    }
    let home = Home::default();
    fs::create_dir(home.at("tmp")).unwrap();
    let silence = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    silence.set_nonblocking(true).unwrap();
    let url =
        format!(":webdav,url='http://{}',vendor=sharepoint-ntlm,bearer_token={SECRET}:", silence.local_addr().unwrap());
    let mut command = program::command(&program::bisync(), &home.at(""));
    command.args(["one", &url, "--workdir=work", "--config="]).env("TMPDIR", home.at("tmp"));
    let mut child = program::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
    // When it is asked for something, rclone is there.
    let deadline = Instant::now() + Duration::from_secs(60);
    let _asking = loop {
        match silence.accept() {
            Ok(asking) => break asking,
            Err(_) => assert!(Instant::now() < deadline, "nothing is asked for"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let rclones = || processes_with(&home.at("tmp").display().to_string());
    let arguments = rclones();
    assert!(!arguments.is_empty() && arguments.iter().all(|text| !text.contains(SECRET)), "{arguments:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    while !rclones().is_empty() {
        assert!(Instant::now() < deadline, "{:?}", rclones());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the command lines of all processes that hold a text.
fn processes_with(text: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().map_while(Result::ok);
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).filter(|line| line.contains(text)).collect()
}

#[test]
fn without_rclone_it_is_said_how_to_get_it() {
    let home = Home::default();
    let mut command = program::command(&program::bisync(), &home.at(""));
    command.args(["one", ":drive:x", "--workdir=work", "--config="]).env("PATH", home.at("nothing"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = program::wait(program::start(&mut command), "bisync");
    check(&ended, 1, "https://rclone.org/install");
}

#[test]
fn remotes_are_listed() {
    let home = Home::default();
    home.write("c", "[box]\ntype = sftp\npass = xyz\n[short]\ntype = alias\nremote = box:a\n[odd]\n");
    let run = |arguments: &[&str]| program::run(&program::bisync(), &home.at(""), arguments);
    check(
        &run(&["remotes", "--config=c"]),
        0,
        "box:    sftp   native\nodd:           nobody: it has no type\nshort:  alias  what it leads to\n",
    );
    check(&run(&["remotes", "--config=d"]), 2, "`d` does not exist");
    check(&run(&["one", "bix:", "--config=c"]), 2, "did you mean `box:`?");
    check(&run(&["one", ":local:one", "--config=c"]), 1, "are the same directory");
}
