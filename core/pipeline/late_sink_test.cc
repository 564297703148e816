#include "core/pipeline/late_sink.h"

#include <gtest/gtest.h>

#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

struct Behind {
  std::optional<Error> refuses;
  int opened = 0;
  int written = 0;
};

class SinkBehind final : public Sink {
 public:
  explicit SinkBehind(Behind& behind) : behind_(behind) {}
  SinkTraits traits() const override { return {.takes_messages = true}; }
  std::string place() const override { return "fake:"; }
  Task<Result<>> open() override {
    ++behind_.opened;
    if (behind_.refuses) co_return std::unexpected(*behind_.refuses);
    co_return Result<>();
  }
  Task<std::vector<Result<>>> write(SinkBatch) override {
    ++behind_.written;
    co_return std::vector<Result<>>();
  }
  Task<> close() override { co_return; }

 private:
  Behind& behind_;
};

class LateSinkTest : public ::testing::Test {
 protected:
  std::vector<Result<>> write() {
    const std::vector<Event> events(1);
    const std::vector<Effect> effects(1);
    return scheduler_.run(sink_.write(
        {.pipeline = "p", .sink = "s", .life = {}, .events = events, .effects = effects}));
  }

  testing::VirtualScheduler scheduler_;
  Behind behind_;
  LateSink sink_{std::make_unique<SinkBehind>(behind_)};
};

TEST_F(LateSinkTest, IsOpenedOnceWhereItCanBe) {
  ASSERT_TRUE(scheduler_.run(sink_.open()));
  EXPECT_TRUE(write().empty());
  EXPECT_TRUE(write().empty());
  EXPECT_EQ(behind_.opened, 1);
  EXPECT_EQ(behind_.written, 2);
}

TEST_F(LateSinkTest, OneThatIsAwayIsOpenedWhenItIsThere) {
  behind_.refuses = Error{Fault::transient, "nobody answers"};
  ASSERT_TRUE(scheduler_.run(sink_.open()));

  const auto refused = write();
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].error().fault, Fault::unavailable);
  EXPECT_EQ(refused[0].error().message, "nobody answers");
  EXPECT_EQ(behind_.written, 0);

  behind_.refuses.reset();
  EXPECT_TRUE(write().empty());
  EXPECT_EQ(behind_.written, 1);
}

TEST_F(LateSinkTest, AMistakeOfTheConfigurationIsToldAtOnce) {
  behind_.refuses = Error{Fault::bad_config, "the password is wrong"};
  EXPECT_EQ(scheduler_.run(sink_.open()).error().fault, Fault::bad_config);
}

}  // namespace
}  // namespace tidemill
