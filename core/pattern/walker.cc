#include "core/pattern/walker.h"

#include <array>
#include <charconv>

#include "core/pattern/long_numbers.h"

namespace tidemill::pattern {

namespace dom = simdjson::dom;

void Walker::walk(dom::element json, std::uint32_t node, bool marked) {
  marked_ = marked;
  value(json, node, Elements::event);
}

void Walker::walk_attributes(const EventView& view) {
  walk_text("id", view.id);
  walk_text("source", view.source);
  walk_text("type", view.type);
  walk_text("subject", view.subject);
  walk_text("time", view.time);
  walk_text("key", view.key);
  if (view.kind == EventView::Data::text) walk_text("data", view.data);
  const std::uint32_t headers = program_.trie.find(FieldTrie::root, "headers");
  if (headers == none) return;
  for (const Attribute& header : view.headers) {
    const std::uint32_t node = program_.trie.find(headers, header.name);
    if (node == none || program_.trie.field(node) == none) continue;
    tally_.begin_value(program_.trie.field(node), Elements::event);
    text(header.value, program_.trie.field(node));
  }
}

void Walker::walk_text(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  const std::uint32_t node = program_.trie.find(FieldTrie::root, name);
  if (node == none || program_.trie.field(node) == none) return;
  tally_.begin_value(program_.trie.field(node), Elements::event);
  text(value, program_.trie.field(node));
}

void Walker::value(dom::element json, std::uint32_t node, std::uint32_t element) {
  switch (json.type()) {
    case dom::element_type::OBJECT:
      if (program_.trie.has_fields_below(node))
        object(json.get_object().value_unsafe(), node, element);
      return;
    case dom::element_type::ARRAY:
      array(json.get_array().value_unsafe(), node, element);
      return;
    default:
      if (const std::uint32_t field = program_.trie.field(node); field != none) {
        tally_.begin_value(field, element);
        scalar(json, field);
      }
  }
}

void Walker::object(dom::object json, std::uint32_t node, std::uint32_t element) {
  for (const auto [name, field] : json) {
    const std::uint32_t child = program_.trie.find(node, name);
    if (child != none) value(field, child, element);
  }
}

// Values of an array belong to the element that the array stands in; those within an object or an
// array that is one of its elements belong to that element.
void Walker::array(dom::array json, std::uint32_t node, std::uint32_t element) {
  std::uint32_t array = none;
  for (const dom::element item : json) {
    if (!item.is_object() && !item.is_array()) {
      value(item, node, element);
      continue;
    }
    if (item.is_object() && !program_.trie.has_fields_below(node)) continue;
    if (array == none) array = tally_.elements().add_array();
    value(item, node, tally_.elements().add(element, array));
  }
}

void Walker::scalar(dom::element json, std::uint32_t field) {
  const FieldIndex& index = program_.fields[field];
  switch (json.type()) {
    case dom::element_type::STRING:
      text(json.get_string().value_unsafe(), field);
      return;
    case dom::element_type::INT64:
      integer(json.get_int64().value_unsafe(), index);
      return;
    case dom::element_type::UINT64:
      integer(json.get_uint64().value_unsafe(), index);
      return;
    case dom::element_type::DOUBLE:
      index.find_number(to_number(json.get_double().value_unsafe()), {}, tell());
      return;
    case dom::element_type::BOOL:
      index.find_word(json.get_bool().value_unsafe() ? Op::yes : Op::no, tell());
      return;
    default:
      index.find_word(Op::null, tell());
  }
}

void Walker::text(std::string_view text, std::uint32_t field) {
  const FieldIndex& index = program_.fields[field];
  if (marked_ && text.starts_with(number_mark)) {
    const std::string_view digits = text.substr(number_mark.size());
    if (const auto number = parse_number(digits)) {
      index.find_number(*number, digits, tell());
      return;
    }
  }
  index.find_text(text, buffers_, tell());
}

namespace {

template <class Integer, class Tell>
void find_integer(Integer value, const FieldIndex& index, Tell&& tell) {
  const Number number = to_number(value);
  std::array<char, 24> digits;
  std::size_t length = 0;
  if (!number.exact)
    length = static_cast<std::size_t>(
        std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr - digits.data());
  index.find_number(number, {digits.data(), length}, tell);
}

}  // namespace

void Walker::integer(std::int64_t value, const FieldIndex& index) {
  find_integer(value, index, tell());
}

void Walker::integer(std::uint64_t value, const FieldIndex& index) {
  find_integer(value, index, tell());
}

}  // namespace tidemill::pattern
