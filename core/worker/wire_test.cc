// Requests and answers through an area of memory, whole, cut short and scribbled over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/worker/wire.h"
#include "core/worker/wire_answer.h"
#include "core/worker/wire_request.h"
#include "core/worker/wire_start.h"

namespace tidemill::worker {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

class WireTest : public ::testing::Test {
 protected:
  WireTest() : area_(64 * 1024) {
    decl_.outputs = {{"rows", OutputKind::rows, ""}, {"files", OutputKind::objects, ""}};
    for (int i = 0; i < 3; ++i) {
      Event e;
      e.partition = Partition(7);
      e.offset = Offset(static_cast<std::uint64_t>(i));
      e.source = "clicks";
      e.type = "click";
      e.key = keys_[static_cast<std::size_t>(i)];
      e.data = Bytes::forever("the payload");
      e.extensions = extensions_;
      events_.push_back(e);
    }
    request_.events = events_;
    request_.request_id = "r-1";
    request_.timeout = std::chrono::seconds(3);
    request_.attempt = 2;
    request_.seed = 5;
  }

  Answer sample() {
    Answer answer;
    Effect row;
    row.kind = EffectKind::put_row;
    row.key = own_key_;
    row.data = events_[0].data.view().substr(4);
    Effect file{.kind = EffectKind::put_object,
                .event = 2,
                .output = 1,
                .key = "file",
                .content_type = "text/plain",
                .data = "hello",
                .metadata = extensions_};
    answer.effects = {row, file};
    answer.failures = {{1, Fault::bad_event, "no good"}};
    return answer;
  }

  Result<Answer> read_back(std::string_view bytes) {
    std::shared_ptr<char[]> copy(new char[bytes.size()]);
    std::memcpy(copy.get(), bytes.data(), bytes.size());
    Answer answer;
    auto ok = read_answer(decl_, request_, 11, std::move(copy), bytes.size(), answer);
    if (!ok) return std::unexpected(ok.error());
    return answer;
  }

  // The worker's events view the engine's texts: an answer may name parts of either.
  std::size_t write(std::span<char> area, std::uint64_t invocation, const Answer& answer) {
    std::vector<tidemill_event> events(events_.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      events[i].key = slice(events_[i].key);
      events[i].data = slice(events_[i].data.view());
    }
    return write_answer(area, invocation, events, answer);
  }

  std::string_view written(const Answer& answer) {
    return {area_.data(), write(area_, 11, answer)};
  }

  // In these tests the worker sees the area where the engine does.
  Result<std::size_t> write_request(std::span<char> area) {
    return worker::write_request(area, request_, 11, reinterpret_cast<std::uintptr_t>(area.data()));
  }

  static tidemill_slice slice(std::string_view text) { return {text.data(), text.size()}; }
  static std::string_view text(tidemill_slice s) { return {s.data, s.size}; }

