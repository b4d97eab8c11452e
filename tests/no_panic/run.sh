#!/bin/bash
# Builds a program over the core and looks for calls in it that panic. There may be none that comes from a line of this
# crate; those inside nom, which splits slices at positions that it has found in them, are counted.
#
# The compiler has to see for itself that no index is out of bounds and no result unwrapped: it has removed each call that cannot
# be reached. The program never runs. Needs binutils.
set -euo pipefail
cd "$(dirname "$0")"
root=$(realpath ../..)
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")/no-panic
# Without position-independent code each call names its function.
RUSTFLAGS="-C relocation-model=static" cargo build --quiet --locked --release --target-dir "$target"
program=$target/release/no-panic
panics='core::(panicking|slice::index::slice_|option::(expect|unwrap)_failed|result::unwrap_failed|str::slice_error|cell::panic)'
addresses=$(objdump --disassemble --demangle --no-show-raw-insn "$program" |
    awk -v panics="<$panics" '$2 ~ /^(call|jmp)$/ && $0 ~ panics { sub(":", "", $1); print $1 }')
[ "$(wc -l <<< "$addresses")" -gt 100 ] || { echo "the calls of the standard library were not found either" >&2; exit 1; }

# The lines behind each address, the innermost first. A call is nom's if a line of nom precedes the first of this crate.
# shellcheck disable=SC2086
addr2line --addresses --inlines --functions --demangle --exe "$program" $addresses | awk -v root="$root/src/" '
    /^0x/ { decided = 0; nom = ""; next }
    # Code that the compiler has merged from several lines has none.
    decided || /:\?/ { next }
    /\/nom-[0-9.]+\/src\// { place = $1; sub(".*/nom-", "nom-", place); sub(" .*", "", place); nom = place }
    index($0, root) == 1 {
        decided = 1
        if (nom == "") own[substr($1, length(root) + 1)]++; else { calls++; places[nom]++ }
    }
    END {
        for (place in own) { print "src/" place ": a call that panics" > "/dev/stderr"; failed = 1 }
        printf "%d calls that panic in nom, at %d places of it; none of a line of this crate\n", calls, length(places)
        exit failed
    }'
