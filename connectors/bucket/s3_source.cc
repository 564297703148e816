#include "s3_source.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace tidemill::bucket {

S3Source::S3Source(S3Feed::Options options, std::unique_ptr<S3Bucket> lists,
                   std::unique_ptr<S3Bucket> reads, Duration scan, Services services)
    : services_(std::move(services)),
      scan_(scan),
      lists_(std::move(lists)),
      reads_(std::make_shared<S3ReadAhead>(
          std::move(reads),
          [pool = services_.scheduler.blocking()](std::function<void()> call) {
            boost::asio::post(pool, std::move(call));
          })),
      feed_(std::move(options), *lists_),
      news_(services_.scheduler) {}

SourceTraits S3Source::traits() const {
  return {.progress = ProgressKind::objects, .can_exhaust = true};
}

std::string S3Source::identity() const { return feed_.options().location.url(); }

bool S3Source::sees(std::string_view place) const {
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
  co_return "the bucket can be listed";
}

Task<Result<>> S3Source::open(const Progress& progress) {
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
    const auto settled = std::exchange(settled_, {});
    const WallTime now = services_.scheduler.wall();
    auto work = [this, &settled, credit, now, &events] {
      return step(settled, credit, now, events);
    };
    const auto outcome = co_await run_blocking(services_.scheduler, std::move(work));
    reads_->expect(events);
    for (Event& event : events) out.push_back(std::move(event));
    events.clear();
    if (out.size() > before) co_return PollEnd::more;
    if (!outcome) {
      if (outcome.error().fault != Fault::bad_config) co_return std::unexpected(outcome.error());
      co_return fail(Fault::transient, outcome.error().message);
    }
    if (*outcome == S3Feed::Outcome::starved) co_return PollEnd::more;
    if (*outcome == S3Feed::Outcome::ready || !settled_.empty()) continue;
    if (services_.until_idle) co_return PollEnd::exhausted;
    co_await wait_for_news();
  }
  co_return fail(Fault::cancelled, "interrupted");
}

// Runs on the pool.
Result<S3Feed::Outcome> S3Source::step(const std::vector<SettledKey>& settled, Credit credit,
                                       WallTime now, std::vector<Event>& out) {
  for (const auto& [key, version] : settled) feed_.settle(key, version);
  return feed_.gather(credit, now, out);
}

Task<> S3Source::wait_for_news() {
  if (!scan_at_) scan_at_ = services_.scheduler.now() + scan_;
  co_await news_.wait_until(*scan_at_);
  if (services_.scheduler.now() < *scan_at_) co_return;
  scan_at_.reset();
  feed_.start_listing();
}

void S3Source::interrupt() {
  interrupted_ = true;
  lists_->interrupt();
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
  return reads_->read(event, bytes_max);
}

Task<> S3Source::close() {
  lists_->interrupt();
  reads_->interrupt();
  co_return;
}

}  // namespace tidemill::bucket
