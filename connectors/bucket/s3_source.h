// S3Source: an S3 bucket's objects as events. The waiting half; S3Feed decides what is news.
//
// Listings run on the pool, one page per hop. settle() and notifications only leave a note, which
// the next step of poll() takes along, so the feed is never used by two threads. Objects are read
// through a client of their own: an interrupted listing must not end the reads of what is still in
// flight.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "notification_reader.h"
#include "s3_feed.h"
#include "s3_read_ahead.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/source.h"

namespace tidemill::bucket {

class S3Source final : public Source {
 public:
  /// `scan`: time between two listings; nothing: as long as suits what there is of notifications.
  /// `notifications` may be null.
  S3Source(S3Feed::Options options, std::unique_ptr<S3Bucket> lists,
           std::unique_ptr<S3Bucket> reads, std::optional<Duration> scan,
           std::unique_ptr<Source> notifications, Services services);

  static constexpr Duration scan_alone = std::chrono::seconds(10);
  static constexpr Duration scan_beside_notifications = std::chrono::minutes(15);

  SourceTraits traits() const override;
  std::string identity() const override;
  bool sees(std::string_view place) const override;
  Task<Result<std::string>> reach() override;
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Result<Bytes> read_object(const Event& event, std::uint64_t bytes_max) override;
  std::string trouble() const override;
  Task<> close() override;

 private:
  using SettledKey = std::pair<std::string, std::string>;  // Key and version.

  struct News {
    std::vector<SettledKey> settled;
    std::vector<std::string> heard;
  };

  Result<S3Feed::Outcome> step(News& news, Credit credit, WallTime now, std::vector<Event>& out);
  Task<> wait_for_news();
  Duration scan() const;
  void note(std::string& trouble, const Error* error);

  Services services_;
  const std::optional<Duration> scan_;
  const std::unique_ptr<S3Bucket> lists_;
  const std::shared_ptr<S3ReadAhead> reads_;  // A thread it was lent may outlive us.
  S3Feed feed_;
  Signal news_;
  std::vector<SettledKey> settled_;
  std::vector<std::string> heard_;                     // Keys to look at.
  std::unique_ptr<NotificationReader> notifications_;  // Null: there are none.
  mutable std::mutex trouble_mutex_;
  std::string not_listed_;  // Why; under the mutex, like the next.
  std::string not_read_;
  std::optional<Instant> scan_at_;
  bool missed_ = false;  // List again, soon.
  bool listening_ = false;
  bool opened_ = false;
  bool interrupted_ = false;
};

}  // namespace tidemill::bucket
