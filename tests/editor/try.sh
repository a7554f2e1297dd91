#!/usr/bin/env bash
# Installs the extension into the VS Code of setup.sh and drives it: try.sh FOLDER CNNC.
set -euo pipefail
folder=$(cd "${1:?the folder of setup.sh}" && pwd)
cnnc=$(realpath "${2:?the program cnnc}")
here=$(cd "$(dirname "$0")" && pwd)
extension=$here/../../editors/vscode

(cd "$extension" && npm ci --no-audit --no-fund && npm run package)
code=(node "$folder/node_modules/code-server/out/node/entry.js" --auth none --bind-addr 127.0.0.1:8088
    --user-data-dir "$folder/user" --extensions-dir "$folder/extensions" --disable-workspace-trust
    --disable-telemetry --disable-update-check)
"${code[@]}" --install-extension "$extension/cnn-language.vsix" --force

mkdir -p "$folder/files" "$folder/pictures" "$folder/user/User"
cp "$here/net.cnn" "$here/blocks.cnn" "$folder/files/"
cp "$here/../fixtures/pictures/ramp16.png" "$folder/files/ramp.png"
cat > "$folder/user/User/settings.json" <<SETTINGS
{
    "cnnc.path": "$cnnc",
    "workbench.startupEditor": "none",
    "workbench.colorTheme": "Default Light Modern",
    "window.commandCenter": false,
    "editor.minimap.enabled": false,
    "terminal.integrated.gpuAcceleration": "off",
    "editor.fontSize": 15,
    "[cnn]": { "editor.formatOnSave": true }
}
SETTINGS
"${code[@]}" "$folder/files" > "$folder/server.log" 2>&1 &
server=$!
trap 'kill "$server"' EXIT
NODE_PATH=$folder/node_modules node "$here/drive.js" "$folder/files" "$folder/pictures"
