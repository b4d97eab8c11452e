#!/bin/bash
# behind.sh enter COMMAND...: runs COMMAND in a network namespace of its own, with a loopback device and nothing else.
# behind.sh close PORT: inside one, puts the machine behind a firewall like those that people have. In comes the control
# port PORT, and whatever Linux's FTP helper (nf_conntrack_ftp) expects after reading the dialogue; anything else is dropped.
# Either exits 77 where the kernel has no such helper. Needs root, iproute2 and iptables; nothing outside the namespace changes.
set -euo pipefail

lacking() { echo "behind.sh: $*" >&2; exit 77; }

# tables 4|6: sets `iptables` to the program for that protocol that works with this kernel.
tables() {
    local family candidate
    family=$([ "$1" = 4 ] && echo iptables || echo ip6tables)
    for candidate in "$family-nft" "$family-legacy" "$family"; do
        iptables=$candidate
        ! "$candidate" -t raw -L -n >/dev/null 2>&1 || return 0
    done
    lacking "no $family works here"
}

case ${1:-} in
enter)
    shift
    # shellcheck disable=SC2016
    # lftp tries no IPv6 where no address is one of the network's.
    exec unshare --net bash -euc 'ip link set lo up; ip address add 2001:db8::1/128 dev lo; exec "$@"' enter "$@"
    ;;
close)
    for protocol in 4 6; do
        tables "$protocol"
        # Since Linux 6.0 no connection has a helper unless a rule says so.
        # Where it is a module; a machine may have no modules, nor the program.
        modprobe -q nf_conntrack_ftp 2>/dev/null || true
        "$iptables" -t raw -A OUTPUT -p tcp --dport "$2" -j CT --helper ftp || lacking "no FTP helper in this kernel"
        "$iptables" -A INPUT -p tcp --dport "$2" -j ACCEPT
        "$iptables" -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
        # IPv6's neighbour discovery, without which nothing would be found.
        [ "$protocol" = 4 ] || "$iptables" -A INPUT -p ipv6-icmp -j ACCEPT
        "$iptables" -P INPUT DROP
    done
    ;;
*)
    echo "usage: $0 enter COMMAND... | close PORT" >&2
    exit 64
    ;;
esac
