// FifoRules: which group a message of a FIFO queue or topic belongs to, and by what a repeat of it
// is known. Built once; thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tidemill/config_spec.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::aws {

struct FifoOptions {
  std::string group_id;          ///< jq; empty: the key.
  std::string deduplication_id;  ///< jq; empty: the effect's own id.
};

ConfigSpec<FifoOptions> fifo_spec();

/// Both are empty where there is no order.
struct FifoIds {
  std::string group;
  std::string deduplication;
};

class FifoRules {
 public:
  /// Errors: bad_config.
  static Result<FifoRules> make(const FifoOptions& options, bool fifo, const Services& services);

  /// Where messages have an order.
  bool fifo() const { return fifo_; }

  /// Blocking where an option is jq. Errors: bad_event.
  Result<FifoIds> ids(const SinkBatch& batch, const Effect& effect) const;

 private:
  using Expression = std::shared_ptr<const EventExpression>;

  bool fifo_ = false;
  Expression group_, deduplication_;  // Null where there is none.
};

/// The id that stands for `text`: the text itself where SQS and SNS take it as one, else its
/// digest.
std::string fifo_id(std::string_view text);

}  // namespace tidemill::aws
