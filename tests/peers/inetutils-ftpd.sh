#!/bin/bash
# GNU ftpd of inetutils: no MLSD, no TLS, no chroot (ROOT is the login directory); LIST with an argument goes through `ls`,
# which is given every word and every match of a pattern by itself. It serves the connection that inetd hands it. See server.sh.
. "$(dirname "$0")/server.sh"
[ "$mode" = plain ] || lacks
cp "$work/pam.d/vsftpd" "$work/pam.d/ftp"
cp "$work/pam.d/vsftpd" "$work/pam.d/ftpd"
begin /usr/bin/python3 "$(dirname "$0")/inetd.py" "$port" "$sbin/ftpd"
serve
