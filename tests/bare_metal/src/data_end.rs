//! One end of a data connection: what a driver makes of `DataOp::Send` and `DataOp::Receive`, whichever role it plays.

use arrayvec::ArrayVec;
use ftp_proto::action::{DataEvent, DataFailure, DataId};
use ftp_proto::transfer::{Decoder, Encoder, Parameters};

use crate::wire::Wire;

/// The one file that each side has room for.
pub type File = ArrayVec<u8, 2048>;

#[derive(Default)]
pub enum DataEnd {
    #[default]
    Idle,
    /// With the next byte of the file to send.
    Sending(DataId, Encoder, usize),
    Receiving(DataId, Decoder),
}

impl DataEnd {
    pub fn sending(id: DataId, parameters: Parameters) -> Self {
        let start = usize::try_from(parameters.position).unwrap_or(usize::MAX);
        Self::Sending(id, parameters.encoder().expect("a coding that was agreed"), start)
    }

    pub fn receiving(id: DataId, parameters: Parameters) -> Self {
        Self::Receiving(id, parameters.decoder().expect("a coding that was agreed"))
    }

    /// Moves a few bytes, and says what there is to tell the machine.
    pub fn turn(&mut self, file: &mut File, from: &mut Wire, to: &mut Wire) -> Option<(DataId, DataEvent)> {
        let mut room = [0; 100];
        let (id, event) = match self {
            Self::Idle => return None,
            Self::Sending(id, encoder, at) => {
                let free = to.bytes.remaining_capacity().min(room.len());
                let rest = file.get(*at..).unwrap_or_default();
                let written = if rest.is_empty() {
                    encoder.finish(&mut room[..free])
                } else {
                    let done = encoder.encode(rest, &mut room[..free]);
                    *at += done.read;
                    done.written
                };
                to.bytes.extend(room[..written].iter().copied());
                match written {
                    0 if free == 0 => return None,
                    0 if rest.is_empty() => (*id, DataEvent::Flushed),
                    written => (*id, DataEvent::Moved(written as u64)),
                }
            }
            Self::Receiving(id, decoder) => {
                let free = file.remaining_capacity().min(room.len());
                let done = decoder.decode(&from.bytes, &mut room[..free]);
                let event = match done {
                    Ok(done) if done.read > 0 || done.written > 0 => {
                        from.bytes.drain(..done.read);
                        file.extend(room[..done.written].iter().copied());
                        DataEvent::Moved(done.read as u64)
                    }
                    Ok(_) if !from.bytes.is_empty() => DataEvent::Failed(DataFailure::StorageFull),
                    Ok(_) if !from.ended => return None,
                    Ok(_) => match decoder.finish(&mut room[..free]) {
                        Ok(0) => DataEvent::Eof { clean: true },
                        Ok(count) => {
                            file.extend(room[..count].iter().copied());
                            return None;
                        }
                        Err(_) => DataEvent::Eof { clean: false },
                    },
                    Err(_) => DataEvent::Failed(DataFailure::Malformed),
                };
                (*id, event)
            }
        };
        if !matches!(event, DataEvent::Moved(_)) {
            to.ended = true;
            *self = Self::Idle;
        }
        Some((id, event))
    }
}
