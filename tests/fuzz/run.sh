#!/usr/bin/env bash
# Fuzzes a target for some seconds, 600 if none are named: tests/fuzz/run.sh TARGET [SECONDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
target=$1
seconds=${2:-600}

toolchain=+nightly
if ! cargo +nightly --version >/dev/null 2>&1; then
    # A stable compiler with the flags of a nightly one.
    toolchain=
    export RUSTC_BOOTSTRAP=1
fi
found=tests/fuzz/corpus/$target
seeds=fixtures/fuzz/$target
[[ $target != exchange ]] || seeds=fixtures/exchange
mkdir -p "$found"
exec cargo ${toolchain:+"$toolchain"} fuzz run --fuzz-dir tests/fuzz "$target" "$found" "$seeds" -- \
    -dict=tests/fuzz/words.dict -max_total_time="$seconds" -max_len=16384 -timeout=10 -malloc_limit_mb=64 -rss_limit_mb=1024
