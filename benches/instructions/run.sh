#!/bin/bash
# Counts the instructions of each task of this program under valgrind, and compares them with the recorded numbers
# (counts.txt): a number that is more than 2 % above its record is an error. `run.sh --update` writes the record.
#
# The numbers depend on the compiler and on the instruction set that it finds, so the record names both, and with others the
# numbers are only printed. Those of one machine are the same in every run, which times are not.
set -euo pipefail
cd "$(dirname "$0")"
target=$(realpath -m "${CARGO_TARGET_DIR:-../../target}")/instructions
cargo build --quiet --release --target-dir "$target"
program=$target/release/instructions
setting="$(rustc --version | cut -d' ' -f1,2), $(grep -o -w -m1 avx2 /proc/cpuinfo || echo 'no avx2')"

count() { # NAME TIMES: the instructions of so many repetitions and of the start of the program
    local log
    log=$(valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null "$program" "$1" "$2" 2>&1)
    sed -n 's/.*I *refs: *//p' <<< "$log" | tr -d ,
}

recorded=$(head -1 counts.txt 2>/dev/null || true)
results="$setting"$'\n' failed=
while IFS=$'\t' read -r items name; do
    few=$(count "$name" 1) many=$(count "$name" 21)
    each=$(((many - few) / (20 * items)))
    results+="$each"$'\t'"$name"$'\n'
    before=$(sed -n "s/^\([0-9]*\)\t$name\$/\1/p" counts.txt 2>/dev/null || true)
    printf '%8d  %-30s %s\n' "$each" "$name" "${before:+(recorded: $before)}"
    [ -z "$before" ] || [ $((each * 100)) -le $((before * 102)) ] || failed+="$name: $each instructions, recorded are $before"$'\n'
done < <("$program")

if [ "${1:-}" = --update ]; then
    printf '%s' "$results" > counts.txt
elif [ "$recorded" != "$setting" ]; then
    echo "recorded with $recorded, and counted with $setting: not compared"
elif [ -n "$failed" ]; then
    printf '%s' "$failed" >&2
    echo "If that is meant, benches/instructions/run.sh --update records the new numbers." >&2
    exit 1
fi
