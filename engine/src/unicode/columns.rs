//! Numbers in few bytes: a table is a row of columns, and neighbours in a column differ by little.

/// Takes the next column from a table: how many numbers it has, and each as its difference from the one before.
pub fn take_column(table: &mut &[u8]) -> Vec<u32> {
    let length = take_number(table);
    let mut last = 0_u32;
    let numbers = (0..length).map(|_| {
        let folded = take_number(table);
        // The lowest bit says that the difference is negative.
        let difference = if folded & 1 == 0 { folded >> 1 } else { !(folded >> 1) };
        last = last.wrapping_add(difference);
        last
    });
    numbers.collect()
}

/// Takes a number: seven bits in each byte, the lowest first; the eighth says that more follow.
fn take_number(table: &mut &[u8]) -> u32 {
    let mut number = 0;
    let mut shift = 0;
    while let Some((byte, rest)) = table.split_first() {
        *table = rest;
        number |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

/// Adds a column to a table.
#[cfg(test)]
pub fn push_column(table: &mut Vec<u8>, column: &[u32]) {
    push_number(table, column.len() as u32);
    let mut last = 0;
    for number in column {
        let difference = number.wrapping_sub(last).cast_signed();
        push_number(table, ((difference << 1) ^ (difference >> 31)).cast_unsigned());
        last = *number;
    }
}

#[cfg(test)]
fn push_number(table: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        table.push(number as u8 | 0x80);
        number >>= 7;
    }
    table.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_as_they_were_written() {
        let columns: [&[u32]; 3] = [&[], &[0, 1, 63, 64, 65, 0x10_ffff, 0, 300], &[7]];
        let mut table = Vec::new();
        columns.iter().for_each(|column| push_column(&mut table, column));
        let mut rest = table.as_slice();
        columns.iter().for_each(|column| assert_eq!(take_column(&mut rest), *column));
        assert!(rest.is_empty());
    }
}
