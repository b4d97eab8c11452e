//! The commands on directories and files that transfer no data: CWD, PWD, MKD, RMD, DELE, RNFR,
//! RNTO, SIZE, MDTM, MLST and AVBL (RFC 959 4.1.1 and 4.1.3, RFC 3659).

use super::super::Session;
use super::Carried;
use crate::buffer::Tx;
use crate::codec::{Command, ReplyCode as Code, Text};
use crate::server::machine::Ticket;
use crate::server::request::Request;

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Executes the commands of this group.
    pub(super) fn file_command<'r>(
        &mut self,
        ticket: Ticket,
        command: Command<'r>,
        tx: &mut Tx<'_>,
    ) -> Carried<'r> {
        Ok(match command {
            Command::Cwd(path) | Command::Xcwd(path) => {
                self.ask_about(ticket, path, Request::ChangeDirectory, tx)
            }
            Command::Cdup | Command::Xcup => {
                self.ask_about(ticket, Text::literal(".."), Request::ChangeDirectory, tx)
            }
            Command::Pwd | Command::Xpwd => {
                self.directory_reply(ticket, tx);
                None
            }
            Command::Mkd(path) | Command::Xmkd(path) => {
                self.ask_about(ticket, path, Request::MakeDirectory, tx)
            }
            Command::Rmd(path) | Command::Xrmd(path) => {
                self.ask_about(ticket, path, Request::RemoveDirectory, tx)
            }
            Command::Dele(path) => self.ask_about(ticket, path, Request::Delete, tx),
            Command::Rnfr(path) => self.ask_about(ticket, path, Request::Stat { follow: false }, tx),
            Command::Rnto(path) if self.paths.has_source() => {
                self.ask_about(ticket, path, Request::Rename, tx)
            }
            Command::Rnto(_) => self.answer_now(ticket, Code::BAD_SEQUENCE, "Send RNFR first.", tx),
            Command::Size(path) => match self.next.coding().counts_file_bytes() {
                true => self.ask_about(ticket, path, Request::Stat { follow: true }, tx),
                false => {
                    self.answer_now(ticket, Code::FILE_UNAVAILABLE, "SIZE is available in TYPE I only.", tx)
                }
            },
            Command::Mdtm(argument) => self.ask_reading(ticket, argument, Request::Stat { follow: true }, tx),
            Command::Mlst(path) => {
                self.ask_about(ticket, path.unwrap_or_default(), Request::Stat { follow: false }, tx)
            }

            Command::Avbl(path) => self.ask_about(ticket, path.unwrap_or_default(), Request::Available, tx),
            command => return Err((ticket, command)),
        })
    }
}
