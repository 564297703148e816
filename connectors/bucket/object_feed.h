// ObjectFeed: decides which objects of a bucket are news, and turns them into events.
//
// The blocking half of a bucket source: it lists, watches, compares with what is known, and knows
// nothing of coroutines, timers or clocks. BucketSource calls it on the pool, from one thread at a
// time.
//
// What holds, whatever the file system does:
//   - each version of an object is handed over once, and never while an older one is in flight;
//   - an object that someone is writing to is not handed over until it is closed;
//   - memory is bounded by the bucket's keys, one buffer of notifications, and what is in flight.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bucket.h"
#include "folder_watch.h"
#include "listing.h"
#include "object_key.h"
#include "object_table.h"
#include "tidemill/log.h"
#include "tidemill/posix.h"
#include "tidemill/source.h"

namespace tidemill::bucket {

class ObjectFeed {
 public:
  struct Options {
    Location location;
    KeyFilter filter;
    bool created = true;
    bool removed = false;
    bool watch = true;  ///< Use notification if it is to be had; else only listings.
  };

  enum class Outcome {
    ready,    ///< There are events, or there is more to look at: gather again.
    idle,     ///< All is looked at, and nothing is listing.
    starved,  ///< There is an event, but not within this credit.
  };

  /// `log` must outlive it.
  ObjectFeed(Options options, Log& log) : options_(std::move(options)), log_(log) {}

  /// Opens the root, takes over what `progress` knows and begins a listing. What is in flight from
  /// before stays so.
  ///
  /// Errors: bad_config (no such folder, no permission), transient.
  Result<> open(const Progress& progress);

  /// Appends events that fit `credit`. Returns after some thousand files even without one.
  ///
  /// Errors: transient (the root is gone; the next call looks for it again).
  Result<Outcome> gather(Credit credit, WallTime now, std::vector<Event>& out);

  /// An event of this feed needs no memory of it any more.
  void settle(std::string_view key, std::string_view version);

  /// Lists everything again.
  void start_listing();

  /// -1: no notification; the caller starts listings by the clock.
  int watch_descriptor() const { return watch_ ? watch_->descriptor() : -1; }

  /// What it was made with. Never changes, so any thread may ask.
  const Options& options() const { return options_; }

 private:
  struct Room {
    Credit credit;
    WallTime now;
    std::vector<Event>& out;
    std::uint64_t bytes = 0;
  };
  enum class Verdict { handled, no_room };

  Result<> connect();
  void load(const Progress& progress);
  void enter(const std::string& folder);
  void stop_watching(int error);
  Result<> read_changes();
  Result<> apply(const Change& change);
  void folder_gone(const std::string& folder);
  void end_listing();
  Verdict look_at(const std::string& key, Room& room);
  Verdict consider(const std::string& key, struct stat status, Room& room);
  bool is_news(const std::string& key, const struct stat& status);
  Descriptor open_to_look(const std::string& key);
  Verdict consider_gone(const std::string& key, Room& room);
  Verdict hand_over(Event event, Room& room);

  Options options_;
  Log& log_;
  bool root_lost_ = false;  ///< To be connected to again.
  ObjectTable known_;
  std::optional<FolderWatch> watch_;
  std::optional<Listing> listing_;
  std::uint32_t listing_number_ = 0;
  bool listing_all_ = false;         ///< The listing covers the whole bucket.
  std::deque<std::string> to_look_;  ///< Keys to look at, from notifications and settled events.
  std::vector<Change> changes_;      ///< Reused by read_changes().
  std::uint64_t offset_ = 0;
  std::uint64_t being_written_ = 0;  ///< Left out by this listing.
};

}  // namespace tidemill::bucket
