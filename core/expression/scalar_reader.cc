#include "core/expression/scalar_reader.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/timestamp.h"
#include "core/expression/path_walk.h"
#include "core/expression/scalars.h"

namespace tidemill::expression {
namespace {

using simdjson::ondemand::json_type;

simdjson::ondemand::document& document() {
  thread_local simdjson::ondemand::document document;
  return document;
}

std::string_view kind_of_value(json_type type) {
  switch (type) {
    case json_type::array:
      return "an array";
    case json_type::object:
      return "an object";
    case json_type::string:
      return "a string";
    case json_type::boolean:
      return "a boolean";
    default:
      return "null";
  }
}

// As simdjson's own integers and doubles are read: the whole of the text.
std::optional<JsonNumber> number_of(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::int64_t integer = 0;
  const auto whole = std::from_chars(text.data(), end, integer);
  if (whole.ec == std::errc() && whole.ptr == end) return JsonNumber::of(integer);
  double real = 0;
  const auto parsed = std::from_chars(text.data(), end, real);
  if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(real)) return std::nullopt;
  return JsonNumber::of(real);
}

}  // namespace

// Of $event there is nothing to look through, and the whole of the data is rarely a scalar.
bool ScalarReader::direct(const Expression& expression) const {
  const Path* const path = expression.path();
  return path != nullptr && !path->reads_event() && !path->steps().empty();
}

template <class Read>
auto ScalarReader::at(const Expression& expression, Read read) {
  using Answer = decltype(read(std::declval<Place&>()));
  auto& json = document();
  if (open_) {
    json.rewind();
  } else if (const auto error = open_json(data_, json)) {
    return Answer(json_fault(error));
  }
  open_ = true;
  auto place = walk(json, expression.path()->steps());
  if (!place) return Answer(std::unexpected(std::move(place.error())));
  return read(*place);
}

Result<std::string> ScalarReader::key(const Expression& expression) {
  if (!direct(expression)) {
    open_ = false;
    return evaluate_key(expression, data_, event_);
  }
  return at(expression, [&](Place& place) -> Result<std::string> {
    if (place.type == json_type::string) {
      std::string_view text;
      if (const auto error = place.value.get_string().get(text)) return json_fault(error);
      return std::string(text);
    }
    if (place.type != json_type::number && place.type != json_type::boolean)
      return gives(expression, kind_of_value(place.type));
    std::string text;
    if (const auto error = append_compact(place.value, text)) return json_fault(error);
    return text;
  });
}

Result<EventTime> ScalarReader::time(const Expression& expression) {
  if (!direct(expression)) {
    open_ = false;
    return evaluate_time(expression, data_, event_);
  }
  return at(expression, [&](Place& place) -> Result<EventTime> {
    std::optional<EventTime> time;
    std::string_view text;
    if (place.type == json_type::string) {
      if (const auto error = place.value.get_string().get(text)) return json_fault(error);
      time = parse_timestamp(text);
      if (!time)
        if (const auto number = real_of(text)) time = instant_of(*number);
    } else if (place.type == json_type::number) {
      double number = 0;
      if (const auto error = place.value.get_double().get(number)) return json_fault(error);
      time = instant_of(number);
    } else {
      return gives(expression, kind_of_value(place.type));
    }
    if (time) return *time;
    return gives(expression, text.empty() ? "no instant"
                                          : "no instant but " + std::string(text.substr(0, 100)));
  });
}

Result<JsonNumber> ScalarReader::number(const Expression& expression) {
  if (!direct(expression)) {
    open_ = false;
    auto values = expression.evaluate(data_, event_);
    if (!values) return std::unexpected(std::move(values.error()));
    if (values->size() != 1)
      return gives(expression, values->empty() ? "nothing" : "several values");
    const Value& value = values->front();
    if (value.kind != Value::Kind::number)
      return gives(expression, "no number but " + value.text.substr(0, 100));
    const auto number = number_of(value.text);
    if (!number) return gives(expression, "a number that is too large");
    return *number;
  }
  return at(expression, [&](Place& place) -> Result<JsonNumber> {
    if (place.type != json_type::number) return gives(expression, kind_of_value(place.type));
    std::int64_t integer = 0;
    if (!place.value.get_int64().get(integer)) return JsonNumber::of(integer);
    double real = 0;
    if (place.value.get_double().get(real) || !std::isfinite(real))
      return gives(expression, "no number that fits");
    return JsonNumber::of(real);
  });
}

}  // namespace tidemill::expression
