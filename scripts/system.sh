#!/bin/sh
# Check for system packages, installing them where this user may: system.sh npm chromium
set -eu

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

install_debian() {
    echo "Installing Debian's $* ..."
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1
}

for name in "$@"; do
    case $name in
    npm)
        command -v npm >/dev/null 2>&1 && continue
        may_install && install_debian nodejs npm && continue
        # Not fatal: npm is one of several sources of the data sets.
        echo "npm is missing: data sets can then only come from a mirror or from torchvision's" \
             "addresses; install nodejs and npm if the fetch fails." >&2
        ;;
    chromium)
        for browser in chromium chromium-browser google-chrome; do
            command -v "$browser" >/dev/null 2>&1 && continue 2
        done
        may_install && install_debian chromium && continue
        echo "chromium is missing and the browser test needs it; install Debian's chromium." >&2
        exit 1
        ;;
    esac
done
