#!/usr/bin/env bash
# Installs what the tests need and this machine lacks, by the machine's package manager, saying so.
# usage: install.sh compiler|postgresql|node|chromium ...
set -euo pipefail

have_compiler() { command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null; }
have_postgresql() { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || compgen -G '/opt/homebrew/opt/postgresql*/bin/initdb' >/dev/null || compgen -G '/usr/local/opt/postgresql*/bin/initdb' >/dev/null; }
have_node() { command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 20 ]; }
have_chromium() { [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }

manager() {
  for m in apt-get dnf apk pacman brew; do command -v "$m" >/dev/null && { echo "$m"; return; }; done
  echo none
}

# packages NEED: the names of the need's packages under the package manager at hand.
packages() {
  case "$(manager):$1" in
    apt-get:compiler) echo gcc libc6-dev ;; dnf:compiler) echo gcc glibc-devel ;; apk:compiler) echo build-base ;; pacman:compiler) echo gcc ;;
    apt-get:postgresql) echo postgresql ;; dnf:postgresql) echo postgresql-server postgresql-contrib ;; apk:postgresql) echo postgresql15 postgresql15-contrib ;;
    pacman:postgresql) echo postgresql ;; brew:postgresql) echo postgresql@15 ;;
    apt-get:node | dnf:node | apk:node | pacman:node) echo nodejs npm ;; brew:node) echo node@20 ;;
    *:chromium) echo chromium ;;
    *) echo '' ;;
  esac
}

install() {
  local sudo=''
  [ "$(id -u)" = 0 ] || sudo='sudo'
  case "$(manager)" in
    apt-get) $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ;;
    dnf) $sudo dnf install -y -q "$@" ;;
    apk) $sudo apk add -q "$@" ;;
    pacman) $sudo pacman -S --noconfirm --needed "$@" ;;
    brew) brew install "$@" ;;
  esac
}

for need in "$@"; do
  "have_$need" && continue
  names=$(packages "$need")
  if [ -z "$names" ]; then
    echo "make: the tests need $need, and no package manager known here has it; install it by hand" >&2
    exit 1
  fi
  echo "make: the tests need $need, which this machine lacks: installing $names by $(manager)"
  # shellcheck disable=SC2086 # a list of names
  install $names
  "have_$need" || { echo "make: $need is still missing (or too old) after installing $names; install it by hand" >&2; exit 1; }
done
