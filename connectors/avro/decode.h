// decode: Avro's binary form as JSON text. See README.md for what becomes of each type.
//
// A decoder of our own, for bytes of strangers: every length is compared with what is there before
// it is believed, nesting and output have bounds, and nothing is built in memory but the text.
//
// Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "avro/schema.h"
#include "tidemill/result.h"

namespace tidemill::avro {

/// Records, arrays and maps within each other.
inline constexpr int nesting_max = 64;

/// Appends the value that `bytes` are, all of them. Errors: bad_event, with where it is wrong; then
/// `out` holds a part of it.
Result<> append_json(std::string& out, const Schema& schema, std::string_view bytes,
                     std::uint64_t json_bytes_max);

/// A message in the wire format of Confluent's serializers: 0, four bytes of an id, the value.
struct Framed {
  std::uint32_t schema = 0;  ///< Its id in the registry.
  std::string_view value;
};

/// Errors: bad_event.
Result<Framed> unframe(std::string_view message);

}  // namespace tidemill::avro
