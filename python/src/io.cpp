// Files of arrays: the C++ readers and writers. What a file argument may be and which format it
// has is settled in tandem/core/files.py.
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>

#include "array/objects.h"
#include "bindings.h"
#include "gil.h"

namespace tandem::python {
namespace {

using Metadata = std::map<std::string, std::string>;

std::span<const std::byte> span_of(const nb::bytes& bytes) {
  return {static_cast<const std::byte*>(bytes.data()), bytes.size()};
}

nb::bytes to_bytes(const std::vector<std::byte>& bytes) {
  return nb::bytes(bytes.data(), bytes.size());
}

// Runs without the GIL: files are slow, and arrays may have to be computed first.
template <class F>
auto released(F&& f) {
  const GilReleased guard;
  return f();
}

NamedArrays named(const nb::dict& arrays) {
  NamedArrays result;
  for (const auto& [name, value] : arrays) {
    TANDEM_USER(PyUnicode_Check(name.ptr()) && is_array(value.ptr()), ArgumentError, "save",
                "expected a dict of names and arrays");
    result.emplace(nb::cast<std::string>(name), array_of(value.ptr()));
  }
  return result;
}

nb::dict to_dict(NamedArrays arrays) {
  nb::dict result;
  for (auto& [name, value] : arrays) {
    result[name.c_str()] = nb::steal(wrap(std::move(value)));
  }
  return result;
}

nb::tuple to_tuple(Safetensors file) {
  return nb::make_tuple(to_dict(std::move(file.arrays)), nb::cast(file.metadata));
}

}  // namespace

void bind_io(nb::module_& parent) {
  nb::module_ m = parent.def_submodule("_io", "Readers and writers of files of arrays.");
  m.def("load_npy", [](const std::string& path) {
    return nb::steal(wrap(released([&] { return load_npy(path); })));
  });
  m.def("read_npy", [](const nb::bytes& file, const std::string& name) {
    return nb::steal(wrap(load_npy(span_of(file), name)));
  });
  m.def("load_npz",
        [](const std::string& path) { return to_dict(released([&] { return load_npz(path); })); });
  m.def("read_npz", [](const nb::bytes& file, const std::string& name) {
    return to_dict(load_npz(span_of(file), name));
  });
  m.def("load_safetensors", [](const std::string& path) {
    return to_tuple(released([&] { return load_safetensors(path); }));
  });
  m.def("read_safetensors", [](const nb::bytes& file, const std::string& name) {
    return to_tuple(load_safetensors(span_of(file), name));
  });
  m.def("save_npy",
        [](const std::string& path, const array& a) { released([&] { save_npy(path, a); }); });
  m.def("write_npy",
        [](const array& a) { return to_bytes(released([&] { return npy_bytes(a); })); });
  m.def("save_npz", [](const std::string& path, const nb::dict& arrays, bool compressed) {
    const NamedArrays contents = named(arrays);
    released([&] { save_npz(path, contents, compressed); });
  });
  m.def("write_npz", [](const nb::dict& arrays, bool compressed) {
    const NamedArrays contents = named(arrays);
    return to_bytes(released([&] { return npz_bytes(contents, compressed); }));
  });
  m.def("save_safetensors",
        [](const std::string& path, const nb::dict& arrays, const Metadata& metadata) {
          const NamedArrays contents = named(arrays);
          released([&] { save_safetensors(path, contents, metadata); });
        });
  m.def("write_safetensors", [](const nb::dict& arrays, const Metadata& metadata) {
    const NamedArrays contents = named(arrays);
    return to_bytes(released([&] { return safetensors_bytes(contents, metadata); }));
  });
}

}  // namespace tandem::python
