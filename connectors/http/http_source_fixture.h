// HttpSourceTest: sources behind a door that tests knock at without a network, on virtual time.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_source.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/source_driver.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::http {

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
  std::uint16_t port() const override { return 8081; }

 private:
  bool& open_;
};

class HttpSourceTest : public ::testing::Test {
 protected:
  ~HttpSourceTest() override {
    for (auto& source : sources_) scheduler_.run(source->close());
    scheduler_.abandon();
  }

  Services services() {
    Services services{.scheduler = scheduler_, .log = log_, .data_folder = "/nowhere"};
    services.pipeline = "p" + std::to_string(sources_.size());
    services.engine_scheduler = &scheduler_;
    services.serve_http = [this](Scheduler&, Log&,
                                 HttpDoor door) -> Result<std::unique_ptr<HttpServer>> {
      if (door.listen == "taken:1") return fail(Fault::transient, "cannot listen on taken:1");
      door_ = std::move(door);
      return std::make_unique<FakeDoor>(open_);
    };
    return services;
  }

  static SourceConfig config(std::string respond = "202") {
    SourceConfig config;
    config.listener.listen = "127.0.0.1:8081";
    config.path = "/hook";
    config.respond = std::move(respond);
    config.answer_within = std::chrono::seconds(5);
    return config;
  }

  /// A source that has been opened.
  HttpSource& source(SourceConfig config) {
    auto made = HttpSource::make(std::move(config), services(), hub_);
    EXPECT_TRUE(made) << made.error().message;
    HttpSource& source = *sources_.emplace_back(std::move(*made));
    opened_ = scheduler_.run(source.open(nothing_));
    return source;
  }

  /// What came of a request, once it is answered.
  using Sent = std::shared_ptr<std::optional<HttpResponse>>;

  struct Wanted {
    std::string body{};
    std::string path = "/hook";
    std::string method = "POST";
    std::vector<std::pair<std::string, std::string>> headers{};
  };

  Sent send(Wanted wanted) {
    wanted.headers.emplace_back("Host", "localhost:8081");
    const auto sending = std::make_shared<HttpRequest>();
    HttpRequest& request = *sending;
    request.method = wanted.method;
    request.path = wanted.path;
    request.content_type = "application/json";
    request.peer = "10.0.0.1";
    std::string head;
    for (auto& [name, value] : wanted.headers) {
      std::ranges::transform(name, name.begin(), ascii_lower);
      head.append(name).append(value);
    }
    request.head.assign(head.begin(), head.end());
    std::string_view rest(request.head.data(), request.head.size());
    for (const auto& [name, value] : wanted.headers) {
      request.headers.push_back(
          {rest.substr(0, name.size()), rest.substr(name.size(), value.size())});
      rest.remove_prefix(name.size() + value.size());
    }
    auto sent = std::make_shared<std::optional<HttpResponse>>();
    if (auto refused = door_.admit(request)) {
      *sent = std::move(*refused);
      return sent;
    }
    request.body = std::move(wanted.body);
    boost::asio::co_spawn(scheduler_.executor(), door_.answer(request),
                          [sent, sending](std::exception_ptr error, HttpResponse response) {
                            if (error) std::rethrow_exception(error);
                            *sent = std::move(response);
                          });
    return sent;
  }

  const HttpResponse& answer(const Sent& sent) {
    scheduler_.run_until([&sent] { return sent->has_value(); });
    return **sent;
  }
  unsigned status(const Sent& sent) { return answer(sent).status; }

  bool is_answered(const Sent& sent) {
    bool reached = false;
    scheduler_.call_at(scheduler_.now(), [&reached] { reached = true; });
    scheduler_.run_until([&reached] { return reached; });
    return sent->has_value();
  }

  void settle(HttpSource& source, Settled settled) {
    ASSERT_TRUE(scheduler_.run(source.settle({&settled, 1})));
  }

  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& [known, value] : response.headers)
      if (known == name) return value;
    return {};
  }

  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  MapProgress nothing_;
  HttpDoor door_;
  bool open_ = false;
  Result<> opened_;
  std::shared_ptr<ListenerHub> hub_ = std::make_shared<ListenerHub>();
  std::list<std::unique_ptr<HttpSource>> sources_;
};

}  // namespace tidemill::http
