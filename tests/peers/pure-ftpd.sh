#!/bin/bash
# Pure-FTPd: MLSD; its PID and scoreboard are in /run, which is private here. See server.sh.
. "$(dirname "$0")/server.sh"
# Everyone in a chroot (-A), system accounts (-l unix), no look-up of names (-H), dotted names listed (-D), listings of up to
# 20000 names, accounts from number 100 (-u), 64 clients (-c) from one address (-C), no TLS (-Y 0).
serve "$sbin/pure-ftpd" -S "127.0.0.1,$port" -A -l unix -H -D -L 20000:8 -u 100 -c 64 -C 64 -I 2 -p 30000:49999 -Y 0
