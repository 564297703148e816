#include "core/expression/json_text.h"

#include <utility>

namespace tidemill::expression {
namespace {

using simdjson::error_code;
using simdjson::SUCCESS;
using simdjson::ondemand::json_type;

std::string_view trimmed(std::string_view token) {
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

// The name as it is written, without its quotes. simdjson has found its end before; it only does
// not tell.
std::string_view written(simdjson::ondemand::raw_json_string name) {
  const char* const begin = name.raw();
  const char* end = begin;
  while (*end != '"') end += *end == '\\' ? 2 : 1;
  return {begin, end};
}

error_code append(auto& value, std::string& out, int depth);

error_code append_object(simdjson::ondemand::object object, std::string& out, int depth) {
  out += '{';
  bool first = true;
  for (auto element : object) {
    simdjson::ondemand::field field;
    std::string_view name;
    if (const auto error = std::move(element).get(field)) return error;
    const std::string_view raw = written(field.key());
    if (const auto error = field.unescaped_key().get(name)) return error;
    if (!first) out += ',';
    first = false;
    out.append("\"").append(raw).append("\":");
    if (const auto error = append(field.value(), out, depth + 1)) return error;
  }
  out += '}';
  return SUCCESS;
}

error_code append_array(simdjson::ondemand::array array, std::string& out, int depth) {
  out += '[';
  bool first = true;
  for (auto element : array) {
    simdjson::ondemand::value value;
    if (const auto error = std::move(element).get(value)) return error;
    if (!first) out += ',';
    first = false;
    if (const auto error = append(value, out, depth + 1)) return error;
  }
  out += ']';
  return SUCCESS;
}

// `value` is a document or a value in one.
error_code append(auto& value, std::string& out, int depth) {
  if (depth > json_depth_max) return simdjson::DEPTH_ERROR;
  json_type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == json_type::object) {
    simdjson::ondemand::object object;
    if (const auto error = value.get_object().get(object)) return error;
    return append_object(object, out, depth);
  }
  if (type == json_type::array) {
    simdjson::ondemand::array array;
    if (const auto error = value.get_array().get(array)) return error;
    return append_array(array, out, depth);
  }
  std::string_view token;
  if (const auto error =
          simdjson::simdjson_result<std::string_view>(value.raw_json_token()).get(token))
    return error;
  out += trimmed(token);
  switch (type) {
    case json_type::string:
      return value.get_string().error();
    case json_type::number:
      return value.get_double().error();
    case json_type::boolean:
      return value.get_bool().error();
    default: {
      bool null = false;
      const auto error = simdjson::simdjson_result<bool>(value.is_null()).get(null);
      return error || null ? error : simdjson::N_ATOM_ERROR;
    }
  }
}

}  // namespace

error_code open_json(std::string_view data, simdjson::ondemand::document& document) {
  // The parser wants room behind the text; copying an event there costs next to nothing.
  thread_local simdjson::ondemand::parser parser;
  thread_local std::string scratch;
  scratch.assign(data);
  scratch.reserve(data.size() + simdjson::SIMDJSON_PADDING);
  return parser.iterate(scratch.data(), data.size(), scratch.capacity()).get(document);
}

std::unexpected<Error> json_fault(error_code error) {
  if (error == simdjson::DEPTH_ERROR)
    return fail(Fault::bad_event,
                "the data is nested deeper than " + std::to_string(json_depth_max) + " levels");
  return fail(Fault::bad_event, "the data is not valid JSON");
}

error_code append_compact(simdjson::ondemand::document& document, std::string& out) {
  return append(document, out, 0);
}

error_code append_compact(simdjson::ondemand::value& value, std::string& out) {
  return append(value, out, 0);
}

void append_quoted(std::string_view utf8, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  std::size_t done = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(utf8.substr(done, i - done));
    done = i + 1;
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out.append("\\u00").append({digits[byte >> 4], digits[byte & 15]});
    }
  }
  out.append(utf8.substr(done)) += '"';
}

Value::Kind kind_of(json_type type) {
  switch (type) {
    case json_type::object:
      return Value::Kind::object;
    case json_type::array:
      return Value::Kind::array;
    case json_type::string:
      return Value::Kind::string;
    case json_type::number:
      return Value::Kind::number;
    case json_type::boolean:
      return Value::Kind::boolean;
    default:
      return Value::Kind::null;
  }
}

}  // namespace tidemill::expression
