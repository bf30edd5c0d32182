#!/bin/sh
# DVC works in git repositories unless it is told otherwise: an unpacked archive is none.
set -eu

if [ -e .git ]; then
    if grep -qs no_scm .dvc/config.local; then
        dvc config --quiet --local --unset core.no_scm
    fi
elif ! grep -qs no_scm .dvc/config.local; then
    echo "This folder is no git repository: results made here name no commit and cannot become records." >&2
    dvc config --quiet --local core.no_scm true
fi
