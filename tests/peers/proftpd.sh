#!/bin/bash
# ProFTPD: MLSD, MODE Z, and HOST, RANG and checksums by its modules. See server.sh.
. "$(dirname "$0")/server.sh"
grep '^ftp' "$work/passwd" > "$work/users"
grep '^ftp' "$work/group" > "$work/groups"
chmod 600 "$work/users" "$work/groups"
cat > "$work/proftpd.conf" <<C
ModulePath ${sbin%/sbin}/lib/proftpd
LoadModule mod_deflate.c
DeflateEngine on
ServerName peer
ServerType standalone
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
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
TimeoutIdle 120
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
serve "$sbin/proftpd" --nodaemon --quiet --config "$work/proftpd.conf"
