//! Requests and answers as they go over the wire, without what is secret in them: `--dump headers`.

use std::sync::atomic::{AtomicU64, Ordering};

use bisync_engine::event::{Event, Level};
use bisync_engine::options::Options;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Response, Url};
use tokio::sync::mpsc::UnboundedSender;

/// Headers whose values everybody may see. Of all others only the name is told: a server may want its secrets under any name.
const SHOWN: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-ranges",
    "allow",
    "connection",
    "content-length",
    "content-md5",
    "content-range",
    "content-type",
    "date",
    "dav",
    "depth",
    "etag",
    "host",
    "if",
    "if-match",
    "if-none-match",
    "keep-alive",
    "last-modified",
    "overwrite",
    "range",
    "retry-after",
    "server",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-amz-acl",
    "x-amz-bucket-region",
    "x-amz-copy-source",
    "x-amz-id-2",
    "x-amz-meta-md5chksum",
    "x-amz-meta-mtime",
    "x-amz-metadata-directive",
    "x-amz-request-id",
    "x-amz-request-payer",
    "x-amz-server-side-encryption",
    "x-amz-storage-class",
    "x-oc-mtime",
];

/// Parameters of an address that everybody may see; the others sign it.
const SHOWN_IN_ADDRESSES: &[&str] = &[
    "continuation-token",
    "delete",
    "delimiter",
    "encoding-type",
    "list-type",
    "location",
    "marker",
    "max-keys",
    "partNumber",
    "prefix",
    "uploadId",
    "uploads",
    "x-id",
];

/// Tells of requests and answers, each with the number of its request.
#[derive(Debug)]
pub struct Dump {
    requests: AtomicU64,
    teller: UnboundedSender<Event>,
}

impl Dump {
    /// Returns what the options ask for, which tells the reporter.
    pub fn of(options: &Options, teller: &UnboundedSender<Event>) -> Option<Self> {
        let is_wanted = options.words("dump").is_some_and(|words| words.contains(&"headers"));
        is_wanted.then(|| Self { requests: AtomicU64::new(1), teller: teller.clone() })
    }

    /// Tells of a request that is about to be made, and returns its number.
    pub fn request(&self, request: &Request) -> u64 {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        self.tell(&format!("request {number}"), &format!("{} {}", request.method(), shown(request.url())));
        self.headers(&format!("request {number}"), request.headers());
        number
    }

    /// Tells of the answer to a request, before its body has come.
    pub fn answer(&self, number: u64, answer: &reqwest::Result<Response>) {
        let head = format!("answer {number}");
        match answer {
            Ok(response) => {
                self.tell(&head, &response.status().to_string());
                self.headers(&head, response.headers());
            }
            Err(_) => self.tell(&head, "none"),
        }
    }

    fn headers(&self, head: &str, headers: &HeaderMap) {
        for (name, value) in headers {
            self.tell(head, &format!("{name}: {}", told(name, value)));
        }
    }

    fn tell(&self, head: &str, text: &str) {
        // Whoever listens may have gone: nobody wants to know any more.
        let _ = self.teller.send(Event {
            level: Level::Notice,
            code: "dump".into(),
            path: None,
            text: format!("{head}: {text}"),
        });
    }
}

fn told<'a>(name: &HeaderName, value: &'a HeaderValue) -> &'a str {
    if !SHOWN.contains(&name.as_str()) || value.is_sensitive() {
        return "(hidden)";
    }
    value.to_str().unwrap_or("(not text)")
}

/// Returns an address without a name, a password and a signature.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    // What cannot have a name has none.
    let _ = shown.set_username("").and_then(|()| shown.set_password(None));
    shown.set_query(None);
    let (all, mut kept) = (url.query_pairs(), 0);
    for (name, value) in url.query_pairs().filter(|(name, _)| SHOWN_IN_ADDRESSES.contains(&name.as_ref())) {
        shown.query_pairs_mut().append_pair(&name, &value);
        kept += 1;
    }
    if all.count() > kept { format!("{shown} (signed)") } else { shown.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_is_not() {
        let (teller, mut listener) = tokio::sync::mpsc::unbounded_channel();
        let given = [("dump".to_owned(), "headers".to_owned())];
        let dump = Dump::of(&Options::parse(&given).unwrap(), &teller).unwrap();
        let request = crate::backend::http::builder()
            .build()
            .unwrap()
            .put("https://me:secret@example.com/a%20b?list-type=2&X-Amz-Signature=secret&X-Amz-Credential=secret")
            .basic_auth("me", Some("secret"))
            .header("x-token", "secret")
            .header("cookie", "secret")
            .header("if-none-match", "*")
            .build()
            .unwrap();
        dump.request(&request);
        let lines: Vec<String> = std::iter::from_fn(|| listener.try_recv().ok()).map(|event| event.text).collect();
        let text = lines.join("\n");
        assert!(!text.contains("secret") && !text.contains("me@"), "{text}");
        for line in [
            "request 1: PUT https://example.com/a%20b?list-type=2 (signed)",
            "request 1: x-token: (hidden)",
            "request 1: authorization: (hidden)",
            "request 1: if-none-match: *",
        ] {
            assert!(lines.iter().any(|told| told == line), "{line} is not in:\n{text}");
        }
    }

    #[test]
    fn nothing_is_told_unasked() {
        let (teller, _listener) = tokio::sync::mpsc::unbounded_channel();
        assert!(Dump::of(&Options::default(), &teller).is_none());
    }
}
