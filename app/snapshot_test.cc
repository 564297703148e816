#include "app/snapshot.h"

#include <gmock/gmock.h>

#include <string>

namespace tidemill::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr std::string_view status = R"({"engine":{"version":"1.2","data_folder":"/d",
  "store_trouble":"","started":"2026-01-01T00:00:00.000000Z","uptime_us":5000000,
  "memory":{"budget":100,"used":7},"lost_threads":0,"unhealthy_functions":{}},
  "pipelines":[{"name":"p","state":"running","error":"","function":"f","events":10,"bytes":99,
  "batches":2,"invocations":3,"failed_invocations":1,"committed":9,"retried":4,"filtered":0,
  "duplicates":0,"dead_lettered":1,"dead_effects":2,"in_flight":5,"lag":null,
  "invoked_us":[[15,2],[1023,1]],"settled_us":[]}]})";

std::string with(std::string_view from, std::string_view to) {
  std::string text(status);
  return text.replace(text.find(from), from.size(), to);
}

TEST(Snapshot, IsWhatTheEngineSays) {
  const auto engine = parse_snapshot(status);

  ASSERT_TRUE(engine);
  EXPECT_EQ(engine->version, "1.2");
  EXPECT_EQ(engine->started, "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(engine->uptime, std::chrono::seconds(5));
  EXPECT_EQ(engine->memory_used, 7u);
  ASSERT_EQ(engine->pipelines.size(), 1u);
  const PipelineSnapshot& p = engine->pipelines[0];
  EXPECT_EQ(p.events, 10u);
  EXPECT_EQ(p.dead, 3u) << "of events and of effects";
  EXPECT_EQ(p.lag, std::nullopt);
  EXPECT_THAT(p.invoked, ElementsAre(Pair(15, 2), Pair(1023, 1)));
  EXPECT_TRUE(engine->well());
}

TEST(Snapshot, KnowsHowFarASourceIsBehindWhereThatIsTold) {
  EXPECT_EQ(parse_snapshot(with("\"lag\":null", "\"lag\":12"))->pipelines[0].lag, 12u);
}

TEST(Snapshot, IsNotWellWhereSomethingFails) {
  EXPECT_FALSE(parse_snapshot(with("running", "failed"))->well());
  EXPECT_FALSE(parse_snapshot(with(R"("error":"")", R"("error":"not there")"))->well());
  EXPECT_FALSE(parse_snapshot(with(R"("store_trouble":"")", R"("store_trouble":"full")"))->well());
  EXPECT_FALSE(
      parse_snapshot(with(R"("unhealthy_functions":{})", R"("unhealthy_functions":{"f":"hangs"})"))
          ->well());
}

TEST(Snapshot, OfAnotherVersionIsAnErrorThatSaysSo) {
  const auto engine = parse_snapshot(with("events", "happenings"));

  ASSERT_FALSE(engine);
  EXPECT_THAT(engine.error().message, HasSubstr("another version"));
}

}  // namespace
}  // namespace tidemill::app
