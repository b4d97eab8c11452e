#!/bin/bash
# certificates.sh DIRECTORY: makes an authority of its own (authority.pem), and the certificates that it gives to a server on this
# machine (server.pem with server.key) and to a client (client.pem with client.key), all for a day.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: $0 DIRECTORY" >&2; exit 64; }
cd "$1"
request() { # NAME FILE OPTIONS...
    openssl req -batch -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -subj "/CN=$1" -keyout "$2.key" "${@:3}"
}
cat > server.ext <<C
basicConstraints = critical, CA:false
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
C
cat > client.ext <<C
basicConstraints = critical, CA:false
extendedKeyUsage = clientAuth
subjectAltName = email:ftptest@localhost
C
{
    request 'an authority for tests' authority -x509 -days 1 -out authority.pem
    for name in server client; do
        request "a $name" $name -out $name.csr
        openssl x509 -req -in $name.csr -CA authority.pem -CAkey authority.key -days 1 -extfile $name.ext -out $name.pem
    done
} 2>log || { cat log >&2; exit 1; }
rm authority.key ./*.csr ./*.ext log
