#include "core/config/scalars.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

namespace tidemill::config {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr double kib = 1024, mib = kib * 1024, gib = mib * 1024, tib = gib * 1024;
constexpr std::array<Unit, 10> byte_units{{{"", 1},
                                           {"B", 1},
                                           {"KB", 1e3},
                                           {"MB", 1e6},
                                           {"GB", 1e9},
                                           {"TB", 1e12},
                                           {"KiB", kib},
                                           {"MiB", mib},
                                           {"GiB", gib},
                                           {"TiB", tib}}};
constexpr std::array<Unit, 6> duration_units{
    {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6}}};
constexpr std::array<Unit, 3> rate_units{{{"/s", 1}, {"/m", 60}, {"/h", 3600}}};

// Doubles hold whole numbers exactly up to here; sizes and durations beyond it are mistakes.
constexpr double exact_max = 9007199254740992.0;

struct Amount {
  double value;
  std::string_view unit;
};

// Splits "1.5GiB" into 1.5 and "GiB". Digits must come first: no sign, no "inf", no ".5".
std::optional<Amount> amount(std::string_view text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (read.ec != std::errc()) return std::nullopt;
  return Amount{value, std::string_view(read.ptr, static_cast<std::size_t>(end - read.ptr))};
}

const Unit* unit_named(std::span<const Unit> units, std::string_view name) {
  for (const auto& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

// Rounds to whole base units; nothing when that would turn an amount into zero or lose digits.
std::optional<double> whole(std::span<const Unit> units, std::string_view text) {
  const auto read = amount(text);
  if (!read) return std::nullopt;
  const Unit* unit = unit_named(units, read->unit);
  if (unit == nullptr && !(read->value == 0 && read->unit.empty())) return std::nullopt;
  const double scaled = unit == nullptr ? 0 : read->value * unit->factor;
  if (!(scaled < exact_max)) return std::nullopt;
  const double rounded = std::round(scaled);
  if (rounded == 0 && scaled > 0) return std::nullopt;
  return rounded;
}

std::string in_largest_unit(std::uint64_t value, std::span<const Unit> units,
                            std::string_view base) {
  Unit best{base, 1};
  for (const auto& unit : units) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (value != 0 && value % factor == 0 && unit.factor >= best.factor && !unit.name.empty())
      best = unit;
  }
  return fmt::format("{}{}", value / static_cast<std::uint64_t>(best.factor), best.name);
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<std::string> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return std::nullopt;
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  constexpr auto lowest = std::uint64_t{1} << 63;
  if (negative && value > lowest) return std::nullopt;
  return fmt::format("{}{}", negative && value != 0 ? "-" : "", value);
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto value = whole(byte_units, text);
  if (!value) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  const auto value = whole(duration_units, text);
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<double> parse_rate(std::string_view text) {
  const auto read = amount(text);
  if (!read) return std::nullopt;
  const Unit* unit = unit_named(rate_units, read->unit);
  if (unit == nullptr) return std::nullopt;
  return read->value / unit->factor;
}

std::string show_bytes(std::uint64_t bytes) {
  // Powers of two and of ten both read well; what divides by 1024 was most likely meant so.
  const auto binary = std::span(byte_units).subspan(6);
  const auto decimal = std::span(byte_units).subspan(2, 4);
  return in_largest_unit(bytes, bytes % 1024 == 0 ? binary : decimal, "B");
}

std::string show_duration(std::int64_t micros) {
  if (micros == 0) return "0s";
  const auto size = micros < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(micros)
                               : static_cast<std::uint64_t>(micros);
  return (micros < 0 ? "-" : "") + in_largest_unit(size, duration_units, "us");
}

std::string show_rate(double per_second) { return fmt::format("{}/s", per_second); }

std::optional<std::string> normalize(OptionType type, std::string_view text) {
  const auto as_text = [](const auto& value) -> std::optional<std::string> {
    if (!value) return std::nullopt;
    return fmt::format("{}", *value);
  };
  switch (type) {
    case OptionType::boolean:
      return as_text(parse_boolean(text));
    case OptionType::integer:
      return parse_integer(text);
    case OptionType::number:
      return as_text(parse_number(text));
    case OptionType::bytes:
      return as_text(parse_bytes(text));
    case OptionType::duration:
      return as_text(parse_duration(text));
    case OptionType::rate:
      return as_text(parse_rate(text));
    case OptionType::text:
    case OptionType::choice:
    case OptionType::secret:
    case OptionType::path:
    case OptionType::mapping:
    case OptionType::source:
      break;
  }
  return std::string(text);
}

std::string show(OptionType type, std::string_view normalized) {
  const auto number = parse_number(normalized);
  if (!number) return std::string(normalized);
  if (type == OptionType::bytes && *number >= 0 && *number < exact_max)
    return show_bytes(static_cast<std::uint64_t>(*number));
  if (type == OptionType::duration && std::abs(*number) < exact_max)
    return show_duration(static_cast<std::int64_t>(*number));
  if (type == OptionType::rate) return show_rate(*number);
  return std::string(normalized);
}

std::string_view expectation(OptionType type) {
  switch (type) {
    case OptionType::text:
    case OptionType::secret:
      return "text";
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      return "a whole number such as 42";
    case OptionType::number:
      return "a number such as 0.5";
    case OptionType::bytes:
      return "a size such as 6MiB, 500KB or 1024";
    case OptionType::duration:
      return "a duration such as 250ms, 10s, 5m, 1h or 14d";
    case OptionType::rate:
      return "a rate such as 100/s or 5/m";
    case OptionType::choice:
      return "one of the choices";
    case OptionType::path:
      return "a path";
    case OptionType::mapping:
      return "a mapping";
    case OptionType::source:
      return "a source such as { KIND: { options } }";
  }
  return "text";
}

std::string_view type_name(OptionType type) {
  switch (type) {
    case OptionType::text:
      return "text";
    case OptionType::boolean:
      return "boolean";
    case OptionType::integer:
      return "integer";
    case OptionType::number:
      return "number";
    case OptionType::bytes:
      return "size";
    case OptionType::duration:
      return "duration";
    case OptionType::rate:
      return "rate";
    case OptionType::choice:
      return "choice";
    case OptionType::secret:
      return "secret";
    case OptionType::path:
      return "path";
    case OptionType::mapping:
      return "mapping";
    case OptionType::source:
      return "source";
  }
  return "text";
}

std::string_view pattern(OptionType type) {
  switch (type) {
    case OptionType::bytes:
      return "^[0-9]+(\\.[0-9]+)?([KMGT]i?B|B)?$";
    case OptionType::duration:
      return "^([0-9]+(\\.[0-9]+)?(us|ms|s|m|h|d)|0)$";
    case OptionType::rate:
      return "^[0-9]+(\\.[0-9]+)?/[smh]$";
    case OptionType::text:
    case OptionType::boolean:
    case OptionType::integer:
    case OptionType::number:
    case OptionType::choice:
    case OptionType::secret:
    case OptionType::path:
    case OptionType::mapping:
    case OptionType::source:
      break;
  }
  return "";
}

}  // namespace tidemill::config
