#include "records/record_event.h"

#include <array>
#include <memory>
#include <string>
#include <utility>

namespace tidemill::records {
namespace {

// Keeps the attribute of an event beside the chunk that its data lies in.
struct Marked {
  std::shared_ptr<const void> chunk;
  std::string value;
  std::array<Attribute, 1> attributes;
};

void mark(Event& event, const Record& record, std::string_view name, std::string value) {
  auto kept = std::make_shared<Marked>(*record.owner, std::move(value));
  kept->attributes[0] = {name, kept->value};
  event.extensions = kept->attributes;
  event.data = Bytes(record.text, std::move(kept));
}

}  // namespace

void RecordEvents::fill(const Record& record, Event& event) const {
  event.content_type = content_type_;
  if (record.oversized > 0) {
    mark(event, record, oversized_attribute, std::to_string(record.oversized));
  } else if (!record.refused.empty()) {
    event.content_type = "text/plain";
    mark(event, record, refused_attribute, record.refused);
  } else {
    event.key = key_.in(record.text);
    event.data = Bytes(record.text, *record.owner);
  }
}

}  // namespace tidemill::records
