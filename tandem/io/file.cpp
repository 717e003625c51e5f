#include "tandem/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tandem/base/check.h"

namespace tandem::io {
namespace {

// A new file that disappears unless it is kept.
class NewFile {
 public:
  explicit NewFile(const std::string& path) : path_(path), name_(path + ".XXXXXX") {
    file_ = mkstemp(name_.data());
    if (file_ < 0) fail("cannot be written");
    // As open would have made it: mkstemp lets only the owner in.
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(file_, 0666 & ~mask);
  }
  ~NewFile() {
    if (file_ >= 0) close(file_);
    if (!name_.empty()) unlink(name_.c_str());
  }
  NewFile(const NewFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("cannot be written");
      bytes = bytes.subspan(static_cast<size_t>(written));
    }
  }

  void keep() {
    const int file = std::exchange(file_, -1);
    if (close(file) != 0) fail("cannot be written");
    if (rename(name_.c_str(), path_.c_str()) != 0) fail("cannot be replaced");
    name_.clear();
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    const int reason = errno;
    raise<IoError>("save", "{} {}: {}", path_, what, std::strerror(reason));
  }

  const std::string& path_;
  std::string name_;
  int file_ = -1;
};

}  // namespace

void write_file(const std::string& path, const std::function<void(const Sink&)>& write) {
  NewFile file(path);
  write([&](std::span<const std::byte> bytes) { file.write(bytes); });
  file.keep();
}

}  // namespace tandem::io
