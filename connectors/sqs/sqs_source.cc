#include "sqs_source.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tidemill::sqs {
namespace {

constexpr auto short_wait = std::chrono::seconds(1);  // Of a run that is to end.

// How often in a row a queue that counts more or less has to be empty.
constexpr std::uint32_t empty_enough = 2;

constexpr auto pause_min = std::chrono::milliseconds(500);
constexpr auto pause_max = std::chrono::milliseconds(15'000);
constexpr auto renew_again_after = std::chrono::milliseconds(200);

// A close takes at most 5 s.
constexpr auto show_within = std::chrono::seconds(4);
// A receive that waits is answered once there is something to be seen.
constexpr auto answered_within = std::chrono::seconds(1);

std::chrono::seconds whole_seconds(Duration time) {
  return std::chrono::ceil<std::chrono::seconds>(time);
}

}  // namespace

SqsSource::SqsSource(SourceConfig config, std::unique_ptr<SqsQueue> queue, Services services)
    : config_(std::move(config)),
      queue_(std::move(queue)),
      services_(std::move(services)),
      identity_(std::make_shared<const std::string>(queue_->address().place())),
      reading_{config_.decode, config_.unwrap, records::KeyField(config_.key)},
      plan_(config_.receivers),
      news_(services_.scheduler),
      beat_(services_.scheduler),
      beats_ended_(services_.scheduler) {}

SourceTraits SqsSource::traits() const {
  return {.progress = ProgressKind::queue,
          .can_exhaust = true,
          .keys_in_order = queue_->address().fifo(),
          .buffer_bytes = config_.receivers * ReceivePlan::bytes_each};
}

bool SqsSource::sees(std::string_view place) const { return may_be_one(place, *identity_); }

Task<Result<std::string>> SqsSource::reach() {
  auto look = [this] { return queue_->reach(); };
  auto reached = co_await run_blocking(services_.scheduler, std::move(look));
  co_return reached;
}

Task<Result<>> SqsSource::open(const Progress&) {
  auto look = [this] { return queue_->find(); };
  Result<> found = co_await run_blocking(services_.scheduler, std::move(look));
  // It has worked before: keys or permissions are just changing.
  if (!found && opened_) co_return std::unexpected(aws::just_now(found.error()));
  if (!found) co_return found;
  opened_ = true;
  if (!std::exchange(keeping_, true)) spawn(services_.scheduler, keep_hidden());
  co_return found;
}

Task<Result<PollEnd>> SqsSource::poll(Credit credit, std::vector<Event>& out) {
  while (!interrupted_) {
    if (hand_over(credit, out)) co_return PollEnd::more;
    const Instant started = services_.scheduler.now();
    receiving_ = true;
    spawn(services_.scheduler, receive(receives(credit.events)));
    while (receiving_ && !interrupted_) co_await news_.wait();
    if (interrupted_) break;
    if (!arrived_.empty()) continue;
    if (!received_) co_return std::unexpected(received_.error());
    if (services_.until_idle) {
      const auto none = co_await drained();
      if (!none) co_return std::unexpected(none.error());
      if (*none) co_return PollEnd::exhausted;
    }
    // Where the server does not wait, we do.
    const Instant again = started + short_wait;
    while (!interrupted_ && services_.scheduler.now() < again)
      std::ignore = co_await news_.wait_until(again);
  }
  co_return fail(Fault::cancelled, "interrupted");
}

// As much of what has arrived as the credit allows. False: nothing has.
bool SqsSource::hand_over(const Credit& credit, std::vector<Event>& out) {
  const bool some = !arrived_.empty();
  std::uint64_t taken = 0;
  std::uint64_t taken_bytes = 0;
  while (!arrived_.empty() && credit.allows(arrived_.front().bytes(), taken, taken_bytes)) {
    ++taken;
    taken_bytes += arrived_.front().bytes();
    out.push_back(std::move(arrived_.front()));
    arrived_.pop_front();
  }
  return some;
}

std::vector<SqsQueue::Receive> SqsSource::receives(std::uint64_t room) {
  const auto each = plan_.ask(room);
  std::vector<SqsQueue::Receive> asked;
  for (const std::uint32_t messages : each) {
    SqsQueue::Receive& one = asked.emplace_back();
    one.messages = messages;
    one.visibility = whole_seconds(config_.visibility);
    if (queue_->address().fifo()) one.attempt = std::to_string(services_.scheduler.random());
    if (each.size() == 1)
      one.wait = services_.until_idle ? short_wait : whole_seconds(config_.wait);
  }
  return asked;
}

Task<> SqsSource::receive(std::vector<SqsQueue::Receive> asked) {
  const Instant started = services_.scheduler.now();
  auto work = [this, &asked] { return queue_->receive(asked); };
  Answers answers = co_await run_blocking(services_.scheduler, std::move(work));
  received_ = take(std::move(answers), started);
  receiving_ = false;
  news_.notify();
}

// What came counts; the answer is an error where any of them is one.
Result<> SqsSource::take(Answers answers, Instant asked) {
  const WallTime now = services_.scheduler.wall();
  const Instant hidden_until = asked + config_.visibility;
  Result<> outcome;
  std::vector<std::size_t> brought;
  std::uint64_t largest = 0;
  for (auto& answer : answers) {
    brought.push_back(answer ? answer->size() : 0);
    if (!answer) {
      outcome = std::unexpected(answer.error());
      continue;
    }
    for (Message& message : *answer) {
      largest = std::max<std::uint64_t>(largest, message.bytes());
      const std::uint64_t number = held_.add(std::move(message.receipt), hidden_until);
      Event& event = arrived_.emplace_back(event_of(std::move(message), identity_, reading_, now));
      event.offset = Offset(number);
      event.offset_next = Offset(number + 1);
    }
  }
  plan_.told(brought, largest);
  if (!arrived_.empty()) {
    empty_ = 0;
    beat_.notify();
  }
  if (outcome) {
    failed_ = 0;
    not_heard_.clear();
  } else if (outcome.error().fault != Fault::cancelled) {
    not_heard_ = outcome.error().message;
    const auto doubled = pause_min * (std::int64_t{1} << std::min<std::uint64_t>(failed_++, 6));
    Error error{Fault::throttled, *identity_ + ": " + not_heard_,
                std::min<std::chrono::milliseconds>(doubled, pause_max)};
    return std::unexpected(std::move(error));
  }
  return outcome;
}

// Nothing to read, and nothing that anybody works on or that is to come.
Task<Result<bool>> SqsSource::drained() {
  auto look = [this] { return queue_->count(); };
  const auto counts = co_await run_blocking(services_.scheduler, std::move(look));
  if (!counts)
    co_return fail(counts.error().fault,
                   *identity_ + ": cannot be counted: " + counts.error().message);
  empty_ = counts->none() ? empty_ + 1 : 0;
  co_return empty_ >= empty_enough;
}

void SqsSource::interrupt() {
  interrupted_ = true;
  news_.notify();
}

Task<Result<>> SqsSource::settle(std::span<const Settled> settled) {
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> receipts;
  for (const Settled& one : settled) {
    const std::string* const receipt = held_.receipt(one.offset.value);
    if (receipt == nullptr) continue;  // Told before, and deleted.
    numbers.push_back(one.offset.value);
    receipts.push_back(*receipt);
  }
  if (receipts.empty()) co_return Result<>();
  auto work = [this, &receipts] { return queue_->remove(receipts); };
  const auto results = co_await run_blocking(services_.scheduler, std::move(work));
  Result<> outcome;
  for (std::size_t i = 0; i < results.size(); ++i) {
    // With a receipt that is good no longer it comes again, and cannot be deleted by us now.
    if (results[i] || results[i].error().fault == Fault::bad_event) {
      held_.forget(numbers[i]);
    } else {
      outcome =
          fail(Fault::transient, *identity_ + ": cannot delete: " + results[i].error().message);
    }
  }
  not_told_ = outcome ? std::string() : outcome.error().message;
  co_return outcome;
}

// Renews when a third of the time has passed, so that two more tries fit in.
Task<> SqsSource::keep_hidden() {
  const Duration before = config_.visibility * 2 / 3;
  while (!closing_) {
    const auto first = held_.first_seen();
    if (!first) {
      co_await beat_.wait();
    } else if (services_.scheduler.now() < *first - before) {
      std::ignore = co_await beat_.wait_until(*first - before);
    } else {
      co_await renew();
    }
  }
  keeping_ = false;
  beats_ended_.notify();
}

Task<> SqsSource::renew() {
  const Instant now = services_.scheduler.now();
  // Also those whose turn is soon: they are one request then.
  const auto numbers = held_.seen_by(now + config_.visibility * 5 / 6);
  std::vector<std::string> receipts;
  for (const std::uint64_t number : numbers) receipts.push_back(*held_.receipt(number));
  auto work = [this, &receipts] {
    return queue_->hide(receipts, whole_seconds(config_.visibility));
  };
  const auto results = co_await run_blocking(services_.scheduler, std::move(work));
  std::size_t lost = 0;
  bool failed = false;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      held_.hidden(numbers[i], now + config_.visibility);
    } else if (results[i].error().fault == Fault::bad_event) {
      if (held_.receipt(numbers[i]) != nullptr) ++lost;  // Else it was deleted meanwhile.
      held_.lose(numbers[i]);
    } else {
      failed = true;
    }
  }
  if (lost > 0)
    services_.log.write(LogLevel::warning,
                        *identity_ + ": " + std::to_string(lost) +
                            " messages under way are not ours any more and will come again; if "
                            "this goes on, give visibility more time");
  if (!failed) co_return;
  const Instant again = services_.scheduler.now() + renew_again_after;
  while (!closing_ && services_.scheduler.now() < again)
    std::ignore = co_await beat_.wait_until(again);
}

