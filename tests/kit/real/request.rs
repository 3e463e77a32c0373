//! A request over HTTP as it is written by hand: nothing in it is tidied up on its way.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

/// What S3 servers want that look whether a request is signed, and not by whom.
const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=access/20260101/us-east-1/s3/aws4_request, \
                      SignedHeaders=host, Signature=none\r\n";

/// Asks a server of this machine, and returns the status and what it sends.
///
/// # Panics
/// When it cannot be reached, or does not answer.
pub fn ask(port: u16, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let length = body.len();
    // With version 1.0 the answer ends with the connection.
    let head =
        format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{SIGNED}Content-Length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(answer.len());
    let status = String::from_utf8_lossy(&answer[..end]).split_whitespace().nth(1).and_then(|word| word.parse().ok());
    (status.unwrap_or_default(), answer.split_off((end + 4).min(answer.len())))
}
