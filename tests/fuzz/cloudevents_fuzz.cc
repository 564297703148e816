// Whatever comes as a CloudEvent is one, or several, or none: no crash, and what is read keeps the
// rules. Data that is said to be JSON, and was not sent in base64, is JSON.

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cloudevents/cloud_events.h"
#include "json_text/json_text.h"

namespace {

using namespace tidemill;
using namespace tidemill::cloudevents;

// simdjson's tree holds numbers of 64 bits; longer ones are JSON all the same.
bool is_json(std::string_view text) {
  simdjson::dom::parser parser;
  const auto error = parser.parse(text.data(), text.size()).error();
  return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR;
}

void expect_sound(const Event& event) {
  if (event.id.empty() || event.source.empty() || event.type.empty()) std::abort();
  for (const Attribute& one : event.extensions)
    if (one.name.empty() || one.name == "data" || one.name == "id") std::abort();
}

void expect_json(const Event& event, std::string_view body) {
  const bool encoded = body.find("base64") != body.npos || body.find("\\u") != body.npos;
  if (encoded || event.data.empty() || !names_json(event.content_type)) return;
  if (!is_json(event.data.view())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto type : {"application/cloudevents+json", "application/cloudevents-batch+json"}) {
    const std::array headers{HttpHeader{"Content-Type", type}};
    const auto events = read_events(mode_of(headers, http_binding), http_binding, headers,
                                    std::string(text), {.events_max = 20, .depth_max = 20});
    if (!events) {
      if (events.error().message.empty()) std::abort();
      continue;
    }
    for (const Event& event : *events) {
      expect_sound(event);
      expect_json(event, text);
    }
  }
  const auto half = text.substr(0, size / 2);
  const std::array headers{HttpHeader{"ce-specversion", "1.0"}, HttpHeader{"ce-id", "1"},
                           HttpHeader{"ce-source", half}, HttpHeader{"ce-type", "t"},
                           HttpHeader{"ce-a", text.substr(half.size())}};
  if (const auto events = read_events(Mode::binary, http_binding, headers, "body"))
    for (const Event& event : *events) expect_sound(event);
  return 0;
}
