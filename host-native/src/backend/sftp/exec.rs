//! Runs commands on a server to their end.

use bisync_engine::protocol::Failure;
use russh::ChannelMsg;

use super::connection::Connection;

/// So much of what a command prints is taken, in bytes.
const LONGEST: usize = 64 << 10;

/// Runs a command that is given nothing to read, and returns what it prints; `None` when it cannot be run, or fails.
///
/// # Errors
/// Fails when the connection does.
pub async fn run(connection: &Connection, command: &str) -> Result<Option<Vec<u8>>, Failure> {
    // Whatever runs there ends at some time.
    let begun = connection.patiently(connection.begin(command, u32::MAX)).await??;
    let Some(mut running) = begun else { return Ok(None) };
    running.say_no_more().await?;
    let (mut printed, mut is_well) = (Vec::new(), false);
    loop {
        match running.hear().await? {
            Some(ChannelMsg::Data { data }) if printed.len() + data.len() <= LONGEST => printed.extend(data),
            Some(ChannelMsg::Data { .. } | ChannelMsg::Failure) => break,
            Some(ChannelMsg::ExitStatus { exit_status }) => is_well = exit_status == 0,
            Some(ChannelMsg::Close) | None => return Ok(is_well.then_some(printed)),
            Some(_) => {}
        }
    }
    running.end().await;
    Ok(None)
}

/// Returns a path as a word of a command, in rclone's way: `rclone serve sftp`, which has no shell, understands no other.
pub fn word(path: &str) -> String {
    let mut word = String::with_capacity(path.len());
    for letter in path.chars() {
        match letter {
            '\n' => word.push_str("'\n'"),
            '_' | '.' | ',' | ':' | '/' | '@' | '-' | '\u{80}'.. => word.push(letter),
            letter if letter.is_ascii_alphanumeric() => word.push(letter),
            letter => word.extend(['\\', letter]),
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted() {
        let check = |path: &str, expected: &str| assert_eq!(word(path), expected);
        check("/a-b_c/d.e,f:g@h9", "/a-b_c/d.e,f:g@h9");
        check("/a b", "/a\\ b");
        check(
            "/$(x)`y`;'z'\"\\!~*?[]{}#&|<>=+%^",
            "/\\$\\(x\\)\\`y\\`\\;\\'z\\'\\\"\\\\\\!\\~\\*\\?\\[\\]\\{\\}\\#\\&\\|\\<\\>\\=\\+\\%\\^",
        );
        check("/a\nb", "/a'\n'b");
        check("/é\u{301}日\u{85}", "/é\u{301}日\u{85}");
        check("/a\tb\r", "/a\\\tb\\\r");
    }

    #[test]
    fn a_shell_reads_words_as_they_were() {
        let path = "/a b'c\"d\\e\nf$g`h`!i~*?[j]{k}#&|<>;=+%^\tl\rm-é\u{7f}\u{1}";
        let printed = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", word(path))).output();
        assert_eq!(String::from_utf8(printed.unwrap().stdout).unwrap(), path);
    }
}
