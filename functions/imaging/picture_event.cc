#include "imaging/picture_event.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

namespace tidemill::imaging {
namespace {

// The object of S3's shape; empty for anything else.
boost::json::object described_object(const EventView& event) {
  boost::system::error_code error;
  boost::json::value data = boost::json::parse(std::string_view(event.data()), error);
  if (error || !data.is_object()) return {};
  boost::json::value* object = data.get_object().if_contains("object");
  if (object == nullptr || !object->is_object()) return {};
  return std::move(object->get_object());
}

// S3's own notifications write eTag, EventBridge's write etag.
std::string etag_of(const boost::json::object& object) {
  for (const char* name : {"etag", "eTag"}) {
    const boost::json::value* etag = object.if_contains(name);
    if (etag != nullptr && etag->is_string()) return std::string(etag->get_string());
  }
  return {};
}

std::vector<std::string> metadata_of(const boost::json::object& object) {
  const boost::json::value* metadata = object.if_contains("metadata");
  if (metadata == nullptr || !metadata->is_object()) return {};
  std::vector<std::string> names;
  for (const auto& entry : metadata->get_object()) names.emplace_back(entry.key());
  return names;
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
  if (carries_picture()) return;
  const boost::json::object object = described_object(event);
  etag_ = etag_of(object);
  metadata_ = metadata_of(object);
}

bool PictureEvent::has_metadata(std::string_view name) const {
  return std::ranges::find(metadata_, name) != metadata_.end();
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
