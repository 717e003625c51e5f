// The CUDA driver and NVRTC, opened at run time: nothing of a toolkit is needed to build. Every
// failed call raises std::runtime_error with the call's text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tandem::tools {

// Text of a program to machine code of an architecture such as "sm_90". Thread-safe.
class CudaCompiler {
 public:
  explicit CudaCompiler(const std::string& library);
  std::string compile(const std::string& text, const std::string& architecture) const;

 private:
  void* library_;
};

// The first GPU, its primary context current in the thread that made this object. Addresses are
// device addresses.
class CudaDevice {
 public:
  CudaDevice();

  std::string name() const { return name_; }
  std::string architecture() const { return architecture_; }
  int multiprocessors() const { return multiprocessors_; }
  int driver_version() const { return driver_version_; }

  // Makes the device current in the calling thread.
  void enter() const;

  void* allocate(size_t bytes) const;
  void release(void* data) const;
  void upload(void* target, const void* source, size_t bytes) const;
  void download(void* target, const void* source, size_t bytes) const;
  void copy(void* target, const void* source, size_t bytes) const;
  void zero(void* target, size_t bytes) const;

  struct Function {
    void* module = nullptr;
    void* function = nullptr;
  };
  Function load(const std::string& code, const char* entry) const;
  void unload(const Function& function) const;
  // On the default stream; `arguments` is copied.
  void launch(const Function& function, uint32_t grid, uint32_t block, size_t shared_bytes,
              std::vector<uint64_t>& arguments) const;
  void synchronize() const;

  // Milliseconds that what `work` submits takes on the device.
  template <class Work>
  double milliseconds(Work work) const {
    void* begin = record();
    work();
    void* end = record();
    return elapsed(begin, end);
  }

 private:
  void* record() const;
  double elapsed(void* begin, void* end) const;

  void* library_;
  void* context_ = nullptr;
  std::string name_, architecture_;
  int multiprocessors_ = 0, driver_version_ = 0;
};

}  // namespace tandem::tools
