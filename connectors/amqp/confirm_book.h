// ConfirmBook: which messages of one channel a broker has not confirmed yet, and who waits for
// that.
//
// A broker counts what is published, from 1, and confirms one or all up to one. Pure bookkeeping;
// one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill::amqp {

template <class Waiter>
class ConfirmBook {
 public:
  struct Entry {
    Waiter waiter;
    std::string id;        ///< The message's own, by which it is known when it is returned.
    std::string returned;  ///< Why it was, before it is confirmed; empty: it was not.
    bool open = true;
  };

  void publish(Waiter waiter, std::string id) {
    entries_.push_back({std::move(waiter), std::move(id), {}, true});
  }

  /// The oldest message of this id that waits.
  void give_back(std::string_view id, std::string reason) {
    for (Entry& entry : entries_) {
      if (!entry.open || entry.id != id || !entry.returned.empty()) continue;
      entry.returned = std::move(reason);
      return;
    }
  }

  /// Calls `tell(entry)` for each message that this is about; of one that does not wait: nothing.
  template <class Tell>
  void confirm(std::uint64_t tag, bool multiple, Tell tell) {
    if (tag < first_ || tag - first_ >= entries_.size()) return;
    const auto place = static_cast<std::size_t>(tag - first_);
    for (std::size_t i = multiple ? 0 : place; i <= place; ++i) {
      if (std::exchange(entries_[i].open, false)) tell(entries_[i]);
    }
    while (!entries_.empty() && !entries_.front().open) {
      entries_.pop_front();
      ++first_;
    }
  }

  /// Calls `tell(entry)` for each that waits, and begins anew.
  template <class Tell>
  void abandon(Tell tell) {
    const auto entries = std::exchange(entries_, {});
    first_ = 1;
    for (const Entry& entry : entries)
      if (entry.open) tell(entry);
  }

  bool empty() const { return entries_.empty(); }

 private:
  std::uint64_t first_ = 1;
  std::deque<Entry> entries_;  // From first_ on.
};

}  // namespace tidemill::amqp
