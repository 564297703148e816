#include "core/rehearsal/case_schema.h"

#include <boost/json.hpp>
#include <string_view>
#include <utility>

#include "core/config/schema.h"
#include "core/rehearsal/case_specs.h"
#include "core/rehearsal/expectation.h"

namespace tidemill::rehearsal {
namespace {

namespace json = boost::json;

template <class Words>
json::object words_schema(const ConfigSpec<Words>& spec, json::object beside = {}) {
  json::object schema = config::options_schema(spec.summary(), spec.decls());
  json::object& properties = schema["properties"].as_object();
  for (auto& [name, value] : beside) properties[name] = std::move(value);
  return schema;
}

json::object list_of(json::object items) {
  return {{"type", json::array{"array", "null"}}, {"items", std::move(items)}};
}

json::object by_name(json::object entry) {
  return {{"type", json::array{"object", "null"}}, {"additionalProperties", std::move(entry)}};
}

json::object described(std::string_view text) { return {{"description", text}}; }

json::object event_schema() {
  const json::object data = described("A mapping or a list is JSON; a scalar is its own text.");
  return words_schema(event_spec(), {{"data", data},
                                     {"headers", by_name({{"type", "string"}})},
                                     {"object", words_schema(object_spec(), {{"data", data}})}});
}

json::object mock_schema() {
  const json::object event = described("A name, in which * stands for anything, or a pattern.");
  json::object emission = words_schema(
      emission_spec(), {{"data", described("What the effect carries; else the event's.")}});
  json::object answers = list_of(
      words_schema(rule_spec(), {{"event", event}, {"emit", list_of(std::move(emission))}}));
  json::object outputs = by_name({{"enum", json::array{"objects", "rows", "messages"}}});
  json::object whole{
      {"type", "object"},
      {"additionalProperties", false},
      {"properties", json::object{{"outputs", std::move(outputs)}, {"answers", answers}}}};
  json::object function{{"anyOf", json::array{std::move(answers), std::move(whole)}}};
  json::object sink = list_of(words_schema(sink_rule_spec(), {{"event", event}}));
  return {{"type", json::array{"object", "null"}},
          {"additionalProperties", false},
          {"properties", json::object{{"functions", by_name(std::move(function))},
                                      {"sinks", by_name(std::move(sink))}}}};
}

json::object expect_schema() {
  json::object properties;
  for (const auto& section : expected_sections()) properties[section] = json::object{};
  return {{"type", json::array{"object", "null"}},
          {"description", "What has to come of it; only what is written is compared."},
          {"additionalProperties", false},
          {"properties", std::move(properties)}};
}

json::object given_schema() {
  return {{"type", json::array{"object", "null"}},
          {"description", "What is there before the first event."},
          {"additionalProperties", false},
          {"properties", json::object{{"tables", by_name(by_name({}))}}}};
}

}  // namespace

json::object case_file_schema() {
  json::object one = words_schema(case_spec(), {{"events", list_of(event_schema())},
                                                {"mock", mock_schema()},
                                                {"given", given_schema()},
                                                {"expect", expect_schema()}});
  json::object schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
                      {"title", "Tests of a Tidemill pipeline file"}};
  const json::object file = words_schema(
      file_spec(),
      {{"environment", by_name({{"type", json::array{"string", "number", "boolean"}}})},
       {"cases", list_of(std::move(one))}});
  for (const auto& [key, value] : file) schema[key] = value;
  schema["definitions"] =
      json::object{{"interpolated", json::object{{"type", "string"}, {"pattern", "\\$\\{"}}}};
  return schema;
}

}  // namespace tidemill::rehearsal
