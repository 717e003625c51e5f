#include "tandem/memory/file_map.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tandem/base/check.h"

namespace tandem::memory {

std::shared_ptr<const FileMap> FileMap::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    raise<IoError>("file", "cannot open '{}': {}", path, std::strerror(errno));
  }
  return std::shared_ptr<const FileMap>(new FileMap(path, file));
}

FileMap::FileMap(std::string path, int file) : path_(std::move(path)), file_(file) {
  struct stat status{};
  const auto fail = [&](const char* what) {
    const int error = errno;
    ::close(file_);
    raise<IoError>("file", "cannot {} '{}': {}", what, path_, std::strerror(error));
  };
  if (::fstat(file_, &status) != 0) fail("look at");
  if (!S_ISREG(status.st_mode)) {
    ::close(file_);
    raise<IoError>("file", "'{}' is no regular file", path_);
  }
  size_ = static_cast<size_t>(status.st_size);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_, 0);
  if (mapped == MAP_FAILED) fail("map");
  data_ = static_cast<const std::byte*>(mapped);
}

FileMap::~FileMap() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
  ::close(file_);
}

void FileMap::check(size_t offset, size_t bytes) const {
  struct stat status{};
  const bool known = ::fstat(file_, &status) == 0;
  const size_t now = known ? static_cast<size_t>(status.st_size) : size_;
  const size_t end = now < size_ ? now : size_;
  if (offset <= end && bytes <= end - offset) return;
  raise<IoError>("file", "'{}' is too short: got {} bytes, expected at least {}", path_, end,
                 offset + bytes);
}

}  // namespace tandem::memory
