#include "core/pattern/syntax.h"

#include <simdjson.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>

#include "core/pattern/number.h"

namespace tidemill::pattern {
namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t depth_max = 100;
constexpr std::size_t shown_max = 40;

// The reader throws nothing: every step answers whether it could be taken.
class Reader {
 public:
  explicit Reader(const char* begin) : begin_(begin) {}

  bool value(od::value json, Syntax& out, std::size_t depth) {
    if (depth > depth_max) {
      too_deep_ = true;
      return false;
    }
    od::json_type type{};
    if (json.type().get(type) != simdjson::SUCCESS) return false;
    const std::string_view token = json.raw_json_token();
    out.offset = offset(token.data());
    switch (type) {
      case od::json_type::object:
        return object(json, out, depth);
      case od::json_type::array:
        return array(json, out, depth);
      default:
        return scalar(json, type, token, out);
    }
  }

  bool too_deep() const { return too_deep_; }

 private:
  std::size_t offset(const char* at) const { return static_cast<std::size_t>(at - begin_); }

  bool object(od::value& json, Syntax& out, std::size_t depth) {
    out.kind = Syntax::Kind::object;
    od::object fields;
    if (json.get_object().get(fields) != simdjson::SUCCESS) return false;
    for (auto found : fields) {
      od::field field;
      if (std::move(found).get(field) != simdjson::SUCCESS) return false;
      Syntax::Member& member = out.members.emplace_back();
      member.offset = offset(field.key().raw()) - 1;
      std::string_view name;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS) return false;
      member.name = name;
      if (!value(field.value(), member.value, depth + 1)) return false;
    }
    return true;
  }

  bool array(od::value& json, Syntax& out, std::size_t depth) {
    out.kind = Syntax::Kind::array;
    od::array items;
    if (json.get_array().get(items) != simdjson::SUCCESS) return false;
    for (auto found : items) {
      od::value item;
      if (std::move(found).get(item) != simdjson::SUCCESS) return false;
      if (!value(item, out.items.emplace_back(), depth + 1)) return false;
    }
    return true;
  }

  static bool scalar(od::value& json, od::json_type type, std::string_view token, Syntax& out) {
    out.text = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    if (type == od::json_type::string) {
      out.kind = Syntax::Kind::string;
      std::string_view text;
      if (json.get_string().get(text) != simdjson::SUCCESS) return false;
      out.text = text;
      return true;
    }
    if (type == od::json_type::number) {
      // simdjson's own numbers end at 64 bits.
      out.kind = Syntax::Kind::number;
      return number_length(out.text) == out.text.size();
    }
    if (type == od::json_type::boolean) {
      out.kind = Syntax::Kind::boolean;
      return out.text == "true" || out.text == "false";
    }
    return out.text == "null";
  }

  const char* begin_;
  bool too_deep_ = false;
};

// simdjson says that a text is wrong; where and why, Boost.JSON knows better.
SyntaxError explain(std::string_view json) {
  boost::json::parse_options options;
  options.max_depth = depth_max;
  boost::json::stream_parser parser({}, options);
  boost::system::error_code error;
  const std::size_t read = parser.write_some(json.data(), json.size(), error);
  if (!error && read == json.size()) parser.finish(error);
  if (error) return {read, error.message()};
  return {read, read < json.size() ? "something follows its end" : "it is no valid UTF-8"};
}

// On-demand parsing has no value for a document that is none of an object and an array.
std::variant<Syntax, SyntaxError> lone_scalar(std::string_view json) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(json, error);
  if (error) return explain(json);
  Syntax root;
  root.offset = std::min(json.find_first_not_of(" \t\r\n"), json.size());
  root.text = json.substr(root.offset);
  if (value.is_string()) {
    root.kind = Syntax::Kind::string;
    root.text = value.get_string();
  } else if (!value.is_null()) {
    root.kind = value.is_bool() ? Syntax::Kind::boolean : Syntax::Kind::number;
  }
  return root;
}

}  // namespace

std::string Syntax::described() const {
  std::string shown = text;
  if (shown.size() > shown_max) shown = shown.substr(0, shown_max) + "...";
  switch (kind) {
    case Kind::object:
      return "an object";
    case Kind::array:
      return "an array";
    case Kind::string:
      return "the string \"" + shown + "\"";
    case Kind::number:
      return "the number " + shown;
    default:
      return kind == Kind::null ? "null" : shown;
  }
}

std::variant<Syntax, SyntaxError> parse_syntax(std::string_view json) {
  const simdjson::padded_string padded(json);
  od::parser parser;
  od::document document;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return explain(json);
  Reader reader(padded.data());
  Syntax root;
  od::value value;
  const auto error = document.get_value().get(value);
  if (error == simdjson::SCALAR_DOCUMENT_AS_VALUE) return lone_scalar(json);
  if (error == simdjson::SUCCESS && reader.value(value, root, 0) &&
      document.current_location().error() == simdjson::OUT_OF_BOUNDS)  // nothing is left
    return root;
  if (reader.too_deep())
    return SyntaxError{0, "it nests deeper than " + std::to_string(depth_max) + " levels"};
  return explain(json);
}

}  // namespace tidemill::pattern
