// ArchiveStage: how much of which hour waits for its object, of one archive. The events themselves
// are in the store, put there by the commits of the pipeline.
//
// Lives on one executor, as long as its pipeline; after a failed write it is made anew from what
// the store holds. Filled by load(), then by the pipeline's runner; emptied by the ArchiveRoller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/dispatch/stream_ports.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class ArchiveStage final : public StreamOutlet {
 public:
  /// So many hours may be staged at once, however little of each.
  static constexpr std::size_t hours_max = 16'384;

  struct Staged {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    WallTime since;  ///< When the oldest was staged.
  };
  using Hours = std::map<Partition, Staged>;

  /// `scheduler` outlives it. With `bytes_max` in it, it is full.
  ArchiveStage(StreamId stream, Scheduler& scheduler, std::uint64_t bytes_max)
      : stream_(stream), scheduler_(scheduler), bytes_max_(bytes_max), news_(scheduler) {}

  static Partition hour_of(EventTime time);

  /// What earlier lives have left. Until then it counts as full.
  void load(Hours hours);

  const Hours& hours() const { return hours_; }
  std::uint64_t events() const { return events_; }
  std::uint64_t bytes() const { return bytes_; }

  /// Half of what it may hold: rather than fill up, it should give objects that are not due.
  bool crowded() const { return bytes_ >= bytes_max_ / 2 || hours_.size() >= hours_max / 2; }

  /// An object took these. `rest_since` is when the oldest of what is left of its hour was staged.
  void left(Partition hour, std::uint64_t events, std::uint64_t bytes, WallTime rest_since);

  /// Notified when something was put. One waits for it: the roller.
  Signal& news() { return news_; }

  StreamId stream() const override { return stream_; }
  Partition partition_for(std::string_view, EventTime time) override { return hour_of(time); }
  bool full() const override;
  void subscribe(Signal& room) override { rooms_.push_back(&room); }
  void unsubscribe(Signal& room) override { std::erase(rooms_, &room); }
  void submitted(const CommitPart& part) override;
  void committed(const CommitPart&) override { news_.notify(); }
  void end() override {}

 private:
  void add(Partition hour, const Staged& staged);
  void wake_rooms();

  const StreamId stream_;
  Scheduler& scheduler_;
  const std::uint64_t bytes_max_;
  bool loaded_ = false;
  Hours hours_;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<Signal*> rooms_;
  Signal news_;
};

}  // namespace tidemill
