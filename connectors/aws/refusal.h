// What it means that a service of AWS refuses something - one that speaks its JSON or its query
// protocol, as SQS and SNS do - and the sentence that says what to do about it. Pure functions over
// bytes from outside.
#pragma once

#include <string>
#include <string_view>

#include "http_client/message.h"
#include "tidemill/result.h"

namespace tidemill::aws {

struct Refusal {
  std::string code;     ///< "QueueDoesNotExist"; empty when the answer is not such a service's.
  std::string message;  ///< For people; may be empty.
};

/// Of {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "..."}, or of <ErrorResponse>,
/// which what stands before a service may answer as well.
Refusal parse_refusal(std::string_view body);

/// Whom we speak to, and of what.
struct Addressee {
  std::string origin;
  std::string service;  ///< "SQS".
  std::string thing;    ///< "queue orders".
};

/// The addressee does not exist.
bool is_missing(const Refusal& refusal);

/// We may not do this.
bool is_denied(const Refusal& refusal);

/// bad_config for what a person has to mend - the addressee is not there, or does not know or let
/// us - unavailable for what says something of the service alone, bad_event for all else.
Error refused(const Addressee& to, const http_client::Response& answer);

/// The same once it has worked: who we are and what is there is just being changed, so that
/// bad_config is transient.
Error just_now(Error error);

}  // namespace tidemill::aws
