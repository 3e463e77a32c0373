//! What the options of a remote mean here, and which remotes are left to rclone.

use std::fmt::Display;

use bisync_engine::protocol::{Failure, FailureKind};
use reqwest::Url;
use rusty_s3::{Bucket, UrlStyle};

use crate::backend::failed;
use crate::backend::native::Unopened;
use crate::remote::Remote;

const MEBIBYTE: u64 = 1 << 20;

/// How a remote is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the server is.
    pub endpoint: String,
    /// Whether the bucket stands in the path or in the name of the host.
    pub in_path: bool,
    /// What requests are signed for.
    pub region: String,
    /// Headers of every request that makes an object.
    pub headers: Vec<(&'static str, String)>,
    /// Whether whoever asks pays.
    pub requester_pays: bool,
    /// Larger files are uploaded in parts, in bytes.
    pub upload_cutoff: u64,
    /// The size of a part, in bytes.
    pub chunk_size: u64,
    /// So many parts may a file have.
    pub most_parts: u64,
    /// So many parts go at a time.
    pub concurrency: usize,
    /// Larger objects are copied in parts, in bytes.
    pub copy_cutoff: u64,
    /// So many keys are asked for at a time.
    pub page: u64,
    /// Whether a bucket that is missing may be made.
    pub makes_buckets: bool,
    /// Where buckets are made.
    pub location_constraint: Option<String>,
    /// Who may do what with buckets that are made.
    pub bucket_acl: Option<String>,
}

/// Providers that are served here, and whether they want the bucket in the path. Of the others rclone knows peculiarities that are not
/// known here.
const PROVIDERS: [(&str, bool); 10] = [
    ("AWS", false),
    ("Ceph", true),
    ("Cloudflare", true),
    ("DigitalOcean", false),
    ("Hetzner", false),
    ("Minio", true),
    ("Other", true),
    ("Rclone", true),
    ("SeaweedFS", true),
    ("Wasabi", false),
];

/// Options that are honoured here, or that concern nothing that is done here.
const KNOWN: [&str; 39] = [
    "access_key_id",
    "acl",
    "bucket_acl",
    "chunk_size",
    "copy_cutoff",
    "description",
    "disable_checksum",
    "disable_http2",
    "endpoint",
    "env_auth",
    "force_path_style",
    "list_chunk",
    "list_url_encode",
    "location_constraint",
    "max_upload_parts",
    "memory_pool_flush_time",
    "memory_pool_use_mmap",
    "no_check_bucket",
    "no_head",
    "no_head_object",
    "no_system_metadata",
    "profile",
    "provider",
    "region",
    "requester_pays",
    "secret_access_key",
    "server_side_encryption",
    "session_token",
    "shared_credentials_file",
    "sign_accept_encoding",
    "sse_kms_key_id",
    "storage_class",
    "type",
    "upload_concurrency",
    "upload_cutoff",
    "use_accept_encoding_gzip",
    "use_already_exists",
    "use_multipart_etag",
    "use_x_id",
];

/// Options with the only values that are honoured here; any flag may be off besides.
const FIXED: [(&str, &str); 5] = [
    ("encoding", "Slash,InvalidUtf8,Dot"),
    ("list_version", "2"),
    ("list_version", "0"),
    ("use_multipart_uploads", "true"),
    ("use_unsigned_payload", "true"),
];

impl Settings {
    /// Reads the options of a remote.
    ///
    /// # Errors
    /// Names what cannot be honoured here.
    pub fn of(remote: &Remote) -> Result<Self, Unopened> {
        let provider = remote.value("provider").unwrap_or("Other");
        let Some((_, in_path)) = PROVIDERS.iter().find(|(name, _)| *name == provider) else {
            return Err(Unopened::LeftToRclone(format!("the provider `{provider}`")));
        };
        for option in remote.options().map(|(option, _)| option).filter(|option| !KNOWN.contains(option)) {
            let value = remote.value(option).unwrap_or_default();
            let is_off = value == "false" && !matches!(option, "use_multipart_uploads" | "use_unsigned_payload");
            if !is_off && !FIXED.contains(&(option, value)) {
                return Err(Unopened::LeftToRclone(format!("the option `{option}`")));
            }
        }
        let text = |option: &str| remote.value(option).map(str::to_owned);
        let region = text("region").unwrap_or_else(|| "us-east-1".to_owned());
        if region == "other-v2-signature" {
            return Err(Unopened::LeftToRclone("the region `other-v2-signature`".to_owned()));
        }
        let endpoint = match (text("endpoint"), provider) {
            (Some(endpoint), _) if endpoint.starts_with("http") => endpoint,
            (Some(endpoint), _) => format!("https://{endpoint}"),
            (None, "AWS" | "Other") if region.starts_with("cn-") => format!("https://s3.{region}.amazonaws.com.cn"),
            (None, "AWS" | "Other") => format!("https://s3.{region}.amazonaws.com"),
            (None, _) => {
                return Err(failed(FailureKind::Other, "the option `endpoint` of the remote is missing").into());
            }
        };
        let headers = [
            ("x-amz-acl", text("acl")),
            ("x-amz-server-side-encryption", text("server_side_encryption")),
            ("x-amz-server-side-encryption-aws-kms-key-id", text("sse_kms_key_id")),
            ("x-amz-storage-class", text("storage_class")),
        ];
        // rclone's `serve s3` copies objects of any size in one go, and cannot do it in parts.
        let copy_cutoff = if provider == "Rclone" { u64::MAX } else { 4768 * MEBIBYTE };
        Ok(Self {
            endpoint,
            in_path: remote.value("force_path_style").map_or(*in_path, |_| remote.flag("force_path_style")),
            region,
            headers: headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            requester_pays: remote.flag("requester_pays"),
            upload_cutoff: remote.size("upload_cutoff")?.unwrap_or(200 * MEBIBYTE).min(5 << 30),
            chunk_size: remote.size("chunk_size")?.unwrap_or(5 * MEBIBYTE).max(5 * MEBIBYTE),
            most_parts: positive(remote, "max_upload_parts", 10_000)?,
            concurrency: usize::try_from(positive(remote, "upload_concurrency", 4)?).unwrap_or(usize::MAX),
            copy_cutoff: remote.size("copy_cutoff")?.unwrap_or(copy_cutoff).max(5 * MEBIBYTE),
            page: positive(remote, "list_chunk", 1000)?,
            makes_buckets: !remote.flag("no_check_bucket"),
            location_constraint: text("location_constraint"),
            bucket_acl: text("bucket_acl"),
        })
    }

