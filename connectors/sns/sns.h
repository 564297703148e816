// The sns connector: messages published to a topic of Amazon SNS.
//
// What a user may write. See README.md for what the words promise.
#pragma once

#include <string>

#include "aws/fifo.h"
#include "aws/options.h"
#include "tidemill/registry.h"

namespace tidemill::sns {

struct SinkConfig {
  std::string topic_arn;
  std::string subject;  ///< jq; empty: there is none.
  aws::FifoOptions fifo;
  aws::AwsOptions aws;
};

ConfigSpec<SinkConfig> sink_spec();

/// "arn:aws:sns:REGION:ACCOUNT:NAME".
struct TopicArn {
  std::string region;
  std::string name;

  bool fifo() const { return name.ends_with(".fifo"); }
};

/// Errors: bad_config.
Result<TopicArn> parse_topic_arn(std::string_view arn);

void register_with(Registry& registry);

}  // namespace tidemill::sns
