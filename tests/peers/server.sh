# Sourced by NAME.sh PORT ROOT [MODE], one script a server: serves ROOT on 127.0.0.1:PORT in the foreground until SIGTERM or SIGINT.
# Accounts: ftptest with the password ftppass (may write, sees ROOT as /) and anonymous (read-only).
# MODE is plain; a mode that a server lacks exits 77. Needs root. Nothing outside ROOT changes: the accounts are
# in files of ours that lie over the system's in a private mount namespace.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 PORT ROOT [plain]" >&2; exit 64; }
port=$1 root=$(realpath "$2") mode=${3:-plain}
sbin=${FTP_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/ftp-proto/peers}/root/usr/sbin
[ "$mode" = plain ] || { echo "$0: no mode $mode" >&2; exit 77; }
work=$(mktemp -d) server=
finish() {
    trap '' TERM INT
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 0' TERM INT
chmod 755 "$work" "$root"
chown 2121:2121 "$root"

hash=$(openssl passwd -6 ftppass)
mkdir "$work/pam.d" "$work/empty"
{
    grep -v '^ftp' /etc/passwd || true
    echo "ftptest:$hash:2121:2121::$root:/bin/sh"
    echo "ftp:*:2122:2122::$root:/bin/sh"
} > "$work/passwd"
{
    grep -v '^ftp' /etc/group || true
    echo 'ftptest:x:2121:'
    echo 'ftp:x:2122:'
} > "$work/group"
printf '%s required pam_unix.so\n' auth account > "$work/pam.d/vsftpd"

serve() { # PROGRAM ARGUMENTS...: in the namespace; returns when the program has ended
    # shellcheck disable=SC2016
    unshare --mount --propagation private bash -euc '
        work=$1; shift
        mount --bind "$work/passwd" /etc/passwd
        mount --bind "$work/group" /etc/group
        mkdir -p /etc/pam.d
        mount --bind "$work/pam.d" /etc/pam.d
        mount -t tmpfs tmpfs /run
        exec "$@"' serve "$work" "$@" &
    server=$!
    wait "$server"
}
