// SnsTopic: a topic of SNS, as requests in its query protocol and what their answers mean.
//
// Blocking, on the pool; thread-safe. What an answer means depends on when it comes: see
// aws/refusal.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/message_requests.h"
#include "aws/refusal.h"
#include "aws/signed_client.h"
#include "sns.h"
#include "tidemill/registry.h"

namespace tidemill::sns {

class SnsTopic {
 public:
  /// Connects to nothing yet. Errors: bad_config.
  static Result<std::unique_ptr<SnsTopic>> make(const std::string& arn,
                                                const aws::AwsOptions& options,
                                                const Services& services,
                                                const aws::RetryOptions& retry = {});

  /// Is there such a topic? Errors: bad_config, unavailable, cancelled.
  Result<> find();

  /// Entries are parameters of the form without the entry's name, "Message=...&Subject=...": see
  /// published_message.h. Errors of one: bad_event, transient, unavailable, cancelled.
  std::vector<std::vector<Result<>>> publish(const std::vector<aws::MessageRequest>& batches);

  const TopicArn& arn() const { return arn_; }

  /// "sns:HOST:PORT/ARN".
  const std::string& place() const { return place_; }

  /// Ends what waits, for good; from any thread.
  void interrupt() { client_->interrupt(); }

 private:
  using Request = http_client::Request;
  using Response = http_client::Response;

  SnsTopic(const std::string& arn, TopicArn parsed, std::unique_ptr<aws::SignedClient> client);

  Request request(std::string_view form) const;
  std::vector<Result<>> results_of(const Result<Response>& answer, std::size_t entries) const;
  Error refused(const Response& answer) const;

  const TopicArn arn_;
  const std::unique_ptr<aws::SignedClient> client_;
  const aws::Addressee to_;
  const std::string named_;  ///< The end of every form: which topic, and the protocol's version.
  const std::string place_;
};

}  // namespace tidemill::sns
