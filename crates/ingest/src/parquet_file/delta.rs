//! The encodings that few files use: each decodes a whole page.

use super::hybrid::{ENDS_EARLY, leb128};
use super::store::Bytes;

/// `DELTA_BINARY_PACKED`: whole numbers as differences. Gives them and the place behind them.
pub(crate) fn binary_packed(bytes: &[u8], max: usize) -> Result<(Vec<i64>, usize), String> {
    let mut at = 0;
    let block = usize::try_from(leb128(bytes, &mut at)?).map_err(|_| ENDS_EARLY)?;
    let miniblocks = usize::try_from(leb128(bytes, &mut at)?).map_err(|_| ENDS_EARLY)?;
    let count = usize::try_from(leb128(bytes, &mut at)?).map_err(|_| ENDS_EARLY)?;
    let mut value = zigzag(leb128(bytes, &mut at)?);
    if miniblocks == 0 || block == 0 || block % miniblocks != 0 || count > max {
        return Err("has a page with an impossible head".to_owned());
    }
    let per_miniblock = block / miniblocks;
    let mut values = Vec::new();
    if count > 0 {
        values.push(value);
    }
    while values.len() < count {
        let least = zigzag(leb128(bytes, &mut at)?);
        let widths = bytes.get(at..at.saturating_add(miniblocks)).ok_or(ENDS_EARLY)?;
        at += miniblocks;
        for width in widths {
            if values.len() >= count {
                break;
            }
            if *width > 64 {
                return Err("has a page with an impossible width".to_owned());
            }
            let width = usize::from(*width);
            let size = per_miniblock.checked_mul(width).ok_or(ENDS_EARLY)?.div_ceil(8);
            // The last miniblock may be cut short behind its last value.
            let rest = &bytes[at.min(bytes.len())..];
            let packed = &rest[..size.min(rest.len())];
            let here = per_miniblock.min(count - values.len());
            if packed.len() * 8 < here * width {
                return Err(ENDS_EARLY.to_owned());
            }
            for index in 0..here {
                let delta = least.wrapping_add(bits(packed, index * width, width) as i64);
                value = value.wrapping_add(delta);
                values.push(value);
            }
            at = at.saturating_add(size);
        }
    }
    Ok((values, at.min(bytes.len())))
}

/// `DELTA_LENGTH_BYTE_ARRAY`: all lengths, then all bytes.
pub(crate) fn length_byte_array(bytes: &[u8], max: usize, out: &mut Bytes) -> Result<(), String> {
    let (lengths, at) = binary_packed(bytes, max)?;
    let mut rest = &bytes[at..];
    for length in lengths {
        let (value, behind) = usize::try_from(length)
            .ok()
            .and_then(|length| rest.split_at_checked(length))
            .ok_or(ENDS_EARLY)?;
        out.push(value)?;
        rest = behind;
    }
    Ok(())
}

/// `DELTA_BYTE_ARRAY`: each value shares a beginning with the one before.
pub(crate) fn byte_array(bytes: &[u8], max: usize, out: &mut Bytes) -> Result<(), String> {
    let (shared, at) = binary_packed(bytes, max)?;
    let mut endings = Bytes::default();
    length_byte_array(&bytes[at..], max, &mut endings)?;
    if endings.len() != shared.len() {
        return Err("has a page whose beginnings and endings differ in number".to_owned());
    }
    let mut value = Vec::new();
    for (index, shared) in shared.iter().enumerate() {
        let shared = usize::try_from(*shared).ok().filter(|shared| *shared <= value.len());
        value.truncate(shared.ok_or("has a page with an impossible beginning")?);
        value.extend_from_slice(endings.get(index));
        out.push(&value)?;
    }
    Ok(())
}

/// `BYTE_STREAM_SPLIT`: all first bytes, then all second bytes, and so on.
pub(crate) fn byte_stream_split(bytes: &[u8], size: usize) -> Result<Vec<u8>, String> {
    if size == 0 || !bytes.len().is_multiple_of(size) {
        return Err(ENDS_EARLY.to_owned());
    }
    let count = bytes.len() / size;
    let mut joined = Vec::with_capacity(bytes.len());
    for index in 0..count {
        joined.extend((0..size).map(|stream| bytes[stream * count + index]));
    }
    Ok(joined)
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// `width` bits from bit `from` on.
fn bits(bytes: &[u8], from: usize, width: usize) -> u64 {
    if width == 0 {
        return 0;
    }
    let mut word = [0; 16];
    let rest = &bytes[from / 8..];
    let size = rest.len().min(9);
    word[..size].copy_from_slice(&rest[..size]);
    let shifted = (u128::from_le_bytes(word) >> (from % 8)) as u64;
    if width == 64 { shifted } else { shifted & ((1 << width) - 1) }
}
