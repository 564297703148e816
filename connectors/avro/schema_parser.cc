#include <simdjson.h>

#include <map>
#include <optional>
#include <utility>

#include "avro/schema.h"
#include "json_text/json_text.h"

namespace tidemill::avro {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Longer decimals are numbers of nobody, and cost the square of their length to write.
constexpr std::uint64_t scale_max = 1000;
constexpr std::uint64_t fixed_max = 1u << 30;

std::optional<Type> primitive(std::string_view name) {
  static const std::map<std::string_view, Type> known{
      {"null", Type::null},   {"boolean", Type::boolean}, {"int", Type::integer},
      {"long", Type::big},    {"float", Type::single},    {"double", Type::real},
      {"bytes", Type::bytes}, {"string", Type::string}};
  const auto found = known.find(name);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

// A logical type that does not go with its type is as if there were none, says the specification.
Meaning meaning_of(std::string_view name, Type type, std::uint32_t size) {
  struct Known {
    Meaning meaning;
    Type type;
  };
  static const std::map<std::string_view, Known> known{
      {"uuid", {Meaning::uuid, Type::fixed}},
      {"date", {Meaning::date, Type::integer}},
      {"time-millis", {Meaning::time_millis, Type::integer}},
      {"time-micros", {Meaning::time_micros, Type::big}},
      {"timestamp-millis", {Meaning::timestamp_millis, Type::big}},
      {"timestamp-micros", {Meaning::timestamp_micros, Type::big}},
      {"timestamp-nanos", {Meaning::timestamp_nanos, Type::big}},
      {"local-timestamp-millis", {Meaning::local_timestamp_millis, Type::big}},
      {"local-timestamp-micros", {Meaning::local_timestamp_micros, Type::big}},
      {"local-timestamp-nanos", {Meaning::local_timestamp_nanos, Type::big}}};
  if (name == "decimal")
    return type == Type::bytes || type == Type::fixed ? Meaning::decimal : Meaning::none;
  const auto found = known.find(name);
  if (found == known.end() || found->second.type != type) return Meaning::none;
  if (found->second.meaning == Meaning::uuid && size != 16) return Meaning::none;
  return found->second.meaning;
}

std::string_view text_at(object from, std::string_view name) {
  std::string_view text;
  if (from[name].get(text) != simdjson::SUCCESS) return {};
  return text;
}

std::uint64_t number_at(object from, std::string_view name) {
  std::uint64_t number = 0;
  if (from[name].get(number) != simdjson::SUCCESS) return 0;
  return number;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

struct Problem {
  std::string sentence;
};

}  // namespace

// Throws Problem within itself; parse() makes a Result of it.
class SchemaParser {
 public:
  Schema parse(std::span<const std::string> texts) {
    for (const std::string& text : texts) {
      simdjson::dom::parser parser;
      element root;
      if (parser.parse(text).get(root) != simdjson::SUCCESS) throw Problem{"it is no JSON"};
      schema_.root_ = type(root, "", 0);
    }
    return std::move(schema_);
  }

 private:
  NodeId add(Node node) {
    if (schema_.nodes_.size() >= Schema::parts_max)
      throw Problem{"it has more than " + std::to_string(Schema::parts_max) + " parts"};
    schema_.nodes_.push_back(std::move(node));
    return static_cast<NodeId>(schema_.nodes_.size() - 1);
  }

  // `space` is the namespace that names without one are in.
  NodeId type(element given, const std::string& space, int depth) {
    if (depth > Schema::depth_max)
      throw Problem{"it is nested deeper than " + std::to_string(Schema::depth_max) + " levels"};
    if (std::string_view name; given.get(name) == simdjson::SUCCESS) return named(name, space);
    if (array branches; given.get(branches) == simdjson::SUCCESS) {
      Node node{.type = Type::choice, .parts = {}, .labels = {}};
      for (const element branch : branches) node.parts.push_back(type(branch, space, depth + 1));
      return add(std::move(node));
    }
    object described;
    element kind;
    if (given.get(described) != simdjson::SUCCESS ||
        described["type"].get(kind) != simdjson::SUCCESS)
      throw Problem{"a type is neither a name nor has one"};
    std::string_view name;
    if (kind.get(name) != simdjson::SUCCESS) return type(kind, space, depth + 1);
    if (name == "record" || name == "error") return record(described, space, depth);
    if (name == "enum") return enumeration(described, space);
    if (name == "fixed") return fixed(described, space);
    if (name == "array" || name == "map") return many(described, name, space, depth);
    const auto plain = primitive(name);
    if (!plain) return named(name, space);
    Node node{.type = *plain, .parts = {}, .labels = {}};
    give_meaning(node, described);
    return add(std::move(node));
  }

  NodeId named(std::string_view name, const std::string& space) {
    if (const auto plain = primitive(name)) {
      const auto [found, fresh] = plain_.try_emplace(*plain);
      if (fresh) found->second = add({.type = *plain, .parts = {}, .labels = {}});
      return found->second;
    }
    const bool full = name.find('.') != name.npos || space.empty();
    auto found = names_.find(full ? std::string(name) : space + '.' + std::string(name));
    if (found == names_.end()) found = names_.find(std::string(name));
    if (found == names_.end()) throw Problem{"there is no type " + quoted(name)};
    return found->second;
  }

  // Known from here on, so that it may stand within itself. Its namespace.
  std::string introduce(object described, const std::string& outer, NodeId id) {
    const std::string_view name = text_at(described, "name");
    if (name.empty()) throw Problem{"a record, enum or fixed has no name"};
    std::string space = outer;
    std::string_view given;
    if (const auto dot = name.rfind('.'); dot != name.npos) {
      space = name.substr(0, dot);
    } else if (described["namespace"].get(given) == simdjson::SUCCESS) {
      space = given;
    }
    const bool full = name.find('.') != name.npos || space.empty();
    std::string full_name = full ? std::string(name) : space + '.' + std::string(name);
    if (!names_.try_emplace(std::move(full_name), id).second)
      throw Problem{"there are two types " + quoted(name)};
    return space;
  }

  NodeId record(object described, const std::string& outer, int depth) {
    const NodeId id = add({.type = Type::record, .parts = {}, .labels = {}});
    const std::string space = introduce(described, outer, id);
    array fields;
    if (described["fields"].get(fields) != simdjson::SUCCESS)
      throw Problem{"a record has no fields"};
    std::vector<NodeId> parts;
    std::vector<std::string> labels;
    for (const element given : fields) {
      object field;
      element of;
      std::string_view name;
      if (given.get(field) != simdjson::SUCCESS || field["name"].get(name) != simdjson::SUCCESS ||
          field["type"].get(of) != simdjson::SUCCESS)
        throw Problem{"a field has no name or no type"};
      labels.push_back(quoted(name) + ':');
      parts.push_back(type(of, space, depth + 1));
    }
    schema_.nodes_[id].parts = std::move(parts);
    schema_.nodes_[id].labels = std::move(labels);
    return id;
  }

  NodeId enumeration(object described, const std::string& outer) {
    const NodeId id = add({.type = Type::enumeration, .parts = {}, .labels = {}});
    introduce(described, outer, id);
    array symbols;
    if (described["symbols"].get(symbols) != simdjson::SUCCESS)
      throw Problem{"an enum has no symbols"};
    for (const element symbol : symbols) {
      std::string_view name;
      if (symbol.get(name) != simdjson::SUCCESS) throw Problem{"a symbol is no text"};
      schema_.nodes_[id].labels.push_back(quoted(name));
    }
    return id;
  }

  NodeId fixed(object described, const std::string& outer) {
    const std::uint64_t size = number_at(described, "size");
    if (size > fixed_max) throw Problem{"the size of a fixed is out of range"};
    Node node{
        .type = Type::fixed, .size = static_cast<std::uint32_t>(size), .parts = {}, .labels = {}};
    give_meaning(node, described);
    const NodeId id = add(std::move(node));
    introduce(described, outer, id);
    return id;
  }

  NodeId many(object described, std::string_view kind, const std::string& space, int depth) {
    const bool list = kind == "array";
    element of;
    if (described[list ? "items" : "values"].get(of) != simdjson::SUCCESS)
      throw Problem{"an array has no items, or a map no values"};
    Node node{.type = list ? Type::array : Type::map, .parts = {}, .labels = {}};
    node.parts.push_back(type(of, space, depth + 1));
    return add(std::move(node));
  }

  static void give_meaning(Node& node, object described) {
    node.meaning = meaning_of(text_at(described, "logicalType"), node.type, node.size);
    if (node.meaning != Meaning::decimal) return;
    const std::uint64_t scale = number_at(described, "scale");
    if (scale > scale_max) {
      node.meaning = Meaning::none;
    } else {
      node.scale = static_cast<std::uint32_t>(scale);
    }
  }

  Schema schema_;
  std::map<Type, NodeId> plain_;
  std::map<std::string, NodeId, std::less<>> names_;
};

Result<Schema> Schema::parse(std::span<const std::string> texts) {
  try {
    return SchemaParser().parse(texts);
  } catch (const Problem& problem) {
    return fail(Fault::bad_event, problem.sentence);
  }
}

std::size_t Schema::bytes() const {
  std::size_t all = sizeof *this;
  for (const Node& node : nodes_) {
    all += sizeof node + node.parts.size() * sizeof(NodeId);
    for (const std::string& label : node.labels) all += sizeof label + label.size();
  }
  return all;
}

}  // namespace tidemill::avro
