#include "imaging/picture_event.h"

#include <boost/json.hpp>

namespace tidemill::imaging {
namespace {

// S3's own notifications write eTag, EventBridge's write etag.
std::string etag_of(const EventView& event) {
  if (const std::string_view etag = event.extension("etag"); !etag.empty())
    return std::string(etag);
  boost::system::error_code error;
  const boost::json::value data = boost::json::parse(std::string_view(event.data()), error);
  if (error || !data.is_object()) return {};
  const auto* object = data.get_object().if_contains("object");
  if (object == nullptr || !object->is_object()) return {};
  for (const char* name : {"etag", "eTag"}) {
    const auto* etag = object->get_object().if_contains(name);
    if (etag != nullptr && etag->is_string()) return std::string(etag->get_string());
  }
  return {};
}

// "ObjectRemoved:Delete" of S3, "Object Deleted" of EventBridge.
bool tells_removal(std::string_view type) {
  return type.find("Removed") != type.npos || type.find("removed") != type.npos ||
         type.find("Deleted") != type.npos || type.find("deleted") != type.npos;
}

}  // namespace

PictureEvent::PictureEvent(const EventView& event)
    : event_(event),
      key_(event.subject().empty() ? event.key() : event.subject()),
      removed_(tells_removal(event.type())) {
  if (!carries_picture()) etag_ = etag_of(event);
}

bool PictureEvent::carries_picture() const {
  return event_.content_type().starts_with("image/") && !event_.data().empty();
}

Result<Bytes> PictureEvent::read(std::uint64_t bytes_max) const {
  std::string_view bytes = event_.data();
  if (!carries_picture()) {
    const Result<std::string_view> object = event_.read_object(bytes_max);
    if (!object) return std::unexpected(object.error());
    bytes = *object;
  }
  return Bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void PictureEvent::release() const {
  if (!carries_picture()) event_.release_object();
}

Error about(const PictureEvent& picture, const Error& error) {
  Error named = error;
  named.message = std::string(picture.key()) + ": " + error.message;
  return named;
}

}  // namespace tidemill::imaging
