#include "tandem/backends/common/scatter/select_rows.h"

#include <type_traits>

#include "tandem/base/settings.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/scatter/select_rows.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#ifndef TANDEM_SELECT_ONE_BY_ONE
#define TANDEM_SELECT_ONE_BY_ONE
namespace tandem::backends::common {
namespace {

// From number `i` on, behind `found` that were picked before.
template <class I>
[[maybe_unused]] size_t select_one_by_one(const I* index, size_t i, size_t count, int64_t n,
                                          RowRange range, uint32_t* rows, uint32_t* places,
                                          size_t found) {
  const auto size = static_cast<uint64_t>(range.end - range.first);
  for (; i < count; ++i) {
    auto at = static_cast<int64_t>(index[i]);
    at += at < 0 ? n : 0;
    const auto inside = static_cast<uint64_t>(at) - static_cast<uint64_t>(range.first);
    rows[found] = static_cast<uint32_t>(inside);
    places[found] = static_cast<uint32_t>(i);
    found += inside < size ? 1 : 0;
  }
  return found;
}

}  // namespace
}  // namespace tandem::backends::common
#endif

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
HWY_BEFORE_NAMESPACE();
namespace tandem::backends::common {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The picked lanes come first. All lanes are stored: compressing stores are slow on some machines.
HWY_INLINE void store_picked(hn::Vec<hn::ScalableTag<uint32_t>> v,
                             hn::Mask<hn::ScalableTag<uint32_t>> mask, uint32_t* to) {
  const hn::ScalableTag<uint32_t> d;
  hn::StoreU(hn::Compress(v, mask), d, to);
}
HWY_INLINE void store_picked(hn::Vec<hn::ScalableTag<uint64_t>> v,
                             hn::Mask<hn::ScalableTag<uint64_t>> mask, uint32_t* to) {
  const hn::Rebind<uint32_t, hn::ScalableTag<uint64_t>> d;
  hn::StoreU(hn::TruncateTo(d, hn::Compress(v, mask)), d, to);
}

template <class I>
size_t select(const I* index, size_t count, int64_t n, RowRange range, uint32_t* rows,
              uint32_t* places) {
  using U = std::make_unsigned_t<I>;
  const hn::ScalableTag<I> d;
  const hn::ScalableTag<U> du;
  const size_t lanes = hn::Lanes(d);
  const auto extent = hn::Set(d, static_cast<I>(n)),
             first = hn::Set(d, static_cast<I>(range.first));
  const auto size = hn::Set(du, static_cast<U>(range.end - range.first));
  const auto step = hn::Set(du, static_cast<U>(lanes));
  auto place = hn::Iota(du, U{0});
  size_t i = 0, found = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto at = hn::LoadU(d, index + i);
    const auto wrapped = hn::Add(at, hn::IfThenElseZero(hn::Lt(at, hn::Zero(d)), extent));
    const auto inside = hn::BitCast(du, hn::Sub(wrapped, first));
    const auto mask = hn::Lt(inside, size);
    store_picked(inside, mask, rows + found);
    store_picked(place, mask, places + found);
    found += hn::CountTrue(du, mask);
    place = hn::Add(place, step);
  }
  return select_one_by_one(index, i, count, n, range, rows, places, found);
}

size_t select_32(const int32_t* index, size_t count, int64_t n, RowRange range, uint32_t* rows,
                 uint32_t* places) {
  return select(index, count, n, range, rows, places);
}
size_t select_64(const int64_t* index, size_t count, int64_t n, RowRange range, uint32_t* rows,
                 uint32_t* places) {
  return select(index, count, n, range, rows, places);
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tandem::backends::common {
namespace {

template <class I>
using Select = size_t (*)(const I*, size_t, int64_t, RowRange, uint32_t*, uint32_t*);

struct Selects {
  Select<int32_t> narrow;
  Select<int64_t> wide;
};

template <class I>
size_t portable(const I* index, size_t count, int64_t n, RowRange range, uint32_t* rows,
                uint32_t* places) {
  return select_one_by_one(index, 0, count, n, range, rows, places, 0);
}

Selects find_selects() {
  const std::string& isa = settings().isa;
  // Asks the processor, which traps in a virtual machine: once.
  [[maybe_unused]] static const int64_t supported = hwy::SupportedTargets();
  const Selects plain{portable<int32_t>, portable<int64_t>};
  if (isa == "scalar") return plain;
#if HWY_TARGETS & HWY_AVX3
  if ((supported & HWY_AVX3) != 0 && isa != "avx2") return {N_AVX3::select_32, N_AVX3::select_64};
#endif
#if HWY_TARGETS & HWY_AVX2
  if ((supported & HWY_AVX2) != 0) return {N_AVX2::select_32, N_AVX2::select_64};
#endif
#if HWY_TARGETS & HWY_NEON
  if ((supported & HWY_NEON) != 0) return {N_NEON::select_32, N_NEON::select_64};
#endif
  return plain;
}

}  // namespace

size_t select_rows(const int32_t* index, size_t count, int64_t n, RowRange range, uint32_t* rows,
                   uint32_t* places) {
  return find_selects().narrow(index, count, n, range, rows, places);
}
size_t select_rows(const int64_t* index, size_t count, int64_t n, RowRange range, uint32_t* rows,
                   uint32_t* places) {
  return find_selects().wide(index, count, n, range, rows, places);
}

}  // namespace tandem::backends::common
#endif
