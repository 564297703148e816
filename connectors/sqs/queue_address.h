// QueueAddress: where a queue is, by its url or by its name. Values; no I/O.
#pragma once

#include <string>
#include <string_view>

#include "aws/options.h"
#include "http_client/url.h"
#include "tidemill/result.h"

namespace tidemill::sqs {

struct QueueOptions {
  std::string url;
  std::string queue;
  aws::AwsOptions aws;
};

ConfigSpec<QueueOptions> queue_spec();

struct QueueAddress {
  http_client::Url server;  ///< Where requests go.
  std::string region;
  std::string url;      ///< What a request names; empty: to be asked for by name.
  std::string account;  ///< Empty: that of whoever asks.
  std::string name;

  bool fifo() const { return name.ends_with(".fifo"); }

  /// "sqs:HOST:PORT/ACCOUNT/NAME", without an account that is not known.
  std::string place() const;
};

/// Errors: bad_config.
Result<QueueAddress> address_of(const QueueOptions& options, const aws::Environment& environment);

/// May these two places be one queue? Without an account it is anyone's.
bool may_be_one(std::string_view place, std::string_view other);

}  // namespace tidemill::sqs
