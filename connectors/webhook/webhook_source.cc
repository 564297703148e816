#include "webhook_source.h"

#include <functional>
#include <utility>

namespace tidemill::webhook {
namespace {

constexpr std::string_view event_type = "com.tidemill.webhook";

HttpResponse busy(std::string why) {
  auto response = text_response(503, std::move(why) + "; send it again\n");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

WebhookSource::WebhookSource(SourceConfig config, Services services)
    : config_(std::move(config)),
      services_(std::move(services)),
      identity_("http://" + config_.listen + config_.path),
      news_(services_.scheduler) {}

SourceTraits WebhookSource::traits() const {
  // Each connection may hold a request that was not taken yet.
  return {.progress = ProgressKind::queue,
          .can_exhaust = false,
          .buffer_bytes = HttpLimits{}.connections_max * config_.body_max.value};
}

Task<Result<>> WebhookSource::open(const Progress&) {
  if (server_) co_return Result<>();
  HttpDoor door{.listen = config_.listen,
                .token = config_.token.value,
                .answer = std::bind_front(&WebhookSource::answer, this)};
  door.limits.body_bytes_max = config_.body_max.value;
  auto server = services_.serve_http(services_.scheduler, services_.log, std::move(door));
  if (!server) co_return std::unexpected(server.error());
  server_ = std::move(*server);
  co_return Result<>();
}

Task<HttpResponse> WebhookSource::answer(HttpRequest request) {
  if (request.path != config_.path)
    co_return text_response(404, "nothing at " + request.path + "\n");
  if (request.method != "POST") {
    auto refusal = text_response(405, request.path + " takes POST\n");
    refusal.headers.emplace_back("Allow", "POST");
    co_return refusal;
  }
  if (interrupted_) co_return busy("the engine stops");
  const std::uint64_t number = next_++;
  Waiting& waiting = waiting_.try_emplace(number, services_.scheduler).first->second;
  arrived_.push_back({number, event_of(std::move(request))});
  news_.notify();
  const Instant late = services_.scheduler.now() + config_.answer_within;
  while (waiting.outcome == Outcome::open && services_.scheduler.now() < late)
    std::ignore = co_await waiting.changed.wait_until(late);
  const Outcome outcome = waiting.outcome;
  const std::string reason = std::move(waiting.reason);
  waiting_.erase(number);
  // One that nobody waits for any more is not begun.
  std::erase_if(arrived_, [number](const Arrived& one) { return one.number == number; });
  if (outcome == Outcome::settled) co_return text_response(200, "settled\n");
  if (outcome == Outcome::refused) co_return text_response(400, reason + "\n");
  co_return busy(outcome == Outcome::put_off ? "the engine stops" : "it is not settled yet");
}

// One allocation holds the payload, then the content type and the source.
Event WebhookSource::event_of(HttpRequest request) const {
  std::string text = std::move(request.body);
  const std::size_t payload = text.size();
  text.append(request.content_type).append(identity_);
  const auto owner = std::make_shared<const std::string>(std::move(text));
  const std::string_view all = *owner;
  const WallTime now = services_.scheduler.wall();
  Event event;
  event.data = Bytes(all.substr(0, payload), owner);
  event.content_type = all.substr(payload, request.content_type.size());
  event.source = all.substr(payload + request.content_type.size());
  event.type = event_type;
  event.time = EventTime(now.value);
  event.ingested = IngestTime(now.value);
  return event;
}

Task<Result<PollEnd>> WebhookSource::poll(Credit credit, std::vector<Event>& out) {
  std::uint64_t taken = 0;
  std::uint64_t taken_bytes = 0;
  while (!interrupted_) {
    while (!arrived_.empty()) {
      Arrived& first = arrived_.front();
      if (!credit.allows(first.event.bytes(), taken, taken_bytes)) co_return PollEnd::more;
      ++taken;
      taken_bytes += first.event.bytes();
      first.event.offset = Offset(first.number);
      first.event.offset_next = Offset(first.number + 1);
      out.push_back(std::move(first.event));
      arrived_.pop_front();
    }
    if (taken > 0) co_return PollEnd::more;
    co_await news_.wait();
  }
  co_return fail(Fault::cancelled, "interrupted");
}

void WebhookSource::interrupt() {
  interrupted_ = true;
  for (const Arrived& one : arrived_) end(one.number, Outcome::put_off, {});
  news_.notify();
}

Task<Result<>> WebhookSource::settle(std::span<const Settled> settled) {
  for (const Settled& one : settled)
    end(one.offset.value, one.refused.empty() ? Outcome::settled : Outcome::refused, one.refused);
  co_return Result<>();
}

// Of one that was answered meanwhile: nothing.
void WebhookSource::end(std::uint64_t number, Outcome outcome, std::string_view reason) {
  const auto waiting = waiting_.find(number);
  if (waiting == waiting_.end()) return;
  waiting->second.outcome = outcome;
  waiting->second.reason = reason;
  waiting->second.changed.notify();
}

Task<> WebhookSource::close() {
  interrupted_ = true;
  for (auto& [number, waiting] : waiting_)
    if (waiting.outcome == Outcome::open) end(number, Outcome::put_off, {});
  if (!server_) co_return;
  co_await server_->close();
  server_.reset();
}

}  // namespace tidemill::webhook
