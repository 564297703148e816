#include "mail_sink.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tidemill::mail {
namespace {

Duration pause_of(const Rate& rate) {
  if (rate.per_second <= 0) return Duration(0);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / rate.per_second));
}

}  // namespace

MailSink::MailSink(const SinkConfig& config, Server server, LetterRules rules, Services services)
    : rules_(std::move(rules)),
      services_(std::move(services)),
      pause_(pause_of(config.rate)),
      client_(config, std::move(server)),
      closing_(services_.scheduler) {}

SinkTraits MailSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = true,
          .concurrent_writes = false};
}

std::string MailSink::place() const { return "mail:" + client_.server().name(); }

Task<Result<std::string>> MailSink::reach() {
  const Result<> opened = co_await open();
  if (!opened) co_return std::unexpected(opened.error());
  co_return "it takes mails";
}

Task<Result<>> MailSink::open() {
  closed_ = false;
  client_.resume();
  auto work = [this] { return client_.probe(); };
  auto opened = co_await run_blocking(services_.scheduler, std::move(work));
  if (!opened) opened.error().message = place() + ": " + opened.error().message;
  co_return opened;
}

Task<> MailSink::wait_for_turn() {
  while (!closed_ && services_.scheduler.now() < next_) {
    const Instant until = next_;
    co_await closing_.wait_until(until);
  }
  next_ = services_.scheduler.now() + pause_;
}

// Runs on the pool.
Result<> MailSink::send(const SinkBatch& batch, const Effect& effect) {
  if (effect.kind == EffectKind::delete_object)
    return fail(Fault::bad_event, "an object that is removed is no mail");
  auto letter = write_letter(rules_, batch, effect, services_.scheduler.wall());
  if (!letter) return std::unexpected(std::move(letter.error()));
  auto sent = client_.send(*letter);
  if (!sent) sent.error().message = place() + ": " + sent.error().message;
  return sent;
}

Task<std::vector<Result<>>> MailSink::write(SinkBatch batch) {
  std::vector<Result<>> results(batch.effects.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (pause_.count() > 0) co_await wait_for_turn();
    if (closed_) {
      results[i] = fail(Fault::cancelled, "the sink is being closed");
      continue;
    }
    auto work = [this, &batch, i] { return send(batch, batch.effects[i]); };
    results[i] = co_await run_blocking(services_.scheduler, std::move(work));
    if (results[i] || results[i].error().fault != Fault::unavailable) continue;
    // It takes none now: the others need not knock, too.
    std::fill(results.begin() + static_cast<std::ptrdiff_t>(i), results.end(), results[i]);
    break;
  }
  if (std::ranges::all_of(results, [](const auto& r) { return r.has_value(); })) results.clear();
  co_return results;
}

Task<> MailSink::close() {
  closed_ = true;
  client_.interrupt();
  closing_.notify();
  co_return;
}

}  // namespace tidemill::mail
