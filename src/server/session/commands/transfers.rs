//! The commands that transfer data, and ABOR: RETR, STOR, APPE, STOU, LIST, NLST and MLSD (RFC 959
//! 4.1.3, RFC 3659 7).

use core::num::NonZeroU64;

use super::super::{ForHost, Session};
use super::Carried;
use crate::buffer::{Span, Tx};
use crate::codec::{ByteRange, Command, FileStructure, ReplyCode as Code, Text, Verb};
use crate::server::machine::Ticket;
use crate::server::request::{Access, Listing, Request};
use crate::transfer::{Coding, Parameters};

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Executes the commands of this group.
    pub(super) fn transfer_command<'r>(
        &mut self,
        ticket: Ticket,
        command: Command<'r>,
        tx: &mut Tx<'_>,
    ) -> Carried<'r> {
        let verb = self.call.verb();
        // ABOR and commands of other groups leave REST and RANG for the next transfer.
        if command.known_verb().is_none_or(|verb| !verb.opens_data_connection()) {
            return match command {
                Command::Abor => {
                    self.abort(ticket, tx);
                    Ok(None)
                }
                command => Err((ticket, command)),
            };
        }
        let part = self.next.take_part();
        let (restart, range) = (part.offset(), part.range());
        if range != ByteRange::WHOLE && verb != Verb::Retr {
            let text = match verb {
                Verb::Stor => "RANG is not supported for STOR; use REST.",
                _ => "RANG applies to RETR and HASH only.",
            };
            return Ok(self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, text, tx));
        }
        let coding = self.next.coding();
        Ok(match command {
            Command::Retr(path) => self.retrieve(ticket, path, restart, range, tx),
            Command::Stor(path) => self.store(ticket, path, restart, tx),
            Command::Appe(_) if restart > 0 => {
                self.answer_now(ticket, Code::FILE_BUSY, "REST does not apply to APPE; send APPE again.", tx)
            }
            Command::Appe(path) => self.open(ticket, path, Access::Append, coding.into(), tx),
            Command::Stou(path) => {
                let path = path.unwrap_or(Text::literal("unnamed"));
                self.open(ticket, path, Access::Unique, coding.into(), tx)
            }
            Command::List(argument) => {
                self.list(ticket, argument, Listing::Unix { all: false, recursive: false }, tx)
            }
            Command::Nlst(argument) => self.list(ticket, argument, Listing::Names { all: false }, tx),
            Command::Mlsd(path) => self.list(ticket, path, Listing::Machine(self.next.facts()), tx),
            command => return Err((ticket, command)),
        })
    }

    /// Executes RETR, from the offset of REST or for the range of RANG.
    fn retrieve(
        &mut self,
        ticket: Ticket,
        path: Text<'_>,
        restart: u64,
        range: ByteRange,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        let mut parameters = self.parameters(restart);
        if let Some((first, last)) = range.bounds() {
            if !self.next.coding().keeps_offsets() {
                let text = "RANG requires TYPE I and STRU F.";
                return self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, text, tx);
            }
            (parameters.position, parameters.limit) = (first, NonZeroU64::MIN.checked_add(last - first));
        } else if restart > 0 && !self.counts_from_file() {
            if self.next.coding().structure != FileStructure::File {
                return self.no_restart(ticket, tx);
            }
            // The offset in the file is not known until the file is read.
            (parameters.position, parameters.skip) = (0, restart);
        }
        self.open(ticket, path, Access::Read { offset: parameters.position }, parameters, tx)
    }

    /// Executes STOR, from the offset of REST. See the [server's module](crate::server) for the
    /// reasons of the refusals.
    fn store(&mut self, ticket: Ticket, path: Text<'_>, restart: u64, tx: &mut Tx<'_>) -> ForHost {
        if restart > 0 && !self.counts_from_file() {
            return self.no_restart(ticket, tx);
        }
        self.open(ticket, path, Access::Write { offset: restart }, self.parameters(restart), tx)
    }

    /// Returns whether the argument of REST counts bytes of the file. In modes with markers the
    /// argument is one of this server's markers, which count bytes of the file (RFC 959 3.5); in
    /// the other modes it counts bytes as stream mode would transfer them (RFC 3659 5.3).
    fn counts_from_file(&self) -> bool {
        self.next.coding().has_markers() || self.next.coding().keeps_offsets()
    }

    fn no_restart(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> ForHost {
        let text = match self.next.coding().structure {
            FileStructure::File => "REST requires TYPE I or MODE B here.",
            _ => "REST requires STRU F or MODE B here.",
        };
        self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, text, tx)
    }

    /// Returns the parameters in force, for a transfer that begins at this byte of the file.
    fn parameters(&self, position: u64) -> Parameters {
        let mut parameters = Parameters::new(self.next.coding());
        (parameters.position, parameters.level) = (position, self.deflate_level());
        (parameters.markers, parameters.line_ends) = (self.config.marker_interval, self.config.line_ends);
        parameters
    }

    fn open(
        &mut self,
        ticket: Ticket,
        path: Text<'_>,
        access: Access,
        mut parameters: Parameters,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        if let (Some(most), Some(begin)) = (self.config.limits.upload_size, access.first_stored()) {
            // The size from ALLO is only a hint, but suffices to refuse the upload.
            let left = most.get().checked_sub(begin).and_then(NonZeroU64::new);
            if left.is_none_or(|left| self.next.size_hint().is_some_and(|size| size > left.get())) {
                self.next.forget_size_hint();
                let text = "File size limit exceeded.";
                return self.answer_now(ticket, Code::STORAGE_EXCEEDED, text, tx);
            }
            parameters.limit = left;
        }
        self.ask_for_transfer(ticket, path, Request::Open(access), parameters, tx)
    }

    fn list(
        &mut self,
        ticket: Ticket,
        argument: Option<Text<'_>>,
        listing: Listing,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        // The lines of a listing end in CRLF in every type; only the mode in force applies.
        let mut parameters = Parameters::new(Coding { mode: self.next.coding().mode, ..Coding::IDENTITY });
        parameters.level = self.deflate_level();
        self.argument.list(self.call.verb());
        self.ask_for_transfer(ticket, argument.unwrap_or_default(), Request::List(listing), parameters, tx)
    }

    fn ask_for_transfer(
        &mut self,
        ticket: Ticket,
        path: Text<'_>,
        request: Request<Span>,
        parameters: Parameters,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        if !self.data.is_open() {
            let text = "Send EPSV, PASV or PORT first.";
            return self.answer_now(ticket, Code::CANNOT_OPEN_DATA_CONNECTION, text, tx);
        }
        self.next.open(parameters);
        match request {
            Request::List(_) => self.ask_reading(ticket, path, request, tx),
            _ => self.ask_about(ticket, path, request, tx),
        }
    }
}
