#include "core/pipeline/in_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace tidemill {
namespace {

// A batch that waits for an unhealthy function looks again so often.
constexpr auto unhealthy_retry_after = std::chrono::seconds(5);

std::string shown(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? fmt::format("{} s", ms / 1000) : fmt::format("{} ms", ms);
}

// What may pass on the event loop while a response is freed.
constexpr std::uint32_t freeing_seconds_max = 10;

std::uint32_t whole_seconds(Duration duration) {
  return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

InProcessFunction::InProcessFunction(Parts parts)
    : parts_(std::move(parts)),
      subject_{parts_.name, "which declares itself non-blocking",
               whole_seconds(parts_.timeout + grace)},
      guards_{parts_.record, parts_.watch,
              std::make_shared<InlineWatch::Subject>(parts_.name, "which frees a response",
                                                     freeing_seconds_max)},
      reserved_(parts_.reserved > 0 ? std::make_unique<Turnstile>(parts_.scheduler, parts_.reserved)
                                    : nullptr) {}

InProcessFunction::~InProcessFunction() { parts_.scheduler.cancel(timer_); }

Task<Answer> InProcessFunction::invoke(const Request& request, BatchOrigin origin,
                                       Suspected suspected) {
  if (parts_.watch != nullptr) parts_.watch->note_loop();
  const bool alone = suspected != Suspected::no;
  const bool sole = suspected == Suspected::sole;
  if (parts_.quarantine != nullptr) co_await parts_.quarantine->enter(sole);
  Answer answer;
  if (parts_.threads) {
    answer = co_await invoke_on_a_thread(request, origin, alone);
  } else {
    answer = invoke_inline(request, origin, alone);
  }
  if (parts_.quarantine != nullptr) parts_.quarantine->leave(sole);
  co_return answer;
}

Task<Answer> InProcessFunction::invoke_on_a_thread(const Request& request, BatchOrigin origin,
                                                   bool alone) {
  if (charged_) charge_lost();
  if (reserved_ != nullptr) co_await reserved_->enter();
  auto refused = refusal();
  Answer answer;
  if (refused) {
    answer.error = std::move(*refused);
  } else {
    const auto call =
        std::make_shared<FunctionCall>(*parts_.function, request, guards_, origin, alone);
    calls_.push_back(call);
    co_await finish(call);
    std::erase(calls_, call);
    answer = call->take_answer();
  }
  if (reserved_ != nullptr) reserved_->leave();
  co_return answer;
}

Answer InProcessFunction::invoke_inline(const Request& request, BatchOrigin origin, bool alone) {
  CrashRecord::Slot* slot = nullptr;
  if (parts_.record != nullptr) slot = parts_.record->begin(origin, request.events, alone);
  if (parts_.watch != nullptr) parts_.watch->enter(subject_, slot);
  Answer answer = parts_.function->invoke(request);
  if (parts_.watch != nullptr) parts_.watch->leave();
  AnswerHold::put_on(answer, guards_, slot);
  return answer;
}

// Suspends until the call has ended, one way or the other.
Task<> InProcessFunction::finish(std::shared_ptr<FunctionCall> call) {
  auto start = [this, &call](auto handler) {
    auto home = parts_.scheduler.executor();
    auto resume = [home, handler = std::move(handler)]() mutable {
      boost::asio::post(home, std::move(handler));
    };
    call->on_end(std::move(resume));
    auto run = [this, call]() mutable {
      const bool wanted = call->run(parts_.now);
      call.reset();
      if (wanted) return;
      charge_lost_soon();
      parts_.log.write(LogLevel::warning,
                       fmt::format("function {}: a call that was given up has returned; its "
                                   "answer is dropped",
                                   parts_.name));
    };
    call->thread = parts_.threads->start(std::move(run));
    look_at(parts_.scheduler.now() + parts_.timeout);
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      start, boost::asio::use_awaitable);
}

// One timer for all calls, at the earliest moment at which one of them may be late. It is left
// alone when a call ends: to look in vain once in a timeout costs less than a timer per call.
void InProcessFunction::look_at(Instant when) {
  if (when >= look_at_) return;
  parts_.scheduler.cancel(timer_);
  look_at_ = when;
  timer_ = parts_.scheduler.call_at(when, [this] { look(); });
}

void InProcessFunction::look() {
  look_at_ = Instant::max();
  const Instant now = parts_.scheduler.now();
  for (const auto& call : calls_) {
    const Instant deadline = call->started().value_or(now) + parts_.timeout;
    if (now < deadline) {
      look_at(deadline);
    } else if (now < deadline + grace) {
      if (!std::exchange(call->asked, true)) hurry_up(call);
      look_at(deadline + grace);
    } else {
      give_up_late(call);
    }
  }
  const auto refused = refusal();
  if (!refused) return;
  for (const auto& call : calls_)
    if (!call->started()) give_up(call, *refused, false);
}

void InProcessFunction::hurry_up(const std::shared_ptr<FunctionCall>& call) {
  call->expire();
  start_cancel([call] { call->cancel(); });
}

void InProcessFunction::cancel() {
  parts_.function->expire();
  start_cancel([this] { parts_.function->cancel(); });
}

// The plugin's cancel is foreign code: one that hangs, say for a mutex that its handler holds,
// holds up no other function.
void InProcessFunction::start_cancel(CallThreads::Work work) {
  ++cancelling_;
  cancels_.start([this, work = std::move(work)]() mutable {
    work();
    work = nullptr;
    --cancelling_;
  });
}

void InProcessFunction::give_up_late(const std::shared_ptr<FunctionCall>& call) {
  const Error late{Fault::transient,
                   fmt::format("function {} did not return within its timeout of {}; its thread is "
                               "abandoned",
                               parts_.name, shown(parts_.timeout))};
  if (!give_up(call, late, true)) return;
  const auto events = call->request().events;
  parts_.log.write(LogLevel::error,
                   fmt::format("{}; it holds {} events, the first is {}", late.message,
                               events.size(), event_id(events.front())));
}

// False: it has ended by itself, its answer is on the way.
bool InProcessFunction::give_up(const std::shared_ptr<FunctionCall>& call, Error error,
                                bool blame) {
  if (!call->abandon(std::move(error), blame)) return false;
  parts_.threads->abandon(call->thread);
  std::erase_if(lost_, [](const auto& lost) { return lost.expired(); });
  lost_.push_back(call);
  charge_lost();
  return true;
}

// What a lost thread holds is memory like any other: sources get the less room for it. It has a
// share of its own, because the pipeline it came from has long settled its events otherwise.
void InProcessFunction::charge_lost() {
  if (parts_.budget == nullptr) return;
  const std::uint64_t held = lost_bytes();
  if (held == 0) return charged_.reset();
  if (!charged_) charged_.emplace(*parts_.budget, [] {});
  charged_->take(held);
  charged_->give(charged_->used() - held);
}

// From a thread that has let go of a call.
void InProcessFunction::charge_lost_soon() {
  auto charge = [this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) charge_lost();
  };
  boost::asio::post(parts_.scheduler.executor(), std::move(charge));
}

// Also notes in the log when the function becomes unhealthy, or recovers.
std::optional<Error> InProcessFunction::refusal() {
  if (stopped_) return Error{Fault::cancelled, "the engine stops"};
  std::string why = complaint();
  const bool unhealthy = !why.empty();
  const bool news = std::exchange(unhealthy_, unhealthy) != unhealthy;
  if (!unhealthy) {
    if (news)
      parts_.log.write(LogLevel::info, fmt::format("function {} is healthy again", parts_.name));
    return std::nullopt;
  }
  Error error{Fault::throttled, std::move(why), unhealthy_retry_after};
  if (news) parts_.log.write(LogLevel::error, error.message + "; its batches wait");
  return error;
}

std::string InProcessFunction::complaint() const {
  const std::size_t lost = lost_threads();
  if (lost < lost_threads_max) return {};
  return fmt::format(
      "function {} is unhealthy: {} of its threads never returned; restart the "
      "engine, or use isolation: worker",
      parts_.name, lost);
}

void InProcessFunction::abandon() {
  stopped_ = true;
  const Error error{Fault::cancelled, "the engine stops before the handler has returned"};
  for (const auto& call : calls_) give_up(call, error, false);
}

std::uint64_t InProcessFunction::lost_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& lost : lost_)
    if (const auto call = lost.lock())
      for (const Event& event : call->request().events) bytes += event.bytes();
  return bytes;
}

Task<Answer> InProcessInvoker::invoke(const Request& request) {
  using Suspected = InProcessFunction::Suspected;
  Suspected suspected = Suspected::no;
  if (suspects_ != nullptr && request.events.size() == 1) {
    const Event& event = request.events.front();
    if (suspects_->of(event) == Suspicion::suspect)
      suspected = suspects_->stray(event) ? Suspected::sole : Suspected::alone;
  }
  return function_.invoke(request, origin_, suspected);
}

}  // namespace tidemill
