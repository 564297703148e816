// Logical types of Avro as JSON: what a number or bytes stand for, written as people read it.
//
// Pure functions that append; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "avro/schema.h"

namespace tidemill::avro {

/// Longer decimals are refused: writing one costs the square of its length.
inline constexpr std::size_t decimal_bytes_max = 512;

/// A date, time or timestamp as quoted text: "2026-01-31", "12:00:00.250",
/// "2026-01-31T12:00:00.250Z", a local one without the Z. False, and nothing appended: `value` lies
/// outside of the day, or of the years 0000 to 9999.
bool append_instant(std::string& out, Meaning meaning, std::int64_t value);

/// A whole number of two's complement, the greatest byte first, as digits with a point: -12.50.
/// Precondition: no more than decimal_bytes_max bytes.
void append_decimal(std::string& out, std::string_view bytes, std::uint32_t scale);

/// Sixteen bytes as 8-4-4-4-12 hexadecimal digits.
void append_uuid(std::string& out, std::string_view bytes);

}  // namespace tidemill::avro
