#include "json_event.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "json_check.h"
#include "json_text/json_text.h"

namespace tidemill::cloudevents {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::ondemand::json_type;

std::string_view kind_of(json_type type) {
  switch (type) {
    case json_type::array:
      return "a list";
    case json_type::object:
      return "an object";
    case json_type::number:
      return "a number";
    case json_type::boolean:
      return "true or false";
    case json_type::null:
      return "null";
    case json_type::string:
      break;
  }
  return "text";
}

bool takes_text_alone(std::string_view name) {
  for (const std::string_view known : {"id", "source", "type", "subject", "time", "specversion",
                                       "datacontenttype", "dataschema", "data_base64"})
    if (name == known) return true;
  return false;
}

// A member named `data`, until it is known what datacontenttype makes of it.
struct Data {
  json_type type = json_type::null;
  std::string_view json;
  std::string_view text;  // Of a string.
};

class JsonEventReader {
 public:
  JsonEventReader(ondemand::document& document, Kept& kept, const Limits& limits)
      : document_(document), kept_(kept), limits_(limits), draft_(kept, limits) {}

  Result<ReadEvent> read(ondemand::object object) {
    for (auto read : object) {
      ondemand::field field;
      if (std::move(read).get(field) != simdjson::SUCCESS) return not_json();
      const char* const raw = field.key().raw();
      std::string_view name;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS) return not_json();
      name = kept(raw, name);
      ondemand::value value = field.value();
      if (auto taken = take(name, value); !taken) return std::unexpected(taken.error());
    }
    return finish();
  }

 private:
  // simdjson decodes into memory of its own; most text stands in the body as it is meant.
  std::string_view kept(const char* raw, std::string_view decoded) {
    const std::string_view in_place(raw, decoded.size());
    if (in_place == decoded && raw[decoded.size()] == '"') return in_place;
    return kept_.keep(std::string(decoded));
  }

  std::optional<std::string_view> text_of(ondemand::value& value) {
    const char* const raw = value.raw_json_token().data() + 1;
    std::string_view decoded;
    if (value.get_string().get(decoded) != simdjson::SUCCESS) return std::nullopt;
    return kept(raw, decoded);
  }

  Result<> take(std::string_view name, ondemand::value& value) {
    json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return not_json();
    if (name == "data") return take_data(type, value);
    if (type == json_type::string) {
      const auto text = text_of(value);
      if (!text) return not_json();
      if (name != "data_base64") return draft_.set(name, *text);
      if (base64_) return refuse("its data_base64 is there twice");
      base64_ = *text;
      return {};
    }
    if (type == json_type::object || type == json_type::array ||
        (takes_text_alone(name) && type != json_type::null))
      return refuse("its attribute '" + shown(name) + "' is " + std::string(kind_of(type)) +
                    (takes_text_alone(name)
                         ? "; it has to be text"
                         : "; attributes are text, whole numbers, true or false"));
    return take_scalar(name, type, value);
  }

  Result<> take_scalar(std::string_view name, json_type type, ondemand::value& value) {
    const std::string_view text = scalar_text(value);
    if (type == json_type::number) {
      std::int64_t number = 0;
      if (value.get_int64().get(number) != simdjson::SUCCESS ||
          number < std::numeric_limits<std::int32_t>::min() ||
          number > std::numeric_limits<std::int32_t>::max())
        return refuse("its attribute '" + shown(name) + "' is " + shown(text) +
                      "; numbers are whole and of 32 bits, others are written as text");
      return draft_.set(name, text);
    }
    // The same as if it were not there.
    if (type == json_type::null) return text == "null" ? Result<>() : not_json();
    return text == "true" || text == "false" ? draft_.set(name, text) : not_json();
  }

  Result<> take_data(json_type type, ondemand::value& value) {
    if (data_) return refuse("its data is there twice");
    data_ = Data{.type = type, .json = {}, .text = {}};
    if (type == json_type::string) {
      data_->json = scalar_text(value);
      const auto text = text_of(value);
      if (!text) return not_json();
      data_->text = *text;
      return {};
    }
    const std::string_view token = scalar_text(value);
    const JsonVerdict verdict = check_json(value, limits_.depth_max);
    if (verdict == JsonVerdict::broken) return not_json();
    if (verdict == JsonVerdict::too_deep)
      return refuse("its data nests more than " + std::to_string(limits_.depth_max) + " levels");
    data_->json = token;
    if (type != json_type::object && type != json_type::array) return {};
    // Read to its end: from its first token to what stands before the next one.
    const char* next = nullptr;
    if (document_.current_location().get(next) != simdjson::SUCCESS) return not_json();
    const std::string_view whole(token.data(), static_cast<std::size_t>(next - token.data()));
    data_->json = whole.substr(0, whole.find_last_of("]}") + 1);
    return {};
  }

  Result<ReadEvent> finish() {
    auto event = draft_.finish();
    if (!event) return std::unexpected(event.error());
    ReadEvent read{.event = std::move(*event), .data = {}, .extensions = draft_.extension_count()};
    const bool has_data = data_ && data_->type != json_type::null;
    if (has_data && base64_) return refuse("it has both data and data_base64");
    if (base64_) {
      std::string bytes;
      if (!append_from_base64(bytes, *base64_)) return refuse("its data_base64 is no base64");
      read.data = kept_.keep(std::move(bytes));
    } else if (has_data && names_json(read.event.content_type)) {
      read.data = data_->json;
    } else if (has_data) {
      if (data_->type != json_type::string)
        return refuse("its data is " + std::string(kind_of(data_->type)) +
                      ", but datacontenttype '" + shown(read.event.content_type) +
                      "' is not that of JSON");
      read.data = data_->text;
    }
    return read;
  }

  ondemand::document& document_;
  Kept& kept_;
  const Limits& limits_;
  EventDraft draft_;
  std::optional<Data> data_;
  std::optional<std::string_view> base64_;
};

}  // namespace

std::unexpected<Error> not_json() { return refuse("it is not JSON"); }

Result<ReadEvent> read_json_event(ondemand::document& document, ondemand::object object, Kept& kept,
                                  const Limits& limits) {
  return JsonEventReader(document, kept, limits).read(object);
}

}  // namespace tidemill::cloudevents
