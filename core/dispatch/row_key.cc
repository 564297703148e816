#include "core/dispatch/row_key.h"

namespace tidemill {
namespace {

std::string identity(const Event& event) {
  return event.id.empty() ? event_id(event) : std::string(event.id);
}

}  // namespace

Result<std::string> row_key(const std::optional<expression::Expression>& key, const Event& event,
                            std::string_view data) {
  if (!key) return event.key.empty() ? identity(event) : std::string(event.key);
  if (!key->reads_event()) return expression::evaluate_key(*key, data, {});
  const std::string id = identity(event);
  const expression::EventView view{.id = id,
                                   .source = event.source,
                                   .type = event.type,
                                   .subject = event.subject,
                                   .key = event.key,
                                   .time = event.time,
                                   .headers = event.extensions};
  return expression::evaluate_key(*key, data, view);
}

}  // namespace tidemill
