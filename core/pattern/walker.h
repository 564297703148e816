// Walker: takes an event apart for a Tally, going only where some pattern asks for something.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "core/pattern/event_view.h"
#include "core/pattern/field_index.h"
#include "core/pattern/program.h"
#include "core/pattern/tally.h"

namespace tidemill::pattern {

/// One pass over simdjson's tape: a flat list of what stands in the text, in which an object or
/// array that nobody asks for is one step. No tree is built, and nothing is allocated per value.
///
/// Lives for one event.
class Walker {
 public:
  Walker(const Program& program, Tally& tally, ValueBuffers& buffers)
      : program_(program), tally_(tally), buffers_(buffers) {}

  /// `node` of the program's trie is what `json` is the value of. If `marked`, strings that begin
  /// with number_mark are numbers.
  void walk(simdjson::dom::element json, std::uint32_t node, bool marked);

  /// The attributes of `view`; its data only if it is text.
  void walk_attributes(const EventView& view);
  void walk_text(std::string_view field, std::string_view text);

 private:
  void value(simdjson::dom::element json, std::uint32_t node, std::uint32_t element);
  void object(simdjson::dom::object json, std::uint32_t node, std::uint32_t element);
  void array(simdjson::dom::array json, std::uint32_t node, std::uint32_t element);
  void scalar(simdjson::dom::element json, std::uint32_t field);
  void text(std::string_view text, std::uint32_t field);
  void integer(std::int64_t value, const FieldIndex& index);
  void integer(std::uint64_t value, const FieldIndex& index);

  auto tell() {
    return [this](Target target) { tally_.tell(target); };
  }

  const Program& program_;
  Tally& tally_;
  ValueBuffers& buffers_;
  bool marked_ = false;
};

}  // namespace tidemill::pattern
