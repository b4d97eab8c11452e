#!/bin/bash
# What the fuzz targets reach of the core: runs each on the inputs that it has, and counts lines and branches.
#
#     fuzz/coverage.sh            # on fuzz/seeds and fuzz/corpus, as they are
#     fuzz/coverage.sh 60         # after each target has looked for more for 60 seconds
#     fuzz/coverage.sh 0 FILE...  # also shows the lines of these files, such as src/server/session.rs, that were not reached
#
# It needs a C++ compiler, jq, and the nightly toolchain with its LLVM tools:
#
#     apt-get install g++ jq
#     rustup toolchain install nightly --component llvm-tools
#
# With another LLVM, of the version that `rustc +nightly -vV` tells or newer, set LLVM_BIN to its directory of programs.
#
# Counted are the lines that have code, and both outcomes of each condition, in the library as the targets build it: without
# what only tests, or the features `std` and `arbitrary`, compile, and without what derives expand to. What counts is what any
# target reached, and in a generic function what any instance did. Nothing is left out: neither Debug and Display, nor
# messages of assertions, nor what cannot be reached.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-0} shown=("${@:2}")
triple=$(rustc +nightly -vV | sed -n 's/^host: //p')
bin=${LLVM_BIN:-$(rustc +nightly --print sysroot)/lib/rustlib/$triple/bin}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
found=$target/coverage/found
fail() { echo "$*" >&2 && exit 1; }
[ -x "$bin/llvm-cov" ] || fail "no llvm-cov in $bin: rustup component add llvm-tools --toolchain nightly"
command -v jq >/dev/null || fail "no jq: apt-get install jq"
mapfile -t names < <(sed -n 's/^path = "targets\/\(.*\)\.rs"/\1/p' fuzz/Cargo.toml)

# build DIRECTORY LEVEL FLAGS: with the assertions of a debug build.
build() {
    CARGO_PROFILE_DEV_OPT_LEVEL=$2 CARGO_PROFILE_DEV_CODEGEN_UNITS=1 CARGO_PROFILE_DEV_DEBUG=line-tables-only CARGO_INCREMENTAL=0 \
        RUSTFLAGS="--cfg fuzzing $3" \
        cargo +nightly build --locked --bins --manifest-path fuzz/Cargo.toml --target "$triple" --target-dir "$target/$1"
}

# inputs NAME: sets `inputs` to the directories of that target.
inputs() {
    mkdir -p "fuzz/corpus/$1" "fuzz/artifacts/$1"
    inputs=("fuzz/corpus/$1" "fuzz/seeds/$1")
}

if [ "$seconds" -gt 0 ]; then
    flags='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters'
    build fuzz 2 "$flags -Cllvm-args=-sanitizer-coverage-pc-table"
    for name in "${names[@]}"; do
        inputs "$name"
        "$target/fuzz/$triple/debug/$name" "${inputs[@]}" -dict=fuzz/ftp.dict -max_total_time="$seconds" -timeout=10 \
            -rss_limit_mb=2048 -max_len=65536 -artifact_prefix="fuzz/artifacts/$name/" 2>&1 | tail -1
    done
fi

build coverage 1 '-Cinstrument-coverage -Zcoverage-options=branch'
rm -rf "$found" && mkdir -p "$found"
sources=()
for part in codec listing transfer buffer client server; do
    sources+=("$PWD/src/$part.rs" "$PWD/src/$part")
done
for name in "${names[@]}"; do
    program=$target/coverage/$triple/debug/$name profile=$found/$name.profdata
    inputs "$name"
    LLVM_PROFILE_FILE=$found/$name.profraw "$program" -runs=0 -timeout=60 \
        -artifact_prefix="fuzz/artifacts/$name/" "${inputs[@]}" >"$found/$name.log" 2>&1 ||
        fail "$name failed: $(tail -3 "$found/$name.log")"
    "$bin/llvm-profdata" merge --sparse "$found/$name.profraw" -o "$profile"
    "$bin/llvm-cov" export --format=lcov --instr-profile="$profile" "$program" --sources "${sources[@]}" |
        awk -F '[:,]' '/^SF:/ { file = $2 } /^DA:/ { print "line", file, $2, $3 }'
    "$bin/llvm-cov" export --skip-functions --skip-expansions --instr-profile="$profile" "$program" --sources "${sources[@]}" |
        jq -r '.data[0].files[] | .filename as $file | .branches[] |
            "branch \($file) \(.[0]) \(.[1])-\(.[2]):\(.[3]) \(.[4]) \(.[5])"'
done |
    # The targets are programs of their own, and each has its own instances of what is generic.
    awk -v root="$PWD/" '
        { sub(root, "", $2) }
        $1 == "line" { lines[$2 " " $3] += $4 }
        $1 == "branch" { yes[$2 " " $3 " " $4] += $5; no[$2 " " $3 " " $4] += $6 }
        END {
            for (key in lines) print "line", key, (lines[key] > 0)
            for (key in yes) print "branch", key, (yes[key] > 0), (no[key] > 0)
        }' | sort -k2,2 -k3,3n >"$found/reached"

# The worst files, and each directory with the file of its module.
awk '
    function percent(part, all) { return all ? 100 * part / all : 100 }
    function row(key) {
        return sprintf("%-42s %5d of %5d lines, %5.1f %%   %4d of %4d branches, %5.1f %%", key, hit[key], lines[key],
            percent(hit[key], lines[key]), taken[key], branches[key], percent(taken[key], branches[key]))
    }
    {
        split($2, part, /[\/.]/)
        split($2 " " part[1] "/" part[2] " all", keys, " ")
        for (each in keys) {
            key = keys[each]
            if ($1 == "line") { lines[key]++; hit[key] += $4; missed[key] += !$4 }
            else { branches[key] += 2; taken[key] += $5 + $6; missed[key] += 2 - $5 - $6 }
        }
    }
    END {
        worst = "sort -rn | head -40 | cut -f2"
        for (key in lines) if (key ~ /\.rs$/ && missed[key]) print missed[key] "\t" row(key) | worst
        close(worst)
        print ""
        sorted = "sort"
        for (key in lines) if (key ~ /^src\/[a-z]*$/) print row(key) | sorted
        close(sorted)
        print row("all")
    }' "$found/reached"

# In front of a line: `-` if it did not run, and which outcomes of its conditions there never were.
for file in "${shown[@]}"; do
    printf '\n%s\n' "$file"
    awk -v file="$file" '
        FNR == NR && $2 == file && $1 == "line" && !$4 { mark[$3] = mark[$3] "-" }
        FNR == NR && $2 == file && $1 == "branch" && !$5 { mark[$3] = mark[$3] " true" }
        FNR == NR && $2 == file && $1 == "branch" && !$6 { mark[$3] = mark[$3] " false" }
        FNR != NR && FNR in mark { printf "%5d %-12s %s\n", FNR, mark[FNR], $0 }' "$found/reached" "$file"
done
