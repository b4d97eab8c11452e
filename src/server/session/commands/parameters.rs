//! The commands that set the parameters of the next transfer: TYPE, STRU, MODE, PORT, EPRT, LPRT,
//! PASV, EPSV, LPSV, ALLO, REST, RANG and OPTS (RFC 959 4.1.2 and 4.1.3, RFC 2389 4).

use core::net::{IpAddr, SocketAddr};

use super::super::{ForHost, Session};
use super::Carried;
use crate::buffer::Tx;
use crate::codec::{Command, EpsvArgument, NetworkProtocol, OptsArgument, ReplyCode as Code, Sink};
use crate::server::data_connection::PassiveReply;
use crate::server::machine::Ticket;
use crate::server::parameters::Part;
use crate::transfer::Coding;

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Executes the commands of this group.
    pub(super) fn parameter_command<'r>(
        &mut self,
        ticket: Ticket,
        command: Command<'r>,
        tx: &mut Tx<'_>,
    ) -> Carried<'r> {
        Ok(match command {
            Command::Type(representation) => {
                self.set_coding(ticket, Coding { representation, ..self.next.coding() }, "Type set.", tx)
            }
            Command::Stru(structure) => {
                self.set_coding(ticket, Coding { structure, ..self.next.coding() }, "Structure set.", tx)
            }
            Command::Mode(mode) => {
                self.set_coding(ticket, Coding { mode, ..self.next.coding() }, "Mode set.", tx)
            }
            Command::Port(address) => self.active(ticket, address.into(), tx),
            Command::Eprt(address) => self.active(ticket, address, tx),
            Command::Pasv if self.next.is_only_extended() => self.only_extended(ticket, tx),
            Command::Pasv if self.is_ipv6() => {
                self.answer_now(ticket, Code::CANNOT_OPEN_DATA_CONNECTION, "Use EPSV instead.", tx)
            }
            Command::Pasv => self.listen(ticket, PassiveReply::Plain),
            Command::Epsv(EpsvArgument::All) => {
                self.next.only_extended();
                self.answer_now(ticket, Code::COMMAND_OKAY, "EPSV ALL accepted.", tx)
            }
            Command::Epsv(argument) if !self.speaks(argument) => {
                self.answer_now(ticket, Code::NETWORK_PROTOCOL_NOT_SUPPORTED, self.own_protocol(), tx)
            }
            Command::Epsv(_) => self.listen(ticket, PassiveReply::Extended),
            Command::Allo(allocation) => {
                self.next.set_size_hint(allocation.bytes);
                self.answer_now(ticket, Code::SUPERFLUOUS, "No allocation necessary.", tx)
            }
            // REST and RANG both set the part of the file, and the later of the two applies.
            Command::Rest(marker) => match marker.offset() {
                Some(offset) => {
                    self.next.set_part(Part::From(offset));
                    self.answer_now(ticket, Code::FILE_ACTION_PENDING, "Restart position accepted.", tx)
                }
                None => {
                    self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "REST requires a byte offset.", tx)
                }
            },
            Command::Rang(range) => {
                self.next.set_part(Part::Range(range));
                self.answer_now(ticket, Code::FILE_ACTION_PENDING, "Range accepted.", tx)
            }
            Command::Lprt(address) => self.active(ticket, address.0, tx),
            Command::Lpsv if self.next.is_only_extended() => self.only_extended(ticket, tx),
            Command::Lpsv => self.listen(ticket, PassiveReply::Long),
            Command::Opts(option) => self.option(ticket, option, tx),
            command => return Err((ticket, command)),
        })
    }

    fn set_coding(&mut self, ticket: Ticket, coding: Coding, done: &'static str, tx: &mut Tx<'_>) -> ForHost {
        match self.next.set_coding(coding) {
            true => self.answer_now(ticket, Code::COMMAND_OKAY, done, tx),
            false => self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, "Not supported.", tx),
        }
    }

    /// Executes PASV, LPSV and EPSV: requests a listener in place of any previous data connection.
    fn listen(&mut self, ticket: Ticket, reply: PassiveReply) -> ForHost {
        self.data.listen(ticket, reply, self.config.passive_ports.clone());
        None
    }

    fn only_extended(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> ForHost {
        self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "Use EPSV after EPSV ALL.", tx)
    }

    /// Executes PORT, LPRT and EPRT. Refuses privileged ports, and hosts other than the client's
    /// unless the configuration allows them (RFC 2577).
    fn active(&mut self, ticket: Ticket, mut address: SocketAddr, tx: &mut Tx<'_>) -> ForHost {
        if self.next.is_only_extended() {
            return self.only_extended(ticket, tx);
        }
        if !self.config.active {
            return self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, "Use EPSV or PASV instead.", tx);
        }
        if address.ip().is_unspecified() {
            // Over IPv6, lftp sends the unspecified address that its listener is bound to.
            address.set_ip(self.endpoints.peer.ip());
        }
        if !self.may_share_data(address.ip()) || address.port() < 1024 {
            return self.answer_now(
                ticket,
                Code::PARAMETER_NOT_IMPLEMENTED,
                "The address must be your own, with a port of 1024 or higher.",
                tx,
            );
        }
        self.data.connect_at_transfer(address);
        self.answer_now(ticket, Code::COMMAND_OKAY, "OK.", tx)
    }

    pub(super) fn is_ipv6(&self) -> bool {
        matches!(self.endpoints.local.ip().to_canonical(), IpAddr::V6(_))
    }

    /// Returns the text of 522, which names the protocol to use (RFC 2428 2).
    pub(super) fn own_protocol(&self) -> &'static str {
        match self.is_ipv6() {
            true => "Network protocol not supported, use (2).",
            false => "Network protocol not supported, use (1).",
        }
    }

    fn speaks(&self, argument: EpsvArgument) -> bool {
        let own = if self.is_ipv6() { NetworkProtocol::IPV6 } else { NetworkProtocol::IPV4 };
        !matches!(argument, EpsvArgument::Protocol(protocol) if protocol != own)
    }

    /// Returns the compression level of MODE Z.
    pub(super) fn deflate_level(&self) -> Option<u8> {
        self.next.level().or(self.config.deflate_level)
    }

    /// Executes OPTS (RFC 2389 4).
    fn option(&mut self, ticket: Ticket, option: OptsArgument<'_>, tx: &mut Tx<'_>) -> ForHost {
        match option {
            OptsArgument::Utf8(true) => {
                self.answer_now(ticket, Code::COMMAND_OKAY, "Always in UTF-8 mode.", tx)
            }
            OptsArgument::Utf8(false) => {
                self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "Always in UTF-8 mode.", tx)
            }
            OptsArgument::Mlst(facts) => {
                self.next.set_facts(facts);
                self.facts_reply(ticket, tx);
                None
            }
            OptsArgument::Hash(algorithm) => {
                if let Some(algorithm) = algorithm.filter(|algorithm| self.config.hashes.contains(algorithm))
                {
                    self.next.set_hash(algorithm);
                }
                match self.hash_in_force() {
                    Some(hash) if algorithm.is_none_or(|algorithm| algorithm == hash) => {
                        self.answer_now(ticket, Code::COMMAND_OKAY, hash.as_str(), tx)
                    }
                    _ => self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "Unknown hash algorithm.", tx),
                }
            }
            OptsArgument::Deflate(level) if cfg!(feature = "deflate") => {
                self.next.set_level(level);
                let Some(level) = self.deflate_level() else {
                    return self.answer_now(ticket, Code::COMMAND_OKAY, "MODE Z LEVEL reset.", tx);
                };
                self.reply_many(ticket, tx, |tx| {
                    tx.put_fmt(format_args!("200 MODE Z LEVEL set to {level}.\r\n"))
                });
                None
            }
            _ => self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "Unknown option.", tx),
        }
    }
}
