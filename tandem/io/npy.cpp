#include "tandem/io/npy.h"

#include <algorithm>
#include <cstring>

#include "tandem/base/check.h"
#include "tandem/io/file.h"
#include "tandem/io/npy_header.h"
#include "tandem/memory/file_map.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

using io::NpyHeader;

// The bytes of the elements; raises IoError when the file does not have them.
size_t data_bytes(const NpyHeader& header, size_t file_size, const std::string& name) {
  const auto count = static_cast<size_t>(element_count(header.shape, "load"));
  TANDEM_USER(count <= (file_size - header.data) / size_of(header.dtype), IoError, "load",
              "{} is cut: got {} bytes of elements, expected {} of {} bytes", name,
              file_size - header.data, count, size_of(header.dtype));
  return count * size_of(header.dtype);
}

// Column-major elements are the transpose of a row-major array.
Shape stored_shape(const NpyHeader& header) {
  Shape shape = header.shape;
  if (header.column_major) std::reverse(shape.begin(), shape.end());
  return shape;
}

array in_order(const array& stored, const NpyHeader& header) {
  return header.column_major && stored.ndim() > 1 ? transpose(stored) : stored;
}

std::vector<std::byte> native(std::span<const std::byte> data, const NpyHeader& header) {
  std::vector<std::byte> result(data.begin(), data.end());
  const size_t part = is_complex(header.dtype) ? 4 : size_of(header.dtype);
  for (size_t i = 0; i + part <= result.size(); i += part) {
    std::reverse(result.begin() + static_cast<std::ptrdiff_t>(i),
                 result.begin() + static_cast<std::ptrdiff_t>(i + part));
  }
  return result;
}

}  // namespace

array load_npy(std::span<const std::byte> file, const std::string& name) {
  const NpyHeader header = io::parse_npy_header(file, name);
  const auto data = file.subspan(header.data, data_bytes(header, file.size(), name));
  const Shape shape = stored_shape(header);
  if (!header.swapped) return in_order(array::from_bytes(data.data(), shape, header.dtype), header);
  return in_order(array::from_bytes(native(data, header).data(), shape, header.dtype), header);
}

array load_npy(const std::string& path) {
  const auto file = memory::FileMap::open(path);
  const std::span<const std::byte> bytes(file->data(), file->size());
  const NpyHeader header = io::parse_npy_header(bytes, path);
  data_bytes(header, bytes.size(), path);
  if (header.swapped || header.data % size_of(header.dtype) != 0) return load_npy(bytes, path);
  return in_order(array::from_file(file, header.data, stored_shape(header), header.dtype), header);
}

std::vector<std::byte> npy_bytes(const array& a) {
  const array dense = contiguous(a);
  const auto* data = static_cast<const std::byte*>(dense.data());
  const std::string header = io::npy_header(a.dtype(), a.shape());
  std::vector<std::byte> result(header.size() + dense.nbytes());
  std::memcpy(result.data(), header.data(), header.size());
  if (dense.nbytes() > 0) std::memcpy(result.data() + header.size(), data, dense.nbytes());
  return result;
}

void save_npy(const std::string& path, const array& a) {
  const array dense = contiguous(a);
  const auto* data = static_cast<const std::byte*>(dense.data());
  io::write_file(path, [&](const io::Sink& sink) {
    const std::string header = io::npy_header(a.dtype(), a.shape());
    sink(std::as_bytes(std::span(header)));
    sink({data, dense.nbytes()});
  });
}

}  // namespace tandem
