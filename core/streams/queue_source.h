// QueueSource: takes the entries of an embedded queue. They leave it in the commit of their
// effects, so that what comes of them is exactly once without any `dedupe:`.
//
// Several pipelines may take from one queue; each entry goes to one of them.
#pragma once

#include <string>

#include "core/dispatch/stream_ports.h"
#include "core/streams/embedded_queue.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class QueueSource final : public Source, public EntrySource, public Backlog {
 public:
  struct Options {
    bool keyed = false;  ///< The pipeline keeps the order of each key.
    bool until_idle = false;
    Duration visibility{0};
  };

  /// `queue` outlives it.
  QueueSource(EmbeddedQueue& queue, Scheduler& scheduler, Options options);
  ~QueueSource() override;

  SourceTraits traits() const override {
    return {.progress = ProgressKind::queue, .can_exhaust = true};
  }
  std::string identity() const override { return queue_.place(); }
  bool sees(std::string_view place) const override { return place == queue_.place(); }
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  std::optional<std::uint64_t> behind() const override { return queue_.waiting(); }
  Task<> close() override;

  void leave(std::span<const Settled> settled, CommitPart& part) override;

 private:
  EmbeddedQueue& queue_;
  Scheduler& scheduler_;
  const Options options_;
  Signal wake_;
  EmbeddedQueue::Consumer consumer_;
  bool joined_ = false;
  bool interrupted_ = false;
};

}  // namespace tidemill
