#!/bin/bash
# Pure-FTPd: MLSD; no implicit TLS, and no rule that data connections resume a session. Its PID and scoreboard are in /run, which is
# private here. A process an address: it listens at one. See server.sh.
. "$(dirname "$0")/server.sh"
case $mode in
plain) tls=(-Y 0) ;;
explicit) tls=(-Y 3 -2 "$certificate,$key") ;; # for data too
*) lacks ;;
esac
# Everyone in a chroot (-A), system accounts (-l unix), no look-up of names (-H), dotted names listed (-D), listings of up to
# 20000 names, accounts from number 100 (-u), 64 clients (-c) from one address (-C), minutes of idleness (-I).
clients=64
[ -z "${BENCHMARK:-}" ] || clients=20000
for address in 127.0.0.1 ::1; do
    begin "$sbin/pure-ftpd" -S "$address,$port" -A -l unix -H -D -L 20000:8 -u 100 -c $clients -C $clients -I $((idle / 60)) -p 30000:49999 "${tls[@]}"
done
serve
