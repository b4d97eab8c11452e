//! The home directories of users, which servers write as `~` and `~user`.

use crate::client::dialogue::Outgoing;
use crate::client::{Advance, Context, Operation, ReplyTo, Sequence, Verdict};
use crate::codec::{ReplyLine, Text, Verb};
use crate::error::LocalError;

/// CWD: changes to the home directory of `user`, or of the logged-in user if `user` is empty. A
/// path such as `~user/docs` may be given whole, without the tilde.
///
/// This is the only operation in which a leading `~` stands for a home directory. In all other
/// operations a leading `~` is the first byte of a name, even if a server would expand it (vsftpd,
/// GNU ftpd and ProFTPD do).
pub fn change_to_home(user: Text<'_>) -> Operation<ChangeToHome<'_>> {
    Operation::new(ChangeToHome { user: Some(user) })
}

/// The operation of [`change_to_home`].
#[derive(Debug)]
pub struct ChangeToHome<'a> {
    /// User, until the command is sent.
    user: Option<Text<'a>>,
}

impl Sequence for ChangeToHome<'_> {
    type Output<'b> = ();

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        if let Some(user) = self.user {
            self.user = (!cx.send_outgoing(Outgoing::Home(user))?).then_some(user);
        }
        Ok(Advance::Continue)
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            return Verdict::Show;
        }
        match to.verb() {
            Some(Verb::Cwd) if line.code.is_success() => Verdict::Done,
            Some(Verb::Cwd) => Verdict::Refused,
            _ => Verdict::Continue,
        }
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}
}
