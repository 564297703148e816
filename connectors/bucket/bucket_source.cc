#include "bucket_source.h"

#include <fcntl.h>

#include <utility>

#include "object_file.h"

namespace tidemill::bucket {

BucketSource::BucketSource(ObjectFeed::Options options, Duration scan, Services services)
    : services_(std::move(services)),
      scan_(scan),
      feed_(std::move(options), services_.log),
      news_(std::make_shared<Signal>(services_.scheduler)) {}

SourceTraits BucketSource::traits() const {
  return {.progress = ProgressKind::objects, .can_exhaust = true};
}

std::string BucketSource::identity() const { return feed_.options().location.identity; }

bool BucketSource::sees(std::string_view place) const {
  constexpr std::string_view folder_scheme = "folder:";
  constexpr std::string_view file_scheme = "file:";
  const auto& filter = feed_.options().filter;
  const std::string root = feed_.options().location.root + '/';
  if (place.starts_with(file_scheme)) {
    place.remove_prefix(file_scheme.size());
    return place.starts_with(root) && filter.matches(place.substr(root.size()));
  }
  if (!place.starts_with(folder_scheme)) return false;
  std::string folder(place.substr(folder_scheme.size()));
  if (!folder.ends_with('/')) folder += '/';
  if (root.starts_with(folder)) return true;
  if (!folder.starts_with(root)) return false;
  // Without its last '/': the path of a folder below the root.
  return filter.may_match_below(
      std::string_view(folder).substr(root.size(), folder.size() - root.size() - 1));
}

Task<Result<>> BucketSource::open(const Progress& progress) {
  stop_listening();
  auto work = [this, &progress] { return feed_.open(progress); };
  auto opened = co_await run_blocking(services_.scheduler, std::move(work));
  scan_at_.reset();
  co_return opened;
}

Task<Result<PollEnd>> BucketSource::poll(Credit credit, std::vector<Event>& out) {
  const std::size_t before = out.size();
  std::vector<Event> events;
  while (!interrupted_) {
    const auto settled = std::exchange(settled_, {});
    const WallTime now = services_.scheduler.wall();
    auto work = [this, &settled, credit, now, &events] {
      return step(settled, credit, now, events);
    };
    const auto outcome = co_await run_blocking(services_.scheduler, std::move(work));
    for (Event& event : events) out.push_back(std::move(event));
    if (!outcome) {
      stop_listening();  // What it listened to went with the folder.
      co_return std::unexpected(outcome.error());
    }
    if (out.size() > before) co_return PollEnd::more;
    if (*outcome == ObjectFeed::Outcome::starved) co_return PollEnd::more;
    if (*outcome == ObjectFeed::Outcome::ready || !settled_.empty()) continue;
    if (services_.until_idle) co_return PollEnd::exhausted;
    co_await wait_for_news();
  }
  co_return fail(Fault::cancelled, "interrupted");
}

// Runs on the pool.
Result<ObjectFeed::Outcome> BucketSource::step(const std::vector<SettledKey>& settled,
                                               Credit credit, WallTime now,
                                               std::vector<Event>& out) {
  for (const auto& [key, version] : settled) feed_.settle(key, version);
  return feed_.gather(credit, now, out);
}

Task<> BucketSource::wait_for_news() {
  if (listen()) {
    co_await news_->wait();
    co_return;
  }
  const Instant now = services_.scheduler.now();
  if (!scan_at_) scan_at_ = now + scan_;
  co_await news_->wait_until(*scan_at_);
  if (services_.scheduler.now() < *scan_at_) co_return;
  scan_at_.reset();
  feed_.start_listing();
}

// False: there is nothing to listen to. One wait at a time; what it leaves behind may outlive this
// object, hence the shared parts. Asio gets a descriptor of its own to the same notifications, so
// that the feed is free to close its one.
bool BucketSource::listen() {
  if (feed_.watch_descriptor() < 0) stop_listening();
  if (feed_.watch_descriptor() >= 0 && !watched_) {
    boost::system::error_code error;
    Descriptor own(::fcntl(feed_.watch_descriptor(), F_DUPFD_CLOEXEC, 0));
    watched_.emplace(services_.scheduler.executor());
    if (own) watched_->assign(own.get(), error);
    if (!own || error) {
      watched_.reset();
    } else {
      own.release();
      listening_ = std::make_shared<bool>(false);
    }
  }
  if (!watched_) return false;
  if (std::exchange(*listening_, true)) return true;
  auto told = [news = news_, listening = listening_](const boost::system::error_code&) {
    *listening = false;
    news->notify();
  };
  watched_->async_wait(boost::asio::posix::stream_descriptor::wait_read, std::move(told));
  return true;
}

void BucketSource::stop_listening() { watched_.reset(); }

void BucketSource::interrupt() {
  interrupted_ = true;
  news_->notify();
}

Task<Result<>> BucketSource::settle(std::span<const Settled> settled) {
  for (const Settled& one : settled) settled_.emplace_back(one.subject, one.version);
  if (!settled.empty()) news_->notify();
  co_return Result<>();
}

Result<Bytes> BucketSource::read_object(const Event& event, std::uint64_t bytes_max) {
  return read_whole(feed_.options().location.root, event.subject, bytes_max);
}

Task<> BucketSource::close() {
  stop_listening();
  co_return;
}

}  // namespace tidemill::bucket
