#include "tandem/memory/ledger.h"

namespace tandem::memory {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

template <class Rows>
uint64_t sum(const Rows& rows) {
  uint64_t total = 0;
  for (const auto& row : rows) {
    for (const uint64_t value : row) total += value;
  }
  return total;
}

}  // namespace

std::string_view name_of(Cause cause) {
  static constexpr std::array<std::string_view, kCauseCount> kNames = {
      "input", "output", "export_again", "eviction", "prefetch"};
  return kNames[static_cast<size_t>(cause)];
}

uint64_t LedgerCounts::total_bytes() const { return sum(bytes); }
uint64_t LedgerCounts::total_transfers() const { return sum(transfers); }

Ledger& Ledger::instance() {
  static Ledger* ledger = new Ledger;  // transfers may end after static objects
  return *ledger;
}

void Ledger::moved(Direction direction, Cause cause, size_t bytes) {
  const auto row = static_cast<size_t>(direction);
  const auto column = static_cast<size_t>(cause);
  bytes_[row][column].fetch_add(bytes, kRelaxed);
  transfers_[row][column].fetch_add(1, kRelaxed);
}

void Ledger::eliminated(size_t bytes) {
  eliminated_bytes_.fetch_add(bytes, kRelaxed);
  eliminated_transfers_.fetch_add(1, kRelaxed);
}

LedgerCounts Ledger::counts() const {
  LedgerCounts result;
  for (size_t row = 0; row < kDirectionCount; ++row) {
    for (size_t column = 0; column < kCauseCount; ++column) {
      result.bytes[row][column] = bytes_[row][column].load(kRelaxed);
      result.transfers[row][column] = transfers_[row][column].load(kRelaxed);
    }
  }
  result.eliminated_bytes = eliminated_bytes_.load(kRelaxed);
  result.eliminated_transfers = eliminated_transfers_.load(kRelaxed);
  return result;
}

void Ledger::reset() {
  for (auto* table : {&bytes_, &transfers_}) {
    for (auto& row : *table) {
      for (auto& value : row) value.store(0, kRelaxed);
    }
  }
  eliminated_bytes_.store(0, kRelaxed);
  eliminated_transfers_.store(0, kRelaxed);
}

}  // namespace tandem::memory