  const std::vector<std::string> keys_ = {"a", "b", "c"};
  const std::string own_key_ = "own key";
  const std::vector<Attribute> extensions_ = {{"trace", "00-1"}, {"lang", "en"}};
  std::vector<char> area_;
  config::FunctionDecl decl_;
  std::vector<Event> events_;
  Request request_;
};

TEST_F(WireTest, ARequestComesThroughWhole) {
  const auto bytes = write_request(area_);
  ASSERT_TRUE(bytes);
  ReadRequest read;
  ASSERT_TRUE(read_request({area_.data(), *bytes}, read));
  EXPECT_EQ(read.invocation, 11u);
  EXPECT_EQ(read.request.request_id, "r-1");
  EXPECT_EQ(read.request.attempt, 2u);
  EXPECT_EQ(read.request.seed, 5u);
  EXPECT_EQ(read.request.timeout, Duration(std::chrono::seconds(3)));
  ASSERT_THAT(read.events.events, SizeIs(3));
  ASSERT_THAT(read.events.positions, SizeIs(3));
  for (std::size_t i = 0; i < 3; ++i) {
    const tidemill_event& e = read.events.events[i];
    EXPECT_EQ(e.size, sizeof(tidemill_event));
    EXPECT_EQ(text(e.source), "clicks");
    EXPECT_EQ(text(e.type), "click");
    EXPECT_EQ(text(e.subject), "");
    EXPECT_EQ(text(e.key), keys_[i]);
    EXPECT_EQ(text(e.data), "the payload");
    ASSERT_EQ(e.extension_count, 2u);
    EXPECT_EQ(text(e.extensions[1].name), "lang");
    EXPECT_EQ(text(e.extensions[1].value), "en");
    EXPECT_EQ(read.events.positions[i].partition, 7u);
    EXPECT_EQ(read.events.positions[i].offset, i);
  }
}

TEST_F(WireTest, APointerInARequestIsTheWorkers) {
  constexpr std::uint64_t seen_at = 1 << 30;
  const auto bytes = worker::write_request(area_, request_, 11, seen_at);
  ASSERT_TRUE(bytes);
  ReadRequest read;
  ASSERT_TRUE(read_request({area_.data(), *bytes}, read));
  for (const tidemill_event& e : read.events.events) {
    const auto at = reinterpret_cast<std::uintptr_t>(e.data.data) - seen_at;
    EXPECT_EQ(std::string_view(area_.data() + at, e.data.size), "the payload");
    const auto pairs = reinterpret_cast<std::uintptr_t>(e.extensions) - seen_at;
    EXPECT_LT(pairs, *bytes);
  }
}

TEST_F(WireTest, TextsThatEventsShareAreWrittenOnce) {
  const auto bytes = write_request(area_);
  ASSERT_TRUE(bytes);
  const std::string_view area(area_.data(), *bytes);
  EXPECT_EQ(area.find("clicks"), area.rfind("clicks"));
}

TEST_F(WireTest, ARequestThatDoesNotFitIsAnError) {
  const auto whole = write_request(area_);
  ASSERT_TRUE(whole);
  for (std::size_t bytes = 0; bytes < *whole; ++bytes)
    EXPECT_FALSE(write_request(std::span(area_).first(bytes)));
}

TEST_F(WireTest, ARequestCutShortIsAnError) {
  const auto whole = write_request(area_);
  ASSERT_TRUE(whole);
  ReadRequest read;
  for (std::size_t bytes = 0; bytes < *whole; ++bytes)
    EXPECT_FALSE(read_request({area_.data(), bytes}, read)) << bytes;
}

TEST_F(WireTest, AnAnswerComesThroughWhole) {
  const auto answer = read_back(written(sample()));
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_THAT(answer->effects, SizeIs(2));
  EXPECT_EQ(answer->effects[0].key, "own key");
  EXPECT_EQ(answer->effects[0].data, "payload");
  EXPECT_EQ(answer->effects[0].data.data(), events_[0].data.view().data() + 4);
  EXPECT_EQ(answer->effects[1].content_type, "text/plain");
  ASSERT_THAT(answer->effects[1].metadata, SizeIs(2));
  EXPECT_EQ(answer->effects[1].metadata[0].name, "trace");
  ASSERT_THAT(answer->failures, SizeIs(1));
  EXPECT_EQ(answer->failures[0].reason, "no good");
}

TEST_F(WireTest, AFailedBatchComesThroughWithItsFault) {
  Answer failed;
  failed.error = Error{Fault::bad_event, "never"};
  const auto answer = read_back(written(failed));
  ASSERT_TRUE(answer);
  ASSERT_TRUE(answer->error);
  EXPECT_EQ(answer->error->fault, Fault::bad_event);
  EXPECT_EQ(answer->error->message, "never");
}

TEST_F(WireTest, AWorkerPutsNoBatchOff) {
  for (const Fault fault : {Fault::throttled, Fault::bad_config, Fault::fenced, Fault::cancelled}) {
    Answer failed;
    failed.error = Error{fault, "later"};
    EXPECT_FALSE(read_back(written(failed))) << static_cast<int>(fault);
  }
}

TEST_F(WireTest, AnAnswerThatDoesNotFitBecomesItsOwnError) {
  const auto area = std::span(area_).first(200);
  const auto bytes = write(area, 11, sample());
  const auto answer = read_back({area.data(), bytes});
  ASSERT_TRUE(answer);
  ASSERT_TRUE(answer->error);
  EXPECT_EQ(answer->error->message,
            "the response is larger than the memory of its function (memory:)");
}

TEST_F(WireTest, AnAnswerToAnotherInvocationIsRefused) {
  const std::size_t bytes = write(area_, 10, sample());
  EXPECT_FALSE(read_back({area_.data(), bytes}));
}

TEST_F(WireTest, AnAnswerCutShortIsRefused) {
  const auto whole = written(sample());
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    EXPECT_FALSE(read_back(whole.substr(0, bytes))) << bytes;
}

TEST_F(WireTest, AnEffectOfAnEventThatIsNotThereIsRefused) {
  std::string bytes(written(sample()));
  auto* effect = reinterpret_cast<WireEffect*>(bytes.data() + sizeof(AnswerHead));
  effect->event = 3;
  EXPECT_FALSE(read_back(bytes));
}

TEST_F(WireTest, APartBeyondItsEventIsRefused) {
  std::string bytes(written(sample()));
  auto* effect = reinterpret_cast<WireEffect*>(bytes.data() + sizeof(AnswerHead));
  effect->data.size += 1;
  EXPECT_FALSE(read_back(bytes));
}

TEST_F(WireTest, WhatAPluginMayNotAnswerAWorkerMayNotEither) {
  std::string bytes(written(sample()));
  auto* effect = reinterpret_cast<WireEffect*>(bytes.data() + sizeof(AnswerHead));
  effect->output = 1;
  const auto answer = read_back(bytes);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("puts a row, but output 'files' carries objects"));
}

// Every view of whatever is accepted can be read; AddressSanitizer watches.
TEST_F(WireTest, AScribbledAnswerIsRefusedOrHarmless) {
  const std::string good(written(sample()));
  std::mt19937 random(1);
  std::size_t sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (int n = 0; n < 3; ++n)
      bytes[random() % bytes.size()] = static_cast<char>(random() % 2 == 0 ? random() : 255);
    const auto answer = read_back(bytes);
    if (!answer) continue;
    for (const Effect& e : answer->effects) {
      for (const char c : e.key) sum += static_cast<unsigned char>(c);
      for (const char c : e.data) sum += static_cast<unsigned char>(c);
      for (const Attribute& a : e.metadata) sum += a.name.size() + a.value.size();
    }
  }
  EXPECT_GT(sum, 0u);
}

TEST_F(WireTest, AStartComesThroughWhole) {
  const Start start{.plugin = "/x/f.so",
                    .function = "f",
                    .config = {{"tag", "one"}, {"tag", "two"}},
                    .memory_bytes_max = 77,
                    .engine = 5};
  const auto bytes = write_start(area_, start);
  ASSERT_TRUE(bytes);
  const auto read = read_start({area_.data(), *bytes});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->plugin, "/x/f.so");
  EXPECT_EQ(read->function, "f");
  EXPECT_THAT(read->config, Contains(Pair("tag", "two")));
  EXPECT_EQ(read->memory_bytes_max, 77u);
  EXPECT_EQ(read->engine, 5u);
  EXPECT_FALSE(read_start({area_.data(), *bytes - 1}));
  EXPECT_FALSE(write_start(std::span(area_).first(40), start));
}

}  // namespace
}  // namespace tidemill::worker
