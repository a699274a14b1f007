# SPDX-License-Identifier: MPL-2.0
# What the shell's tests share; sourced, not run: a line for each check. `work` names a folder of
# the test's own, `logs` the files to show if a check fails, `about` the prefix of every name.
# shellcheck shell=bash
: "${work:?is a folder of the test}"
passed=0 failed=0
logs=() about=
check() { # name, then a command that succeeds where it is so
    if "${@:2}" >"$work/check.out" 2>&1; then
        echo "ok $about$1"
        passed=$((passed + 1))
    else
        echo "not ok $about$1"
        # A log that is not there yet is no failure of its own; Debian's ONNX Runtime registers its
        # operators twice and says so a thousand times.
        { sed -e '/^Schema error/d' -e '/^$/d' -e 's/^/# /' "$work/check.out" "${logs[@]}" 2>/dev/null || true; } | tail -n 40
        failed=$((failed + 1))
        # What comes after often fails, too; the whole must not take hours to say so.
        if [ "${PATIENCE:-0}" -gt 30 ]; then PATIENCE=30; fi
    fi
}
