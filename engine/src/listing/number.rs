//! Numbers as listings hold them, filled up to a width.

/// Writes a number in decimal, filled up on the left to `width`.
pub(super) fn push_number(out: &mut Vec<u8>, mut value: u64, width: usize, fill: u8) {
    let start = out.len();
    loop {
        out.push(b'0' + (value % 10) as u8);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    let end = out.len().max(start + width);
    out.resize(end, fill);
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}
