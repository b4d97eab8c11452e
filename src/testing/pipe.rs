//! Conversion between the bytes of files and the bytes on the wire.

use alloc::vec::Vec;

use crate::action::DataEvent;
use crate::transfer::{Decoder, Encoder, TransferError};

/// Encodes all of `bytes` and appends the result to `wire`.
pub(super) fn encode(encoder: &mut Encoder, mut bytes: &[u8], wire: &mut Vec<u8>) {
    let mut out = [0; 1024];
    while !bytes.is_empty() {
        let done = encoder.encode(bytes, &mut out);
        wire.extend(out.iter().take(done.written));
        bytes = bytes.get(done.read..).unwrap_or_default();
        if done.read == 0 && done.written == 0 {
            return;
        }
    }
}

/// Encodes the end of the file and appends it to `wire`. Appends nothing if the end was already
/// written.
pub(super) fn finish(encoder: &mut Encoder, wire: &mut Vec<u8>) {
    let mut out = [0; 1024];
    loop {
        match encoder.finish(&mut out) {
            0 => return,
            count => wire.extend(out.iter().take(count)),
        }
    }
}

/// Decodes all of `bytes` and appends the result to `file`. Returns the events to report, except
/// the event with the number of bytes on the wire.
pub(super) fn decode(
    decoder: &mut Decoder,
    mut bytes: &[u8],
    file: &mut Vec<u8>,
) -> Result<Vec<DataEvent>, TransferError> {
    let (mut out, mut events) = ([0; 1024], Vec::new());
    let before = file.len();
    loop {
        let done = decoder.decode(bytes, &mut out)?;
        file.extend(out.iter().take(done.written));
        events.extend(done.marker.map(DataEvent::Marker));
        bytes = bytes.get(done.read..).unwrap_or_default();
        if done.read == 0 && done.written == 0 && done.marker.is_none() {
            break;
        }
    }
    if !decoder.is_identity() && file.len() > before {
        events.insert(0, DataEvent::Decoded((file.len() - before) as u64));
    }
    Ok(events)
}
