// EmbeddedQueue: one durable queue of the engine, between the pipelines that put and the pipelines
// that take.
//
//     store --read--> ready --hand_out--> out --leave--> (gone, in the commit of its effects)
//                       \                  /
//                        held: hidden by a delay, or behind another entry of its group
//
// What a consumer has is hidden from all others for as long as that consumer lives; what it had
// when it ended is given back. Who has what, and how often an entry was handed out, is only in
// memory: a new process hands out everything that is left.
//
// Groups: of the entries of one group one is out at a time. A consumer that works each key in its
// own order (`order_by: key`) may have many, but then all that are out.
//
// The store is read forward, from where the last read ended. Of entries that cannot be handed out
// yet only a slot is kept, and no more than `held_max` of them: then nothing behind is looked at
// until some are gone. The front of the queue, below which nothing is left, is written with the
// commits, so that nobody ever reads over what was removed.
//
// Lives on one executor; reads block on the store's own threads.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/streams/embedded_stream.h"
#include "tidemill/source.h"

namespace tidemill {

class EmbeddedQueue final : public EmbeddedStream {
 public:
  /// As many entries may be delayed or behind others of their group while the queue still looks
  /// for more. (SQS: 120 000 in flight.)
  static constexpr std::size_t held_max = 120'000;

  /// Who takes from the queue; the address is its name. `wake` is notified when there may be more.
  struct Consumer {
    Signal& wake;
    bool keyed = false;      ///< Works each key in its own order.
    Duration visibility{0};  ///< How long what it gives back stays hidden.
    std::size_t out = 0;     ///< Entries that it has.
  };

  /// `state` is what the store says. All outlive the queue.
  EmbeddedQueue(std::string place, StreamInfo info, Store& store, Executor disk, StreamState state);

  void join(Consumer& consumer);
  /// What it has is given back.
  void leave_out(Consumer& consumer, WallTime now);

  enum class Handed { some, no_room, none };
  /// Appends what is ready, within the credit.
  Handed hand_out(Consumer& consumer, const Credit& credit, WallTime now, std::vector<Event>& out);

  /// Is there something that a read could make ready? One reads at a time.
  bool wants_read() const { return !reading_ && (!due_.empty() || may_read_on()); }
  Task<Result<>> read();

  /// When the next delayed entry is due; empty: there is none.
  std::optional<WallTime> next_due() const;

  /// Everything that is left is out, and nothing more will come.
  bool drained() const { return !has_producers() && records() == (continues() ? 0 : out_.size()); }

  /// Entries that nobody has, delayed ones included.
  std::uint64_t waiting() const {
    return records() - std::min<std::uint64_t>(records(), out_.size());
  }

  /// See EntrySource.
  void leave(std::span<const Settled> settled, CommitPart& part, WallTime now);

  void news() override;

 private:
  // An entry without its payload.
  struct Slot {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    std::uint64_t group = 0;  // Hash of its name; 0: none.
    WallTime visible_at;
    std::uint32_t receives = 0;  // How often it was handed out.
  };
  struct Ready {
    Slot slot;
    StreamRecord record;
    std::shared_ptr<const void> keep;
    bool released = false;  // Counts among the `ahead` of its group already.
  };
  struct Out {
    Consumer* consumer = nullptr;
    Slot slot;
  };
  struct Group {
    std::deque<Slot> parked;    // By number: they wait for those ahead.
    std::uint32_t ahead = 0;    // Released: delayed, due, ready again, or out.
    std::uint32_t out = 0;      // Of these.
    Consumer* owner = nullptr;  // Who has them.
  };

  bool may_read_on() const { return unread_ && ready_.empty() && held_ < held_max; }
  void take_page(StreamPage page);
  bool hand(Ready& ready, Consumer& consumer, WallTime now);
  void park(Slot slot, bool released, WallTime now);
  bool alone_in_order() const;
  void release(Group& group, WallTime now);
  void release_due(WallTime now);
  void forget(std::uint64_t group);
  void delay(Slot slot);
  void gone(std::uint64_t number);
  Slot slot_of(const StreamRecord& record) const;
  Event make_event(const Ready& ready) const;

  Store& store_;
  const Executor disk_;
  std::vector<Consumer*> consumers_;

  std::uint64_t read_up_to_ = 0;  // The number of the last entry that was read.
  bool unread_ = true;            // There may be more behind it.
  bool reading_ = false;
  std::deque<Ready> ready_;
  std::deque<Slot> due_;  // To be read once more, then ready.
  std::multimap<WallTime, Slot> delayed_;
  boost::unordered_flat_map<std::uint64_t, Group> groups_;
  std::size_t held_ = 0;                               // Slots in delayed_ and parked.
  boost::unordered_flat_map<std::uint64_t, Out> out_;  // By number.
  std::uint64_t front_ = 1;                            // Nothing below is left.
  std::deque<bool> gone_;                              // From front_ on, as far as was read.
};

}  // namespace tidemill
