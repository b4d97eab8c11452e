#!/bin/bash
# round.sh PROGRAMS: drives ftp.exe and ftpd.exe of that directory under Wine, with each other, with Linux's curl and with vsftpd,
# over loopback. Run by `.ci/run windows`, which sets $WINE to the program that runs them; needs root, for vsftpd.
set -Eeuo pipefail
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
trap 'echo "round: line $LINENO failed: $BASH_COMMAND" >&2' ERR
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
    launch --listen 127.0.0.1:0 --user me:secret "$@" "$(path "$root")"
}
# launch ARGUMENT...: the same, of a root that there is, without more arguments.
launch() {
    : > "$root.log"
    "$WINE" "$programs/ftpd.exe" "$@" > "$root.log" 2>&1 &
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

# A configuration file. The names of its rules hold in any case, and under no short name.
root=$work/configured
mkdir -p "$root/fixed"
cp sent "$root/fixed/sent"
hash=$(echo secret | wine ftpd --hash-password | tr -d '\r')
cat > "$work/ftpd.toml" <<END
listen = ["127.0.0.1:0"]
[[account]]
name = "me"
password = '$hash'
root = '$(path "$root")'
quota = "7 MB"
[[account.directory]]
path = "/fixed"
access = "read-only"
END
wine ftpd --config "$(path "$work/ftpd.toml")" --check | tr -d '\r' | grep -q 'no errors' || fail "ftpd.exe finds errors in its file"
launch --config "$(path "$work/ftpd.toml")"
url=ftp://me:secret@$address
curl -sS -o configured "$url/fixed/sent"
same configured
for name in fixed/new FIXED/new Fixed/sent FIXED~1/new; do
    refused "$name" curl -sS --max-time 20 -T sent "$url/$name"
done
[ "$(ls "$root/fixed")" = sent ] || fail "there are: $(ls "$root/fixed")"
curl -sS -T sent "$url/one"
same "$root/one"
refused "what is beyond the quota" curl -sS --max-time 20 -T sent "$url/two"
# It is removed a moment after the reply.
for _ in $(seq 50); do [ -e "$root/two" ] || break; sleep 0.1; done
[ ! -e "$root/two" ] || fail "a part of what was refused is kept"
refused "a wrong password" curl -sS --max-time 20 -l "ftp://me:wrong@$address/"
echo "ftpd.exe with a file: curl sees its rules"

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
