// WebhookSource: requests over HTTP as events.
//
// A queue whose upstream system is the sender: the request is answered when its event is settled,
// and what is not answered with 2xx it sends again. Requests that wait to be polled are bounded by
// the connections that a door has. Belongs to one pipeline, on its executor.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/async.h"
#include "tidemill/http.h"
#include "tidemill/registry.h"
#include "tidemill/source.h"
#include "webhook.h"

namespace tidemill::webhook {

class WebhookSource final : public Source {
 public:
  WebhookSource(SourceConfig config, Services services);

  SourceTraits traits() const override;
  std::string identity() const override { return identity_; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Task<> close() override;

  /// The port that it listens on, while it is open.
  std::uint16_t port() const { return server_ ? server_->port() : 0; }

 private:
  enum class Outcome { open, settled, refused, put_off };

  /// A request that waits for its answer.
  struct Waiting {
    explicit Waiting(Scheduler& scheduler) : changed(scheduler) {}
    Outcome outcome = Outcome::open;
    std::string reason;
    Signal changed;
  };
  /// One that was not handed over yet.
  struct Arrived {
    std::uint64_t number = 0;
    Event event;
  };

  Task<HttpResponse> answer(HttpRequest request);
  Event event_of(HttpRequest request) const;
  void end(std::uint64_t number, Outcome outcome, std::string_view reason);

  const SourceConfig config_;
  const Services services_;
  const std::string identity_;
  std::unique_ptr<HttpServer> server_;
  std::map<std::uint64_t, Waiting> waiting_;  // By number of the event.
  std::deque<Arrived> arrived_;
  std::uint64_t next_ = 0;
  Signal news_;
  bool interrupted_ = false;
};

}  // namespace tidemill::webhook
