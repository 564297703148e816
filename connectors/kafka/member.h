// Member: one member of a consumer group, for a source that may have several.
//
// Everything that the client has to tell - records, partitions that come and go, errors - comes out
// of one queue, which writes to a descriptor when it is no longer empty. The source takes records
// out of it with next(); what else it finds there it leaves to run(), which hands partitions back
// only once nothing of them is under way, commits what has settled once a second, and keeps the
// member in its group while the source is not polled: for that, the queue must be emptied, so
// records are put aside, up to a bound, and then partitions are paused.
//
// Lives on the executor of its source.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "client.h"
#include "kafka.h"
#include "partition_book.h"
#include "start_rule.h"
#include "tidemill/async.h"

namespace tidemill::kafka {

class Member {
 public:
  /// What the members of one source share; outlives them.
  struct Shared {
    const SourceConfig& config;
    const Services& services;
    PartitionBook& book;
    StartRule start;
    std::function<void()> changed;  ///< The source should look: assignment, end or failure.
  };

  Member(Shared& shared, std::shared_ptr<Client> client);
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  const std::shared_ptr<Client>& client() const { return client_; }

  /// Joins the group. `wake_descriptor` is an eventfd, written to when there is something to take.
  /// Errors: bad_config.
  Result<> join(int wake_descriptor);

  /// The next record that may be handed over; none for now.
  std::optional<Fetched> next();
  /// It did not fit.
  void put_back(Fetched fetched) { aside_.push_front(std::move(fetched)); }

  void pause(std::int32_t partition, bool paused);
  /// Something has settled.
  void wake() { wake_.notify(); }

  /// Until leave().
  Task<> run();
  /// Commits what has settled and leaves the group; 11 s at most, where nobody answers.
  Task<> leave();

  /// Has what it was given, and has read it all, as far as it went when that was assigned.
  bool at_end() const;
  const std::optional<Error>& failure() const { return failure_; }
  std::optional<std::uint64_t> lag() const;

 private:
  Fetched pull();
  void count(const rd_kafka_message_t& pulled);
  bool may_go(Fetched& fetched);
  void on_error(const rd_kafka_event_t& event);
  void on_rebalance(EventHandle event);
  void hold_back(bool held);
  void keep_alive();
  Offsets list_of(const std::set<std::int32_t>& partitions) const;
  void drop(std::int32_t partition);
  void complain(std::string sentence);
  void fail_with(Error error);

  Task<> make_client_look();
  Task<bool> may_end();
  Task<> rebalance(EventHandle event);
  Task<> take_over(Offsets partitions);
  Task<> hand_back(Offsets partitions, bool lost);
  Task<> begin_again(std::int32_t partition);
  Task<Offsets> placed(Offsets partitions);
  Task<> commit_settled(const std::set<std::int32_t>& partitions);

  Shared& shared_;
  Scheduler& scheduler_;
  std::shared_ptr<Client> client_;
  const std::uint64_t buffer_;
  Queue queue_;
  std::deque<Fetched> aside_;
  std::size_t aside_bytes_ = 0;
  std::map<std::int32_t, std::deque<Fetched>> parked_;  // Of partitions that have to wait.
  std::deque<EventHandle> rebalances_;
  std::set<std::int32_t> out_of_range_;
  std::uint64_t pulled_ = 0, pulled_bytes_ = 0;  // Since make_client_look().
  bool half_is_pulled_ = false;                  // Of all that the client may hold.
  std::set<std::int32_t> assigned_;
  std::set<std::int32_t> leaving_;  // Of these, those being handed back.
  bool assignment_known_ = false;
  bool was_assigned_ = false;  // Something, or nothing, by its group; once.
  bool polled_ = false;
  bool held_back_ = false;
  bool running_ = false;
  bool stopping_ = false;
  std::optional<Error> failure_;
  std::string last_complaint_;
  Instant complain_again_{};
  Signal wake_;
  Signal ended_;
};

}  // namespace tidemill::kafka
