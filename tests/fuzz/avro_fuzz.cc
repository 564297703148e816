// Any schema that parses and any bytes are JSON, within its bound, or an error of the record. The
// input is the text of a schema, a zero byte and the bytes; without a zero byte it is what a
// registry answers.

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <tuple>

#include "avro/decode.h"
#include "avro/registry_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  constexpr std::uint64_t room = 1u << 16;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  if (end == input.npos) {
    std::ignore = avro::parse_schema_answer(input);
    if (avro::parse_refusal(input).message.size() > 1000) std::abort();
    return 0;
  }
  const std::string text(input.substr(0, end));
  const auto schema = avro::Schema::parse(text);
  if (!schema) return schema.error().fault == Fault::bad_event ? 0 : (std::abort(), 0);
  const std::string_view bytes = input.substr(end + 1);
  std::string json;
  const auto done = avro::append_json(json, *schema, bytes, room);
  // One value more than the room, of escapes, and names of the schema.
  if (json.size() > room + 7 * size + 1000) std::abort();
  if (!done) return 0;
  simdjson::dom::parser parser;
  if (parser.parse(json).error() != simdjson::SUCCESS) std::abort();
  return 0;
}
