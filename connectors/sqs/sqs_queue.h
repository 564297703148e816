// SqsQueue: a queue of SQS, as requests in its JSON protocol and what their answers mean.
//
// Blocking, on the pool; thread-safe once find() has succeeded. Batches of any size go in requests
// of ten entries, side by side; each entry has a result of its own. What an answer means depends on
// when it comes: see aws/refusal.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/message_requests.h"
#include "aws/refusal.h"
#include "aws/signed_client.h"
#include "queue_address.h"
#include "sqs_answer.h"
#include "tidemill/registry.h"
#include "tidemill/time.h"

namespace tidemill::sqs {

class SqsQueue {
 public:
  static constexpr std::size_t batch_max = 10;  ///< Entries of a request, messages of an answer.

  /// Connects to nothing yet. Errors: bad_config.
  static Result<std::unique_ptr<SqsQueue>> make(const QueueOptions& options,
                                                const Services& services,
                                                const aws::RetryOptions& retry = {});

  /// Is there such a queue? Learns its url. Errors: bad_config, unavailable, cancelled.
  Result<> find();
  /// The same as what Source::reach() answers.
  Result<std::string> reach();

  /// Errors: as receive().
  Result<QueueCounts> count();

  struct Receive {
    std::uint32_t messages = batch_max;
    std::chrono::seconds wait{0};        ///< For the first message.
    std::chrono::seconds visibility{0};  ///< Hidden from all others for so long.
    /// Of a FIFO queue: a repeat with the same text gets the same messages. Empty: not sent.
    std::string attempt = {};
  };

  /// Side by side; one answer for each. Errors: transient, unavailable, cancelled.
  std::vector<Result<std::vector<Message>>> receive(std::span<const Receive> receives);

  /// Deletes messages by their receipts. Errors of one: bad_event (the receipt is good no longer),
  /// transient, unavailable, cancelled.
  std::vector<Result<>> remove(std::span<const std::string> receipts);

  /// Hides messages for so long from now; 0: shows them. Errors of one: as remove().
  std::vector<Result<>> hide(std::span<const std::string> receipts, std::chrono::seconds time);

  /// Requests of outgoing_message()s. Errors of one: bad_event, transient, unavailable, cancelled.
  std::vector<std::vector<Result<>>> send(const std::vector<aws::MessageRequest>& batches);

  const QueueAddress& address() const { return address_; }

  /// Ends what waits in receive(), for good; from any thread.
  void stop_receiving() { receiver_->interrupt(); }
  /// The same for all.
  void interrupt();

 private:
  using Request = http_client::Request;
  using Response = http_client::Response;

  SqsQueue(QueueAddress address, std::unique_ptr<aws::SignedClient> receiver,
           std::unique_ptr<aws::SignedClient> client);

  Request request(std::string_view action, std::string_view body) const;
  std::string named() const;
  std::vector<Result<>> in_batches(std::string_view action, std::span<const std::string> receipts,
                                   std::string_view more);
  std::vector<Result<>> results_of(const Result<Response>& answer, std::size_t entries) const;
  Error refused(const Response& answer) const;

  QueueAddress address_;
  const aws::Addressee to_;
  const std::unique_ptr<aws::SignedClient>
      receiver_;  // Of its own: what it waits for may be ended.
  const std::unique_ptr<aws::SignedClient> client_;
};

}  // namespace tidemill::sqs
