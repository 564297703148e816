#include "webhook_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <optional>

#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/source_driver.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::webhook {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MapProgress;
using testing::SourceDriver;

/// A door that tests knock at without a network.
class FakeDoor final : public HttpServer {
 public:
  explicit FakeDoor(bool& open) : open_(open) { open_ = true; }
  Task<> close() override {
    open_ = false;
    co_return;
  }
  std::uint16_t port() const override { return 8899; }

 private:
  bool& open_;
};

class WebhookSourceTest : public ::testing::Test {
 protected:
  WebhookSourceTest() { EXPECT_TRUE(driver_.open(nothing_)); }
  ~WebhookSourceTest() override { scheduler_.run(source_.close()); }

  Services services() {
    Services services{.scheduler = scheduler_, .log = log_, .data_folder = "/nowhere"};
    services.serve_http = [this](Scheduler&, Log&,
                                 HttpDoor door) -> Result<std::unique_ptr<HttpServer>> {
      if (door.listen == "taken:1") return fail(Fault::transient, "cannot listen on taken:1");
      door_ = std::move(door);
      return std::make_unique<FakeDoor>(open_);
    };
    return services;
  }

  static SourceConfig config(std::string listen = "127.0.0.1:8899") {
    return {.listen = std::move(listen),
            .path = "/hook",
            .token = {"secret"},
            .body_max = ByteSize{77},
            .answer_within = std::chrono::seconds(5)};
  }

  /// What came of a request, once it is answered.
  using Sent = std::shared_ptr<std::optional<HttpResponse>>;

  Sent send(std::string body, std::string path = "/hook", std::string method = "POST") {
    HttpRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.content_type = "application/json";
    request.body = std::move(body);
    auto sent = std::make_shared<std::optional<HttpResponse>>();
    boost::asio::co_spawn(scheduler_.executor(), door_.answer(std::move(request)),
                          [sent](std::exception_ptr error, HttpResponse response) {
                            if (error) std::rethrow_exception(error);
                            *sent = std::move(response);
                          });
    return sent;
  }

  unsigned status(const Sent& sent) {
    scheduler_.run_until([&sent] { return sent->has_value(); });
    return (*sent)->status;
  }

  bool is_answered(const Sent& sent) {
    bool reached = false;
    scheduler_.call_at(scheduler_.now(), [&reached] { reached = true; });
    scheduler_.run_until([&reached] { return reached; });
    return sent->has_value();
  }

  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  MapProgress nothing_;
  HttpDoor door_;
  bool open_ = false;
  WebhookSource source_{config(), services()};
  SourceDriver driver_{scheduler_, source_};
};

TEST_F(WebhookSourceTest, ItsDoorIsAsItIsConfigured) {
  EXPECT_TRUE(open_);
  EXPECT_EQ(door_.listen, "127.0.0.1:8899");
  EXPECT_EQ(door_.token, "secret");
  EXPECT_EQ(door_.limits.body_bytes_max, 77U);
  EXPECT_EQ(source_.traits().buffer_bytes, 77U * door_.limits.connections_max);
}

TEST_F(WebhookSourceTest, ARequestIsAnsweredOnceItsEventIsSettled) {
  const auto sent = send(R"({"n":1})");
  const auto events = driver_.poll();

  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].data.view(), R"({"n":1})");
  EXPECT_EQ(events[0].content_type, "application/json");
  EXPECT_EQ(events[0].source, "http://127.0.0.1:8899/hook");
  EXPECT_FALSE(is_answered(sent));

  driver_.settle(events);

  EXPECT_EQ(status(sent), 200U);
}

TEST_F(WebhookSourceTest, EachOfSeveralIsAnsweredForItself) {
  const auto first = send("1");
  const auto second = send("2");
  const auto events = driver_.poll();
  ASSERT_EQ(events.size(), 2U);

  driver_.settle({events[1]});

  EXPECT_EQ(status(second), 200U);
  EXPECT_FALSE(is_answered(first));
  driver_.settle({events[0]});
  EXPECT_EQ(status(first), 200U);
}

TEST_F(WebhookSourceTest, WhatItsReaderCanMakeNothingOfIsTheSendersMistake) {
  const auto sent = send("garbage");
  const auto events = driver_.poll();
  const Settled refused{.partition = events.at(0).partition,
                        .offset = events.at(0).offset,
                        .subject = {},
                        .version = {},
                        .refused = "it is not JSON"};

  ASSERT_TRUE(scheduler_.run(source_.settle({&refused, 1})));

  EXPECT_EQ(status(sent), 400U);
  EXPECT_EQ((*sent)->body, "it is not JSON\n");
}

TEST_F(WebhookSourceTest, WhatIsNotSettledInTimeIsToBeSentAgain) {
  const auto sent = send("1");
  const auto before = scheduler_.now();
  const auto events = driver_.poll();

  EXPECT_EQ(status(sent), 503U);
  EXPECT_EQ(scheduler_.now() - before, std::chrono::seconds(5));
  driver_.settle(events);  // Too late for anybody to hear.
}

TEST_F(WebhookSourceTest, WhatWasAnsweredBeforeItWasPolledIsNoEvent) {
  EXPECT_EQ(status(send("1")), 503U);
  const auto second = send("2");

  const auto events = driver_.poll();

  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].data.view(), "2");
  driver_.settle(events);
  EXPECT_EQ(status(second), 200U);
}

TEST_F(WebhookSourceTest, ACreditIsNeverExceeded) {
  const auto first = send("12345");
  const auto second = send("12345");
  is_answered(second);

  const auto some = driver_.poll({.events = 10, .bytes = 6, .alone = true});
  EXPECT_EQ(some.size(), 1U);
  EXPECT_THAT(driver_.poll({.events = 10, .bytes = 3, .alone = false}), IsEmpty());
  driver_.settle(some);
  driver_.settle(driver_.poll());
  EXPECT_EQ(status(first) + status(second), 400U);
}

TEST_F(WebhookSourceTest, OtherPathsAndMethodsAreNotItsOwn) {
  EXPECT_EQ(status(send("1", "/other")), 404U);
  EXPECT_EQ(status(send("", "/hook", "GET")), 405U);
}

TEST_F(WebhookSourceTest, AnEngineThatStopsTakesNothingNew) {
  const auto in_flight = send("1");
  const auto events = driver_.poll();
  const auto waiting = send("2");
  is_answered(waiting);

  source_.interrupt();

  EXPECT_EQ(status(waiting), 503U);
  EXPECT_EQ(status(send("3")), 503U);
  driver_.settle(events);
  EXPECT_EQ(status(in_flight), 200U);
}

TEST_F(WebhookSourceTest, WhatIsInFlightWhenItClosesIsToBeSentAgain) {
  const auto sent = send("1");
  driver_.poll();

  scheduler_.run(source_.close());

  EXPECT_FALSE(open_);
  EXPECT_EQ(status(sent), 503U);
}

TEST_F(WebhookSourceTest, APortThatIsTakenIsTriedAgain) {
  WebhookSource other(config("taken:1"), services());

  const auto opened = scheduler_.run(other.open(nothing_));

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::transient);
}

TEST(WebhookOptions, SayWhatIsWrong) {
  const auto wrong = source_spec().make({{"listen", "127.0.0.1:1"}, {"path", "hook"}});

  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("path begins with /"));
}

}  // namespace
}  // namespace tidemill::webhook
