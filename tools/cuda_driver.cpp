#include "cuda_driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <stdexcept>

#include "tandem/backends/cuda/text/print_kernel.h"

namespace tandem::tools {

namespace {

void* open_library(const std::string& name) {
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  return library;
}

// Calls a function of a library by name; its status must be 0.
template <class... Args>
void call(void* library, const char* name, Args... args) {
  void* symbol = dlsym(library, name);
  if (symbol == nullptr) throw std::runtime_error(fmt::format("{} is missing", name));
  const int status = reinterpret_cast<int (*)(Args...)>(symbol)(args...);
  if (status != 0) throw std::runtime_error(fmt::format("{} gave {}", name, status));
}

// Codes of the driver's interface.
constexpr int kMultiprocessors = 16, kMajor = 75, kMinor = 76;  // of a device
constexpr int kMostSharedBytes = 8;                             // of a function

uintptr_t address_of(const void* data) { return reinterpret_cast<uintptr_t>(data); }

}  // namespace

CudaCompiler::CudaCompiler(const std::string& library) : library_(open_library(library)) {}

std::string CudaCompiler::compile(const std::string& text, const std::string& architecture) const {
  void* program = nullptr;
  const char* const* none = nullptr;
  call(library_, "nvrtcCreateProgram", &program, text.c_str(), "kernel.cu", 0, none, none);
  const std::string target = "--gpu-architecture=" + architecture;
  std::vector<const char*> options = {target.c_str()};
  for (const char* option : backends::cuda::compile_options()) options.push_back(option);
  size_t size = 0;
  try {
    call(library_, "nvrtcCompileProgram", program, static_cast<int>(options.size()),
         options.data());
  } catch (const std::runtime_error& error) {
    call(library_, "nvrtcGetProgramLogSize", program, &size);
    std::string log(size, '\0');
    call(library_, "nvrtcGetProgramLog", program, log.data());
    throw std::runtime_error(fmt::format("{}\n{}", error.what(), log));
  }
  call(library_, "nvrtcGetCUBINSize", program, &size);
  std::string code(size, '\0');
  call(library_, "nvrtcGetCUBIN", program, code.data());
  call(library_, "nvrtcDestroyProgram", &program);
  return code;
}

CudaDevice::CudaDevice() : library_(open_library("libcuda.so.1")) {
  call(library_, "cuInit", 0u);
  int device = 0, major = 0, minor = 0;
  call(library_, "cuDeviceGet", &device, 0);
  char name[256] = {};
  call(library_, "cuDeviceGetName", name, 255, device);
  name_ = name;
  call(library_, "cuDeviceGetAttribute", &multiprocessors_, kMultiprocessors, device);
  call(library_, "cuDeviceGetAttribute", &major, kMajor, device);
  call(library_, "cuDeviceGetAttribute", &minor, kMinor, device);
  architecture_ = fmt::format("sm_{}{}", major, minor);
  call(library_, "cuDriverGetVersion", &driver_version_);
  call(library_, "cuDevicePrimaryCtxRetain", &context_, device);
  enter();
}

void CudaDevice::enter() const { call(library_, "cuCtxSetCurrent", context_); }

void* CudaDevice::allocate(size_t bytes) const {
  uintptr_t data = 0;
  call(library_, "cuMemAlloc_v2", &data, bytes == 0 ? 1 : bytes);
  return reinterpret_cast<void*>(data);
}
void CudaDevice::release(void* data) const { call(library_, "cuMemFree_v2", address_of(data)); }
void CudaDevice::upload(void* target, const void* source, size_t bytes) const {
  if (bytes > 0) call(library_, "cuMemcpyHtoD_v2", address_of(target), source, bytes);
}
void CudaDevice::download(void* target, const void* source, size_t bytes) const {
  if (bytes > 0) call(library_, "cuMemcpyDtoH_v2", target, address_of(source), bytes);
}
void CudaDevice::copy(void* target, const void* source, size_t bytes) const {
  void* stream = nullptr;
  call(library_, "cuMemcpyDtoDAsync_v2", address_of(target), address_of(source), bytes, stream);
}
void CudaDevice::zero(void* target, size_t bytes) const {
  if (bytes > 0) {
    call(library_, "cuMemsetD8_v2", address_of(target), static_cast<unsigned char>(0), bytes);
  }
}

CudaDevice::Function CudaDevice::load(const std::string& code, const char* entry) const {
  Function loaded;
  call(library_, "cuModuleLoadData", &loaded.module, static_cast<const void*>(code.data()));
  call(library_, "cuModuleGetFunction", &loaded.function, loaded.module, entry);
  return loaded;
}
void CudaDevice::unload(const Function& function) const {
  call(library_, "cuModuleUnload", function.module);
}

void CudaDevice::launch(const Function& function, uint32_t grid, uint32_t block,
                        size_t shared_bytes, std::vector<uint64_t>& arguments) const {
  if (grid == 0) return;
  const auto shared = static_cast<unsigned>(shared_bytes);
  if (shared > 0) {
    call(library_, "cuFuncSetAttribute", function.function, kMostSharedBytes,
         static_cast<int>(shared));
  }
  void* parameters[] = {arguments.data()};
  void* const none = nullptr;
  void** const no_extra = nullptr;
  call(library_, "cuLaunchKernel", function.function, grid, 1u, 1u, block, 1u, 1u, shared, none,
       static_cast<void**>(parameters), no_extra);
}
void CudaDevice::synchronize() const { call(library_, "cuCtxSynchronize"); }

void* CudaDevice::record() const {
  void* event = nullptr;
  void* const stream = nullptr;
  call(library_, "cuEventCreate", &event, 0u);
  call(library_, "cuEventRecord", event, stream);
  return event;
}

double CudaDevice::elapsed(void* begin, void* end) const {
  float milliseconds = 0;
  call(library_, "cuEventSynchronize", end);
  call(library_, "cuEventElapsedTime", &milliseconds, begin, end);
  call(library_, "cuEventDestroy_v2", begin);
  call(library_, "cuEventDestroy_v2", end);
  return milliseconds;
}

}  // namespace tandem::tools
