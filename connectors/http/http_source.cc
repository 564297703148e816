#include "http_source.h"

#include <algorithm>
#include <utility>

#include "messages.h"
#include "tidemill/http_words.h"

namespace tidemill::http {
namespace {

HttpResponse with(std::span<const HttpHeader> headers, HttpResponse response) {
  for (const HttpHeader& header : headers) response.headers.emplace_back(header.name, header.value);
  return response;
}

std::string identity_of(const SourceConfig& config) {
  std::string identity = "http://" + config.listener.listen;
  const auto keys = config.route_keys();
  return identity + (config.routes.empty() ? config.path : "#" + keys.front());
}

}  // namespace

Result<std::unique_ptr<HttpSource>> HttpSource::make(SourceConfig config, Services services,
                                                     std::shared_ptr<ListenerHub> hub) {
  std::unique_ptr<HttpSource> source(
      new HttpSource(std::move(config), std::move(services), std::move(hub)));
  const SourceConfig& given = source->config_;
  if (given.verify.hmac.on()) {
    auto verifier = SignatureVerifier::make(given.verify.hmac);
    if (!verifier) return std::unexpected(verifier.error());
    source->verifier_.emplace(std::move(*verifier));
  }
  if (given.auth.on()) {
    auto callers = Callers::make(given.auth);
    if (!callers) return std::unexpected(callers.error());
    source->callers_.emplace(std::move(*callers));
  }
  if (given.rate_limit.on()) source->limit_.emplace(given.rate_limit);
  if (given.cors.on()) source->cors_.emplace(given.cors);
  return source;
}

HttpSource::HttpSource(SourceConfig config, Services services, std::shared_ptr<ListenerHub> hub)
    : config_(std::move(config)),
      services_(std::move(services)),
      hub_(std::move(hub)),
      sharing_(hub_->sharing(config_.listener, services_)),
      counts_(!std::exchange(sharing_->counted, true)),
      identity_(identity_of(config_)),
      events_(config_, identity_),
      fixed_status_(config_.fixed_status()),
      news_(services_.scheduler),
      answered_(services_.scheduler) {
  ++sharing_->sources;
}

HttpSource::~HttpSource() {
  services_.scheduler.cancel(timer_);
  --sharing_->sources;
  if (counts_) sharing_->counted = false;
}

SourceTraits HttpSource::traits() const {
  return {.progress = ProgressKind::queue,
          .can_exhaust = false,
          .buffer_bytes = counts_ ? config_.listener.memory.value : 0,
          .replies = true};
}

Task<Result<>> HttpSource::open(const Progress&) {
  if (listener_ != nullptr) co_return Result<>();
  const auto routes = config_.route_keys();
  auto listener =
      co_await hub_->attach(config_.listener, services_, *this, services_.pipeline, routes);
  if (!listener) co_return std::unexpected(listener.error());
  listener_ = *listener;
  co_return Result<>();
}

// A page of the web can have a browser here send to loopback, under a name of its own too. Where
// nobody has to prove who he is, that is all that keeps it out.
bool HttpSource::open_to_pages() const {
  return is_loopback_host(config_.listener.listen) && !config_.auth.on() &&
         !config_.verify.hmac.on();
}

bool HttpSource::is_origin(const HttpRequest& request) const {
  const std::string_view origin = request.header("Origin");
  if (origin.empty() || !open_to_pages() || is_same_origin(origin, request.header("Host")))
    return true;
  std::vector<HttpHeader> allowed;
  if (cors_) cors_->answer(request.headers, allowed);
  return !header_of(allowed, "access-control-allow-origin").empty();
}

bool HttpSource::is_host(std::string_view host) const {
  const auto name = host.substr(0, host.rfind(':'));
  if (!config_.hosts.empty())
    return std::ranges::any_of(config_.hosts, [&](std::string_view one) {
      return same_header(one, host) || same_header(one, name);
    });
  return !open_to_pages() || is_loopback_host(host);
}

std::optional<HttpResponse> HttpSource::admit(const HttpRequest& request, Admitted& admitted) {
  if (interrupted_) return busy(503, "Service Unavailable");
  if (!is_host(request.header("Host")))
    return message(403, "the Host header names another machine; `hosts` says which it may name");
  if (!is_origin(request))
    return message(403, "pages of another origin may not send; `cors` says which may");
  if (callers_) {
    const auto caller = callers_->who(request.headers);
    if (!caller) return unknown_caller();
    admitted.caller = *caller;
  }
  if (limit_) {
    const std::string_view who = admitted.caller.empty() ? request.peer : admitted.caller;
    const Duration wait = limit_->take(who, services_.scheduler.now());
    if (wait > Duration::zero()) return busy(429, "Too Many Requests", retry_after(wait));
  }
  if (waiting_.size() >= config_.waiting_max) return busy(429, "Too Many Requests");
  return std::nullopt;
}

HttpResponse HttpSource::unknown_caller() const {
  auto refusal = message(401, "Unauthorized");
  if (const std::string_view challenge = callers_->challenge(); !challenge.empty())
    refusal.headers.emplace_back("WWW-Authenticate", challenge);
  return refusal;
}

std::optional<HttpResponse> HttpSource::preflight(const HttpRequest& request) {
  if (!cors_ || !Cors::is_preflight(request.method, request.headers)) return std::nullopt;
  std::vector<HttpHeader> headers;
  cors_->preflight(request.headers, headers);
  return with(headers, text_response(204, {}));
}

HttpResponse HttpSource::with_cors(const HttpRequest& request, HttpResponse response) {
  if (!cors_) return response;
  std::vector<HttpHeader> headers;
  cors_->answer(request.headers, headers);
  return with(headers, std::move(response));
}

// No coroutine: most answers are outcome_of() alone.
Task<HttpResponse> HttpSource::answer(HttpRequest& request,
                                      std::shared_ptr<const Admitted> admitted) {
  // Made before the request is taken apart: the answer has to say who may read it.
  auto cross_origin = with_cors(request, {.content_type = {}}).headers;
  auto waiting = std::make_unique<Waiting>(services_.scheduler,
                                           services_.scheduler.now() + config_.answer_within);
  if (auto refused = take(request, *admitted, *waiting)) {
    std::ranges::move(cross_origin, std::back_inserter(refused->headers));
    return at_once(std::move(*refused));
  }
  return outcome_of(std::move(waiting), std::move(cross_origin));
}

Task<HttpResponse> HttpSource::outcome_of(std::unique_ptr<Waiting> waiting, Headers cross_origin) {
  ++answering_;
  while (waiting->outcome == Outcome::open) co_await waiting->over.wait();
  --answering_;
  answered_.notify();
  forget(*waiting);
  HttpResponse response = answer_to(*waiting);
  std::ranges::move(cross_origin, std::back_inserter(response.headers));
  co_return response;
}

// Its events, where the next poll finds them; or why there are none.
std::optional<HttpResponse> HttpSource::take(HttpRequest& request, const Admitted& admitted,
                                             Waiting& waiting) {
  if (verifier_) {
    auto verified = verifier_->verify(request.headers, request.body, services_.scheduler.wall());
    if (!verified) return message(401, verified.error().message);
  }
  RequestEvents::Events events;
  auto made = events_.make(request, admitted, services_.scheduler.wall(),
                           {services_.scheduler.random(), services_.scheduler.random()}, events);
  if (!made) return message(400, made.error().message);
  if (interrupted_) return busy(503, "Service Unavailable");
  waiting.first = next_;
  waiting.events = waiting.open = events.size();
  if (events.empty()) waiting.outcome = Outcome::settled;
  for (Event& event : events) {
    event.offset = Offset(next_);
    event.offset_next = Offset(next_ + 1);
    arrived_.push_back(std::move(event));
    await(next_++, waiting);
  }
  news_.notify();
  return std::nullopt;
}

// What nobody waits for any more is not begun.
void HttpSource::forget(const Waiting& waiting) {
  const std::uint64_t end = waiting.first + waiting.events;
  for (std::uint64_t number = waiting.first; number < end; ++number) waiting_.erase(number);
  if (waiting.outcome == Outcome::settled) return;
  const auto own = [&](const Event& event) {
    return event.offset.value >= waiting.first && event.offset.value < end;
  };
  arrived_.erase(std::remove_if(arrived_.begin(), arrived_.end(), own), arrived_.end());
}

HttpResponse HttpSource::answer_to(const Waiting& waiting) const {
  switch (waiting.outcome) {
    case Outcome::refused:
      return message(400, waiting.reason);
    case Outcome::stopped:
      return busy(503, "Service Unavailable");
    case Outcome::late:
      return fixed_status_ ? busy(503, "not settled yet; send it again")
                           : message(504, "Endpoint request timed out");
    case Outcome::failed:
      // Durable too, in the dead letters: there is nothing for its sender to do.
      if (!fixed_status_) return message(500, "Internal Server Error");
      break;
    case Outcome::open:
    case Outcome::settled:
      break;
  }
  if (fixed_status_) return {.status = *fixed_status_, .content_type = {}};
  if (waiting.reply == nullptr) return {.status = 204, .content_type = {}};
  const Reply& reply = *waiting.reply;
  return {.status = reply.status,
          .content_type = reply.content_type,
          .body = reply.body,
          .headers = reply.headers};
}

void HttpSource::await(std::uint64_t number, Waiting& waiting) {
  waiting_.emplace(number, &waiting);
  if (timer_ == Scheduler::TimerId::none) look_for_late();
}

// One timer for all, for the oldest: they wait equally long. What was answered since it was set is
// not there any more.
void HttpSource::look_for_late() {
  services_.scheduler.cancel(std::exchange(timer_, Scheduler::TimerId::none));
  const Instant now = services_.scheduler.now();
  Instant next = Instant::max();
  for (const auto& [number, waiting] : waiting_) {
    if (waiting->outcome != Outcome::open) continue;
    if (waiting->late > now) {
      next = std::min(next, waiting->late);
    } else {
      end(number, Outcome::late, {}, nullptr);
    }
  }
  if (next != Instant::max())
    timer_ = services_.scheduler.call_at(next, [this] { look_for_late(); });
}

Task<Result<PollEnd>> HttpSource::poll(Credit credit, std::vector<Event>& out) {
  std::uint64_t taken = 0;
  std::uint64_t taken_bytes = 0;
  while (!interrupted_) {
    while (!arrived_.empty()) {
      const std::uint64_t bytes = arrived_.front().bytes();
      if (!credit.allows(bytes, taken, taken_bytes)) co_return PollEnd::more;
      ++taken;
      taken_bytes += bytes;
      out.push_back(std::move(arrived_.front()));
      arrived_.pop_front();
    }
    if (taken > 0) co_return PollEnd::more;
    co_await news_.wait();
  }
  co_return fail(Fault::cancelled, "interrupted");
}

void HttpSource::interrupt() {
  interrupted_ = true;
  for (const Event& one : arrived_) end(one.offset.value, Outcome::stopped, {}, nullptr);
  news_.notify();
}

Task<Result<>> HttpSource::settle(std::span<const Settled> settled) {
  for (const Settled& one : settled) {
    const Outcome outcome = !one.refused.empty()  ? Outcome::refused
                            : !one.failed.empty() ? Outcome::failed
                                                  : Outcome::settled;
    end(one.offset.value, outcome, one.refused, one.reply);
  }
  co_return Result<>();
}

// Of one that was answered meanwhile: nothing. Of a batch the worst counts, once all have ended.
void HttpSource::end(std::uint64_t number, Outcome outcome, std::string_view reason,
                     SharedReply reply) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return;
  Waiting& waiting = *found->second;
  if (waiting.outcome != Outcome::open) return;
  if (reply != nullptr) waiting.reply = std::move(reply);
  const bool over = outcome == Outcome::late || outcome == Outcome::stopped;
  if (outcome == Outcome::refused) waiting.reason = reason;
  waiting.worst = std::max(waiting.worst, outcome);
  if (!over && --waiting.open > 0) return;
  waiting.outcome = waiting.worst;
  waiting.over.call();
}

Task<> HttpSource::close() {
  interrupted_ = true;
  std::vector<std::uint64_t> open;
  for (const auto& [number, waiting] : waiting_) open.push_back(number);
  for (const std::uint64_t number : open) end(number, Outcome::stopped, {}, nullptr);
  services_.scheduler.cancel(std::exchange(timer_, Scheduler::TimerId::none));
  while (answering_ > 0) co_await answered_.wait();
  if (Listener* const listener = std::exchange(listener_, nullptr))
    co_await hub_->detach(*listener, *this);
}

}  // namespace tidemill::http