std::string SqsSource::trouble() const { return not_heard_.empty() ? not_told_ : not_heard_; }

Task<> SqsSource::close() {
  interrupt();
  closing_ = true;
  beat_.notify();
  const auto late = services_.scheduler.call_at(services_.scheduler.now() + show_within,
                                                [this] { queue_->interrupt(); });
  while (keeping_) co_await beats_ended_.wait();
  const bool shown = co_await show_again();
  if (!shown) queue_->stop_receiving();
  const Instant soon = services_.scheduler.now() + answered_within;
  while (receiving_ && services_.scheduler.now() < soon)
    std::ignore = co_await news_.wait_until(soon);
  queue_->stop_receiving();
  while (receiving_) co_await news_.wait();
  std::ignore = co_await show_again();
  services_.scheduler.cancel(late);
  queue_->interrupt();
}

// What is held now was not handled: others may have it at once. False: there is nothing.
Task<bool> SqsSource::show_again() {
  std::vector<std::string> receipts;
  for (const std::uint64_t number : held_.seen_by(Instant::max()))
    receipts.push_back(*held_.receipt(number));
  arrived_.clear();
  held_ = {};
  if (receipts.empty()) co_return false;
  auto work = [this, &receipts] { return queue_->hide(receipts, std::chrono::seconds(0)); };
  std::ignore = co_await run_blocking(services_.scheduler, std::move(work));
  co_return true;
}

}  // namespace tidemill::sqs
