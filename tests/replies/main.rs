//! The replies of our server over a real socket, command by command: a reference that is checked.
//! The rows of [`rows`] are in the order of RFC 959 and its extensions. Each has the success first,
//! then every failure that can be caused from outside.

#[path = "../support/certificates.rs"]
#[allow(dead_code, reason = "the client here is no client of ours")]
mod certificates;
mod peer;
mod rows;
mod site;

use peer::Peer;
use rows::{ROWS, Row};
use site::Site;

/// A step of a dialogue: an action or an expected result.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Sends a line and expects this reply: its lines separated by `\n`, with `*` for any text.
    Says(&'static str, &'static str),
    /// Expects another reply.
    Hears(&'static str),
    /// Sends bytes without adding a line end, and expects nothing.
    Sends(&'static str),
    /// Expects the end of the control connection.
    Ends,
    /// Opens a data connection with EPSV.
    Opens,
    /// Reads the data connection to its end and expects this content, with `*` for any text.
    Receives(&'static str),
    /// Sends this on the data connection and closes it.
    Uploads(&'static str),
    /// Closes the data connection early.
    Breaks,
    /// Completes a TLS handshake on the control connection.
    Secures,
    /// Ends TLS on the control connection with close_notify.
    Clears,
    /// Completes a TLS handshake on the data connection, resuming the control connection's session
    /// or not.
    SecuresData { resumes: bool },
    /// Logs in with USER and PASS.
    LogsIn,
    /// Changes the served directory directly.
    Does(fn(&std::path::Path)),
    /// Opens another control connection and expects this greeting.
    Another(&'static str),
}

fn walk(row: &Row) {
    for (number, (kind, steps)) in row.dialogues.iter().enumerate() {
        let Some(site) = Site::start(*kind) else {
            eprintln!("{}: not possible on this machine", row.command);
            continue;
        };
        let mut peer = Peer::connect(&site);
        for (at, step) in steps.iter().enumerate() {
            if let Err(problem) = peer.takes(&site, *step) {
                panic!("{}, dialogue {number}, step {at}, {step:?}: {problem}\n{}", row.command, peer.log());
            }
        }
    }
}

/// Defines a named test for each row.
macro_rules! rows {
    ($($test:ident $command:literal)*) => {
        $(#[test]
        fn $test() {
            walk(ROWS.iter().find(|row| row.command == $command).expect("a row of that name"));
        })*

        #[test]
        fn every_row_is_walked() {
            let walked = [$($command),*];
            let rows: Vec<_> = ROWS.iter().map(|row| row.command).collect();
            assert_eq!(rows, walked);
        }
    };
}

rows! {
    connect "connect"
    user "USER"
    pass "PASS"
    acct "ACCT"
    cwd "CWD"
    cdup "CDUP"
    smnt "SMNT"
    rein "REIN"
    quit "QUIT"
    port_eprt "PORT, EPRT"
    pasv_epsv "PASV, EPSV"
    lprt_lpsv "LPRT, LPSV"
    type_stru_mode "TYPE, STRU, MODE"
    allo "ALLO"
    rest "REST"
    retr "RETR"
    stor_appe "STOR, APPE"
    stou "STOU"
    list_nlst_mlsd "LIST, NLST, MLSD"
    rnfr "RNFR"
    rnto "RNTO"
    dele_rmd "DELE, RMD"
    mkd "MKD"
    pwd "PWD"
    abor "ABOR"
    stat "STAT"
    help "HELP"
    syst_noop "SYST, NOOP"
    site_command "SITE"
    feat "FEAT"
    opts "OPTS"
    auth "AUTH"
    pbsz "PBSZ"
    prot "PROT"
    ccc "CCC"
    adat_mic_conf_enc "ADAT, MIC, CONF, ENC"
    data_tls_policy "data TLS policy"
    size_mdtm "SIZE, MDTM"
    mlst "MLST"
    mfmt_mff_mfct "MFMT, MFF, MFCT"
    lang "LANG"
    host "HOST"
    hash "HASH"
    rang "RANG"
    xcrc_and_its_like "XCRC XMD5 XSHA1 XSHA256 XSHA512"
    comb_avbl_clnt_csid "COMB, AVBL, CLNT, CSID"
    before_the_login "before the login"
    during_a_transfer "during a transfer"
    any_command "any command"
}
