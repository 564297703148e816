// BucketSource: a bucket's objects as events. The waiting half; ObjectFeed decides what is news.
//
// Everything that touches the file system runs on the pool: one hop per poll. settle() only leaves
// a note, which the next step of poll() takes along, so the feed is never used by two threads.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "object_feed.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/source.h"

namespace tidemill::bucket {

class BucketSource final : public Source {
 public:
  BucketSource(ObjectFeed::Options options, Duration scan, Services services);

  SourceTraits traits() const override;
  std::string identity() const override;
  bool sees(std::string_view place) const override;
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Result<Bytes> read_object(const Event& event, std::uint64_t bytes_max) override;
  Task<> close() override;

 private:
  using SettledKey = std::pair<std::string, std::string>;  // Key and version.

  Result<ObjectFeed::Outcome> step(const std::vector<SettledKey>& settled, Credit credit,
                                   WallTime now, std::vector<Event>& out);
  Task<> wait_for_news();
  bool listen();
  void stop_listening();

  Services services_;
  Duration scan_;
  ObjectFeed feed_;
  std::shared_ptr<Signal> news_;  ///< Shared with a wait that may end after we are gone.
  std::vector<SettledKey> settled_;
  std::optional<boost::asio::posix::stream_descriptor> watched_;
  std::shared_ptr<bool> listening_;  ///< True while a wait on `watched_` is under way.
  std::optional<Instant> scan_at_;
  bool interrupted_ = false;
};

}  // namespace tidemill::bucket
