#include "row_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace tidemill::postgres {
namespace {

namespace json = boost::json;
namespace ondemand = simdjson::ondemand;

constexpr std::string_view blanks = " \t\r\n";

std::unexpected<Error> refuse(std::string why) { return fail(Fault::bad_event, std::move(why)); }

std::unexpected<Error> refuse(simdjson::error_code error) {
  return refuse(std::string("the data is no JSON: ") + simdjson::error_message(error));
}

std::string_view trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(blanks);
  return end == text.npos ? std::string_view() : text.substr(0, end + 1);
}

// As PostgreSQL reads it: a string's own bytes, JSON of everything else.
simdjson::error_code read_field(ondemand::value value, Field& field) {
  ondemand::json_type type;
  std::string_view text;
  if (const auto error = value.type().get(type)) return error;
  simdjson::error_code error = simdjson::SUCCESS;
  switch (type) {
    case ondemand::json_type::null:
      field.reset();
      bool is_null;
      error = value.is_null().get(is_null);
      return error != simdjson::SUCCESS || is_null ? error : simdjson::N_ATOM_ERROR;
    case ondemand::json_type::boolean: {
      bool truth = false;
      error = value.get_bool().get(truth);
      field = truth ? "true" : "false";
      return error;
    }
    case ondemand::json_type::string:
      error = value.get_string().get(text);
      break;
    case ondemand::json_type::number:
      text = trimmed(value.raw_json_token());
      break;
    case ondemand::json_type::array: {
      ondemand::array array;
      error = value.get_array().get(array);
      if (!error) error = array.raw_json().get(text);
      break;
    }
    case ondemand::json_type::object: {
      ondemand::object object;
      error = value.get_object().get(object);
      if (!error) error = object.raw_json().get(text);
      break;
    }
  }
  if (!error) field = std::string(trimmed(text));
  return error;
}

// Fields by their column; of two of one name the first counts, as in a path.
using Fields = std::vector<std::optional<Field>>;

Result<> take_fields(const Table& table, std::string_view data, Fields& fields) {
  thread_local ondemand::parser parser;
  const simdjson::padded_string padded(data);
  ondemand::document document;
  ondemand::object object;
  if (const auto error = parser.iterate(padded).get(document)) return refuse(error);
  if (document.get_object().get(object))
    return refuse("the data is no object; let `columns` or a `map` of the sink make one");
  for (auto field : object) {
    std::string_view name;
    if (const auto error = field.unescaped_key().get(name)) return refuse(error);
    const auto column = table.find(name);
    if (!column || !table.columns[*column].written || fields[*column]) continue;
    ondemand::value value;
    if (const auto error = field.value().get(value)) return refuse(error);
    Field read;
    if (const auto error = read_field(value, read)) return refuse(error);
    fields[*column] = std::move(read);
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS)
    return refuse("the data is no JSON: something follows the object");
  return {};
}

Result<Field> evaluate(const ColumnRule& rule, const SinkBatch& batch, const Effect& effect) {
  if (rule.value == nullptr) return Field(effect_id(batch, effect));
  auto value = rule.value->value(batch.events[effect.event], effect);
  if (!value) return fail(value.error().fault, rule.column + ": " + value.error().message);
  if (value->kind == ExpressionValue::Kind::null) return Field();
  return Field(std::move(value->text));
}

std::string_view key_of(const SinkBatch& batch, const Effect& effect) {
  return effect.key.empty() ? batch.events[effect.event].key : effect.key;
}

