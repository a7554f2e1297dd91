#!/usr/bin/env bash
# Puts a VS Code that runs in a browser into a folder. Needs root (Debian packages), node 20 and npm.
set -euo pipefail
folder=$(mkdir -p "${1:?a folder}" && cd "$1" && pwd)
export npm_config_yes=true
quiet="--no-audit --no-fund --ignore-scripts"

apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium ripgrep build-essential python3 pkg-config \
    libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev

cd "$folder"
test -f package.json || npm init -y > /dev/null
# 4.100 is the last one for node 20. Scripts of packages are not run: they fetch binaries from elsewhere.
# shellcheck disable=SC2086
npm install $quiet code-server@4.100.3 playwright-core
vscode=$folder/node_modules/code-server/lib/vscode
# shellcheck disable=SC2086
(cd "$vscode" && npm install $quiet --omit=dev --legacy-peer-deps)
# shellcheck disable=SC2086
(cd "$vscode/extensions" && npm install $quiet --omit=dev --legacy-peer-deps)

# Native parts are compiled here instead; some only complain at the end of a script that is of no use here.
(cd node_modules/argon2 && npx node-pre-gyp install --build-from-source)
for part in @parcel/watcher @vscode/deviceid @vscode/spdlog kerberos native-watchdog node-pty; do
    if [ -d "$vscode/node_modules/$part" ]; then
        (cd "$vscode" && npm rebuild "$part") || echo "$part: its script failed" >&2
    fi
done
mkdir -p "$vscode/node_modules/@vscode/ripgrep/bin"
cp "$(command -v rg)" "$vscode/node_modules/@vscode/ripgrep/bin/rg"
