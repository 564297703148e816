#include "core/streams/embedded_stream.h"

namespace tidemill {

Event event_of(const StreamRecord& record, const std::shared_ptr<const void>& keep,
               Partition partition, std::string_view origin) {
  Event event;
  event.partition = partition;
  event.offset = Offset(record.number);
  event.offset_next = Offset(record.number + 1);
  event.origin = origin;
  event.id = record.id;
  event.source = record.source;
  event.type = record.type;
  event.subject = record.subject;
  event.content_type = record.content_type;
  event.time = record.time;
  event.extensions = record.extensions;
  event.key = record.group.empty() ? record.key : record.group;
  event.data = Bytes(record.data, keep);
  return event;
}

}  // namespace tidemill
