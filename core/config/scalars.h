// The words of values: sizes, durations, rates, booleans, integers, numbers.
//
// parse_* read what users write and answer nothing for anything else; show_* write it back in the
// unit a person would choose. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tidemill/config_spec.h"

namespace tidemill::config {

/// "true" or "false" only: YAML's yes, on and y mean different things to different parsers.
std::optional<bool> parse_boolean(std::string_view text);

/// Decimal, perhaps with a minus sign, within what std::int64_t or std::uint64_t can hold; answers
/// the normalized digits. "010" is ten, as it reads.
std::optional<std::string> parse_integer(std::string_view text);

std::optional<double> parse_number(std::string_view text);

/// 1024, 500KB (1000), 6MiB (1024 x 1024), 1.5GiB; up to TB and TiB. Bytes.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

/// 500us, 250ms, 10s, 1.5m, 1h, 14d; 0 needs no unit. Microseconds.
std::optional<std::int64_t> parse_duration(std::string_view text);

/// 100/s, 5/m, 1000/h. Per second.
std::optional<double> parse_rate(std::string_view text);

std::string show_bytes(std::uint64_t bytes);
std::string show_duration(std::int64_t micros);
std::string show_rate(double per_second);

/// The text of a value of `type`, normalized as OptionType says; nothing when it is not one.
/// `choice`, `path`, `text` and `secret` come back as they are.
std::optional<std::string> normalize(OptionType type, std::string_view text);

/// A normalized value of `type` in human units. Never call it with a secret.
std::string show(OptionType type, std::string_view normalized);

/// "a duration such as 250ms": completes "expected ...".
std::string_view expectation(OptionType type);

/// One word for tables: "duration".
std::string_view type_name(OptionType type);

/// What a lone value must look like, for JSON Schema: a regular expression, empty when any will do.
std::string_view pattern(OptionType type);

}  // namespace tidemill::config
