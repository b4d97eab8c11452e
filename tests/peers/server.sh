# Sourced by NAME.sh PORT ROOT [MODE [CERTIFICATES]], one script a server: serves ROOT on 127.0.0.1:PORT and [::1]:PORT in the
# foreground until SIGTERM or SIGINT.
# Accounts: ftptest with the password ftppass (may write, sees ROOT as /) and anonymous (read-only).
# MODE is plain, or one in which TLS is demanded for logins and for data, and so is that data connections resume the session of
# their control connection where the server knows such a rule: explicit (AUTH TLS) or implicit. A mode that a server lacks exits 77.
# CERTIFICATES is what certificates.sh makes. $TLS_VERSION, as in TLSv1.2, is the only one spoken; without it all are.
# With $FOREIGN_ADDRESSES data may go to other hosts than the client's, where a server can be told so, and need not resume a
# session, which another server cannot.
# With $BENCHMARK thousands of sessions may be open, and idle for an hour, and the hash of the password is a cheap one (MD5), so that
# it is the server that is measured.
# Needs root. Nothing outside ROOT changes: the accounts are in files of ours that lie over the system's in a private
# mount namespace.
set -euo pipefail
usage() { echo "usage: $0 PORT ROOT [plain | explicit CERTIFICATES | implicit CERTIFICATES]" >&2; exit 64; }
[ $# -ge 2 ] || usage
port=$1 root=$(realpath "$2") mode=${3:-plain}
case $mode in
plain) ;;
explicit | implicit)
    [ $# -ge 4 ] || usage
    certificate=$4/server.pem key=$4/server.key
    ;;
*) usage ;;
esac
sbin=${FTP_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/ftp-proto/peers}/root/usr/sbin
work=$(mktemp -d) servers=()
finish() {
    trap '' TERM INT
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    for server in "${servers[@]}"; do wait "$server" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 0' TERM INT
chmod 755 "$work" "$root"
chown 2121:2121 "$root"

algorithm=-6 idle=120
[ -z "${BENCHMARK:-}" ] || algorithm=-1 idle=3600
hash=$(openssl passwd "$algorithm" ftppass)
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
if [ -n "${TLS_VERSION:-}" ]; then
    # All of them use OpenSSL, and not each has a setting of its own.
    export OPENSSL_CONF=$work/openssl.cnf
    cat > "$OPENSSL_CONF" <<C
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = versions
[versions]
MinProtocol = $TLS_VERSION
MaxProtocol = $TLS_VERSION
C
fi

lacks() { echo "$0: no mode $mode" >&2; exit 77; }
begin() { # PROGRAM ARGUMENTS...: in a namespace, beside what began before
    # shellcheck disable=SC2016
    unshare --mount --propagation private bash -euc '
        work=$1; shift
        mount --bind "$work/passwd" /etc/passwd
        mount --bind "$work/group" /etc/group
        mkdir -p /etc/pam.d
        mount --bind "$work/pam.d" /etc/pam.d
        mount -t tmpfs tmpfs /run
        exec "$@"' begin "$work" "$@" &
    servers+=($!)
}
serve() { # returns when one of the programs has ended
    wait -n "${servers[@]}"
}
