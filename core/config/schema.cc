#include "core/config/schema.h"

#include <boost/json.hpp>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/declarations.h"
#include "core/config/scalars.h"
#include "core/config/sections.h"

namespace tidemill::config {
namespace {

namespace json = boost::json;

constexpr std::string_view name_pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$";

json::object interpolated() { return {{"$ref", "#/definitions/interpolated"}}; }

// Whole numbers print as such: 1, not 1E0.
json::value number(double value) {
  constexpr double exact_max = 9007199254740992.0;
  if (std::trunc(value) == value && std::abs(value) < exact_max)
    return static_cast<std::int64_t>(value);
  return value;
}

json::object bounded(std::string_view type, const OptionDecl& decl) {
  json::object schema{{"type", type}};
  if (decl.min) schema["minimum"] = number(*decl.min);
  if (decl.max) schema["maximum"] = number(*decl.max);
  return schema;
}

json::object one_of_texts(const std::vector<std::string>& texts) {
  json::array values;
  for (const auto& text : texts) {
    values.emplace_back(text);
    // Choices that look like numbers are read as such by editors: `version: 1`.
    if (const auto digits = parse_integer(text); digits && digits->size() < 10)
      values.emplace_back(std::stoll(*digits));
  }
  return {{"enum", std::move(values)}};
}

// One value. Ranges of sizes and durations are the checker's: a schema cannot compute units.
json::object scalar_schema(const OptionDecl& decl) {
  if (!decl.choices.empty())
    return {{"anyOf", json::array{one_of_texts(decl.choices), interpolated()}}};
  switch (decl.type) {
    case OptionType::boolean:
      return {{"anyOf", json::array{json::object{{"type", "boolean"}}, interpolated()}}};
    case OptionType::integer:
      return {{"anyOf", json::array{bounded("integer", decl), interpolated()}}};
    case OptionType::number:
      return {{"anyOf", json::array{bounded("number", decl), interpolated()}}};
    case OptionType::bytes:
    case OptionType::duration:
    case OptionType::rate: {
      json::array any{json::object{{"type", "string"}, {"pattern", pattern(decl.type)}},
                      interpolated()};
      if (decl.type == OptionType::bytes)
        any.push_back(json::object{{"type", "integer"}, {"minimum", 0}});
      if (decl.type == OptionType::duration) any.push_back(json::object{{"const", 0}});
      return {{"anyOf", std::move(any)}};
    }
    case OptionType::mapping:
      return {{"type", "object"}};
    case OptionType::source:
      return {{"$ref", "#/definitions/source"}};
    case OptionType::text:
    case OptionType::choice:
    case OptionType::secret:
    case OptionType::path:
      break;
  }
  // Text that looks like something else (`key: 7`, `group: true`) is still text to the checker.
  return {{"type", json::array{"string", "number", "boolean"}}};
}

json::value default_of(const OptionDecl& decl) {
  if (decl.type == OptionType::boolean) return decl.default_value == "true";
  if (decl.type == OptionType::integer || decl.type == OptionType::number)
    if (const auto value = parse_number(decl.default_value)) return number(*value);
  return json::value(shown_default(decl));
}

json::object option_schema(const OptionDecl& decl) {
  json::object schema = scalar_schema(decl);
  if (decl.type == OptionType::source) return schema;  // Beside a $ref nothing counts.
  if (decl.list) {
    json::object list{{"type", "array"}, {"items", schema}};
    schema = {{"anyOf", json::array{std::move(list), std::move(schema)}}};
  }
  std::string text = decl.doc;
  if (const auto range = shown_range(decl); !range.empty()) text += " (" + range + ")";
  schema["description"] = text;
  const bool has_default = !decl.default_value.empty() && decl.type != OptionType::secret;
  if (has_default && !decl.list) schema["default"] = default_of(decl);
  return schema;
}

json::object closed(json::object properties, json::array required = {}) {
  json::object schema{{"type", json::array{"object", "null"}},
                      {"properties", std::move(properties)},
                      {"additionalProperties", false}};
  if (!required.empty()) {
    schema["required"] = std::move(required);
    schema["type"] = "object";
  }
  return schema;
}

json::object group_schema(std::span<const DeclTree> trees) {
  json::object properties;
  json::array required;
  for (const auto& tree : trees) {
    properties[tree.key] =
        tree.decl != nullptr ? option_schema(*tree.decl) : group_schema(tree.below);
    if (tree.required()) required.emplace_back(tree.key);
  }
  return closed(std::move(properties), std::move(required));
}

template <class Config>
json::object section_schema(const ConfigSpec<Config>& spec) {
  return options_schema(spec.summary(), spec.decls());
}

// Entries of a section by names that the user chooses.
json::object by_name(json::object entry) {
  return {{"type", json::array{"object", "null"}},
          {"propertyNames", json::object{{"pattern", name_pattern}}},
          {"additionalProperties", std::move(entry)}};
}

// With `connection:` the required options may come from there.
json::object kind_schema(const KindDecl& kind) {
  json::object schema = group_schema(tree_of(*kind.options));
  schema["description"] = kind.summary;
  auto& properties = schema["properties"].as_object();
  if (!properties.contains("connection"))
    properties["connection"] = json::object{
        {"type", "string"}, {"description", "A name under `connections:` whose options apply."}};
  if (auto* required = schema.if_contains("required")) {
    json::object needs{{"required", std::move(*required)}};
    schema.erase("required");
    schema["anyOf"] =
        json::array{std::move(needs), json::object{{"required", json::array{"connection"}}}};
  }
  return schema;
}

// A mapping with exactly one key among `kinds`, beside the `others`.
json::object connector_schema(const std::vector<KindDecl>& kinds, json::object others) {
  json::array one_kind;
  json::object properties = std::move(others);
  for (const auto& kind : kinds) {
    properties[kind.name] = kind_schema(kind);
    one_kind.push_back(json::object{{"required", json::array{kind.name}}});
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"additionalProperties", false},
          {"oneOf", std::move(one_kind)}};
}

json::object connections_schema(const Registry& registry) {
  json::object properties;
  for (const auto& kinds : {source_kinds(registry), sink_kinds(registry)}) {
    for (const auto& kind : kinds) {
      json::object options = group_schema(tree_of(*kind.options));
      // What a connection leaves out, its users give.
      options.erase("required");
      auto& known = properties[kind.name];
      if (!known.is_object()) {
        known = std::move(options);
        continue;
      }
      for (auto& [key, value] : options["properties"].as_object())
        known.as_object()["properties"].as_object().insert_or_assign(key, value);
    }
  }
  json::object entry = closed(std::move(properties));
  entry["type"] = "object";
  entry["minProperties"] = 1;
  entry["maxProperties"] = 1;
  return by_name(std::move(entry));
}

json::object pipeline_schema(const Registry& registry) {
  json::object sink_keys = section_schema(sink_spec())["properties"].as_object();
  sink_keys["retry"] = section_schema(sink_retry_spec());

  const json::object pattern{
      {"type", "object"},
      {"minProperties", 1},
      {"description",
       "An event pattern in EventBridge's language; see docs/reference/patterns.md."}};
  const json::object map{
      {"type", "string"},
      {"description", "jq that gives the data from here on; see docs/reference/expressions.md."}};
  json::array step;
  for (const auto& [key, value] : {std::pair<const char*, json::object>{"filter", pattern},
                                   {"map", map},
                                   {"function", json::object{{"type", "string"}}}})
    step.push_back(closed({{key, value}}, json::array{key}));
  sink_keys["when"] = pattern;
  sink_keys["map"] = map;
  json::object schema = section_schema(pipeline_spec());
  auto& properties = schema["properties"].as_object();
  properties["source"] = json::object{{"$ref", "#/definitions/source"}};
  properties["filter"] = pattern;
  properties["steps"] =
      json::object{{"type", "array"}, {"items", json::object{{"anyOf", std::move(step)}}}};
  properties["batch"] = section_schema(batch_spec());
  properties["parallel"] = section_schema(parallel_spec());
  properties["retry"] = section_schema(retry_spec());
  properties["dedupe"] = section_schema(dedupe_spec());
  const json::object destination_keys{{"retry", section_schema(sink_retry_spec())}};
  properties["on_success"] = connector_schema(sink_kinds(registry), destination_keys);
  properties["on_failure"] = connector_schema(sink_kinds(registry), destination_keys);
  properties["dead_letter"] =
      json::object{{"anyOf", json::array{section_schema(dead_letter_spec()),
                                         json::object{{"enum", json::array{"off", false}}}}}};
  properties["sinks"] = by_name(connector_schema(sink_kinds(registry), std::move(sink_keys)));
  schema["type"] = "object";
  schema["required"] = json::array{"source"};
  return schema;
}

json::object function_schema(std::span<const FunctionDecl* const> functions) {
  json::object schema = section_schema(function_spec());
  auto& properties = schema["properties"].as_object();
  properties["config"] = json::object{{"type", json::array{"object", "null"}}};
  properties["concurrency"] = section_schema(concurrency_spec());
  json::array by_native;
  for (const auto* function : functions) {
    json::object config = group_schema(tree_of(function->options));
    config["description"] = function->summary;
    json::object when{
        {"properties", json::object{{"native", json::object{{"const", function->name}}}}},
        {"required", json::array{"native"}}};
    json::object then{{"properties", json::object{{"config", std::move(config)}}}};
    by_native.push_back(json::object{{"if", std::move(when)}, {"then", std::move(then)}});
  }
  if (!by_native.empty()) schema["allOf"] = std::move(by_native);
  return schema;
}

}  // namespace

json::object options_schema(std::string_view summary, std::span<const OptionDecl> decls) {
  json::object schema = group_schema(tree_of(decls));
  schema["description"] = summary;
  return schema;
}

json::object file_schema(const Registry& registry, std::span<const FunctionDecl* const> functions) {
  json::object schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
                      {"title", "Tidemill pipeline file"}};
  for (auto& [key, value] : section_schema(file_spec())) schema[key] = value;
  auto& properties = schema["properties"].as_object();
  properties["connections"] = connections_schema(registry);
  properties["pipelines"] = by_name(pipeline_schema(registry));
  properties["functions"] = by_name(function_schema(functions));
  schema["type"] = "object";
  schema["definitions"] = json::object{
      {"source", connector_schema(source_kinds(registry), {})},
      {"interpolated",
       json::object{
           {"type", "string"},
           {"pattern", "\\$\\{"},
           {"description", "${NAME}, ${NAME:-default}, ${NAME:?message} or ${file:PATH}."}}}};
  return schema;
}

}  // namespace tidemill::config
