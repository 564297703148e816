#include "core/dispatch/row_key.h"

namespace tidemill {
namespace {

std::string identity(const Event& event) {
  return event.id.empty() ? event_id(event) : std::string(event.id);
}

}  // namespace

SeenEvent::SeenEvent(const Event& event) : event_(event), id_(identity(event)) {}

expression::EventView SeenEvent::view() const {
  return {.id = id_,
          .source = event_.source,
          .type = event_.type,
          .subject = event_.subject,
          .key = event_.key,
          .time = event_.time,
          .headers = event_.extensions};
}

Result<std::string> row_key(const std::optional<expression::Expression>& key, const Event& event,
                            std::string_view data) {
  if (!key) return event.key.empty() ? identity(event) : std::string(event.key);
  if (!key->reads_event()) return expression::evaluate_key(*key, data, {});
  return expression::evaluate_key(*key, data, SeenEvent(event).view());
}

Result<EventTime> row_time(const expression::Expression& time, const Event& event,
                           std::string_view data) {
  if (!time.reads_event()) return expression::evaluate_time(time, data, {});
  return expression::evaluate_time(time, data, SeenEvent(event).view());
}

}  // namespace tidemill
