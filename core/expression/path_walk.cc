#include "core/expression/path_walk.h"

#include <utility>

namespace tidemill::expression {
namespace {

using simdjson::ondemand::json_type;

std::string_view name_of(json_type type) {
  switch (type) {
    case json_type::object:
      return "object";
    case json_type::array:
      return "array";
    case json_type::string:
      return "string";
    case json_type::number:
      return "number";
    case json_type::boolean:
      return "boolean";
    default:
      return "null";
  }
}

// As jq says it.
std::unexpected<Error> no_such_step(json_type type, const Path::Step& step) {
  return fail(Fault::bad_event, "Cannot index " + std::string(name_of(type)) + " with " +
                                    (step.index ? "number" : "string \"" + step.name + '"'));
}

// The first letter tells the type: what else begins with it is no JSON. `place` is a document or a
// value in one.
bool is_null(auto& place) {
  bool null = false;
  return !place.is_null().get(null) && null;
}

}  // namespace

Result<Place> walk(simdjson::ondemand::document& document, std::span<const Path::Step> steps) {
  Place place;
  if (const auto error = document.type().get(place.type)) return json_fault(error);
  if (place.type == json_type::null && !is_null(document))
    return json_fault(simdjson::N_ATOM_ERROR);
  if (place.type == json_type::object || place.type == json_type::array)
    if (const auto error = document.get_value().get(place.value)) return json_fault(error);
  for (const Path::Step& step : steps) {
    if (place.type == json_type::null) return Place{json_type::null, {}};
    if (place.type != (step.index ? json_type::array : json_type::object))
      return no_such_step(place.type, step);
    auto found =
        step.index ? place.value.at(*step.index) : place.value.find_field_unordered(step.name);
    const auto error = std::move(found).get(place.value);
    if (error == simdjson::NO_SUCH_FIELD || error == simdjson::INDEX_OUT_OF_BOUNDS)
      return Place{json_type::null, {}};
    if (error) return json_fault(error);
    if (const auto wrong = place.value.type().get(place.type)) return json_fault(wrong);
    if (place.type == json_type::null && !is_null(place.value))
      return json_fault(simdjson::N_ATOM_ERROR);
  }
  return place;
}

}  // namespace tidemill::expression
