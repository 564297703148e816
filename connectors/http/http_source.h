// HttpSource: requests over HTTP as events.
//
// A queue whose upstream system is the sender: a request is answered when its event is settled,
// with what the function replied or with a status that says so, and what is not answered with 2xx
// is the sender's to send again. Requests that wait to be polled are bounded in number and in
// bytes. Belongs to one pipeline, on its executor.
#pragma once

#include <boost/container/deque.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "caller.h"
#include "cors.h"
#include "http.h"
#include "listener.h"
#include "rate_limit.h"
#include "request_event.h"
#include "signature.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/reply.h"
#include "tidemill/source.h"
#include "wake_up.h"

namespace tidemill::http {

class HttpSource final : public Source, private Endpoint {
 public:
  /// Connects to nothing. Errors: bad_config.
  static Result<std::unique_ptr<HttpSource>> make(SourceConfig config, Services services,
                                                  std::shared_ptr<ListenerHub> hub);
  ~HttpSource() override;

  SourceTraits traits() const override;
  std::string identity() const override { return identity_; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Task<> close() override;

  /// The port that it listens on, while it is open.
  std::uint16_t port() const { return listener_ != nullptr ? listener_->port() : 0; }

 private:
  // The worse, the later.
  enum class Outcome { open, settled, failed, refused, late, stopped };

  using Headers = decltype(HttpResponse::headers);

  // A request that waits for its answer; whoever makes that owns it.
  struct Waiting {
    Waiting(Scheduler& scheduler, Instant until) : late(until), over(scheduler) {}
    const Instant late;
    std::uint64_t first = 0;        // The number of the first of its events,
    std::size_t events = 0;         // of which a batch has several,
    std::size_t open = 0;           // and those that have not ended.
    Outcome worst = Outcome::open;  // Of those that have.
    Outcome outcome = Outcome::open;
    std::string reason;
    SharedReply reply;
    WakeUp over;
  };

  // An Event is too large for the blocks that a std::deque has.
  using Arrived =
      boost::container::deque<Event, void,
                              boost::container::deque_options_t<boost::container::block_size<64U>>>;

  HttpSource(SourceConfig config, Services services, std::shared_ptr<ListenerHub> hub);

  std::optional<HttpResponse> admit(const HttpRequest& request, Admitted& admitted) override;
  std::optional<HttpResponse> preflight(const HttpRequest& request) override;
  HttpResponse with_cors(const HttpRequest& request, HttpResponse response) override;
  Task<HttpResponse> answer(HttpRequest& request,
                            std::shared_ptr<const Admitted> admitted) override;
  std::optional<HttpResponse> take(HttpRequest& request, const Admitted& admitted,
                                   Waiting& waiting);
  Task<HttpResponse> outcome_of(std::unique_ptr<Waiting> waiting, Headers cross_origin);
  void forget(const Waiting& waiting);
  HttpResponse answer_to(const Waiting& waiting) const;
  HttpResponse unknown_caller() const;
  bool open_to_pages() const;
  bool is_origin(const HttpRequest& request) const;
  bool is_host(std::string_view host) const;
  void await(std::uint64_t number, Waiting& waiting);
  void look_for_late();
  void end(std::uint64_t number, Outcome outcome, std::string_view reason, SharedReply reply);

  const SourceConfig config_;
  const Services services_;
  const std::shared_ptr<ListenerHub> hub_;
  const std::shared_ptr<Sharing> sharing_;
  const bool counts_;  // The memory of the listener, for all that share it.
  const std::string identity_;
  const RequestEvents events_;
  const std::optional<unsigned> fixed_status_;
  std::optional<SignatureVerifier> verifier_;
  std::optional<Callers> callers_;
  std::optional<RateLimit> limit_;
  std::optional<Cors> cors_;
  Listener* listener_ = nullptr;
  boost::unordered_flat_map<std::uint64_t, Waiting*> waiting_;  // By number of the event.
  Scheduler::TimerId timer_ = Scheduler::TimerId::none;         // For the oldest that was open.
  Arrived arrived_;                                             // Not handed over yet.
  std::uint64_t next_ = 0;
  std::size_t answering_ = 0;  // Requests whose answer is being made.
  Signal news_;
  Signal answered_;
  bool interrupted_ = false;
};

}  // namespace tidemill::http
