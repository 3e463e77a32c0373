//! What servers do wrong: a server of a few lines answers as each test says, and is served.

mod s3;
mod s3_ranges;
mod sftp;
mod webdav;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use bisync::backend::{Backend, ListDirectory};
use bisync_engine::entry::{Fingerprint, Found};
use bisync_engine::item::Item;
use bisync_engine::protocol::{Expect, Failure};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{copy_to, opened, path, runtime};

/// A folder on such a server.
struct Faulty {
    backend: Arc<dyn Backend>,
    runtime: Runtime,
    /// The requests that came: first lines, and what comes after them that matters here.
    heard: Arc<Mutex<Vec<String>>>,
    _home: TempDir,
}

/// Answers a request, given how many of its kind came before it.
type Answer = fn(request: &str, before: usize) -> String;

impl Faulty {
    /// Serves a folder of a bucket.
    fn s3(answer: Answer) -> Self {
        Self::s3_with(answer, &[("low-level-retries", "3")])
    }

    /// Serves a folder of a bucket, with options of the run.
    fn s3_with(answer: Answer, options: &[(&str, &str)]) -> Self {
        let place = ":s3,provider=Minio,endpoint='URL',access_key_id=a,secret_access_key=s:bucket/d";
        Self::new(place, answer, options)
    }

    /// Serves a folder over WebDAV, with options of the run.
    fn webdav(answer: Answer, options: &[(&str, &str)]) -> Self {
        Self::new(":webdav,url='URL',vendor=owncloud,bearer_token=s:d", answer, options)
    }

    /// Serves a folder with options of the run; `URL` in its place is where the server is.
    fn new(place: &str, answer: Answer, options: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let hears = Arc::clone(&heard);
        // It ends with the test.
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut request, mut length) = (String::new(), 0);
                for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                    let name = line.split(':').next().unwrap_or_default().to_lowercase();
                    match name.as_str() {
                        "content-length" => length = line[15..].trim().parse().unwrap(),
                        "range" | "if" | "if-match" | "if-none-match" | "if-range" | "overwrite" | "destination" => {
                            request.push_str(&format!("; {}", line.to_lowercase()))
                        }
                        _ if request.is_empty() => request.push_str(line.split("X-Amz-").next().unwrap_or_default()),
                        _ => {}
                    }
                }
                std::io::copy(&mut reader.take(length), &mut std::io::sink()).ok();
                let mut heard = hears.lock().unwrap();
                let before = heard.iter().filter(|other| other[..4] == request[..4]).count();
                let answer = answer(&request, before);
                heard.push(request);
                match answer.strip_suffix(SILENCE) {
                    Some(beginning) => {
                        stream.write_all(beginning.as_bytes()).ok();
                        silent.push(stream);
                    }
                    None => drop(stream.write_all(answer.as_bytes())),
                }
            }
        });
        let home = tempfile::tempdir().unwrap();
        let place = place.replace("URL", &format!("http://{address}"));
        let runtime = runtime();
        let backend = opened(&runtime, &place, None, options, home.path());
        Self { backend, runtime, heard, _home: home }
    }

    fn list(&self) -> Result<Vec<Item>, Failure> {
        self.runtime.block_on(self.backend.list_whole(ListDirectory::plain(path(""))))
    }

    fn read(&self, version: Fingerprint) -> Result<Vec<u8>, Failure> {
        self.runtime.block_on(async {
            let mut content = self.backend.read(path("f"), version);
            let mut bytes = Vec::new();
            while let Some(piece) = content.next().await? {
                bytes.extend(piece);
            }
            Ok(bytes)
        })
    }

    fn write(&self, expect: Expect) -> Result<Found, Failure> {
        let (producer, content) = bisync::backend::Content::channel();
        self.runtime.spawn(async move {
            producer.send(b"tea".to_vec()).await.unwrap();
            producer.end(Ok(())).await;
        });
        self.runtime.block_on(self.backend.write(copy_to("f", 3, expect), content))
    }

    fn heard(&self, beginning: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|request| request.starts_with(beginning)).cloned().collect()
    }
}

/// An answer that never comes; at the end of one, more that never comes.
const SILENCE: &str = "silence";

/// Makes an answer whose connection is closed after it.
fn answer(status: &str, headers: &str, body: &str) -> String {
    let length =
        if headers.contains("content-length") { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{length}{headers}\r\n{body}")
}

fn version(faulty: &Faulty) -> Fingerprint {
    faulty.list().unwrap()[0].found.fingerprint.clone()
}
