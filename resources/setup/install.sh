#!/bin/sh
# Usage: install.sh FOLDER [EXTRAS]. Makes FOLDER/.venv and installs PercHead into it.
set -eu
here=$1
extras=${2:-}
say() { printf 'PercHead set-up: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

find_python() {
    for name in python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13)))' 2>/dev/null
        then
            command -v "$name"
            return
        fi
    done
}

# A local folder of wheels that pip knows, uv should know too.
export UV_FIND_LINKS="${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}"

say "making the environment in $here/.venv (only the first time, a few minutes)"
if command -v uv >/dev/null 2>&1; then
    [ -x "$here/.venv/bin/python" ] || uv venv --quiet --python '>=3.11,<3.14' "$here/.venv" ||
        fail "uv could not make a Python environment; install Python 3.11 to 3.13 and try again."
    install() { uv pip install --compile-bytecode --python "$here/.venv/bin/python" "$@"; }
else
    python=$(find_python)
    [ -n "$python" ] || fail "Python 3.11 to 3.13 is needed: install it from python.org and try again."
    [ -x "$here/.venv/bin/python" ] || "$python" -m venv "$here/.venv" ||
        fail "$python cannot make environments; install its venv package (Debian: python3-venv)."
    install() { "$here/.venv/bin/python" -m pip install --progress-bar on "$@"; }
fi

# On Linux the default build of torch brings gigabytes of CUDA: without an NVIDIA card take the
# CPU build, where its index can be reached.
if [ "$(uname -s)" = Linux ] && [ -z "$UV_FIND_LINKS" ] && ! command -v nvidia-smi >/dev/null 2>&1; then
    say "no NVIDIA card: taking the CPU build of torch"
    install -c "$here/constraints.txt" torch --index-url https://download.pytorch.org/whl/cpu ||
        say "the CPU build cannot be reached; going on with the default one"
fi
say "installing the libraries (about 1 GB)"
install -c "$here/constraints.txt" -e "$here$extras" ||
    fail "the libraries could not be installed: check the network and the disk, then run this again."

say "compiling the renderer for this computer (about half a minute)"
PYTHONPATH="$here" "$here/.venv/bin/python" -m desktop setup ||
    fail "the renderer could not be compiled; run './run doctor' to see why."
say "done"
