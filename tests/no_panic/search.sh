#!/bin/bash
# Searches the built program for calls that panic. None may come from a line of this crate; those that come from a function of
# another crate are counted, and that function has to be in sites.txt, which says why the call should never be made.
#
# `search.sh PROGRAM [PREFIX]`, where PREFIX is that of binutils for another machine (`arm-none-eabi-`). `.ci/run panics` builds
# the programs. The compiler has to see for itself that no index is out of bounds and no result unwrapped: it has removed each
# call that cannot be reached. One call that panics is there on purpose, to show that this finds them.
#
# The standard library's own functions are searched in the program that has no operating system: the other one has all that a
# process needs.
set -euo pipefail
program=$1 prefix=${2:-}
cd "$(dirname "$0")"
# The functions of core that only panic. Calls among them do not count, and neither does a failure of the allocator.
panics='core::(.*::)?(panic[a-z_]*|[a-z_]+_fail(ed)?(_rt|_inner)?)(::<.*>)?'
addresses=$("${prefix}objdump" --disassemble --demangle --no-show-raw-insn "$program" |
    awk -v panics="<$panics>\$" '
        /^[0-9a-f]+ </ { within = $0 ~ "<core::panicking" || sub(/>:$/, ">") && $0 ~ panics; next }
        !within && $2 ~ /^(call|jmp|j[a-z]+|blx?|b(\.[nw])?|b[a-z][a-z](\.[nw])?|cbn?z)$/ && $0 ~ panics { sub(":", "", $1); print $1 }')

# For each call the functions that are inlined there with their lines, the innermost first. The first that is not of the standard
# library makes the call; where all of them are, the last one does. Of a function without lines only the name is known.
# shellcheck disable=SC2086
"${prefix}addr2line" --addresses --inlines --functions --demangle --exe "$program" $addresses |
    awk -v crate="$(realpath ../..)/" -v bare="$prefix" '
    function settle() {
        if (place == "tests/no_panic/src/main.rs panic_on_purpose") on_purpose++
        else if (place ~ /^src\//) own[place]++
        else if (place != "") calls[place]++
        place = ""
    }
    /^0x/ { settle(); found = 0; odd = 1; next }
    odd { name = $0; odd = 0; next }
    { odd = 1 }
    found { next }
    {
        file = $1; line = file; sub(/:[^:]*$/, "", file); sub(/.*:/, ":", line)
        if (file ~ /^\?\?$|-cgu\.[0-9]+$/) {
            if (name ~ /^<?ftp_proto::/) { found = 1; place = "src/ " name }
            next
        }
        standard = file ~ /\/library\/(core|alloc|std|panic_abort)\/|^\/rust\/deps\//
        if (standard && !bare) next
        found = !standard
        sub(/.*\/library\//, "", file)
        external = sub(/.*\/registry\/src\/[^\/]*\//, "", file) && sub(/-[0-9]+\.[0-9.]+\//, "/", file)
        if (index(file, crate) == 1) file = substr(file, length(crate) + 1)
        if (file ~ /^(src|core|miniz_oxide)\//) name = ""
        sub(/<.*>( as [^>]*)?>::/, "", name); sub(/::<.*/, "", name); sub(/<.*/, "", name); sub(/.*::/, "", name)
        if (external && name == "") sub(/\/.*/, "", file)
        place = file (file ~ /^src\// ? line : name == "" ? "" : " " name)
    }
    END {
        settle()
        while ((getline site < "sites.txt") > 0)
            if (split(site, part, " +# +") == 2) known[part[1]] = 1
        for (place in own) { print place ": a call that panics" > "/dev/stderr"; failed = 1 }
        if (!on_purpose) { print "the call that panics on purpose was not found" > "/dev/stderr"; failed = 1 }
        for (place in calls) {
            printf "%4d  %s\n", calls[place], place
            if (!(place in known)) { print place ": a call that panics, and that sites.txt does not have" > "/dev/stderr"; failed = 1 }
        }
        exit failed
    }'
echo "no line of this crate has a call that panics"
