#include "core/state/memory_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/state/rocks_store_fixture.h"

namespace tidemill {
namespace {

TEST(MemoryDisk, KeepsAStoreThatSyncsLaterThanItWrites) {
  const auto disk = memory_disk();
  const std::string folder = "/tidemill-of-memory";
  const auto open = [&] {
    auto options = RocksStore::Options{.engine_id = "e", .now = now};
    options.env = disk.get();
    return RocksStore::open(folder, options);
  };
  {
    auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    const auto table = (*store)->table("t");
    ASSERT_TRUE(table);
    const CommitPart part{.pipeline = PipelineId(1), .rows = {put(*table, "k", "v")}};
    const CommitPart* const parts[] = {&part};
    ASSERT_TRUE((*store)->commit(parts, now, Durability::periodic));
    const auto synced = (*store)->sync();
    EXPECT_TRUE(synced) << synced.error().message;
  }
  auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  const auto row = (*store)->row((*store)->table("t").value(), "k", now);
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->body, "v");
  EXPECT_FALSE(std::filesystem::exists(folder)) << "nothing is on a real disk";
}

}  // namespace
}  // namespace tidemill
