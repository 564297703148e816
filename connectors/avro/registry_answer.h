// What a schema registry answers: a schema with what it refers to, or why there is none.
//
// Pure functions over bytes of a server, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::avro {

struct SchemaReference {
  std::string subject;
  std::int64_t version = 0;
};

struct SchemaAnswer {
  std::string text;
  std::vector<SchemaReference> references;
};

/// Errors: unavailable (it is no such answer), bad_event (the schema is not Avro's).
Result<SchemaAnswer> parse_schema_answer(std::string_view body);

struct Refusal {
  std::int64_t code = 0;  ///< The registry's own; 0: it is no refusal of a registry.
  std::string message;    ///< Not without end.
};

Refusal parse_refusal(std::string_view body);

}  // namespace tidemill::avro
