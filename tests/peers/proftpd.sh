#!/bin/bash
# ProFTPD: MLSD, MODE Z, and HOST, RANG and checksums by its modules. Its rule that data connections resume the session of the
# control connection holds unless data may go to other hosts. See server.sh.
. "$(dirname "$0")/server.sh"
grep '^ftp' "$work/passwd" > "$work/users"
grep '^ftp' "$work/group" > "$work/groups"
chmod 600 "$work/users" "$work/groups"
tls=
[ "$mode" = plain ] || tls="LoadModule mod_tls.c
TLSEngine on
TLSProtocol ${TLS_VERSION:-TLSv1.2 TLSv1.3}
TLSECCertificateFile $certificate
TLSECCertificateKeyFile $key
TLSRequired on
TLSVerifyClient off
TLSLog $work/tls.log"
[ "$mode" != implicit ] || tls+=$'\nTLSOptions UseImplicitSSL'
# No other server can resume it. As a TLS client (SSCN), 1.3.8 ends by a double free when it has verified a certificate.
[ "$mode" = plain ] || [ -z "${FOREIGN_ADDRESSES:-}" ] || tls+=$'\nTLSVerifyServer off\nTLSOptions NoSessionReuseRequired'
cat > "$work/proftpd.conf" <<C
ModulePath ${sbin%/sbin}/lib/proftpd
LoadModule mod_deflate.c
DeflateEngine on
ServerName peer
ServerType standalone
UseIPv6 on
DefaultAddress 127.0.0.1 ::1
SocketBindTight on
Port $port
User nobody
Group nogroup
AuthOrder mod_auth_file.c
AuthUserFile $work/users
AuthGroupFile $work/groups
RequireValidShell off
UseReverseDNS off
DelayEngine off
WtmpLog off
SystemLog $work/log
TransferLog none
ScoreboardFile $work/scoreboard
PidFile $work/pid
DefaultRoot $root
Umask 022
AllowOverwrite on
AllowRetrieveRestart on
AllowStoreRestart on
ListOptions "-a"
TimeoutIdle $idle
$([ -z "${BENCHMARK:-}" ] || echo TimeoutNoTransfer $idle)
AllowForeignAddress $([ -n "${FOREIGN_ADDRESSES:-}" ] && echo on || echo off)
$tls
<Anonymous $root>
  User ftp
  Group ftp
  UserAlias anonymous ftp
  AnonRequirePassword off
  RequireValidShell off
  <Limit WRITE>
    DenyAll
  </Limit>
</Anonymous>
C
begin "$sbin/proftpd" --nodaemon --quiet --config "$work/proftpd.conf"
serve
