#include "tandem/backends/simulated/race_checker.h"

#include <algorithm>
#include <iterator>

#include "tandem/base/check.h"

namespace tandem::backends::simulated {
namespace {

// Finished pieces that stay known one by one; older ones are known through later ones.
constexpr size_t kMostSnapshots = 1024;
// How often accesses that everyone is ordered after are forgotten.
constexpr uint64_t kPruneInterval = 256;

uintptr_t address(const void* data) { return reinterpret_cast<uintptr_t>(data); }

}  // namespace

void RaceChecker::set_order(Order order) {
  const std::lock_guard lock(mutex_);
  order_ = order;
}

void RaceChecker::join(Clock& into, const Clock& from) {
  if (into.size() < from.size()) into.resize(from.size());
  for (size_t slot = 0; slot < from.size(); ++slot) into[slot] = std::max(into[slot], from[slot]);
}

uint32_t RaceChecker::slot_of(uint16_t stream) {
  const auto [it, fresh] = slots_.emplace(stream, static_cast<uint32_t>(streams_.size()));
  if (fresh) streams_.push_back({stream, {}, {}, 0});
  return it->second;
}

uint32_t RaceChecker::label_id(std::string_view label) {
  const auto [it, fresh] =
      label_ids_.emplace(std::string(label), static_cast<uint32_t>(labels_.size()));
  if (fresh) labels_.emplace_back(label);
  return it->second;
}

void RaceChecker::split(uintptr_t where) {
  auto it = cells_.upper_bound(where);
  if (it == cells_.begin()) return;
  --it;
  if (it->first == where || it->second.end <= where) return;
  Cell upper = it->second;
  it->second.end = where;
  cells_.emplace(where, std::move(upper));
}

bool RaceChecker::ordered(const Access& access, uint32_t slot) const {
  return access.tick == 0 || access.slot == slot ||
         at(streams_[slot].clock, access.slot) >= access.tick;
}

std::string RaceChecker::describe(const Access& access) const {
  return fmt::format("{} (stream {}, operation {})", labels_[access.label],
                     streams_[access.slot].stream, access.tick);
}

std::string RaceChecker::conflict(const Access& now, bool written, const Access& before,
                                  bool before_written) const {
  return fmt::format("race: {} by {} not ordered after {} by {}", written ? "write" : "read",
                     describe(now), before_written ? "write" : "read", describe(before));
}

void RaceChecker::record_read(const Access& now, uintptr_t begin, uintptr_t end) {
  auto it = cells_.lower_bound(begin);
  for (uintptr_t where = begin; where < end;) {
    if (it == cells_.end() || it->first > where) {  // never accessed so far
      const uintptr_t stop = it == cells_.end() ? end : std::min(end, it->first);
      it = cells_.emplace_hint(it, where, Cell{stop, {}, {}});
    }
    auto& reads = it->second.reads;
    const auto same = std::find_if(reads.begin(), reads.end(),
                                   [&](const Access& a) { return a.slot == now.slot; });
    if (same != reads.end()) {
      *same = now;
    } else {
      reads.push_back(now);
    }
    where = it->second.end;
    ++it;
  }
}

std::string RaceChecker::record(const Access& now, const AccessRange& range) {
  const uintptr_t begin = address(range.begin);
  const uintptr_t end = begin + range.bytes;
  if (begin >= end) return {};
  split(begin);
  split(end);
  std::string race;
  const auto first = cells_.lower_bound(begin);
  const auto last = cells_.lower_bound(end);
  for (auto it = first; it != last && race.empty(); ++it) {
    const Cell& cell = it->second;
    if (!ordered(cell.write, now.slot)) race = conflict(now, range.written, cell.write, true);
    if (!range.written) continue;
    for (const Access& read : cell.reads) {
      if (race.empty() && !ordered(read, now.slot)) race = conflict(now, true, read, false);
    }
  }
  if (range.written) {
    cells_.erase(first, last);
    cells_.emplace(begin, Cell{end, now, {}});
  } else {
    record_read(now, begin, end);
  }
  return race;
}

std::string RaceChecker::operation(uint16_t stream, std::string_view label,
                                   std::span<const AccessRange> ranges) {
  const std::lock_guard lock(mutex_);
  const uint32_t slot = slot_of(stream);
  Clock& clock = streams_[slot].clock;
  if (order_ == Order::observed) join(clock, published_);
  if (clock.size() <= slot) clock.resize(slot + 1);
  const Access now{slot, label_id(label), ++clock[slot]};
  std::string race;
  // Writes come last: a launch that writes over what it reads is one access, in this order.
  for (const bool written : {false, true}) {
    for (const AccessRange& range : ranges) {
      if (range.written != written) continue;
      std::string found = record(now, range);
      if (race.empty()) race = std::move(found);
    }
  }
  if (!race.empty()) ++races_;
  if (++operations_ % kPruneInterval == 0) prune();
  return race;
}

void RaceChecker::ordered_after(uint16_t stream, device::Point point) {
  const std::lock_guard lock(mutex_);
  if (point.never_waits()) return;
  const uint32_t slot = slot_of(stream);
  const StreamState& before = streams_[slot_of(point.stream())];
  if (point.sequence() <= before.published) return;
  const auto& finished = before.finished;
  const auto it = std::lower_bound(
      finished.begin(), finished.end(), point.sequence(),
      [](const Snapshot& snapshot, uint64_t sequence) { return snapshot.sequence < sequence; });
  if (it != finished.end()) join(streams_[slot].clock, it->clock);
}

void RaceChecker::finish(uint16_t stream, uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  StreamState& state = streams_[slot_of(stream)];
  if (!state.finished.empty() && state.finished.back().sequence >= sequence) return;
  state.finished.push_back({sequence, state.clock});
  if (state.finished.size() > kMostSnapshots) state.finished.pop_front();
}

void RaceChecker::publish(device::Point point) {
  const std::lock_guard lock(mutex_);
  StreamState& state = streams_[slot_of(point.stream())];
  auto& finished = state.finished;
  const auto after = std::upper_bound(
      finished.begin(), finished.end(), point.sequence(),
      [](uint64_t sequence, const Snapshot& snapshot) { return sequence < snapshot.sequence; });
  if (after == finished.begin()) return;
  join(published_, std::prev(after)->clock);
  if (order_ != Order::observed) return;
  state.published = std::prev(after)->sequence;
  finished.erase(finished.begin(), after);
}

std::string RaceChecker::forget(const void* begin, size_t bytes, uint16_t* stream) {
  const std::lock_guard lock(mutex_);
  const uintptr_t low = address(begin);
  const uintptr_t high = low + bytes;
  split(low);
  split(high);
  std::string found;
  const auto first = cells_.lower_bound(low);
  const auto last = cells_.lower_bound(high);
  const auto look_at = [&](const Access& access, const char* what) {
    if (!found.empty() || access.tick == 0 || at(published_, access.slot) >= access.tick) return;
    found = fmt::format("memory given back before {} by {} is done", what, describe(access));
    if (stream != nullptr) *stream = streams_[access.slot].stream;
  };
  for (auto it = first; it != last; ++it) {
    look_at(it->second.write, "the write");
    for (const Access& read : it->second.reads) look_at(read, "the read");
  }
  cells_.erase(first, last);
  return found;
}

void RaceChecker::host_access(uint16_t stream, std::string_view label, const void* begin,
                              size_t bytes, bool written) {
  const AccessRange range{begin, bytes, written};
  const std::string race = operation(stream, label, {&range, 1});
  TANDEM_USER(race.empty(), InternalError, "simulated gpu", "{}", race);
}

// Accesses that are published are ordered before whatever comes, where that counts as an order.
void RaceChecker::prune() {
  if (order_ != Order::observed) return;
  const auto old = [&](const Access& access) {
    return access.tick == 0 || at(published_, access.slot) >= access.tick;
  };
  for (auto it = cells_.begin(); it != cells_.end();) {
    Cell& cell = it->second;
    if (old(cell.write)) cell.write = {};
    for (size_t i = cell.reads.size(); i-- > 0;) {
      if (old(cell.reads[i])) cell.reads.erase(cell.reads.begin() + i);
    }
    it = cell.write.tick == 0 && cell.reads.empty() ? cells_.erase(it) : std::next(it);
  }
}

uint64_t RaceChecker::races() const {
  const std::lock_guard lock(mutex_);
  return races_;
}

size_t RaceChecker::cells() const {
  const std::lock_guard lock(mutex_);
  return cells_.size();
}

}  // namespace tandem::backends::simulated
