#!/bin/bash
# round.sh PROGRAMS: drives ftp.exe and ftpd.exe of that directory under Wine, with each other, with Linux's curl and with vsftpd,
# over loopback. Run by `.ci/run windows`, which sets $WINE to the program that runs them; needs root, for vsftpd.
set -euo pipefail
programs=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
# The accounts of vsftpd have to reach what is theirs.
chmod 755 "$work"
running=()
end() {
    local process
    for process in "${running[@]}"; do kill "$process" 2>/dev/null || true; done
    rm -rf "$work"
}
trap end EXIT
fail() { echo "round: $*" >&2; exit 1; }
wine() { # PROGRAM ARGUMENT...: runs it in bounded time
    timeout 60 "$WINE" "$programs/$1.exe" "${@:2}"
}
# A path of Linux as Windows has it.
path() { printf 'Z:%s' "${1//\//\\}"; }
refused() { # WHAT COMMAND...: fails
    if "${@:2}" >/dev/null 2>"$work/refused.txt"; then fail "$1 was not refused"; fi
}

mkdir "$work/certificates" "$work/local"
"$here/../peers/certificates.sh" "$work/certificates"
head -c 3000000 /dev/urandom > "$work/local/sent"
cd "$work/local"

# serve ARGUMENT...: starts ftpd.exe; sets `address` and `root`.
serve() {
    root=$work/root-$RANDOM
    mkdir "$root"
    : > "$root.log"
    "$WINE" "$programs/ftpd.exe" --listen 127.0.0.1:0 --user me:secret "$@" "$(path "$root")" > "$root.log" 2>&1 &
    running+=($!)
    for _ in $(seq 300); do
        address=$(tr -d '\r' < "$root.log" | sed -n 's/^listening on //p')
        [ -z "$address" ] || return 0
        sleep 0.1
    done
    cat "$root.log" >&2
    fail "ftpd.exe does not listen"
}
same() { cmp "$1" "$work/local/sent" || fail "$1 is not what was sent"; }

for runtime in std tokio smol; do
    serve --runtime "$runtime"
    url=ftp://me:secret@$address
    # Linux's curl, passive and active.
    curl -sS -T sent "$url/sent"
    same "$root/sent"
    curl -sS -o passive "$url/sent"
    same passive
    curl -sS -o active --ftp-port - "$url/sent"
    same active
    [ "$(curl -sS -l "$url/")" = sent ] || fail "curl lists: $(curl -sS -l "$url/")"
    for name in nul.txt 'sent.' 'sent:stream' '..%5cout' 'C:out'; do
        refused "$name" curl -sS --max-time 20 -T sent "$url/$name"
    done
    [ "$(ls "$root")" = sent ] || fail "there are: $(ls "$root")"
    # Its own client, on the same runtime.
    wine ftp --quiet --runtime "$runtime" put "$(path "$work/local/sent")" "$url/again"
    same "$root/again"
    wine ftp --quiet --runtime "$runtime" get "$url/again" "$(path "$work/local/got-$runtime")"
    same "got-$runtime"
    wine ftp --quiet --runtime "$runtime" --active get "$url/again" "$(path "$work/local/active-$runtime")"
    same "active-$runtime"
    wine ftp --quiet --runtime "$runtime" rm "$url/again"
    [ "$(wine ftp --runtime "$runtime" ls --names "$url/" | tr -d '\r')" = sent ] || fail "ftp.exe lists something else"
    echo "ftpd.exe on $runtime: curl and ftp.exe agree with it"
done

serve --cert "$(path "$work/certificates/server.pem")" --key "$(path "$work/certificates/server.key")" --require-tls
curl -sS --ssl-reqd --cacert "$work/certificates/authority.pem" -T sent "ftp://me:secret@$address/sent"
same "$root/sent"
curl -sS --ssl-reqd --cacert "$work/certificates/authority.pem" -o protected "ftp://me:secret@$address/sent"
same protected
wine ftp --quiet --tls --cacert "$(path "$work/certificates/authority.pem")" get "ftp://me:secret@$address/sent" \
    "$(path "$work/local/protected-too")"
same protected-too
echo "ftpd.exe under TLS: curl and ftp.exe agree with it"

port=$((20000 + RANDOM % 10000))
root=$work/vsftpd
mkdir "$root"
"$here/../peers/vsftpd.sh" "$port" "$root" > "$work/vsftpd.log" 2>&1 &
running+=($!)
url=ftp://ftptest:ftppass@127.0.0.1:$port
for _ in $(seq 100); do
    ! curl -sS -l "$url/" >/dev/null 2>&1 || break
    sleep 0.1
done
for runtime in std tokio smol; do
    wine ftp --quiet --runtime "$runtime" put "$(path "$work/local/sent")" "$url/$runtime"
    same "$root/$runtime"
    wine ftp --quiet --runtime "$runtime" get "$url/$runtime" "$(path "$work/local/from-vsftpd-$runtime")"
    same "from-vsftpd-$runtime"
done
[ "$(wine ftp ls --names "$url/" | tr -d '\r' | sort | paste -sd' ')" = 'smol std tokio' ] || fail "ftp.exe lists something else"
echo "ftp.exe: vsftpd agrees with it on each runtime"
