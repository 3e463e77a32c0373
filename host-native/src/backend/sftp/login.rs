//! Says to a server who we are: in rclone's order, with the keys of the agent, a key of a file, the password.

use std::sync::Arc;

use bisync_engine::protocol::{Failure, FailureKind};
use russh::client::{Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, decode_secret_key};

use super::failure::broken;
use super::host_key::HostKey;
use super::settings::{Key, Settings};
use crate::backend::failed;
use crate::failure::reason;

/// A server may ask so many times before it is told no more.
const MOST_QUESTIONS: usize = 10;

/// Logs in.
///
/// # Errors
/// Fails when a key cannot be used, or when the server accepts nothing.
pub async fn log_in(ssh: &mut Handle<HostKey>, settings: &Settings) -> Result<(), Failure> {
    let user = &settings.user;
    // Some servers want nothing.
    if lasting(ssh.authenticate_none(user).await)?.success() {
        return Ok(());
    }
    if settings.uses_agent && by_agent(ssh, user).await? {
        return Ok(());
    }
    if let Some(key) = &settings.key {
        let key = Arc::new(private_key(key, settings.key_password.as_deref())?);
        let hash = rsa_hash(ssh, key.algorithm().is_rsa()).await?;
        if lasting(ssh.authenticate_publickey(user, PrivateKeyWithHashAlg::new(key, hash)).await)?.success() {
            return Ok(());
        }
    }
    if let Some(password) = &settings.password {
        if lasting(ssh.authenticate_password(user, password).await)?.success() {
            return Ok(());
        }
        if by_questions(ssh, user, password).await? {
            return Ok(());
        }
    }
    let message = "the server does not let us in: it accepts neither the password nor a key";
    Err(failed(FailureKind::PermissionDenied, message))
}

/// What is wrong with a connection says nothing about who we are.
fn lasting<T>(answer: Result<T, russh::Error>) -> Result<T, Failure> {
    answer.map_err(|_| broken())
}

async fn rsa_hash(ssh: &Handle<HostKey>, is_rsa: bool) -> Result<Option<HashAlg>, Failure> {
    if is_rsa { Ok(lasting(ssh.best_supported_rsa_hash().await)?.flatten()) } else { Ok(None) }
}

async fn by_agent(ssh: &mut Handle<HostKey>, user: &str) -> Result<bool, Failure> {
    let unusable = |error| failed(FailureKind::Other, &format!("the SSH agent cannot be used: {error}"));
    let mut agent = AgentClient::connect_env().await.map_err(|error| unusable(error.to_string()))?;
    let identities = agent.request_identities().await.map_err(|error| unusable(error.to_string()))?;
    for identity in identities {
        // A key that the agent does not sign with is not the last one.
        let accepted = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                let hash = rsa_hash(ssh, key.algorithm().is_rsa()).await?;
                ssh.authenticate_publickey_with(user, key, hash, &mut agent).await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                let hash = rsa_hash(ssh, certificate.algorithm().is_rsa()).await?;
                ssh.authenticate_certificate_with(user, certificate, hash, &mut agent).await
            }
        };
        if accepted.is_ok_and(|answer| answer.success()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn private_key(key: &Key, password: Option<&str>) -> Result<PrivateKey, Failure> {
    let unusable =
        |name: &str, why: &str| failed(FailureKind::Other, &format!("the private key {name} cannot be used: {why}"));
    let (name, text) = match key {
        Key::File(file) => {
            let name = format!("in `{}`", file.display());
            let text = std::fs::read_to_string(file).map_err(|error| unusable(&name, &reason(&error)))?;
            (name, text)
        }
        Key::Text(text) => ("of the option `key_pem`".to_owned(), text.clone()),
    };
    let why = "it is encrypted, its password is wrong, or it is of a kind that is not known here";
    decode_secret_key(&text, password).map_err(|_| unusable(&name, why))
}

/// Answers whatever the server asks with the password, as rclone does.
async fn by_questions(ssh: &mut Handle<HostKey>, user: &str, password: &str) -> Result<bool, Failure> {
    let mut answer = lasting(ssh.authenticate_keyboard_interactive_start(user, None).await)?;
    for _ in 0..MOST_QUESTIONS {
        match answer {
            KeyboardInteractiveAuthResponse::Success => return Ok(true),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                let answers = prompts.iter().map(|_| password.to_owned()).collect();
                answer = lasting(ssh.authenticate_keyboard_interactive_respond(answers).await)?;
            }
        }
    }
    Ok(false)
}
