//! A page of a listing, as bytes. `lib/page.ts` writes what is read here.

use bisync_engine::entry::{FileId, Fingerprint, Found, Hash, Instant, Kind};
use bisync_engine::item::Item;

const KINDS: [Kind; 5] = [Kind::File, Kind::Directory, Kind::Link, Kind::Special, Kind::OtherFileSystem];

/// Which fields follow.
const SIZE: u8 = 1;
const MODIFIED: u8 = 2;
const HASH: u8 = 4;
const ID: u8 = 8;

/// Reads the items of a page; `None` when the bytes are not a page.
pub fn unpack(mut bytes: &[u8]) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        items.push(item(&mut bytes)?);
    }
    Some(items)
}

fn item(bytes: &mut &[u8]) -> Option<Item> {
    let [kind, fields] = take(bytes)?;
    let kind = *KINDS.get(usize::from(kind))?;
    let name = text(bytes)?;
    let mut fingerprint = Fingerprint::default();
    if fields & SIZE != 0 {
        fingerprint.size = Some(u64::from_le_bytes(take(bytes)?));
    }
    if fields & MODIFIED != 0 {
        let seconds = i64::from_le_bytes(take(bytes)?);
        let nanoseconds = u32::from_le_bytes(take(bytes)?);
        fingerprint.modified = Some(Instant { seconds, nanoseconds });
    }
    if fields & HASH != 0 {
        fingerprint.hash = Some(Hash::parse(&text(bytes)?)?);
    }
    if fields & ID != 0 {
        fingerprint.id = Some(FileId(u128::from_le_bytes(take(bytes)?)));
    }
    Some(Item { name, found: Found { kind, fingerprint }, metadata: None })
}

fn text(bytes: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(u32::from_le_bytes(take(bytes)?)).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

fn take<const LENGTH: usize>(bytes: &mut &[u8]) -> Option<[u8; LENGTH]> {
    let (taken, rest) = bytes.split_first_chunk::<LENGTH>()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_pages_are_refused() {
        let mut page = vec![0, SIZE | MODIFIED | HASH | ID, 1, 0, 0, 0, b'a'];
        page.extend(5_u64.to_le_bytes());
        page.extend((-1_i64).to_le_bytes());
        page.extend(7_u32.to_le_bytes());
        page.extend([5, 0, 0, 0]);
        page.extend(b"md5:0");
        page.extend(9_u128.to_le_bytes());
        let fingerprint = Fingerprint {
            size: Some(5),
            modified: Some(Instant { seconds: -1, nanoseconds: 7 }),
            hash: Hash::parse("md5:0"),
            id: Some(FileId(9)),
        };
        let item = Item { name: "a".into(), found: Found { kind: Kind::File, fingerprint }, metadata: None };
        assert_eq!(unpack(&page), Some(vec![item]));
        for length in 1..page.len() {
            assert_eq!(unpack(&page[..length]), None, "{length}");
        }
        assert_eq!(unpack(&[9, 0, 0, 0, 0, 0]), None, "an unknown kind");
    }
}
