# Functions of ./dev that make things ready: system packages, environments, builds, wheels.
# Each is quick when nothing has changed: it compares a key of its inputs with the one it left.

# Some places run without a home, which ccache and pip want.
if [ -z "${HOME:-}" ] || [ ! -d "$HOME" ]; then
  export HOME=$PWD/build/home
  mkdir -p "$HOME"
fi
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1
export HWLOC_HIDE_ERRORS=2
unset PYTHONPATH PYTHONHOME

mkdir -p build
jobs=$(nproc)
default_python=/usr/bin/python3 # the distribution's, whatever comes first on PATH
[ -x "$default_python" ] || default_python=python3

say() { printf '\n==> %s\n' "$*"; }
fail() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# key FILE...: one hash for the contents and names of files and of all files below folders.
key() {
  find "$@" -type f ! -name '*.pyc' -print0 2>/dev/null | LC_ALL=C sort -z | xargs -0r sha256sum |
    sha256sum | cut -d' ' -f1
}
is_current() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
mark_current() { mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1"; }

# --- system packages: scripts/packages.txt has "package what-shows-that-it-is-there" ---

is_debian_12() { (. /etc/os-release && [ "$ID" = debian ] && [ "$VERSION_ID" = 12 ]) 2>/dev/null; }

has_package() { # name probe
  if is_debian_12; then
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
    return
  fi
  case $2 in
    command:*) command -v "${2#command:}" >/dev/null ;;
    header:*) printf '#include <%s>\n' "${2#header:}" | c++ -std=c++20 -E -x c++ - >/dev/null 2>&1 ;;
    module:*) python3 -c "import ${2#module:}" 2>/dev/null ;;
  esac
}

missing_packages() {
  local name probe
  grep -v '^#' scripts/packages.txt | while read -r name probe; do
    has_package "$name" "$probe" || printf '%s ' "$name"
  done
}

system_packages() {
  local table_key
  table_key="$(key scripts/packages.txt) $(key /var/lib/dpkg/status)"
  is_current build/stamps/packages "$table_key" && return
  local missing sudo=()
  missing=$(missing_packages)
  if [ -n "$missing" ]; then
    is_debian_12 || fail "these are missing (named as in Debian 12); install them and run again: $missing"
    if [ "$(id -u)" != 0 ]; then
      command -v sudo >/dev/null || fail "these Debian packages are missing, and there is neither root nor sudo to install them: $missing"
      sudo=(sudo)
    fi
    say "installing system packages: $missing"
    "${sudo[@]}" apt-get update -qq </dev/null
    # shellcheck disable=SC2086  # a list of words
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      $missing </dev/null >build/packages.log 2>&1 || {
      tail -20 build/packages.log >&2
      fail "apt-get could not install: $missing"
    }
    rm -f build/packages.log
    missing=$(missing_packages)
    [ -z "$missing" ] || fail "still missing after apt-get: $missing"
  fi
  mark_current build/stamps/packages "$(key scripts/packages.txt) $(key /var/lib/dpkg/status)"
}

# --- Python environments: scripts/requirements/*.txt, pinned ---

# environment SET...: .venv with these requirement sets.
environment() {
  local name version
  version=$("$default_python" -c 'import sys; print(sys.executable, sys.version)')
  if ! is_current .venv/stamps/python "$version"; then
    say "making .venv"
    rm -rf .venv
    "$default_python" -m venv .venv
    mark_current .venv/stamps/python "$version"
  fi
  for name in "$@"; do
    local wanted
    wanted=$(key "scripts/requirements/$name.txt")
    is_current ".venv/stamps/$name" "$wanted" && continue
    say "installing the Python packages for $name"
    .venv/bin/python -m pip install -q -r "scripts/requirements/$name.txt" </dev/null
    mark_current ".venv/stamps/$name" "$wanted"
  done
}

# The peer that results are compared with, in a folder of its own: the tests run without it.
peer_folder() {
  local wanted
  wanted=$(key scripts/requirements/peer.txt)
  is_current build/peer/stamp "$wanted" && return
  rm -rf build/peer
  .venv/bin/python -m pip install -q --target build/peer -r scripts/requirements/peer.txt \
    </dev/null || return
  mark_current build/peer/stamp "$wanted"
}

