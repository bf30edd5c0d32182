#!/bin/sh
# Create .venv with the pinned versions of pyproject.toml (direct) and constraints.txt (the rest).
#
# .venv/.ready holds the folder that the environment was made for: its programs name that folder, so that
# those of a copied tree would run the other tree's code. .venv/.unfinished is there while pip works, and
# stays when this is killed. Both, and an environment whose pip does not run, mean starting anew.
set -eu

# Settings of the user's own Python and pip that lead somewhere else.
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_ROOT
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUTF8=1 LC_ALL=C.UTF-8

here=$(pwd -P)
python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null 2>&1; then
    echo "There is no $python here; install Python 3.11, 3.12 or 3.13 (or give PYTHON=...)." >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
    echo "$python is $("$python" --version 2>&1); Python 3.11, 3.12 or 3.13 is needed (PYTHON=...)." >&2
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "$python cannot make virtual environments; on Debian install python3-venv." >&2
    exit 1
fi

again() {
    echo "The environment in .venv $1: making it anew ..."
    rm -rf .venv
}
if [ -e .venv ] || [ -L .venv ]; then
    if [ -e .venv/.unfinished ]; then
        again "was never finished"
    elif ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        again "does not work"
    elif [ -e .venv/.ready ] && [ "$(cat .venv/.ready)" != "$here" ]; then
        again "belongs to another folder"
    fi
fi

mkdir -p .venv
touch .venv/.unfinished
[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "Installing the environment into .venv (a few minutes the first time) ..."
# Warnings about unreachable package folders are the machine's business, errors are ours.
if .venv/bin/python -m pip install --quiet -c constraints.txt -e '.[book,dev]'; then
    # Where the package lies, seen from there: an absolute path is read in the user's encoding, so that
    # no Python would start in a folder named with an accent where that is ASCII.
    for file in .venv/lib/python3*/site-packages/__editable__.landscape-*.pth; do
        echo ../../../../src >"$file"
    done
    printf '%s\n' "$here" >.venv/.ready
    rm .venv/.unfinished
else
    # pip itself said why, and that it could end by itself means that nothing lies there by halves.
    rm .venv/.unfinished
    echo "The environment is not complete; what pip says above is why. The same command tries again." >&2
    exit 1
fi
