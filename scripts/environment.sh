#!/bin/sh
# Create .venv with the pinned versions of pyproject.toml (direct) and constraints.txt (the rest).
set -eu

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

[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "Installing the environment into .venv (a few minutes the first time) ..."
# Warnings about unreachable package folders are the machine's business, errors are ours.
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    -c constraints.txt -e '.[book,dev]'
touch .venv/.ready
