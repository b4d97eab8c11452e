#!/bin/bash
# Installs what the interoperability tests drive: FTP clients from Debian's packages, five FTP servers side by side, and the
# programs that put up a firewall.
# For Debian, as root; running it again does only what is missing. The servers go to $FTP_PEERS (by default
# ~/.cache/ftp-proto/peers): their packages conflict with one another, so they are unpacked there and not installed.
set -euo pipefail
peers=${FTP_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/ftp-proto/peers}
clients=(curl lftp rclone wget tnftp ncftp inetutils-ftp)
servers=(vsftpd proftpd pure-ftpd ftpd)
packages=(vsftpd proftpd-core proftpd-mod-crypto pure-ftpd inetutils-ftpd python3-pyftpdlib)

works() { # are all programs here, with the libraries that they link to?
    local program file missing
    for program in "${clients[@]}" openssl unshare ip iptables; do command -v "$program" >/dev/null || return 1; done
    [ -x /usr/bin/python3 ] || return 1
    [ -e "$peers/root/usr/lib/python3/dist-packages/pyftpdlib/servers.py" ] || return 1
    for file in "${servers[@]/#/sbin/}" lib/proftpd/mod_tls.so; do
        [ -e "$peers/root/usr/$file" ] || return 1
        missing=$(ldd "$peers/root/usr/$file" | grep 'not found' || true)
        [ -z "$missing" ] || { echo "$file: $missing" >&2; return 1; }
    done
}

if ! works; then
    export DEBIAN_FRONTEND=noninteractive
    # What is there stays: tests may be running with it.
    mkdir -p "$peers/root" "$peers/packages"
    # One download that waits for the package index, where the machine's is still empty or too old.
    apt-get update -qq
    (cd "$peers/packages" && apt-get download -qq "${packages[@]}" 2>/dev/null)
    libraries=()
    for package in "$peers"/packages/*.deb; do
        dpkg-deb -x "$package" "$peers/root"
        # "a (>= 1) | b, c" becomes "a c"; of these the libraries, by whatever name this release of Debian has them.
        mapfile -t -O "${#libraries[@]}" libraries < <(
            dpkg-deb -f "$package" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g' | grep '^lib')
    done
    apt-get install -y -qq --no-install-recommends \
        ca-certificates iproute2 iptables openssl python3 util-linux "${clients[@]}" "${libraries[@]}" >/dev/null
    works || { echo "the peers are still not complete in $peers" >&2; exit 1; }
fi
echo "peers: ${clients[*]} python3 (ftplib), and in $peers: ${servers[*]} pyftpdlib"
