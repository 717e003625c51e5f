#include "tandem/io/npz.h"

#include <zip.h>

#include <memory>

#include "tandem/base/check.h"
#include "tandem/io/file.h"
#include "tandem/io/npy.h"
#include "tandem/memory/file_map.h"

namespace tandem {
namespace {

constexpr std::string_view kSuffix = ".npy";

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Source = std::unique_ptr<zip_source_t, FreeSource>;

std::string text_of(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

array read_member(zip_t* archive, zip_uint64_t index, const std::string& name) {
  zip_stat_t facts;
  TANDEM_USER(zip_stat_index(archive, index, 0, &facts) == 0 && (facts.valid & ZIP_STAT_SIZE),
              IoError, "load", "{} is damaged: {}", name, zip_strerror(archive));
  const std::unique_ptr<zip_file_t, CloseMember> member(zip_fopen_index(archive, index, 0));
  TANDEM_USER(member != nullptr, IoError, "load", "{} is damaged: {}", name, zip_strerror(archive));
  // The size is what the archive says: memory is taken as bytes really come.
  std::vector<std::byte> bytes;
  constexpr size_t kStep = 1 << 20;
  for (;;) {
    const size_t have = bytes.size();
    bytes.resize(have + std::min<size_t>(kStep + have, facts.size - have + 1));
    const zip_int64_t got = zip_fread(member.get(), bytes.data() + have, bytes.size() - have);
    TANDEM_USER(got >= 0, IoError, "load", "{} is damaged: {}", name,
                zip_error_strerror(zip_file_get_error(member.get())));
    bytes.resize(have + static_cast<size_t>(got));
    if (got == 0 || bytes.size() > facts.size) break;
  }
  TANDEM_USER(bytes.size() == facts.size, IoError, "load",
              "{} is damaged: got {} bytes, expected {}", name, bytes.size(), facts.size);
  return load_npy(bytes, name);
}

}  // namespace

NamedArrays load_npz(std::span<const std::byte> file, const std::string& name) {
  zip_error_t error;
  zip_error_init(&error);
  Source source(zip_source_buffer_create(file.data(), file.size(), 0, &error));
  TANDEM_USER(source != nullptr, IoError, "load", "{}: {}", name, text_of(error));
  const Archive archive(zip_open_from_source(source.get(), ZIP_RDONLY | ZIP_CHECKCONS, &error));
  TANDEM_USER(archive != nullptr, IoError, "load", "{} is no npz file: {}", name, text_of(error));
  (void)source.release();  // the archive's
  NamedArrays result;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const char* text = zip_get_name(archive.get(), index, 0);
    TANDEM_USER(text != nullptr, IoError, "load", "{} is damaged: {}", name,
                zip_strerror(archive.get()));
    std::string member = text;
    array value = read_member(archive.get(), index, fmt::format("{} in {}", member, name));
    if (member.ends_with(kSuffix)) member.resize(member.size() - kSuffix.size());
    result.insert_or_assign(std::move(member), std::move(value));
  }
  return result;
}

NamedArrays load_npz(const std::string& path) {
  const auto file = memory::FileMap::open(path);
  return load_npz({file->data(), file->size()}, path);
}

std::vector<std::byte> npz_bytes(const NamedArrays& arrays, bool compressed) {
  zip_error_t error;
  zip_error_init(&error);
  Source source(zip_source_buffer_create(nullptr, 0, 0, &error));
  TANDEM_USER(source != nullptr, IoError, "savez", "{}", text_of(error));
  Archive archive(zip_open_from_source(source.get(), ZIP_CREATE | ZIP_TRUNCATE, &error));
  TANDEM_USER(archive != nullptr, IoError, "savez", "{}", text_of(error));
  zip_source_keep(source.get());  // still readable when the archive is closed
  std::vector<std::vector<std::byte>> members;
  for (const auto& [name, a] : arrays) {
    members.push_back(npy_bytes(a));
    zip_source_t* member =
        zip_source_buffer(archive.get(), members.back().data(), members.back().size(), 0);
    const zip_int64_t index = zip_file_add(archive.get(), (name + std::string(kSuffix)).c_str(),
                                           member, ZIP_FL_ENC_UTF_8 | ZIP_FL_OVERWRITE);
    TANDEM_USER(index >= 0, IoError, "savez", "{}", zip_strerror(archive.get()));
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index),
                             compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  TANDEM_USER(zip_close(archive.get()) == 0, IoError, "savez", "{}", zip_strerror(archive.get()));
  (void)archive.release();  // closed
  zip_stat_t facts;
  TANDEM_USER(zip_source_open(source.get()) == 0 && zip_source_stat(source.get(), &facts) == 0,
              IoError, "savez", "the archive cannot be read back");
  std::vector<std::byte> bytes(facts.size);
  const zip_int64_t got = zip_source_read(source.get(), bytes.data(), bytes.size());
  zip_source_close(source.get());
  TANDEM_USER(got == static_cast<zip_int64_t>(bytes.size()), IoError, "savez",
              "the archive cannot be read back");
  return bytes;
}

void save_npz(const std::string& path, const NamedArrays& arrays, bool compressed) {
  const std::vector<std::byte> bytes = npz_bytes(arrays, compressed);
  io::write_file(path, [&](const io::Sink& sink) { sink(bytes); });
}

}  // namespace tandem
