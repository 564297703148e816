// OutgoingMessage: the properties and headers of a message to be published.
//
// Views point to the batch, the effect and the object itself; it stays where it is.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <string>
#include <string_view>
#include <vector>

#include "tidemill/sink.h"

namespace tidemill::amqp {

/// The id of a message: that of its effect, or its digest where that is longer than an id may be.
std::string message_id_of(const SinkBatch& batch, const Effect& effect);

class OutgoingMessage {
 public:
  /// `id` outlives it.
  OutgoingMessage(const SinkBatch& batch, const Effect& effect, const std::string& id,
                  bool persistent, bool forward_headers);
  OutgoingMessage(const OutgoingMessage&) = delete;
  OutgoingMessage& operator=(const OutgoingMessage&) = delete;

  const amqp_basic_properties_t& properties() const { return properties_; }

  /// False: the name of a header is longer than AMQP allows, which librabbitmq does not look at.
  bool well_named() const { return well_named_; }

 private:
  void add(const Attribute& attribute);

  std::vector<amqp_table_entry_t> headers_;
  amqp_basic_properties_t properties_{};
  bool well_named_ = true;
};

}  // namespace tidemill::amqp
