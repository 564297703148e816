// The sinks that write to S3, against a server in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "s3_fixture.h"
#include "s3_sink.h"
#include "s3_store.h"

namespace tidemill::bucket {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class S3SinkTest : public S3Test {
 protected:
  static Effect put(std::string_view key, std::string_view data) {
    Effect effect;
    effect.kind = EffectKind::put_object;
    effect.key = key;
    effect.data = data;
    return effect;
  }
  static Effect removal(std::string_view key) {
    Effect effect;
    effect.kind = EffectKind::delete_object;
    effect.key = key;
    return effect;
  }

  std::vector<Result<>> write(const std::vector<Effect>& effects) {
    SinkBatch batch;
    batch.events = events_;
    batch.effects = effects;
    return scheduler_.run(sink_.write(batch));
  }

  std::vector<Event> events_{1};
  S3Sink sink_{bucket(), "small/", services()};
};

TEST_F(S3SinkTest, WritesBelowItsPrefix) {
  ASSERT_TRUE(scheduler_.run(sink_.open()));

  EXPECT_THAT(write({put("a.jpg", "one"), put("b/c.jpg", "two")}), IsEmpty());

  EXPECT_EQ(s3_.objects["small/a.jpg"].body, "one");
  EXPECT_EQ(s3_.objects["small/b/c.jpg"].body, "two");
  EXPECT_EQ(sink_.place(), "s3:" + s3_.url().substr(7) + "/photos/small/");
}

TEST_F(S3SinkTest, EffectsOfOneKeyKeepTheirOrder) {
  EXPECT_THAT(write({put("a", "1"), put("a", "2"), removal("b"), put("b", "3"), put("c", "4"),
                     removal("c"), put("a", "5")}),
              IsEmpty());

  EXPECT_EQ(s3_.objects["small/a"].body, "5");
  EXPECT_EQ(s3_.objects["small/b"].body, "3");
  EXPECT_FALSE(s3_.objects.contains("small/c"));
}

TEST_F(S3SinkTest, OneThatFailsHoldsBackThoseOfItsKeyAlone) {
  s3_.instead = [](const FakeS3::Request& request) -> std::optional<FakeS3::Answer> {
    if (request.method != "PUT" || request.body != "refused") return std::nullopt;
    return FakeS3::refusal(400, "InvalidArgument");
  };

  const auto results = write({put("a", "refused"), put("a", "later"), put("b", "fine")});

  ASSERT_EQ(results.size(), 3);
  EXPECT_EQ(results[0].error().fault, Fault::bad_event);
  EXPECT_EQ(results[1].error().fault, Fault::transient);
  EXPECT_TRUE(results[2]);
  EXPECT_FALSE(s3_.objects.contains("small/a"));
}

TEST_F(S3SinkTest, WhatStandsBehindAWriteThatNobodyAnsweredHasFailedNeither) {
  s3_.instead = [](const FakeS3::Request&) { return FakeS3::refusal(503, "SlowDown"); };

  const auto results = write({put("a", "first"), put("a", "later")});

  ASSERT_EQ(results.size(), 2);
  EXPECT_EQ(results[0].error().fault, Fault::unavailable);
  EXPECT_EQ(results[1].error().fault, Fault::unavailable);
}

TEST_F(S3SinkTest, ABucketThatIsNotThereIsNoticedAtOnce) {
  S3Sink sink(bucket("nowhere"), "", services());

  const auto opened = scheduler_.run(sink.open());

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("there is no bucket nowhere"));
}

class S3StoreTest : public S3Test {
 protected:
  std::unique_ptr<ObjectWriter> create() {
    auto writer = store_.create("x.zst", "application/zstd");
    EXPECT_TRUE(writer) << writer.error().message;
    return std::move(*writer);
  }

  S3Store store_{bucket(), "lake/"};
};

TEST_F(S3StoreTest, ASmallObjectIsOneRequest) {
  const auto writer = create();
  EXPECT_TRUE(writer->write("one "));
  EXPECT_TRUE(writer->write("two"));
  EXPECT_TRUE(s3_.requests().empty());

  ASSERT_TRUE(writer->finish());

  EXPECT_EQ(s3_.requests().size(), 1);
  EXPECT_EQ(s3_.objects["lake/x.zst"].body, "one two");
  EXPECT_EQ(s3_.objects["lake/x.zst"].headers["content-type"], "application/zstd");
}

TEST_F(S3StoreTest, ALargeObjectGoesWhileItIsMadeInPartsThatS3Takes) {
  constexpr std::size_t smallest = 5u << 20;
  std::string whole;
  auto writer = create();
  const std::string piece(3'000'001, 'x');
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(writer->write(piece));
    whole += piece;
  }
  ASSERT_EQ(s3_.uploads.size(), 1);
  const auto& parts = s3_.uploads.begin()->second;
  ASSERT_GE(parts.size(), 2);
  for (const auto& [number, part] : parts) EXPECT_GE(part.size(), smallest);

  const auto finished = writer->finish();

  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_TRUE(s3_.objects["lake/x.zst"].body == whole);
  writer.reset();
  EXPECT_TRUE(s3_.uploads.empty());
  EXPECT_TRUE(s3_.objects.contains("lake/x.zst"));
}

TEST_F(S3StoreTest, AnObjectThatIsNotFinishedLeavesNothing) {
  auto writer = create();
  ASSERT_TRUE(writer->write(std::string(S3Bucket::single_bytes_max + 1, 'x')));
  ASSERT_EQ(s3_.uploads.size(), 1);

  writer.reset();

  EXPECT_TRUE(s3_.uploads.empty());
  EXPECT_TRUE(s3_.objects.empty());
}

}  // namespace
}  // namespace tidemill::bucket
