// SqsSource: messages of a queue as events. A message is deleted once its event is settled, and
// hidden from all others until then: the time that it is hidden for is renewed long before it ends.
//
// Requests block on the pool. One call at a time receives; deletions and renewals go beside it.
// What came and was not handled is shown to others again on close(), also to a receive of our own
// that still waits: what a server answers to one that was given up stays hidden from all.
//
// Lives on the executor of its pipeline.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "held_messages.h"
#include "message_event.h"
#include "receive_plan.h"
#include "sqs.h"
#include "sqs_queue.h"
#include "tidemill/async.h"
#include "tidemill/source.h"

namespace tidemill::sqs {

class SqsSource final : public Source {
 public:
  SqsSource(SourceConfig config, std::unique_ptr<SqsQueue> queue, Services services);

  SourceTraits traits() const override;
  std::string identity() const override { return *identity_; }
  bool sees(std::string_view place) const override;
  Task<Result<std::string>> reach() override;
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  std::string trouble() const override;
  Task<> close() override;

 private:
  using Answers = std::vector<Result<std::vector<Message>>>;

  bool hand_over(const Credit& credit, std::vector<Event>& out);
  std::vector<SqsQueue::Receive> receives(std::uint64_t room);
  Task<> receive(std::vector<SqsQueue::Receive> asked);
  Result<> take(Answers answers, Instant asked);
  Task<Result<bool>> drained();
  Task<> keep_hidden();
  Task<> renew();
  Task<bool> show_again();

  const SourceConfig config_;
  const std::unique_ptr<SqsQueue> queue_;
  const Services services_;
  const std::shared_ptr<const std::string> identity_;
  const Reading reading_;
  ReceivePlan plan_;
  HeldMessages held_;
  std::deque<Event> arrived_;  // Their offsets are the numbers of held_.
  std::uint64_t failed_ = 0;   // Receives, in a row.
  std::uint32_t empty_ = 0;    // How often the queue had nothing at all, in a row.
  std::string not_heard_, not_told_;
  bool opened_ = false;
  bool interrupted_ = false;
  bool receiving_ = false;
  Result<> received_;  // How the last receive ended.
  bool keeping_ = false;
  bool closing_ = false;
  Signal news_;         // poll() and close() wait.
  Signal beat_;         // keep_hidden() sleeps.
  Signal beats_ended_;  // It has ended.
};

}  // namespace tidemill::sqs
