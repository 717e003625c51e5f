// FileMap: a file as read-only memory. Pages come from the file when they are first read. Threads
// may share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace tandem::memory {

class FileMap {
 public:
  // Raises IoError when there is no such file, it cannot be read or it is not a regular file.
  static std::shared_ptr<const FileMap> open(const std::string& path);
  ~FileMap();
  FileMap(const FileMap&) = delete;

  const std::string& path() const { return path_; }
  size_t size() const { return size_; }
  const std::byte* data() const { return data_; }  // null for an empty file

  // Raises IoError when [offset, offset + bytes) is not inside of the file as it was opened, or the
  // file has become shorter since: reading what it lost would end the process.
  void check(size_t offset, size_t bytes) const;

 private:
  FileMap(std::string path, int file);

  std::string path_;
  int file_;
  size_t size_ = 0;
  const std::byte* data_ = nullptr;
};

}  // namespace tandem::memory
