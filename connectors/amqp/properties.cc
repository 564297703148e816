#include "properties.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "json_text/json_text.h"

namespace tidemill::amqp {
namespace {

template <class T>
std::optional<T> take_number(std::string_view& rest) {
  if (rest.size() < sizeof(T)) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = value << 8 | static_cast<unsigned char>(rest[i]);
  rest.remove_prefix(sizeof(T));
  return static_cast<T>(value);
}

std::optional<std::string_view> take(std::string_view& rest, std::size_t count) {
  if (rest.size() < count) return std::nullopt;
  const auto taken = rest.substr(0, count);
  rest.remove_prefix(count);
  return taken;
}

bool take_short(std::string_view& rest, std::string_view& text) {
  const auto size = take_number<std::uint8_t>(rest);
  const auto taken = size ? take(rest, *size) : std::nullopt;
  if (taken) text = *taken;
  return taken.has_value();
}

bool take_long(std::string_view& rest, std::string_view& text) {
  const auto size = take_number<std::uint32_t>(rest);
  const auto taken = size ? take(rest, *size) : std::nullopt;
  if (taken) text = *taken;
  return taken.has_value();
}

template <class T>
bool take_into(std::string_view& rest, std::optional<T>& value) {
  value = take_number<T>(rest);
  return value.has_value();
}

// Of kinds whose size is always the same; -1: not one of them.
int size_of(char kind) {
  switch (kind) {
    case 'V':
      return 0;
    case 't':
    case 'b':
    case 'B':
      return 1;
    case 's':
    case 'u':
      return 2;
    case 'I':
    case 'i':
    case 'f':
      return 4;
    case 'D':
      return 5;
    case 'l':
    case 'L':
    case 'd':
    case 'T':
      return 8;
    default:
      return -1;
  }
}

bool take_field(std::string_view& rest, Field& field) {
  if (rest.empty()) return false;
  field.kind = rest.front();
  rest.remove_prefix(1);
  if (const int size = size_of(field.kind); size >= 0) {
    const auto taken = take(rest, static_cast<std::size_t>(size));
    if (taken) field.bytes = *taken;
    return taken.has_value();
  }
  const bool sized =
      field.kind == 'S' || field.kind == 'x' || field.kind == 'A' || field.kind == 'F';
  return sized && take_long(rest, field.bytes);
}

template <class T>
void append_number(std::string& out, T value) {
  char digits[64];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

template <class Signed>
void append_integer(std::string& out, std::string_view bytes) {
  append_number(out, static_cast<std::int64_t>(*take_number<Signed>(bytes)));
}

void append_unsigned(std::string& out, std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  append_number(out, value);
}

template <class T>
void append_real(std::string& out, T value) {
  if (std::isfinite(value)) {
    append_number(out, value);
  } else {
    out += "null";  // JSON has no word for it.
  }
}

// A number of so many places behind the point.
void append_decimal(std::string& out, std::string_view bytes) {
  const std::size_t places = *take_number<std::uint8_t>(bytes);
  const auto value =
      static_cast<std::int64_t>(static_cast<std::int32_t>(*take_number<std::uint32_t>(bytes)));
  std::string digits = std::to_string(value < 0 ? -value : value);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, 1, '.');
  if (value < 0) out += '-';
  out += digits;
}

bool append_json(std::string& out, const Field& field, int depth);

bool append_list(std::string& out, std::string_view list, bool named, int depth) {
  if (depth >= depth_max) return false;
  out += named ? '{' : '[';
  for (bool first = true; !list.empty(); first = false) {
    if (!first) out += ',';
    if (named) {
      std::string_view name;
      if (!take_short(list, name)) return false;
      append_json_string(out, name);
      out += ':';
    }
    Field field;
    if (!take_field(list, field) || !append_json(out, field, depth + 1)) return false;
  }
  out += named ? '}' : ']';
  return true;
}

bool append_scalar(std::string& out, const Field& field) {
  const std::string_view bytes = field.bytes;
  switch (field.kind) {
    case 't':
      out += bytes.front() == 0 ? "false" : "true";
      return true;
    case 'b':
      append_integer<std::int8_t>(out, bytes);
      return true;
    case 's':
      append_integer<std::int16_t>(out, bytes);
      return true;
    case 'I':
      append_integer<std::int32_t>(out, bytes);
      return true;
    case 'l':
    case 'L':
      append_integer<std::int64_t>(out, bytes);
      return true;
    case 'B':
    case 'u':
    case 'i':
    case 'T':
      append_unsigned(out, bytes);
      return true;
    case 'f': {
      auto rest = bytes;
      append_real(out, std::bit_cast<float>(*take_number<std::uint32_t>(rest)));
      return true;
    }
    case 'd': {
      auto rest = bytes;
      append_real(out, std::bit_cast<double>(*take_number<std::uint64_t>(rest)));
      return true;
    }
    case 'D':
      append_decimal(out, bytes);
      return true;
    default:
      return false;
  }
}

bool append_json(std::string& out, const Field& field, int depth) {
  switch (field.kind) {
    case 'S':
    case 'x':
      append_json_string(out, field.bytes);
      return true;
    case 'A':
      return append_list(out, field.bytes, false, depth);
    case 'F':
      return append_list(out, field.bytes, true, depth);
    case 'V':
      out += "null";
      return true;
    default:
      return append_scalar(out, field);
  }
}

}  // namespace

std::optional<Properties> parse_properties(std::string_view list) {
  const auto flags = take_number<std::uint16_t>(list);
  // The lowest bit says that more flags follow, of which the protocol has none.
  if (!flags || (*flags & 1) != 0) return std::nullopt;
  Properties p;
  std::string_view cluster_id;
  const auto has = [&flags](int bit) { return (*flags >> bit & 1) != 0; };
  const bool good =
      (!has(15) || take_short(list, p.content_type)) &&
      (!has(14) || take_short(list, p.content_encoding)) &&
      (!has(13) || take_long(list, p.headers)) && (!has(12) || take_into(list, p.delivery_mode)) &&
      (!has(11) || take_into(list, p.priority)) &&
      (!has(10) || take_short(list, p.correlation_id)) &&
      (!has(9) || take_short(list, p.reply_to)) && (!has(8) || take_short(list, p.expiration)) &&
      (!has(7) || take_short(list, p.message_id)) && (!has(6) || take_into(list, p.timestamp)) &&
      (!has(5) || take_short(list, p.type)) && (!has(4) || take_short(list, p.user_id)) &&
      (!has(3) || take_short(list, p.app_id)) && (!has(2) || take_short(list, cluster_id));
  if (!good) return std::nullopt;
  return p;
}

bool next_field(std::string_view& table, std::string_view& name, Field& field) {
  if (table.empty()) return false;
  std::string_view rest = table;
  if (!take_short(rest, name) || !take_field(rest, field)) return false;
  table = rest;
  return true;
}

bool append_text(std::string& out, const Field& field) {
  if (field.kind == 'V') return true;
  if (field.kind != 'S' && field.kind != 'x') return append_json(out, field, 0);
  out.append(field.bytes);
  return true;
}

}  // namespace tidemill::amqp
