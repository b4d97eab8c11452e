#!/bin/bash
# Mutation tests of the core: cargo-mutants changes one thing at a time in the given files, and a change that no test notices is
# a survivor. README.md beside this file has the results, and the survivors that change nothing.
#
#     tests/mutants/run.sh FILE...          # paths from the root of the crate, as src/listing/short_date.rs
#
# MUTANTS_SAMPLE=n takes n mutants of all files, by MUTANTS_SEED (otherwise 1). What was found is in target/mutants/DIRECTORY.
#
# One mutant has to be cheap, so a copy of the crate is tested: without adapters and examples, and with the test programs of the
# core alone. Most mutants fall to the quick tests of their own part of the core. Those that do not meet two more rounds, the
# last of which takes a minute.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/mutants
tree=$target/tree
# Tests that take a second and more, and mostly notice what others notice as well: not in the first round.
slow=()
for name in a_time_is_set_by_the_first_way noise_is_answered each_operation_is_its_command an_operation_may_be_dropped \
    a_hash_may_be_of_a_range in_active_mode_may_be_dropped any_number_of_blank_lines every_command_gets_the_replies \
    every_day_from_the_first_to_the_last a_large_file_comes_back a_transfer_goes_on_at_any_marker; do
    slow+=(--skip "$name")
done
# A mutant that never ends is seen by its time: in the first round, which takes seconds, by a minute; the slowest round takes a
# quarter of this.
timeout=${MUTANTS_TIMEOUT:-400}
# What the core has behind features: without them, no test could notice a change to it.
features=std,testing,deflate,serde,arbitrary
export CARGO_TARGET_DIR=$target/target CARGO_INCREMENTAL=1 PROPTEST_CASES=${PROPTEST_CASES:-64}
export SIMULATION_SESSIONS=${SIMULATION_SESSIONS:-200}
[ $# -gt 0 ] || { echo "which files?" >&2; exit 1; }

# All new, so that cargo never takes an old file for the new one.
rm -rf "$tree"
mkdir -p "$tree"
cp -r src tests docs Cargo.lock "$tree"
{
    echo '[workspace]'
    sed '/^\[dev-dependencies\]/,$d; s/^readme = .*/autobenches = false\nautoexamples = false/; s/, "dep:rustix", "dep:socket2"\]/]/' Cargo.toml |
        sed 's/^autoexamples.*/&\nautotests = false/'
    echo '[dev-dependencies]'
    grep -E '^(allocation-counter|proptest|serde_json) = ' Cargo.toml
    for name in arbitrary client deadlines exhaustive exploration extensions listings notes pair protection restart security sequences server simulation testing; do
        file=tests/$name.rs
        [ -e "$file" ] || file=tests/$name/main.rs
        [ ! -e "$file" ] || printf '[[test]]\nname = "%s"\npath = "%s"\n' "$name" "$file"
    done
    printf '[profile.dev]\ndebug = false\n[profile.dev.package."*"]\nopt-level = 1\n'
} >"$tree/Cargo.toml"
# The feature `std` without the adapters, which it has otherwise: the unit tests are written for the standard library.
sed -i '/^#\[cfg(feature = "std")\]$/{N;/pub mod io;/d}' "$tree/src/lib.rs"

# round N TARGET... -- ARGUMENT...: tests what the earlier rounds left, with these test programs.
round() {
    local number=$1
    shift
    local -a options=() targets=()
    [ "$number" = 1 ] && options=(--baseline run) || options=(--baseline skip --iterate)
    # Not behind `--`: what is there has no part in building, which would build all programs.
    while [ "$1" != -- ]; do
        targets+=("--cargo-arg=$1")
        shift
    done
    shift
    local code=0 limit=$timeout
    [ "$number" != 1 ] || limit=60
    cargo mutants --dir "$tree" --in-place --no-config --output "$out" --no-default-features --features "$features" \
        --timeout "$limit" --build-timeout "$timeout" --colors never "${options[@]}" "${targets[@]}" "${chosen[@]}" -- -- "$@" || code=$?
    # 2 and 3: survivors, or timeouts.
    [[ $code = [023] ]] || { echo "mutants: cargo-mutants failed with $code" >&2; exit 1; }
    local kind
    for kind in caught unviable timeout; do
        cat "$out/mutants.out/$kind.txt" >>"$out/$kind.txt"
    done
    [ ! -s "$out/mutants.out/timeout.txt" ] || cat "$out/mutants.out/timeout.txt" >>"$out/mutants.out/previously_caught.txt"
    cp "$out/mutants.out/missed.txt" "$out/missed.txt"
}

for part in $(printf '%s\n' "$@" | cut -d/ -f2 | sort -u); do
    out=$target/$part
    rm -rf "$out"
    mkdir -p "$out"
    chosen=()
    for file in "$@"; do
        [[ $file != src/$part/* && $file != "src/$part.rs" ]] || chosen+=(--file "$file")
    done
    if [ -n "${MUTANTS_SAMPLE:-}" ]; then
        # As many lines of those that a generator with this seed picks; matched as they are.
        cargo mutants --dir "$tree" --no-config --list --no-default-features --features "$features" "${chosen[@]}" >"$out/all.txt"
        shuf -n "$MUTANTS_SAMPLE" --random-source=<(yes "${MUTANTS_SEED:-1}") "$out/all.txt" | sort >"$out/sample.txt"
        chosen+=(--re "^($(sed 's/[][\.*^$+?(){}|]/\\&/g' "$out/sample.txt" | paste -sd'|'))\$")
    fi
    case $part in
    client | embedded)
        round 1 --test=client -- "${slow[@]}"
        round 2 --lib --test={client,deadlines,extensions,notes,pair,security,server} --
        ;;
    server)
        round 1 --test={server,extensions,protection,security} -- "${slow[@]}"
        round 2 --lib --test={client,deadlines,notes,pair,restart,server} --
        ;;
    *)
        round 1 --lib -- "${part}::" "${slow[@]}"
        round 2 --lib --test={arbitrary,client,exhaustive,extensions,listings,pair,restart,server} --
        ;;
    esac
    round 3 --test={exploration,listings,protection,sequences,simulation,testing} --
    awk -v part="$part" '
        { split($0, place, ":"); count[FILENAME " " place[1]]++; files[place[1]] = 1 }
        function number(kind, file) { return count[out kind ".txt " file] + 0 }
        BEGIN { out = ARGV[1]; sub("caught.txt", "", out); printf "%-44s %6s %6s %6s %6s %6s\n", part, "all", "caught", "time", "missed", "unviable" }
        END {
            for (file in files) {
                c = number("caught", file); t = number("timeout", file); m = number("missed", file); u = number("unviable", file)
                printf "%-44s %6d %6d %6d %6d %6d\n", file, c + t + m + u, c, t, m, u
                caught += c + t; all += c + t + m
            }
            printf "score: %d of %d\n", caught, all
        }' "$out"/{caught,timeout,missed,unviable}.txt
done
