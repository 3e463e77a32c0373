//! Apache's server, with what it has of WebDAV.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Server, free_port};

const PROGRAM: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";

/// Serves a directory; `None` where it is not installed or cannot run.
pub fn serve(directory: &Path) -> Option<Server> {
    if !Path::new(PROGRAM).exists() {
        return None;
    }
    let mut command = Command::new(PROGRAM);
    // It serves nothing as root; by another number it is the same user to the disk.
    if rustix::process::geteuid().is_root() {
        let as_another = || {
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-user=1", "--map-group=1"]);
            command
        };
        // Not every machine lets even root do that.
        if !as_another().arg("true").output().is_ok_and(|output| output.status.success()) {
            return None;
        }
        command = as_another();
        command.arg(PROGRAM);
    }
    let (home, port) = (tempfile::tempdir().unwrap(), free_port());
    let load = |name: &str| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n");
    let modules: String = ["mpm_event", "authz_core", "dav", "dav_fs"].map(load).concat();
    let (own, directory) = (home.path().display(), directory.display());
    let text = format!(
        "{modules}ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {own}/pid\nErrorLog {own}/log\n\
         DavLockDB {own}/locks\nDocumentRoot {directory}\n<Directory {directory}>\nDav On\n\
         DavDepthInfinity Off\nLimitRequestBody 0\nRequire all granted\n</Directory>\n"
    );
    let file = home.path().join("apache.conf");
    fs::write(&file, text).unwrap();
    command.args(["-DFOREGROUND", "-f"]).arg(&file);
    Some(Server::run(command, port, format!(":webdav,url='http://127.0.0.1:{port}'"), Some(home)))
}
