#include "notification_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <utility>

#include "s3_notification.h"

namespace tidemill::bucket {
namespace {

// At most so much of it is held at once, beside what the source itself holds.
constexpr Credit credit{.events = 1000, .bytes = 4u << 20, .alone = true};

constexpr Duration pause_min = std::chrono::milliseconds(500);
constexpr Duration pause_max = std::chrono::seconds(15);

// The engine keeps none of it: where to go on is known to the other side, or nobody.
class NothingKnown final : public Progress {
 public:
  std::optional<Offset> next(Partition) const override { return std::nullopt; }
  void each_object(const std::function<void(std::string_view, std::string_view)>&) const override {}
};

}  // namespace

NotificationReader::NotificationReader(std::unique_ptr<Source> source, std::string bucket,
                                       Services services, Ears ears)
    : source_(std::move(source)),
      bucket_(std::move(bucket)),
      services_(std::move(services)),
      ears_(std::move(ears)),
      kind_(source_->traits().progress),
      wake_(services_.scheduler),
      ended_(services_.scheduler) {
  if (services_.meters == nullptr) return;
  auto meter = services_.meters->meter(
      {.kind = MeterKind::counter,
       .name = "tidemill_bucket_notifications_total",
       .help = "Notifications of S3 by what became of them: taken, of another bucket, unreadable.",
       .labels = {"bucket", "result"},
       .buckets = {}});
  if (meter) meter_ = std::move(*meter);
}

Task<Result<std::string>> NotificationReader::reach() {
  Result<std::string> reached = co_await source_->reach();
  if (!reached) co_return fail(reached.error().fault, "notifications: " + reached.error().message);
  co_return reached;
}

Task<Result<>> NotificationReader::open() {
  Result<> opened = co_await open_source();
  if (!opened && opened.error().fault == Fault::bad_config)
    co_return fail(Fault::bad_config, "notifications: " + opened.error().message);
  running_ = true;
  spawn(services_.scheduler, run());
  co_return Result<>();
}

Task<Result<>> NotificationReader::open_source() {
  const NothingKnown nothing;
  Result<> opened = co_await source_->open(nothing);
  open_ = opened.has_value();
  if (opened) {
    work_again();
  } else {
    complain("cannot be heard yet", opened.error());
  }
  co_return opened;
}

Task<> NotificationReader::run() {
  bool more = true;
  while (more && !interrupted_) {
    if (open_) {
      more = co_await read();
    } else {
      std::ignore = co_await open_source();
    }
    if (failed_ == 0) continue;
    const Duration pause = pause_min * (std::int64_t{1} << std::min<std::uint64_t>(failed_, 10));
    co_await wake_.wait_until(services_.scheduler.now() + std::min(pause, pause_max));
  }
  running_ = false;
  ended_.notify();
}

// One poll, and what it brought. False: it was the last one.
Task<bool> NotificationReader::read() {
  std::vector<Event> events;
  const Result<PollEnd> polled = co_await source_->poll(credit, events);
  std::vector<std::string> refusals;
  refusals.reserve(events.size());
  for (const Event& event : events) refusals.push_back(take(event));
  std::vector<Settled> settled;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    // Of a log it is all that lies in front.
    const Offset offset = kind_ == ProgressKind::log ? event.offset_next : event.offset;
    settled.push_back(
        {event.partition, offset, event.subject, event.version, std::string_view(refusals[i])});
  }
  // What the other side does not hear it tells again.
  if (!settled.empty()) std::ignore = co_await source_->settle(settled);
  if (polled) {
    work_again();
    co_return *polled == PollEnd::more;
  }
  if (polled.error().fault != Fault::cancelled) complain("are not heard", polled.error());
  co_return true;
}

// Why it is refused; empty: it is not.
std::string NotificationReader::take(const Event& event) {
  auto notifications = parse_s3_notifications(event.data.view());
  if (!notifications) {
    count("unreadable");
    if (std::has_single_bit(++refused_))
      services_.log.write(LogLevel::warning, "notifications of " + bucket_ + ": " +
                                                 notifications.error().message + " (" +
                                                 event_id(event) + ")");
    return notifications.error().message;
  }
  for (S3Notification& one : *notifications) {
    const bool ours = one.bucket == bucket_;
    count(ours ? "taken" : "other bucket");
    if (ours) ears_.changed(std::move(one.key));
  }
  return {};
}

void NotificationReader::complain(const std::string& doing, const Error& error) {
  trouble_ = "notifications " + doing + ": " + error.message;
  if (++failed_ == 1) ears_.missed();
  if (std::has_single_bit(failed_))
    services_.log.write(LogLevel::warning, "bucket " + bucket_ + ": " + trouble_);
}

void NotificationReader::work_again() {
  if (std::exchange(failed_, 0) == 0) return;
  trouble_.clear();
  ears_.missed();
}

void NotificationReader::count(std::string_view what) {
  if (!meter_) return;
  const std::array labels{bucket_, std::string(what)};
  meter_->record(labels, 1);
}

void NotificationReader::interrupt() {
  if (std::exchange(interrupted_, true)) return;
  source_->interrupt();
  wake_.notify();
}

Task<> NotificationReader::close() {
  interrupt();
  while (running_) co_await ended_.wait();
  co_await source_->close();
}

}  // namespace tidemill::bucket
