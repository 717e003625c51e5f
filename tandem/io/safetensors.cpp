#include "tandem/io/safetensors.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "tandem/base/check.h"
#include "tandem/io/file.h"
#include "tandem/memory/file_map.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, kDtypeCount> kNames = {"BOOL", "U8",  "U16", "U32", "U64",
                                                              "I8",   "I16", "I32", "I64", "F16",
                                                              "BF16", "F32", "F64", "C64"};
constexpr size_t kMostHeader = 100'000'000;
constexpr const char* kMetadata = "__metadata__";

[[noreturn]] void fail(const std::string& name, std::string_view what) {
  raise<IoError>("load", "{} is no safetensors file that can be read: {}", name, what);
}

struct Entry {
  Dtype dtype;
  Shape shape;
  size_t offset;  // in the file
};

Entry entry_of(const Json& json, size_t data, size_t file_size, const std::string& name) {
  if (!json.is_object() || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets")) {
    fail(name, "an array without dtype, shape and data_offsets");
  }
  const Json &dtype = json["dtype"], &shape = json["shape"], &offsets = json["data_offsets"];
  if (!dtype.is_string() || !shape.is_array() || !offsets.is_array() || offsets.size() != 2) {
    fail(name, "an array with a malformed dtype, shape or data_offsets");
  }
  const auto known = std::find(kNames.begin(), kNames.end(), dtype.get_ref<const std::string&>());
  if (known == kNames.end()) {
    fail(name, fmt::format("elements that no array has: {}", dtype.get_ref<const std::string&>()));
  }
  Entry entry{static_cast<Dtype>(known - kNames.begin()), {}, 0};
  for (const Json& extent : shape) {
    if (!extent.is_number_unsigned() || extent.get<uint64_t>() >> 62 != 0 ||
        entry.shape.size() == 64) {
      fail(name, "a malformed shape");
    }
    entry.shape.push_back(extent.get<int64_t>());
  }
  if (!offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned()) {
    fail(name, "malformed data_offsets");
  }
  const auto begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
  int64_t count = 0;
  try {
    count = element_count(entry.shape, "load");
  } catch (const ShapeError& error) {
    fail(name, error.what());
  }
  if (begin > end || end > file_size - data ||
      end - begin != static_cast<uint64_t>(count) * size_of(entry.dtype)) {
    fail(name,
         fmt::format("data_offsets [{}, {}] that do not fit shape {} of {} in a file of {} bytes",
                     begin, end, to_string(entry.shape), name_of(entry.dtype), file_size));
  }
  entry.offset = data + begin;
  return entry;
}

struct Contents {
  std::map<std::string, Entry> entries;
  std::map<std::string, std::string> metadata;
};

Contents parse(std::span<const std::byte> file, const std::string& name) {
  if (file.size() < 8) fail(name, "it is shorter than its header");
  uint64_t length = 0;
  for (size_t i = 0; i < 8; ++i) length |= std::to_integer<uint64_t>(file[i]) << (8 * i);
  if (length > kMostHeader || length > file.size() - 8)
    fail(name, "its header is longer than the file");
  const auto* text = reinterpret_cast<const char*>(file.data() + 8);
  const Json header = Json::parse(text, text + length, nullptr, false);
  if (!header.is_object()) fail(name, "its header is no JSON object");
  Contents contents;
  for (const auto& [key, value] : header.items()) {
    if (key != kMetadata) {
      contents.entries.emplace(key, entry_of(value, 8 + length, file.size(), name));
      continue;
    }
    if (!value.is_object()) fail(name, "malformed metadata");
    for (const auto& [word, text_value] : value.items()) {
      if (!text_value.is_string()) fail(name, "metadata that is no text");
      contents.metadata[word] = text_value.get<std::string>();
    }
  }
  return contents;
}

}  // namespace

Safetensors load_safetensors(std::span<const std::byte> file, const std::string& name) {
  Contents contents = parse(file, name);
  Safetensors result{{}, std::move(contents.metadata)};
  for (const auto& [key, entry] : contents.entries) {
    result.arrays.emplace(key,
                          array::from_bytes(file.data() + entry.offset, entry.shape, entry.dtype));
  }
  return result;
}

Safetensors load_safetensors(const std::string& path) {
  const auto file = memory::FileMap::open(path);
  const std::span<const std::byte> bytes(file->data(), file->size());
  Contents contents = parse(bytes, path);
  Safetensors result{{}, std::move(contents.metadata)};
  for (const auto& [key, entry] : contents.entries) {
    const bool aligned = entry.offset % size_of(entry.dtype) == 0;
    result.arrays.emplace(
        key, aligned ? array::from_file(file, entry.offset, entry.shape, entry.dtype)
                     : array::from_bytes(bytes.data() + entry.offset, entry.shape, entry.dtype));
  }
  return result;
}

namespace {

void write_safetensors(const io::Sink& sink, const NamedArrays& arrays,
                       const std::map<std::string, std::string>& metadata) {
  // Wide elements first, so that every array is aligned to its elements.
  std::vector<std::pair<std::string, array>> ordered;
  for (const auto& [name, a] : arrays) {
    TANDEM_USER(name != kMetadata, ArgumentError, "save_safetensors",
                "an array may not be called {}", kMetadata);
    ordered.emplace_back(name, contiguous(a));
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.second.itemsize() > b.second.itemsize();
  });
  Json header = Json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  size_t offset = 0;
  for (const auto& [name, a] : ordered) {
    header[name] = {{"dtype", kNames[static_cast<size_t>(a.dtype())]},
                    {"shape", std::vector<int64_t>(a.shape().begin(), a.shape().end())},
                    {"data_offsets", {offset, offset + a.nbytes()}}};
    offset += a.nbytes();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::array<std::byte, 8> length;
  for (size_t i = 0; i < 8; ++i) length[i] = static_cast<std::byte>(text.size() >> (8 * i) & 0xff);
  sink(length);
  sink(std::as_bytes(std::span(text)));
  for (const auto& [name, a] : ordered) {
    sink({static_cast<const std::byte*>(a.data()), a.nbytes()});
  }
}

}  // namespace

std::vector<std::byte> safetensors_bytes(const NamedArrays& arrays,
                                         const std::map<std::string, std::string>& metadata) {
  std::vector<std::byte> result;
  write_safetensors(
      [&](std::span<const std::byte> bytes) {
        result.insert(result.end(), bytes.begin(), bytes.end());
      },
      arrays, metadata);
  return result;
}

void save_safetensors(const std::string& path, const NamedArrays& arrays,
                      const std::map<std::string, std::string>& metadata) {
  io::write_file(path, [&](const io::Sink& sink) { write_safetensors(sink, arrays, metadata); });
}

}  // namespace tandem
