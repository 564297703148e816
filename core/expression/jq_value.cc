#include "core/expression/jq_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/expression/jq_guard.h"
#include "core/expression/json_text.h"

namespace tidemill::expression {
namespace {

using simdjson::error_code;
using simdjson::ondemand::json_type;

// What a jump out of these functions passes over.
static_assert(std::is_trivially_destructible_v<simdjson::ondemand::array>);
static_assert(std::is_trivially_destructible_v<simdjson::ondemand::object>);
static_assert(std::is_trivially_destructible_v<simdjson::ondemand::value>);
static_assert(std::is_trivially_destructible_v<simdjson::simdjson_result<std::string_view>>);

jv make_string(std::string_view text) {
  // Text this long does not fit a guard's memory either.
  const auto size = std::min<std::size_t>(text.size(), std::numeric_limits<int>::max());
  return jv_string_sized(text.data(), static_cast<int>(size));
}

jv make(auto& value, error_code& error, int depth);

jv make_object(simdjson::ondemand::object object, error_code& error, int depth) {
  jv made = jv_object();
  for (auto element : object) {
    simdjson::ondemand::field field;
    std::string_view name;
    if ((error = std::move(element).get(field)) || (error = field.unescaped_key().get(name))) break;
    jv key = make_string(name);
    jv value = make(field.value(), error, depth + 1);
    if (error) {
      jv_free(key);
      break;
    }
    made = jv_object_set(made, key, value);
  }
  return made;
}

jv make_array(simdjson::ondemand::array array, error_code& error, int depth) {
  jv made = jv_array();
  for (auto element : array) {
    simdjson::ondemand::value value;
    if ((error = std::move(element).get(value))) break;
    jv item = make(value, error, depth + 1);
    if (error) break;
    made = jv_array_append(made, item);
  }
  return made;
}

jv make_scalar(auto& value, json_type type, error_code& error) {
  if (type == json_type::string) {
    std::string_view text;
    error = value.get_string().get(text);
    return error ? jv_invalid() : make_string(text);
  }
  if (type == json_type::number) {
    double number = 0;
    error = value.get_double().get(number);
    return jv_number(number);
  }
  if (type == json_type::boolean) {
    bool truth = false;
    error = value.get_bool().get(truth);
    return jv_bool(truth ? 1 : 0);
  }
  bool null = false;
  error = simdjson::simdjson_result<bool>(value.is_null()).get(null);
  if (!error && !null) error = simdjson::N_ATOM_ERROR;
  return jv_null();
}

// `value` is a document or a value in one. What is given is whole or, with an error, invalid.
jv make(auto& value, error_code& error, int depth) {
  json_type type{};
  if (depth > json_depth_max) {
    error = simdjson::DEPTH_ERROR;
    return jv_invalid();
  }
  if (JqGuard::current_is_cut()) {
    error = simdjson::MEMALLOC;
    return jv_invalid();
  }
  if ((error = value.type().get(type))) return jv_invalid();
  jv made = jv_invalid();
  if (type == json_type::object) {
    simdjson::ondemand::object object;
    if ((error = value.get_object().get(object))) return jv_invalid();
    made = make_object(object, error, depth);
  } else if (type == json_type::array) {
    simdjson::ondemand::array array;
    if ((error = value.get_array().get(array))) return jv_invalid();
    made = make_array(array, error, depth);
  } else {
    made = make_scalar(value, type, error);
  }
  if (!error) return made;
  jv_free(made);
  return jv_invalid();
}

void append_number(double number, std::string& out) {
  if (std::isnan(number)) {
    out += "null";
    return;
  }
  constexpr double greatest = std::numeric_limits<double>::max();
  number = std::clamp(number, -greatest, greatest);
  char digits[32];
  constexpr double exact = 9007199254740992;  // 2^53
  char* end = digits;
  if (std::abs(number) <= exact && number == std::trunc(number) &&
      !(number == 0 && std::signbit(number))) {
    end = std::to_chars(digits, digits + sizeof digits, static_cast<std::int64_t>(number)).ptr;
  } else {
    end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  }
  out.append(digits, end);
}

bool append(jv value, std::string& out, std::size_t size_max, int depth);

bool append_array(jv array, std::string& out, std::size_t size_max, int depth) {
  out += '[';
  const int length = jv_array_length(jv_copy(array));
  bool fits = true;
  for (int i = 0; fits && i < length; ++i) {
    if (i > 0) out += ',';
    jv item = jv_array_get(jv_copy(array), i);
    fits = append(item, out, size_max, depth + 1);
    jv_free(item);
  }
  out += ']';
  return fits;
}

bool append_object(jv object, std::string& out, std::size_t size_max, int depth) {
  out += '{';
  bool fits = true;
  bool first = true;
  for (int i = jv_object_iter(object); fits && jv_object_iter_valid(object, i) != 0;
       i = jv_object_iter_next(object, i)) {
    if (!first) out += ',';
    first = false;
    jv name = jv_object_iter_key(object, i);
    append_quoted(text_of(name), out);
    jv_free(name);
    out += ':';
    jv value = jv_object_iter_value(object, i);
    fits = append(value, out, size_max, depth + 1);
    jv_free(value);
  }
  out += '}';
  return fits;
}

bool append(jv value, std::string& out, std::size_t size_max, int depth) {
  if (depth > json_depth_max) return false;
  switch (jv_get_kind(value)) {
    case JV_KIND_OBJECT:
      if (!append_object(value, out, size_max, depth)) return false;
      break;
    case JV_KIND_ARRAY:
      if (!append_array(value, out, size_max, depth)) return false;
      break;
    case JV_KIND_STRING:
      append_quoted(text_of(value), out);
      break;
    case JV_KIND_NUMBER:
      append_number(jv_number_value(value), out);
      break;
    case JV_KIND_TRUE:
      out += "true";
      break;
    case JV_KIND_FALSE:
      out += "false";
      break;
    default:
      out += "null";
  }
  return out.size() <= size_max;
}

}  // namespace

jv make_jv(simdjson::ondemand::document& document, error_code& error) {
  jv made = make(document, error, 0);
  if (error || at_end(document)) return made;
  error = simdjson::TRAILING_CONTENT;
  jv_free(made);
  return jv_invalid();
}

jv make_jv(const EventView& event, std::string_view time) {
  const auto attribute = [](std::string_view text) {
    return text.empty() ? jv_null() : make_string(text);
  };
  jv headers = jv_object();
  for (const Attribute& header : event.headers)
    headers = jv_object_set(headers, make_string(header.name), make_string(header.value));
  jv made = jv_object_set(jv_object(), jv_string("id"), attribute(event.id));
  made = jv_object_set(made, jv_string("source"), attribute(event.source));
  made = jv_object_set(made, jv_string("type"), attribute(event.type));
  made = jv_object_set(made, jv_string("subject"), attribute(event.subject));
  made = jv_object_set(made, jv_string("time"), attribute(time));
  made = jv_object_set(made, jv_string("key"), attribute(event.key));
  return jv_object_set(made, jv_string("headers"), headers);
}

bool append_json(jv value, std::string& out, std::size_t size_max) {
  return append(value, out, size_max, 0);
}

Value::Kind kind_of(jv value) {
  switch (jv_get_kind(value)) {
    case JV_KIND_OBJECT:
      return Value::Kind::object;
    case JV_KIND_ARRAY:
      return Value::Kind::array;
    case JV_KIND_STRING:
      return Value::Kind::string;
    case JV_KIND_TRUE:
    case JV_KIND_FALSE:
      return Value::Kind::boolean;
    case JV_KIND_NUMBER:
      // What JSON has no number for is written as null.
      return std::isnan(jv_number_value(value)) ? Value::Kind::null : Value::Kind::number;
    default:
      return Value::Kind::null;
  }
}

}  // namespace tidemill::expression
