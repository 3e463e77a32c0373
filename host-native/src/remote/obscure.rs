//! Values that rclone keeps obscured: hidden from a glance, not from somebody who wants to know.

use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};

/// The key, which rclone publishes.
const KEY: [u8; 32] = [
    0x9c, 0x93, 0x5b, 0x48, 0x73, 0x0a, 0x55, 0x4d, 0x6b, 0xfd, 0x7c, 0x63, 0xc8, 0x86, 0xa9, 0x2b, 0xd3, 0x90, 0x19,
    0x8e, 0xb8, 0x12, 0x8a, 0xfb, 0xf4, 0xde, 0x16, 0x2b, 0x8b, 0x95, 0xf6, 0x38,
];
/// So many bytes at the beginning are the initialisation vector.
const VECTOR: usize = 16;

/// Returns what an obscured value hides; `None` when it is not obscured.
pub fn reveal(obscured: &str) -> Option<String> {
    let mut bytes = URL_SAFE_NO_PAD.decode(obscured).ok()?;
    let (vector, text) = bytes.split_at_mut_checked(VECTOR)?;
    let vector: [u8; VECTOR] = vector.try_into().ok()?;
    Ctr128BE::<Aes256>::new(&KEY.into(), &vector.into()).apply_keystream(text);
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rclone_obscured_is_revealed() {
        let check = |obscured: &str, expected: Option<&str>| assert_eq!(reveal(obscured).as_deref(), expected);
        // As `rclone obscure` 1.75.2 printed them.
        check("qatf4Ewo_PK_cCCgPKlCvNablHMQt4KYzWKh", Some("secret word"));
        check("fS0eqCAjks7p7fpivZv5xUM-2yQn9oJMfvIX", Some("päss\"wort'"));
        check("in clear", None);
        check("c2hvcnQ", None);
    }
}
