# Functions of ./dev that judge or rewrite sources without running the product.

cpp_sources() {
  find tandem python tools tests benchmarks examples -type f \
    \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' \) | LC_ALL=C sort
}
python_sources() { find scripts python tests benchmarks examples tools -name '*.py' 2>/dev/null; }

# step NAME COMMAND...: runs it, prints its output only when it fails, and remembers that.
failed_steps=()
step() {
  local name=$1 log=build/check.log start=$SECONDS
  shift
  mkdir -p build
  if "$@" >$log 2>&1 </dev/null; then
    printf '  ok      %-28s %3d s\n' "$name" $((SECONDS - start))
  else
    printf '  FAILED  %-28s %3d s\n' "$name" $((SECONDS - start))
    tail -n 60 $log | sed 's/^/      /'
    failed_steps+=("$name")
  fi
}

cpp_format() { cpp_sources | xargs -n 20 -P "$jobs" .venv/bin/clang-format --dry-run -Werror; }

header_check() {
  configure dev
  ninja -C build/dev -j "$jobs" tandem_headers
}

op_pages() {
  install_wheel
  .venv/bin/python scripts/op_pages.py --check
}

document_examples() {
  install_wheel
  TANDEM_VERIFY=on .venv/bin/python -m pytest -q tests/python/test_docs.py
}

check() {
  system_packages
  environment check test
  configure dev
  say "check"
  local python=.venv/bin/python
  step "format of C++" cpp_format
  step "format of Python" .venv/bin/ruff format --check -q .
  step "lint of Python" .venv/bin/ruff check -q .
  step "layers" $python scripts/check_layers.py
  step "shape of files" $python scripts/check_files.py
  step "generated documents" $python scripts/generate.py --check
  step "headers alone" header_check
  step "lint of C++" $python scripts/tidy.py --jobs "$jobs"
  step "pages of functions" op_pages
  step "examples of documents" document_examples
  [ ${#failed_steps[@]} = 0 ] || fail "check failed: ${failed_steps[*]}"
  say "all checks passed"
}

format() {
  system_packages
  environment check
  cpp_sources | xargs .venv/bin/clang-format -i
  .venv/bin/ruff format -q .
  .venv/bin/ruff check -q --fix .
}

generate() {
  system_packages
  environment
  .venv/bin/python scripts/generate.py
  install_wheel
  .venv/bin/python scripts/op_pages.py
}
