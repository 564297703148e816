// Messages as CloudEvents 1.0 in their JSON format, one a line: `envelope: cloudevents` of sinks
// that write lines. The place for a message's id where its own bytes have none.
//
// Free functions without state, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/config_spec.h"
#include "tidemill/sink.h"

namespace tidemill {

/// What stands around a message.
enum class Envelope {
  none,         ///< Nothing: see append_json_line().
  cloudevents,  ///< One JSON object with `id`, `source`, `type` and the message as `data`.
};

/// Declares `envelope` among a sink's options.
template <class Config>
ConfigSpec<Config> with_envelope(ConfigSpec<Config> spec, Envelope Config::* member) {
  return std::move(spec).choice("envelope", member,
                                "A CloudEvents 1.0 object around each message, whose id is the "
                                "same at every repeat; or none.",
                                {{"none", Envelope::none}, {"cloudevents", Envelope::cloudevents}});
}

/// Appends an event as one line; its id, key, content type and data are those of the message.
void append_cloud_event(std::string& out, const Event& event);

/// Appends the message as one line. `id` is its effect_id(); `source`, `type`, `subject` and `time`
/// are those of the event that caused it, `partitionkey` is the message's own key.
void append_cloud_event(std::string& out, const SinkBatch& batch, const Effect& effect);

/// The context attributes of the message as append_cloud_event() writes them, but for
/// `datacontenttype`: for bindings that have places of their own for them, as headers.
std::vector<std::pair<std::string_view, std::string>> cloud_event_attributes(const SinkBatch& batch,
                                                                             const Effect& effect);

/// Appends the message as one line, in its envelope.
void append_message_line(std::string& out, Envelope envelope, const SinkBatch& batch,
                         const Effect& effect);

}  // namespace tidemill
