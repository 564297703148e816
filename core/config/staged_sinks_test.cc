// Sinks whose events the engine stages: what is checked of them.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>

#include "core/config/testing/fakes.h"
#include "tidemill/staged_sink.h"

namespace tidemill::config {
namespace {

using testing::Desk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct LakeOptions {
  std::string time;
};

class FakeLake final : public StagedSink {
 public:
  explicit FakeLake(std::string time) : time_(std::move(time)) {}
  SinkTraits traits() const override {
    return {.idempotence = Idempotence::atomic, .takes_messages = true};
  }
  std::string place() const override { return "lake:"; }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<> close() override { co_return; }
  StagePolicy policy() const override { return {.time = time_}; }
  ObjectPlan plan(Hour, std::string_view) const override { return {}; }
  Task<Result<>> begin(const ObjectPlan&) override { co_return Result<>{}; }
  Task<Result<>> add(std::span<const Event>) override { co_return Result<>{}; }
  Task<Result<std::uint64_t>> finish() override { co_return std::uint64_t{0}; }
  Task<> abandon() override { co_return; }

 private:
  const std::string time_;
};

class StagedSinks : public ::testing::Test {
 protected:
  StagedSinks() {
    desk_.registry().add_sink(
        "lake", Idempotence::atomic,
        ConfigSpec<LakeOptions>("Objects.").field("time", &LakeOptions::time, "Of an event."),
        [](const LakeOptions& options, const Services&) {
          return std::make_unique<FakeLake>(options.time);
        });
  }

  static std::string pipeline(const std::string& sink) {
    return "pipelines:\n  p:\n    source: { generate: {} }\n    sinks: { out: " + sink + " }\n";
  }

  Desk desk_;
};

TEST_F(StagedSinks, TakeEventsAsTheyAre) {
  EXPECT_THAT(desk_.problems(pipeline("{ lake: {} }")), IsEmpty());
  EXPECT_THAT(desk_.problems(pipeline("{ lake: { time: .ts } }")), IsEmpty());
}

TEST_F(StagedSinks, NeedNoQueueOfTheirOwn) {
  EXPECT_THAT(
      desk_.problems(pipeline("{ lake: {}, delivery: queue }")),
      ElementsAre(
          "4:41: what goes to a sink of kind lake is staged durably already, and stalls nobody; "
          "remove delivery: queue"));
}

TEST_F(StagedSinks, HaveTheirExpressionOfTimeChecked) {
  EXPECT_THAT(desk_.problems(pipeline("{ lake: { time: '.ts |' } }")),
              ElementsAre(HasSubstr("4:35: time: ")));
}

TEST_F(StagedSinks, HaveItCheckedInAConnectionToo) {
  EXPECT_THAT(desk_.problems("connections: { main: { lake: { time: '.ts |' } } }\n" +
                             pipeline("{ lake: { connection: main } }")),
              ElementsAre(HasSubstr("5:21: time: ")));
}

}  // namespace
}  // namespace tidemill::config
