#!/bin/bash
# Runs each program of src/bin in QEMU and measures how deep the stack of its machine becomes, what its values take of RAM, and
# what it takes of flash; all of it against recorded numbers (sizes.txt): one that is more than 5 % above its record is an error.
# `measure.sh DIRECTORY` finds the programs there; `measure.sh DIRECTORY --update` writes the record.
#
# The stack: RAM is a file, full of a pattern before the program starts. What is left of it below the stack was never
# touched. The depth counts from the function that calls the machine, so the driver of the program is in it, but not the values
# that the function holds (the machine itself, its buffers). The flash is the code and the constants of the linked program,
# without those of a program that only prints, and without samples. The numbers depend on the compiler, so the record names it.
set -euo pipefail
programs=$(realpath "$1")
cd "$(dirname "$0")"
memory=$(mktemp) before=$(mktemp)
trap 'rm -f "$memory" "$before"' EXIT
# As memory.x has it.
origin=$((0x21000000)) length=$((32 * 1024))

flash() { size -A "$programs/$1" | awk '$1 ~ /^\.(vector_table|text|rodata|data|gnu\.sgstubs)$/ { all += $2 } END { print all }'; }

# Another compiler makes another program.
setting=$(readelf -p .comment "$programs/nothing" | grep -o 'rustc version [0-9.]*' | head -1)
[ -n "$setting" ] || { echo "no compiler has left its name in $programs/nothing" >&2; exit 1; }

results=
for name in client session listing coding; do
    head -c "$length" /dev/zero | tr '\0' '\305' >"$before"
    cp "$before" "$memory"
    truncate -s 16M "$memory"
    said=$(timeout 60 qemu-system-arm -machine mps2-an386,memory-backend=ram -nographic -monitor none -serial none \
        -object memory-backend-file,id=ram,size=16M,mem-path="$memory",share=on \
        -semihosting-config enable=on,target=native -kernel "$programs/$name")
    stack=$(sed -n 's/^stack //p' <<<"$said")
    [ -n "$stack" ] || { echo "$name: $said" >&2; exit 1; }
    # The values that have an address for good begin the RAM; the stack grows down to them.
    static=$((16#$(nm "$programs/$name" | awk '$3 == "__sheap" { print $1 }') - origin))
    deepest=$(cmp --ignore-initial="$static" "$memory" "$before" | awk '{ gsub(",", "", $5); print $5 }' || true)
    results+="$((stack - origin - static - deepest + 1))"$'\t'"stack: $name"$'\n'
    results+=$(sed -n 's/^size \(.*\) \([0-9]*\)$/\2\tRAM: \1/p' <<<"$said")$'\n'
    samples=$(sed -n 's/^samples //p' <<<"$said")
    results+="$(($(flash "$name") - $(flash nothing) - ${samples:-0}))"$'\t'"flash: $name"$'\n'
done

if [ "${2:-}" = --update ]; then
    printf '%s\n%s' "$setting" "$results" >sizes.txt
fi
recorded_setting=$(head -1 sizes.txt)
failed=
while IFS=$'\t' read -r bytes name; do
    recorded=$(awk -F'\t' -v name="$name" '$2 == name { print $1 }' sizes.txt)
    printf '%8d  %-40s (recorded: %s)\n' "$bytes" "$name" "${recorded:-nothing}"
    [ -n "$recorded" ] && [ $((bytes * 100)) -le $((recorded * 105)) ] || failed+="$name: $bytes bytes, recorded are ${recorded:-none}"$'\n'
done < <(printf '%s' "$results")
if [ "$setting" != "$recorded_setting" ]; then
    echo "recorded with $recorded_setting, and measured with $setting: not compared"
    exit
fi
[ -z "$failed" ] || {
    printf '%s' "$failed" >&2
    echo "If that is meant, tests/bare_metal/measure.sh DIRECTORY --update records the new numbers." >&2
    exit 1
}
