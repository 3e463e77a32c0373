//! What servers answer in XML.

use bisync_engine::protocol::Failure;
use percent_encoding::percent_decode_str;

use crate::backend::http::xml::{plain_etag, read, unreadable};

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The objects, in the order of their keys.
    pub objects: Vec<Listed>,
    /// What keys that go on after the next `/` begin with, up to that.
    pub prefixes: Vec<String>,
    /// Asks for the next page; `None` when this is the last one.
    pub next: Option<String>,
}

/// An object in a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The whole key.
    pub key: String,
    /// The size in bytes.
    pub size: u64,
    /// What the server calls this version, without quotes.
    pub etag: String,
    /// When it was last modified, as the server writes it.
    pub modified: String,
}

/// What another answer says, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The code of an error: `NoSuchKey`.
    pub code: Option<String>,
    /// The error in words.
    pub message: Option<String>,
    /// The name of an upload in parts.
    pub upload: Option<String>,
    /// What the server calls a new version, without quotes.
    pub etag: Option<String>,
}

/// Reads a page of a listing.
///
/// # Errors
/// Fails when it is none, or when there is a next one that cannot be asked for.
pub fn page(text: &[u8]) -> Result<Page, Failure> {
    let (mut page, mut object) = (Page::default(), Listed::default());
    let (mut is_encoded, mut is_truncated, mut is_listing) = (false, false, false);
    let mut bad_size = false;
    read(text, |path, value| match path {
        ["ListBucketResult"] => is_listing = true,
        ["ListBucketResult", "EncodingType"] => is_encoded = value == "url",
        ["ListBucketResult", "IsTruncated"] => is_truncated = value == "true",
        ["ListBucketResult", "NextContinuationToken"] => page.next = Some(value),
        ["ListBucketResult", "CommonPrefixes", "Prefix"] => page.prefixes.push(value),
        ["ListBucketResult", "Contents", "Key"] => object.key = value,
        ["ListBucketResult", "Contents", "LastModified"] => object.modified = value,
        ["ListBucketResult", "Contents", "ETag"] => object.etag = plain_etag(&value).to_owned(),
        ["ListBucketResult", "Contents", "Size"] => match value.trim().parse() {
            Ok(size) => object.size = size,
            Err(_) => bad_size = true,
        },
        ["ListBucketResult", "Contents"] => page.objects.push(std::mem::take(&mut object)),
        _ => {}
    })?;
    if !is_listing {
        return Err(unreadable("it is no listing"));
    }
    if bad_size {
        return Err(unreadable("a size is no number"));
    }
    if is_encoded {
        // It may be said after the keys.
        let keys = page.objects.iter_mut().map(|object| &mut object.key);
        keys.chain(&mut page.prefixes).try_for_each(decode)?;
    }
    match (is_truncated, &page.next) {
        (true, None) => {
            Err(unreadable("it does not say how it goes on, so this server is one for rclone: `--backend rclone`"))
        }
        (true, Some(_)) => Ok(page),
        (false, _) => Ok(Page { next: None, ..page }),
    }
}

fn decode(key: &mut String) -> Result<(), Failure> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| unreadable("a key is not UTF-8"))?;
    *key = decoded.into_owned();
    Ok(())
}

/// Reads an answer of another kind. What cannot be read says nothing.
pub fn said(text: &[u8]) -> Said {
    let mut said = Said::default();
    let result = read(text, |path, value| match path {
        ["Error", "Code"] => said.code = Some(value),
        ["Error", "Message"] => said.message = Some(value),
        // The second name is that of rclone's server.
        ["InitiateMultipartUploadResult" | "InitiateMultipartUpload", "UploadId"] => said.upload = Some(value),
        ["CopyObjectResult" | "CopyPartResult" | "CompleteMultipartUploadResult", "ETag"] => {
            said.etag = Some(plain_etag(&value).to_owned());
        }
        _ => {}
    });
    if result.is_ok() { said } else { Said::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(body: &str) -> Page {
        let text = format!("<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"x\">{body}</ListBucketResult>");
        page(text.as_bytes()).unwrap()
    }

    #[test]
    fn pages_are_read_to_the_letter() {
        let object = "<Contents>\n <Key>d/a+b%2B%0A%20c</Key><Size>5</Size><ETag>&quot;e&#45;1&quot;</ETag>\
                      <LastModified>2026-01-01T00:00:00.123Z</LastModified><Owner><ID>x</ID></Owner></Contents>";
        let body = format!(
            "{object}<CommonPrefixes><Prefix>d/%20e+/</Prefix></CommonPrefixes><IsTruncated>true</IsTruncated>\
             <NextContinuationToken>t&amp;1</NextContinuationToken><EncodingType>url</EncodingType>"
        );
        let listed = Listed {
            key: "d/a b+\n c".into(),
            size: 5,
            etag: "e-1".into(),
            modified: "2026-01-01T00:00:00.123Z".into(),
        };
        let expected = Page { objects: vec![listed], prefixes: vec!["d/ e /".into()], next: Some("t&1".into()) };
        assert_eq!(listing(&body), expected);
        // Where it does not say that it is encoded, it is not. Blanks count.
        let plain = "<Contents><Key> a+%20 &lt;b </Key><Size>0</Size></Contents><Contents><Key/></Contents>";
        let keys: Vec<_> = listing(plain).objects.into_iter().map(|object| object.key).collect();
        assert_eq!(keys, [" a+%20 <b ", ""]);
    }

    #[test]
    fn what_is_no_page_is_refused() {
        let check = |text: &str, expected: &str| {
            let failure = page(text.as_bytes()).unwrap_err();
            assert!(failure.message.contains(expected), "{failure}");
        };
        check("<html></html>", "no listing");
        check("", "no listing");
        check("<ListBucketResult><Contents>", "breaks off");
        check("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "`--backend rclone`");
        check("<ListBucketResult><Contents><Size>x</Size></Contents></ListBucketResult>", "no number");
        check(
            "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%FF</Key></Contents></ListBucketResult>",
            "not UTF-8",
        );
    }

    #[test]
    fn errors_are_read_where_there_are_any() {
        let error = said(b"<Error><Code>NoSuchKey</Code><Message>a &amp; b</Message></Error>");
        assert_eq!((error.code.as_deref(), error.message.as_deref()), (Some("NoSuchKey"), Some("a & b")));
        assert_eq!(said(b"<html><body>"), Said::default());
        assert_eq!(said(b""), Said::default());
        let copied = said(b"<CopyObjectResult><ETag>\"abc\"</ETag></CopyObjectResult>");
        assert_eq!(copied.etag.as_deref(), Some("abc"));
        for root in ["InitiateMultipartUploadResult", "InitiateMultipartUpload"] {
            let begun = said(format!("<{root}><UploadId>5</UploadId></{root}>").as_bytes());
            assert_eq!(begun.upload.as_deref(), Some("5"));
        }
    }
}
