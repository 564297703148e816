#include "outgoing.h"

#include <algorithm>

#include "aws/digest.h"
#include "frames.h"

namespace tidemill::amqp {
namespace {

constexpr std::size_t short_max = 255;
constexpr std::string_view reserved_begin = "tidemill-";

}  // namespace

std::string message_id_of(const SinkBatch& batch, const Effect& effect) {
  std::string id = effect_id(batch, effect);
  return id.size() <= short_max ? id : aws::hex(aws::sha256(id));
}

OutgoingMessage::OutgoingMessage(const SinkBatch& batch, const Effect& effect,
                                 const std::string& id, bool persistent, bool forward_headers) {
  amqp_basic_properties_t& p = properties_;
  p._flags = AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
  p.message_id = bytes_of(id);
  p.delivery_mode = persistent ? AMQP_DELIVERY_PERSISTENT : AMQP_DELIVERY_NONPERSISTENT;
  if (!effect.content_type.empty()) {
    p._flags |= AMQP_BASIC_CONTENT_TYPE_FLAG;
    p.content_type = bytes_of(effect.content_type);
  }
  for (const Attribute& attribute : effect.metadata) add(attribute);
  if (forward_headers)
    for (const Attribute& attribute : batch.events[effect.event].extensions) add(attribute);
  if (headers_.empty()) return;
  p._flags |= AMQP_BASIC_HEADERS_FLAG;
  p.headers = {static_cast<int>(headers_.size()), headers_.data()};
}

// What the protocol has a property for is one, where it fits; the first of a name counts.
void OutgoingMessage::add(const Attribute& attribute) {
  if (attribute.name.starts_with(reserved_begin)) return;
  const auto property = [&](amqp_flags_t flag, amqp_bytes_t& value) {
    if ((properties_._flags & flag) != 0) return;
    properties_._flags |= flag;
    value = bytes_of(attribute.value);
  };
  if (attribute.value.size() <= short_max) {
    if (attribute.name == "correlationid")
      return property(AMQP_BASIC_CORRELATION_ID_FLAG, properties_.correlation_id);
    if (attribute.name == "replyto")
      return property(AMQP_BASIC_REPLY_TO_FLAG, properties_.reply_to);
    if (attribute.name == "contentencoding")
      return property(AMQP_BASIC_CONTENT_ENCODING_FLAG, properties_.content_encoding);
  }
  const auto same = [&](const amqp_table_entry_t& one) {
    return text_of(one.key) == attribute.name;
  };
  if (std::ranges::any_of(headers_, same)) return;
  if (attribute.name.size() > short_max) well_named_ = false;
  amqp_table_entry_t entry{};
  entry.key = bytes_of(attribute.name);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes_of(attribute.value);
  headers_.push_back(entry);
}

}  // namespace tidemill::amqp
