#include "app/event_stream.h"

#include <boost/json/parse.hpp>
#include <utility>

namespace tidemill::app {

std::optional<EventStreamReader::Event> EventStreamReader::add(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) {
    Event whole = std::exchange(begun_, {});
    if (!std::exchange(has_data_, false)) return std::nullopt;
    return whole;
  }
  const auto colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") begun_.type = value;
  if (field == "data") {
    if (std::exchange(has_data_, true)) begun_.data += '\n';
    begun_.data += value;
  }
  return std::nullopt;
}

std::uint64_t dropped_of(std::string_view data) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(data, error);
  if (error || !value.is_object()) return 0;
  const auto* const dropped = value.get_object().if_contains("dropped");
  return dropped != nullptr && dropped->is_int64()
             ? static_cast<std::uint64_t>(dropped->get_int64())
             : 0;
}

}  // namespace tidemill::app