// What is left of a row that is gone: its key. Where it stands in the data of the others, it is the
// message's own, as with Kafka's tombstones.
Result<> take_key(const RowRules& rules, const Table& table, const SinkBatch& batch,
                  const Effect& effect, Fields& fields) {
  for (const std::size_t column : table.key) {
    const auto rule =
        std::ranges::find(rules.columns, table.columns[column].name, &ColumnRule::column);
    Result<Field> value = Field();
    if (rule != rules.columns.end()) value = evaluate(*rule, batch, effect);
    if (value && *value) {
      fields[column] = std::move(*value);
    } else if (const auto key = key_of(batch, effect); table.key.size() == 1 && !key.empty()) {
      fields[column] = std::string(key);
    } else if (!value) {
      return std::unexpected(value.error());
    } else {
      return refuse("a message without data removes a row, but does not say which: it has no " +
                    table.columns[column].name);
    }
  }
  return {};
}

Result<> add_key(const Table& table, const Fields& fields, Row& row) {
  for (const std::size_t column : table.key) {
    if (!fields[column] || !*fields[column])
      return refuse("key: the row has no " + table.columns[column].name);
    const std::string& value = **fields[column];
    row.key.append(std::to_string(value.size())).append(":").append(value);
  }
  return {};
}

}  // namespace

Result<RowRules> read_rules(const SinkConfig& config, const CompileExpression& compile) {
  RowRules rules;
  std::set<std::string, std::less<>> names;
  if (!config.columns.json.empty()) {
    rules.fields = false;
    boost::system::error_code error;
    const json::value parsed = json::parse(config.columns.json, error);
    if (error || !parsed.is_object())
      return fail(Fault::bad_config, "columns: expected a mapping, COLUMN: jq each");
    for (const auto& [name, value] : parsed.get_object()) {
      // What looks like a number or true in YAML is jq as well.
      const std::string text =
          value.is_string() ? std::string(value.get_string()) : json::serialize(value);
      auto compiled = compile(text);
      if (!compiled)
        return fail(Fault::bad_config,
                    "columns: " + std::string(name) + ": " + compiled.error().message);
      rules.columns.push_back({std::string(name), std::move(*compiled)});
      names.insert(std::string(name));
    }
    if (rules.columns.empty()) return fail(Fault::bad_config, "columns: there is none");
  }
  if (config.id_column) {
    if (names.contains(*config.id_column))
      return fail(Fault::bad_config,
                  "columns: " + *config.id_column + " is the id_column; leave one of them out");
    rules.columns.push_back({*config.id_column, nullptr});
    names.insert(*config.id_column);
  }
  for (const std::string& key : config.conflict_columns())
    if (!rules.fields && !names.contains(key))
      return fail(Fault::bad_config, "key: " + key + " is not among the columns");
  return rules;
}

Result<Row> read_row(const RowRules& rules, const Table& table, const SinkBatch& batch,
                     std::size_t index) {
  const Effect& effect = batch.effects[index];
  Row row;
  row.effect = index;
  Fields fields(table.columns.size());
  row.removal =
      table.on_conflict == OnConflict::update && (effect.data.empty() || effect.data == "null");
  if (row.removal) {
    if (auto taken = take_key(rules, table, batch, effect, fields); !taken)
      return std::unexpected(taken.error());
    row.shape = table.key;
  } else {
    if (rules.fields)
      if (auto taken = take_fields(table, effect.data, fields); !taken)
        return std::unexpected(taken.error());
    for (const ColumnRule& rule : rules.columns) {
      auto value = evaluate(rule, batch, effect);
      if (!value) return std::unexpected(value.error());
      fields[*table.find(rule.column)] = std::move(*value);
    }
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (fields[i]) row.shape.push_back(i);
    if (row.shape.empty())
      return refuse("no field of the data has the name of a column of the table");
  }
  if (table.keyed())
    if (auto added = add_key(table, fields, row); !added) return std::unexpected(added.error());
  for (const std::size_t column : row.shape) {
    Field& field = *fields[column];
    if (field && field->find('\0') != std::string::npos)
      return refuse(table.columns[column].name + ": PostgreSQL takes no text with a zero byte");
    row.fields.push_back(std::move(field));
  }
  return row;
}

}  // namespace tidemill::postgres
