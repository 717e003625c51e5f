// Writes to some elements of an array on the host: "scatter" and "slice_update". Results do not
// depend on the number of threads: every element takes in its values in row-major order of theirs.
//
//   "scatter"       base [P, N, Q], index [P|1, M, Q|1] (int32 or int64), updates [P, M, Q], out as
//                   base; attributes: the op_table::Update. out[p, index[p, m, q], q] takes in
//                   updates[p, m, q]; a negative index is wrapped once, others out of range are
//                   ignored.
//   "slice_update"  base, update (same rank), out as base; attributes: the steps, params: the
//                   starts. out is base, but update at starts, starts + steps, ... of each axis.
//
//   "slice_rest"    base, slice, out: out is base, but what the slice covers, a part of out, is left
//                   alone.
//
// out may be base itself: then nothing is copied.
#pragma once

#include <memory>

#include "tandem/device/launch.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends::common {

std::shared_ptr<device::Executable> compile_scatter(const kernel::LibraryCall& call);
void run_scatter(const device::Executable& executable, const device::LaunchArguments& arguments);
double scatter_operations(const device::LaunchArguments& arguments);

std::shared_ptr<device::Executable> compile_slice_update(const kernel::LibraryCall& call);
void run_slice_update(const device::Executable& executable,
                      const device::LaunchArguments& arguments);

std::shared_ptr<device::Executable> compile_slice_rest(const kernel::LibraryCall& call);
void run_slice_rest(const device::Executable& executable, const device::LaunchArguments& arguments);

}  // namespace tandem::backends::common
