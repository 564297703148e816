#include "s3_source.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace tidemill::bucket {

S3Source::S3Source(S3Feed::Options options, std::unique_ptr<S3Bucket> lists,
                   std::unique_ptr<S3Bucket> reads, std::optional<Duration> scan,
                   std::unique_ptr<Source> notifications, Services services)
    : services_(std::move(services)),
      scan_(scan),
      lists_(std::move(lists)),
      reads_(std::make_shared<S3ReadAhead>(
          std::move(reads),
          [pool = services_.scheduler.blocking()](std::function<void()> call) {
            boost::asio::post(pool, std::move(call));
          })),
      feed_(std::move(options), *lists_),
      news_(services_.scheduler) {
  if (!notifications) return;
  NotificationReader::Ears ears{.changed =
                                    [this](std::string key) {
                                      if (heard_.size() < S3Feed::notices_max) {
                                        heard_.push_back(std::move(key));
                                      } else {
                                        missed_ = true;
                                      }
                                      news_.notify();
                                    },
                                .missed =
                                    [this] {
                                      missed_ = true;
                                      news_.notify();
                                    }};
  notifications_ = std::make_unique<NotificationReader>(
      std::move(notifications), feed_.options().location.bucket, services_, std::move(ears));
}

SourceTraits S3Source::traits() const {
  return {.progress = ProgressKind::objects,
          .can_exhaust = true,
          .buffer_bytes = notifications_ ? notifications_->buffer_bytes() : 0};
}

std::string S3Source::identity() const { return feed_.options().location.url(); }

bool S3Source::sees(std::string_view place) const {
  if (notifications_ && notifications_->sees(place)) return true;
  const std::string& bucket = lists_->place();
  if (!place.starts_with(bucket)) return false;
  place.remove_prefix(bucket.size());
  if (place.ends_with('/')) place.remove_suffix(1);
  return feed_.filter().may_match_below(place);
}

Task<Result<std::string>> S3Source::reach() {
  // Whom a sink's question would satisfy may not be allowed to list.
  auto look = [this] { return lists_->list(feed_.options().location.prefix, {}); };
  const auto page = co_await run_blocking(services_.scheduler, std::move(look));
  if (!page) co_return std::unexpected(page.error());
  const std::string can_be_listed = "the bucket can be listed";
  if (!notifications_) co_return can_be_listed;
  Result<std::string> heard = co_await notifications_->reach();
  if (heard && !heard->empty()) co_return can_be_listed + "; notifications: " + *heard;
  if (!heard) co_return heard;
  co_return can_be_listed;
}

Task<Result<>> S3Source::open(const Progress& progress) {
  // First, so that nothing falls between them and the listing. One listing is all of a run that
  // ends.
  if (notifications_ && !listening_ && !services_.until_idle) {
    Result<> heard = co_await notifications_->open();
    if (!heard) co_return heard;
    listening_ = true;
  }
  auto work = [this, &progress] { return feed_.open(progress); };
  auto opened = co_await run_blocking(services_.scheduler, std::move(work));
  scan_at_.reset();
  // It has worked before: keys or permissions are just changing.
  if (!opened && opened_ && opened.error().fault == Fault::bad_config)
    co_return fail(Fault::transient, opened.error().message);
  opened_ = opened_ || opened;
  co_return opened;
}

Task<Result<PollEnd>> S3Source::poll(Credit credit, std::vector<Event>& out) {
  const std::size_t before = out.size();
  std::vector<Event> events;
  while (!interrupted_) {
    News news{std::exchange(settled_, {}), std::exchange(heard_, {})};
    const WallTime now = services_.scheduler.wall();
    auto work = [this, &news, credit, now, &events] { return step(news, credit, now, events); };
    const auto outcome = co_await run_blocking(services_.scheduler, std::move(work));
    note(not_listed_, outcome ? nullptr : &outcome.error());
    reads_->expect(events);
    for (Event& event : events) out.push_back(std::move(event));
    events.clear();
    if (out.size() > before) co_return PollEnd::more;
    if (!outcome) {
      if (outcome.error().fault != Fault::bad_config) co_return std::unexpected(outcome.error());
      co_return fail(Fault::transient, outcome.error().message);
    }
    if (*outcome == S3Feed::Outcome::starved) co_return PollEnd::more;
    if (*outcome == S3Feed::Outcome::ready || !settled_.empty() || !heard_.empty()) continue;
    if (services_.until_idle) co_return PollEnd::exhausted;
    co_await wait_for_news();
  }
  co_return fail(Fault::cancelled, "interrupted");
}

// Runs on the pool.
Result<S3Feed::Outcome> S3Source::step(News& news, Credit credit, WallTime now,
                                       std::vector<Event>& out) {
  for (const auto& [key, version] : news.settled) feed_.settle(key, version);
  for (std::string& key : news.heard) feed_.notice(std::move(key));
  return feed_.gather(credit, now, out);
}

Task<> S3Source::wait_for_news() {
  if (!scan_at_) scan_at_ = services_.scheduler.now() + scan();
  if (!missed_) co_await news_.wait_until(*scan_at_);
  if (!missed_ && services_.scheduler.now() < *scan_at_) co_return;
  missed_ = false;
  scan_at_.reset();
  feed_.start_listing();
}

// Where they cannot be heard it is as if there were none.
Duration S3Source::scan() const {
  const bool heard = notifications_ && notifications_->trouble().empty();
  return scan_.value_or(heard ? scan_beside_notifications : scan_alone);
}

// From any thread.
void S3Source::note(std::string& trouble, const Error* error) {
  const std::lock_guard lock(trouble_mutex_);
  if (error == nullptr) {
    trouble.clear();
  } else if (error->fault != Fault::cancelled) {
    trouble = error->message;
  }
}

std::string S3Source::trouble() const {
  const std::lock_guard lock(trouble_mutex_);
  if (!not_listed_.empty()) return not_listed_;
  if (!not_read_.empty()) return not_read_;
  return notifications_ ? notifications_->trouble() : std::string();
}

void S3Source::interrupt() {
  interrupted_ = true;
  lists_->interrupt();
  if (notifications_) notifications_->interrupt();
  news_.notify();
}

Task<Result<>> S3Source::settle(std::span<const Settled> settled) {
  for (const Settled& one : settled) {
    settled_.emplace_back(one.subject, one.version);
    reads_->forget(one.subject, one.version);
  }
  if (!settled.empty()) news_.notify();
  co_return Result<>();
}

Result<Bytes> S3Source::read_object(const Event& event, std::uint64_t bytes_max) {
  auto object = reads_->read(event, bytes_max);
  const bool away = !object && object.error().fault == Fault::unavailable;
  note(not_read_, away ? &object.error() : nullptr);
  return object;
}

Task<> S3Source::close() {
  lists_->interrupt();
  reads_->interrupt();
  if (notifications_) co_await notifications_->close();
}

}  // namespace tidemill::bucket