    /// Returns the bucket of this name.
    ///
    /// # Errors
    /// Fails when there can be no such bucket on the server.
    pub fn bucket(&self, name: &str) -> Result<Bucket, Failure> {
        let problem = |error: &dyn Display| {
            let message = format!("the bucket `{name}` cannot be reached at `{}`: {error}", self.endpoint);
            failed(FailureKind::Other, &message)
        };
        let endpoint: Url = self.endpoint.parse().map_err(|error| problem(&error))?;
        // An address made of numbers has no names below it.
        let in_path = self.in_path || endpoint.domain().is_none();
        let style = if in_path { UrlStyle::Path } else { UrlStyle::VirtualHost };
        Bucket::new(endpoint, style, name.to_owned(), self.region.clone()).map_err(|error| problem(&error))
    }
}

/// Returns a number that cannot be zero.
fn positive(remote: &Remote, option: &'static str, default: u64) -> Result<u64, Unopened> {
    match remote.number(option)? {
        Some(0) => Err(remote.bad_value(option, "a number above zero").into()),
        number => Ok(number.unwrap_or(default)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: &[(&str, &str)]) -> Result<Settings, String> {
        let values = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::of(&Remote::new("r".into(), "s3".into(), values)).map_err(|error| error.to_string())
    }

    #[test]
    fn buckets_are_where_rclone_finds_them() {
        let check = |options: &[(&str, &str)], expected: &str| {
            let bucket = settings(options).unwrap().bucket("b").unwrap();
            assert_eq!(bucket.base_url().as_str(), expected, "{options:?}");
        };
        check(&[("provider", "AWS")], "https://b.s3.us-east-1.amazonaws.com/");
        check(&[("provider", "AWS"), ("force_path_style", "true")], "https://s3.us-east-1.amazonaws.com/b/");
        check(&[("provider", "AWS"), ("region", "cn-north-1")], "https://b.s3.cn-north-1.amazonaws.com.cn/");
        check(&[("provider", "Minio"), ("endpoint", "http://m:9000")], "http://m:9000/b/");
        check(&[("endpoint", "s.example/x")], "https://s.example/x/b/");
        check(&[("endpoint", "s.example"), ("force_path_style", "false")], "https://b.s.example/");
        check(&[("provider", "Wasabi"), ("endpoint", "http://127.0.0.1:9000")], "http://127.0.0.1:9000/b/");
    }

    #[test]
    fn what_cannot_be_honoured_is_named() {
        let check = |options: &[(&str, &str)], expected: &[&str]| {
            let message = settings(options).unwrap_err();
            assert!(expected.iter().all(|part| message.contains(part)), "{message}");
        };
        let rclone = "by rclone";
        check(&[("provider", "GCS")], &["`GCS`", rclone]);
        check(&[("directory_markers", "true")], &["`directory_markers`", rclone]);
        check(&[("sse_customer_key", "x")], &["`sse_customer_key`", rclone]);
        check(&[("list_version", "1")], &["`list_version`", rclone]);
        check(&[("use_multipart_uploads", "false")], &["`use_multipart_uploads`", rclone]);
        check(&[("encoding", "None")], &["`encoding`", rclone]);
        check(&[("region", "other-v2-signature")], &["`other-v2-signature`", rclone]);
        check(&[("provider", "Minio")], &["`endpoint`"]);
        check(&[("chunk_size", "x")], &["`chunk_size`"]);
        check(&[("upload_concurrency", "0")], &["`upload_concurrency`"]);
    }

    #[test]
    fn options_are_honoured() {
        let given = [
            ("acl", "private"),
            ("storage_class", "STANDARD_IA"),
            ("upload_cutoff", "1Mi"),
            ("chunk_size", "8Mi"),
            ("directory_markers", "false"),
            ("list_version", "2"),
        ];
        let settings = settings(&given).unwrap();
        let headers = [("x-amz-acl", "private".to_owned()), ("x-amz-storage-class", "STANDARD_IA".to_owned())];
        assert_eq!(settings.headers, headers);
        assert_eq!((settings.upload_cutoff, settings.chunk_size), (MEBIBYTE, 8 * MEBIBYTE));
    }
}
