#include "avro/registry_answer.h"

#include <simdjson.h>

namespace tidemill::avro {
namespace {

using simdjson::dom::element;

constexpr std::size_t message_bytes_max = 300;

std::string_view text_at(element parent, std::string_view name) {
  std::string_view text;
  if (parent[name].get(text) != simdjson::SUCCESS) return {};
  return text;
}

}  // namespace

Result<SchemaAnswer> parse_schema_answer(std::string_view body) {
  simdjson::dom::parser parser;
  element root;
  std::string_view text;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root["schema"].get(text) != simdjson::SUCCESS)
    return fail(Fault::unavailable, "what the server answers is no schema");
  if (const std::string_view type = text_at(root, "schemaType"); !type.empty() && type != "AVRO")
    return fail(Fault::bad_event, "it is of another type than AVRO");
  SchemaAnswer answer{std::string(text), {}};
  simdjson::dom::array references;
  if (root["references"].get(references) != simdjson::SUCCESS) return answer;
  for (const element given : references) {
    SchemaReference reference{std::string(text_at(given, "subject")), 0};
    if (reference.subject.empty() || given["version"].get(reference.version) != simdjson::SUCCESS)
      return fail(Fault::unavailable, "a reference names no subject or no version");
    answer.references.push_back(std::move(reference));
  }
  return answer;
}

Refusal parse_refusal(std::string_view body) {
  simdjson::dom::parser parser;
  element root;
  Refusal refusal;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root["error_code"].get(refusal.code) != simdjson::SUCCESS)
    return {};
  const std::string_view message = text_at(root, "message");
  if (message.size() <= message_bytes_max) refusal.message = message;
  return refusal;
}

}  // namespace tidemill::avro
