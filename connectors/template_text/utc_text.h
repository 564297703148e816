// Instants as RFC 3339 writes them, in UTC. Free functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemill::template_text {

/// Of put_utc().
inline constexpr std::size_t utc_text_bytes = 24;

/// Writes 2026-01-31T12:34:56.789Z, and returns where it ends. Years past 9999 are written as 9999.
char* put_utc(char* to, std::uint64_t micros_since_1970);

/// Reads 2026-01-31, with or without T12:34:56Z. Empty: it is no such instant, or before 1970.
std::optional<std::uint64_t> utc_micros(std::string_view text);

}  // namespace tidemill::template_text
