//! Results of operations that borrow nothing.

use ftp_proto::codec::ReplyCode;
pub use ftp_proto::testing::{Outcome, Turn};

pub fn code(code: ReplyCode) -> u16 {
    code.to_string().parse().unwrap()
}