peers_environment() {
  local wanted
  wanted="$(key scripts/requirements/peers.txt) $(cat .venv/stamps/wheel)"
  is_current .venv-peers/stamps/peers "$wanted" && return
  say "making .venv-peers"
  [ -x .venv-peers/bin/python ] || "$default_python" -m venv .venv-peers
  .venv-peers/bin/python -m pip install -q -r scripts/requirements/peers.txt </dev/null
  .venv-peers/bin/python -m pip install -q --no-deps --force-reinstall build/wheel/*.whl </dev/null
  mark_current .venv-peers/stamps/peers "$wanted"
}

# --- builds ---

# configure PRESET: only when there is nothing yet or the presets changed; ninja does the rest.
configure() {
  local wanted
  wanted=$(key CMakePresets.json)
  if [ -f "build/$1/build.ninja" ] && is_current "build/$1/presets" "$wanted"; then return; fi
  cmake --preset "$1" >"build/configure-$1.log" 2>&1 || {
    cat "build/configure-$1.log" >&2
    fail "cmake --preset $1 failed"
  }
  rm -f "build/configure-$1.log"
  mark_current "build/$1/presets" "$wanted"
}

build() { # preset target...
  local preset=$1
  shift
  configure "$preset"
  say "building $preset"
  NINJA_STATUS='[%f/%t] ' ninja -C "build/$preset" -j "$jobs" "$@" </dev/null
}

ctest_of() {
  say "ctest, preset $1"
  ctest --preset "$1" -j "$jobs" --no-tests=error </dev/null
}

# --- the wheel ---

wheel_inputs() { key tandem python examples benchmarks cmake CMakeLists.txt pyproject.toml README.md LICENSE scripts/requirements/build.txt; }

# Named as in the other builds: ccache tells compilers apart by name.
compiler=/usr/bin/c++

build_wheel() { # python folder [setting=value...]
  local python=$1 folder=$2
  shift 2
  set -- "cmake.define.CMAKE_CXX_COMPILER=$compiler" cmake.define.TANDEM_WERROR=ON "$@"
  rm -rf "$folder"
  "$python" -m pip wheel . -q --no-deps --no-build-isolation -w "$folder" \
    "${@/#/--config-settings=}" </dev/null
}

# Builds the wheel with the interpreter of .venv and installs it there, when an input changed.
install_wheel() {
  environment build test
  local wanted
  wanted=$(wheel_inputs)
  is_current .venv/stamps/wheel "$wanted" && return
  say "building the wheel"
  build_wheel .venv/bin/python build/wheel build-dir=build/wheel-cmake
  .venv/bin/python -m pip install -q --no-deps --force-reinstall build/wheel/*.whl </dev/null
  mark_current .venv/stamps/wheel "$wanted"
}

# A wheel that carries its libraries, for any machine with the same or a newer glibc.
portable_wheel() {
  local tag folder
  tag=$("$1" -c 'import sys; print("cp%d%d" % sys.version_info[:2])') || fail "wheel: $1 is no Python"
  folder=$PWD/build/portable-$tag
  mkdir -p "$folder"
  [ -x "$folder/venv/bin/python" ] || "$1" -m venv "$folder/venv"
  "$folder/venv/bin/python" -m pip install -q -r scripts/requirements/build.txt \
    -r scripts/requirements/wheel.txt </dev/null
  say "building the portable wheel for $tag"
  PATH=$folder/venv/bin:$PATH build_wheel "$folder/venv/bin/python" "$folder/plain" \
    build-dir="$folder/cmake"
  PATH=$folder/venv/bin:$PATH auditwheel -v repair --plat auto -w dist "$folder"/plain/*.whl \
    >"$folder/repair.log" 2>&1 || {
    tail -20 "$folder/repair.log" >&2
    fail "auditwheel failed"
  }
  ls -l dist/*"$tag"*
}

# The Python tests on a module built with the address sanitizer, in an environment of its own. The
# interpreter itself is not instrumented: the run time is preloaded, its leaks are not ours.
asan_python=$PWD/build/asan-venv/bin/python

prepare_asan_module() {
  local python=$asan_python wanted
  wanted="$(wheel_inputs) $(key scripts/requirements/build.txt scripts/requirements/test.txt)"
  if ! is_current build/asan-venv/stamp "$wanted"; then
    [ -x "$python" ] || "$default_python" -m venv build/asan-venv
    "$python" -m pip install -q -r scripts/requirements/build.txt -r scripts/requirements/test.txt </dev/null
    say "building the module with the address sanitizer"
    build_wheel "$python" build/asan-wheel build-dir=build/asan-cmake install.strip=false \
      cmake.build-type=RelWithDebInfo cmake.define.TANDEM_SANITIZE=address
    "$python" -m pip install -q --no-deps --force-reinstall build/asan-wheel/*.whl </dev/null
    mark_current build/asan-venv/stamp "$wanted"
  fi
}

asan_pytest() {
  say "pytest under the address sanitizer"
  LD_PRELOAD="$(c++ -print-file-name=libasan.so) $(c++ -print-file-name=libstdc++.so)" \
    ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc TANDEM_VERIFY=on \
    "$asan_python" -m pytest "$@" </dev/null
}
