#include "tandem/memory/ledger.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace tandem::memory {
namespace {

TEST(Ledger, CountsByDirectionAndCause) {
  Ledger ledger;
  ledger.moved(Direction::host_to_device, Cause::input, 100);
  ledger.moved(Direction::host_to_device, Cause::input, 50);
  ledger.moved(Direction::device_to_host, Cause::output, 7);
  ledger.moved(Direction::device_to_device, Cause::prefetch, 1);
  ledger.eliminated(1000);
  const LedgerCounts counts = ledger.counts();
  EXPECT_EQ(counts.bytes[0][0], 150u);
  EXPECT_EQ(counts.transfers[0][0], 2u);
  EXPECT_EQ(counts.bytes[1][1], 7u);
  EXPECT_EQ(counts.bytes[2][4], 1u);
  EXPECT_EQ(counts.total_bytes(), 158u) << "eliminated transfers moved nothing";
  EXPECT_EQ(counts.total_transfers(), 4u);
  EXPECT_EQ(counts.eliminated_bytes, 1000u);
  EXPECT_EQ(counts.eliminated_transfers, 1u);
  ledger.reset();
  EXPECT_EQ(ledger.counts().total_bytes(), 0u);
  EXPECT_EQ(ledger.counts().total_transfers(), 0u);
  EXPECT_EQ(ledger.counts().eliminated_bytes, 0u);
  EXPECT_EQ(ledger.counts().eliminated_transfers, 0u);
}

TEST(Ledger, ThreadsLoseNoCount) {
  Ledger ledger;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        ledger.moved(Direction::host_to_device, Cause::eviction, 3);
        ledger.eliminated(2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ledger.counts().total_bytes(), 12000u);
  EXPECT_EQ(ledger.counts().total_transfers(), 4000u);
  EXPECT_EQ(ledger.counts().eliminated_bytes, 8000u);
}

TEST(Ledger, EveryCauseHasAName) {
  std::set<std::string_view> names;
  for (int cause = 0; cause < kCauseCount; ++cause) names.insert(name_of(Cause(cause)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kCauseCount));
  EXPECT_EQ(name_of(Cause::export_again), "export_again");
}

}  // namespace
}  // namespace tandem::memory
