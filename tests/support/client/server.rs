//! Server that answers from a table.

use super::{DataEnd, Rig, SYNCH};
use Act::{AfterData, Arrive, Data, Say};
use ftp_proto::action::DataFailure;
use ftp_proto::codec::Escaped;
use std::time::Duration;

/// One step of the server's answer to a command.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends these lines, each with its CRLF.
    Say(&'static str),
    /// Sends these bytes as they are.
    Raw(Vec<u8>),
    /// Sends this over the data connection and closes it.
    Data(&'static [u8]),
    /// Connects to the client's listener from this address.
    Arrive(&'static str),
    /// Breaks the data connection.
    Break(DataFailure),
    /// Closes the server's side of the data connection cleanly.
    CloseData,
    /// Waits until the client has finished the data connection. If the client aborted it, 426
    /// replaces all that would follow.
    AfterData,
    /// Drops all further steps.
    Cut,
    /// Closes the control connection.
    Hangup,
    /// Stays silent for this long.
    Delay(Duration),
}

impl Rig {
    pub(super) fn answer_to(&mut self, line: &str) -> Vec<Act> {
        let line = line.strip_prefix(SYNCH).unwrap_or(line);
        let verb = line.split(' ').next().unwrap_or_default();
        for key in [line, verb] {
            if let Some(answers) = self.answers.get_mut(key) {
                if answers.len() > 1 {
                    return answers.pop_front().unwrap();
                }
                return answers[0].clone();
            }
        }
        let reply = match verb {
            "USER" => "331 password",
            "PASS" => "230 in",
            "ACCT" => "202 none needed",
            "TYPE" | "NOOP" | "PORT" | "EPRT" => "200 okay",
            "ABOR" => "226 closed",
            "STAT" => "211-so far\r\n 3 bytes\r\n211 end",
            "EPSV" => "229 go (|||5000|)",
            "PASV" => "227 go (192,0,2,1,19,136)",
            "REST" | "RNFR" => "350 go on",
            "CWD" | "CDUP" | "RMD" | "DELE" | "RNTO" => "250 done",
            "PWD" => "257 \"/here\"",
            "MKD" => "257 \"/made\"",
            "SIZE" => "213 3",
            "MDTM" => "213 20240229123456",
            "MLST" => "250-facts\r\n type=file;size=3; f\r\n250 end",
            "FEAT" => "211-features\r\n MDTM\r\n SIZE\r\n211 end",
            "AUTH" => "234 begin",
            "PBSZ" => "200 PBSZ=0",
            "PROT" | "CCC" => "200 okay",
            "SYST" => "215 UNIX Type: L8",
            "QUIT" => "221 bye",
            "RETR" | "LIST" | "NLST" | "MLSD" => {
                return self.connect_first(vec![Say("150 here"), Data(b"abc"), AfterData, Say("226 sent")]);
            }
            "STOR" | "APPE" | "STOU" => {
                return self.connect_first(vec![Say("150 go"), AfterData, Say("226 got it")]);
            }
            _ => "502 what",
        };
        vec![Say(reply)]
    }

    fn connect_first(&self, mut acts: Vec<Act>) -> Vec<Act> {
        if let DataEnd::Listening(_) | DataEnd::Arrived(_) = self.data {
            acts.insert(0, Arrive("192.0.2.1:20"));
        }
        acts
    }

    /// Runs the server as far as it can go. Returns whether it did anything.
    pub(super) fn serve(&mut self) -> bool {
        let mut progress = false;
        while !self.gone || !self.acts.is_empty() {
            let Some(act) = self.acts.front().cloned() else {
                let Some(line) = self.commands.pop_front() else { return progress };
                self.acts = self.answer_to(&line).into();
                progress = true;
                continue;
            };
            let blocked = match act {
                Act::AfterData => !self.finished && !self.aborted,
                Act::Delay(_) => self.until.is_some_and(|until| self.now < until),
                _ => false,
            };
            if blocked && self.attentive {
                if let Some(line) = self.commands.pop_front() {
                    for act in self.answer_to(&line).into_iter().rev() {
                        self.acts.push_front(act);
                    }
                    progress = true;
                    continue;
                }
            }
            match act {
                Act::Say(lines) => {
                    self.transcript.push(format!("S: {lines}"));
                    self.to_client.extend(lines.as_bytes());
                    self.to_client.extend(b"\r\n");
                }
                Act::Raw(bytes) => {
                    self.transcript.push(format!("S: {}", Escaped(&bytes)));
                    self.to_client.extend(bytes);
                }
                Act::Arrive(from) => self.arrivals.push_back(from.parse().unwrap()),
                Act::Data(bytes) => self.served = Some(bytes),
                Act::Break(failure) => self.broken = Some(failure),
                Act::CloseData => self.closes_data = true,
                Act::AfterData if self.finished => {}
                Act::AfterData if self.aborted => {
                    self.acts.clear();
                    self.acts.push_back(Act::AfterData);
                    self.acts.push_back(Say("426 aborted"));
                    self.finished = true;
                }
                Act::AfterData => return progress,
                Act::Cut => {
                    self.acts.clear();
                    self.until = None;
                    continue;
                }
                Act::Hangup => (self.hung_up, self.gone) = (true, true),
                Act::Delay(time) => match self.until {
                    None => {
                        self.until = Some(self.now.after(time));
                        return progress;
                    }
                    Some(until) if self.now < until => return progress,
                    Some(_) => self.until = None,
                },
            }
            self.acts.pop_front();
            progress = true;
        }
        progress
    }
}
