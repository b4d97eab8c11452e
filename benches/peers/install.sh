#!/bin/bash
# Installs the peers, and builds all programs that the comparison starts, the comparison itself included. For Debian, as root;
# running it again does only what is missing.
set -euo pipefail
cd "$(dirname "$0")"
../../tests/peers/install.sh
# pyftpdlib of PyPI, newer than Debian's and with TLS.
venv=${FTP_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/ftp-proto/peers}/venv
if ! "$venv/bin/python" -c 'import pyftpdlib.servers, OpenSSL' 2>/dev/null; then
    apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    /usr/bin/python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet 'pyftpdlib>=2,<3' pyOpenSSL
fi
unset CARGO_TARGET_DIR # all are looked for where cargo puts them by default
cargo build --locked --release --example ftpd --all-features --manifest-path ../../Cargo.toml
for package in . libunftp clients; do
    cargo build --locked --release --manifest-path "$package/Cargo.toml"
done
