#include "cuda_launcher.h"

namespace tandem::tools {

using backends::cuda::kEntryName;
using backends::cuda::TextOptions;
using kernel::fuzz::Block;
using kernel::fuzz::Case;

CudaKernel::CudaKernel(const CudaCompiler& compiler, const CudaDevice& device,
                       kernel::Kernel kernel, TextOptions options)
    : device_(device), kernel_(std::move(kernel)), options_(options) {
  const std::string text = backends::cuda::print_kernel(kernel_, options_);
  function_ = device_.load(compiler.compile(text, device_.architecture()), kEntryName);
}

CudaKernel::~CudaKernel() { device_.unload(function_); }

CudaKernel::Launch::Launch(const CudaKernel& kernel, const device::LaunchArguments& arguments)
    : kernel_(kernel),
      plan_(backends::cuda::plan_launch(kernel.kernel_, kernel.options_, arguments,
                                        kernel.device_.multiprocessors())) {
  if (plan_.scratch_bytes > 0) {
    scratch_ = kernel_.device_.allocate(plan_.scratch_bytes);
    kernel_.device_.zero(scratch_, plan_.zeroed_bytes);
  }
  words_ =
      backends::cuda::pack_arguments(kernel.kernel_, kernel.options_, arguments, plan_, scratch_);
}

CudaKernel::Launch::~Launch() {
  if (scratch_ != nullptr) kernel_.device_.release(scratch_);
}

void CudaKernel::Launch::run() {
  kernel_.device_.launch(kernel_.function_, plan_.grid, plan_.block, plan_.shared_bytes, words_);
}

std::vector<Block> run_on_device(const CudaDevice& device, const CudaKernel& kernel,
                                 const Case& fuzz_case, int runs) {
  std::vector<Block> blocks = fuzz_case.blocks;
  std::vector<void*> copies;
  for (const Block& block : blocks) copies.push_back(device.allocate(block.size()));
  std::vector<device::BufferArgument> buffers;
  for (size_t i = 0; i < fuzz_case.layouts.size(); ++i) {
    const kernel::fuzz::BufferLayout& layout = fuzz_case.layouts[i];
    device::BufferArgument buffer;
    buffer.data = static_cast<std::byte*>(copies[layout.block]) + layout.offset;
    buffer.strides = layout.strides.data();
    buffer.index_extent = layout.index_extent;
    buffer.index_stride = layout.index_stride;
    buffer.written = fuzz_case.kernel.buffers[i].written;
    buffers.push_back(buffer);
  }
  {
    CudaKernel::Launch launch(kernel, {fuzz_case.extents, buffers, fuzz_case.params});
    for (int run = 0; run < runs; ++run) {
      for (size_t b = 0; b < blocks.size(); ++b) {
        device.upload(copies[b], fuzz_case.blocks[b].data(), blocks[b].size());
      }
      launch.run();
    }
    device.synchronize();
  }
  for (size_t b = 0; b < blocks.size(); ++b) {
    device.download(blocks[b].data(), copies[b], blocks[b].size());
  }
  for (void* copy : copies) device.release(copy);
  return blocks;
}

}  // namespace tandem::tools
