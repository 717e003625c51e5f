#!/usr/bin/env bash
# chroot_test.sh [VERB [ARGS]]: runs ./dev VERB (default: test) on the committed tree in a bare Debian 12, as
# a newcomer would; `chroot_test.sh ci` runs .ci/run there. Needs root and debootstrap. The root is made in a
# temporary folder and removed afterwards; KEEP=1 keeps it and prints where it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ "$(id -u)" = 0 ] || { echo "chroot_test.sh: needs root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "chroot_test.sh: needs debootstrap" >&2; exit 1; }

root=$(mktemp -d "${TMPDIR:-/tmp}/tandem-chroot.XXXXXX")
mounted=()
cleanup() {
  local point
  for point in "${mounted[@]}"; do umount -R -l "$point"; done
  if [ -n "${KEEP:-}" ]; then echo "kept: $root"; else rm -rf --one-file-system "$root"; fi
}
trap cleanup EXIT

echo "==> a bare Debian 12 in $root"
debootstrap --variant=minbase bookworm "$root" "${MIRROR:-http://deb.debian.org/debian}" >"$root.log" 2>&1 ||
  { tail -20 "$root.log" >&2; exit 1; }
rm -f "$root.log"

for kind in proc sys dev; do
  mkdir -p "$root/$kind"
  if mount --rbind "/$kind" "$root/$kind" 2>/dev/null; then
    mount --make-rslave "$root/$kind" 2>/dev/null || true
    mounted=("$root/$kind" "${mounted[@]}")
  fi
done
cp -L /etc/resolv.conf "$root/etc/resolv.conf"

# Certificates that this machine trusts, under a name of their own; the environment points there.
settings=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 CI="${CI:-}")
bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
if [ -r "$bundle" ]; then
  cp -L "$bundle" "$root/opt/certificates.pem"
  settings+=(SSL_CERT_FILE=/opt/certificates.pem PIP_CERT=/opt/certificates.pem REQUESTS_CA_BUNDLE=/opt/certificates.pem)
fi
while IFS= read -r name; do
  case $name in PIP_CERT | PIP_FIND_LINKS) ;; *) settings+=("$name=${!name}") ;; esac
done < <(compgen -e | grep -E '^(PIP_[A-Z_]+|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$' || true)
git clone -q --no-hardlinks . "$root/tandem"
if [ "${1:-test}" = ci ]; then command=(.ci/run); else command=(./dev "${@:-test}"); fi
echo "==> ${command[*]}"
chroot "$root" env -i "${settings[@]}" bash -c 'cd /tandem && exec "$@"' _ "${command[@]}" </dev/null
if [ "${command[0]}" = ./dev ]; then
  echo "==> ${command[*]}, again"
  chroot "$root" env -i "${settings[@]}" bash -c 'cd /tandem && time "$@"' _ "${command[@]}" </dev/null
fi
