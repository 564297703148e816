// S3Feed: decides which objects of an S3 bucket are news, and turns them into events.
//
// The blocking half of S3Source, as ObjectFeed is that of BucketSource: it lists, compares with
// what is known, and knows nothing of coroutines, timers or clocks. Called on the pool, from one
// thread at a time.
//
// Beside the listings it looks at single objects: those that notifications tell of, and those that
// changed while they were in flight.
//
// What holds:
//   - each version of an object is handed over once, and never while an older one is in flight;
//   - memory is bounded by the bucket's keys, a page of a listing, what is in flight, and
//   `notices_max`
//     keys to be looked at; if there are more, everything is listed again.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "object_key.h"
#include "object_table.h"
#include "s3_bucket.h"
#include "tidemill/source.h"

namespace tidemill::bucket {

class S3Feed {
 public:
  struct Options {
    S3Location location;
    std::vector<std::string>
        prefixes;  ///< Of whole keys, none of them one of another's; not empty.
    std::vector<std::string> suffixes;
    bool created = true;
    bool removed = false;
  };

  enum class Outcome {
    ready,    ///< There are events, or there is more to look at: gather again.
    idle,     ///< All is looked at, and nothing is listing.
    starved,  ///< There is an event, but not within this credit.
  };

  S3Feed(Options options, S3Bucket& bucket)
      : options_(std::move(options)),
        filter_(options_.prefixes, options_.suffixes),
        bucket_(bucket) {}

  /// Takes over what `progress` knows and begins a listing. What is in flight from before stays so.
  ///
  /// Errors: bad_config (no such bucket, no permission), transient, cancelled.
  Result<> open(const Progress& progress);

  /// Appends events that fit `credit`. Returns after a page even without one.
  ///
  /// Errors: as open(). The next call goes on where this one failed.
  Result<Outcome> gather(Credit credit, WallTime now, std::vector<Event>& out);

  /// An event of this feed needs no memory of it any more.
  void settle(std::string_view key, std::string_view version);

  /// Looks at this object soon, ahead of what is listing.
  void notice(std::string key);

  /// Lists everything again.
  void start_listing();

  static constexpr std::size_t notices_max = 10'000;

  /// What it was made with. Never changes, so any thread may ask.
  const Options& options() const { return options_; }
  const KeyFilter& filter() const { return filter_; }

 private:
  struct Room {
    Credit credit;
    WallTime now;
    std::vector<Event>& out;
    std::uint64_t bytes = 0;
  };

  void load(const Progress& progress);
  Result<> read_page();
  void end_listing();
  Result<> look_at_some();
  bool consider_looked(Room& room);
  bool consider(const S3Listed& object, Room& room);
  bool consider_gone(const std::string& key, Room& room);
  bool hand_over(Event event, Room& room);

  const Options options_;
  const KeyFilter filter_;
  S3Bucket& bucket_;
  ObjectTable known_;
  std::uint32_t listing_number_ = 0;
  std::size_t prefix_ = 0;        // Of the listing; options_.prefixes.size(): nothing is listing.
  std::string token_;             // Of its next page; empty: of the first one.
  std::deque<S3Listed> page_;     // What is still to be looked at.
  std::deque<std::string> gone_;  // Keys that the listing did not have.
  std::deque<std::string> noticed_;                                     // Keys to look at.
  std::deque<std::pair<std::string, std::optional<S3Listed>>> looked_;  // And what was seen there.
  bool list_again_ = false;  // More was noticed than is kept.
  std::uint64_t offset_ = 0;
};

/// Prefixes to list for keys that begin with `base` and with one of `wanted` (any, if that is
/// empty): none of them begins with another. Empty: no key can.
std::vector<std::string> prefixes_to_list(const std::string& base, std::vector<std::string> wanted);

/// As version_of() of a file: never 0, and part of the stored progress, so never change it.
std::uint64_t version_of(const S3Listed& object);

}  // namespace tidemill::bucket
