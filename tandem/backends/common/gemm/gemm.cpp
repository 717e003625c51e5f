#include "tandem/backends/common/gemm/gemm.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tandem/backends/common/gemm/implementation.h"
#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

class GemmExecutable final : public device::Executable {
 public:
  GemmExecutable(Dtype dtype, bool scaled, uint8_t rank,
                 std::vector<const Implementation*> candidates)
      : dtype_(dtype), scaled_(scaled), rank_(rank), candidates_(std::move(candidates)) {}

  void run(const device::LaunchArguments& arguments) const {
    TANDEM_CHECK(arguments.extents.size() == rank_, "got {} extents, expected {}",
                 arguments.extents.size(), rank_);
    const Problem problem = make_problem(dtype_, scaled_, arguments);
    if (problem.batch_count() * problem.m * problem.n == 0) return;
    for (const Implementation* candidate : candidates_) {
      if (candidate->declines(problem).empty()) return candidate->run(problem);
    }
    TANDEM_CHECK(false, "no implementation takes {}x{}x{}", problem.m, problem.k, problem.n);
  }

 private:
  Dtype dtype_;
  bool scaled_;
  uint8_t rank_;
  std::vector<const Implementation*> candidates_;
};

}  // namespace

std::span<const Implementation* const> implementations() {
  static constexpr std::array<const Implementation*, 4> kList = {
      &kStreamImplementation, &kOneDnnImplementation, &kBlockedImplementation,
      &kReferenceImplementation};
  return kList;
}

std::shared_ptr<device::Executable> compile_gemm(const kernel::LibraryCall& call) {
  const bool scaled = call.name == "addmm";
  TANDEM_USER(scaled || call.name == "matmul", DeviceError, call.name,
              "not a matrix product: expected matmul or addmm");
  TANDEM_CHECK(call.operands.size() == (scaled ? 4U : 3U) && call.rank >= 3,
               "{} of {} operands and {} extents", call.name, call.operands.size(), call.rank);
  const Dtype dtype = call.operands.back();
  for (const Dtype operand : call.operands) {
    TANDEM_USER(operand == dtype, DeviceError, call.name,
                "operands of different dtypes: got {} and {}, expected one dtype", name_of(operand),
                name_of(dtype));
  }
  std::vector<const Implementation*> candidates;
  std::string reasons;
  for (const Implementation* implementation : implementations()) {
    const std::string reason = implementation->declines_dtype(dtype, scaled);
    if (reason.empty()) {
      candidates.push_back(implementation);
    } else {
      reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", implementation->name, reason);
    }
  }
  TANDEM_USER(!candidates.empty(), DeviceError, call.name, "no implementation for {}: {}",
              name_of(dtype), reasons);
  return std::make_shared<GemmExecutable>(dtype, scaled, call.rank, std::move(candidates));
}

void run_gemm(const device::Executable& executable, const device::LaunchArguments& arguments) {
  static_cast<const GemmExecutable&>(executable).run(arguments);
}

}  // namespace tandem::backends::common
