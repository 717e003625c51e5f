// Runs fuzz cases and single kernels on a GPU through their printed text.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cuda_driver.h"
#include "tandem/backends/cuda/text/launch_plan.h"
#include "tandem/backends/cuda/text/print_kernel.h"
#include "tandem/kernel/fuzz/case.h"

namespace tandem::tools {

// A kernel compiled for the device under some options.
class CudaKernel {
 public:
  CudaKernel(const CudaCompiler& compiler, const CudaDevice& device, kernel::Kernel kernel,
             backends::cuda::TextOptions options);
  ~CudaKernel();
  CudaKernel(const CudaKernel&) = delete;

  const kernel::Kernel& kernel() const { return kernel_; }

  // A launch whose buffers are device addresses, made ready; `run` submits it.
  class Launch {
   public:
    Launch(const CudaKernel& kernel, const device::LaunchArguments& arguments);
    ~Launch();
    Launch(const Launch&) = delete;
    void run();

   private:
    const CudaKernel& kernel_;
    backends::cuda::LaunchPlan plan_;
    void* scratch_ = nullptr;
    std::vector<uint64_t> words_;
  };

 private:
  const CudaDevice& device_;
  kernel::Kernel kernel_;
  backends::cuda::TextOptions options_;
  CudaDevice::Function function_;
};

// The blocks of the case after the GPU has run its kernel `runs` times, each from the start.
std::vector<kernel::fuzz::Block> run_on_device(const CudaDevice& device, const CudaKernel& kernel,
                                               const kernel::fuzz::Case& fuzz_case, int runs = 1);

}  // namespace tandem::tools
