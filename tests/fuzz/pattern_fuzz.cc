// Any bytes at all are patterns or located problems, and any bytes are an event or an error: no
// crash, no read out of bounds, no hang. What many patterns answer together is what each answers
// alone, and what the plain reading of the language in testing/naive.h answers.
//
// The input: patterns and then an event, each but the last ended by a byte 0.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pattern/compile.h"
#include "core/pattern/pattern_set.h"
#include "core/pattern/testing/naive.h"

namespace {

using namespace tidemill::pattern;

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<Pattern> compile_all(std::string_view& input) {
  std::vector<Pattern> patterns;
  for (std::size_t end = 0; (end = input.find('\0')) != std::string_view::npos;) {
    auto compiled = compile_pattern(input.substr(0, end));
    require(compiled.pattern.has_value() == compiled.problems.empty());
    for (const Problem& problem : compiled.problems)
      require(!problem.message.empty() && problem.line > 0 && problem.column > 0);
    if (compiled.pattern) patterns.push_back(std::move(*compiled.pattern));
    input.remove_prefix(end + 1);
  }
  return patterns;
}

bool has(PatternSet::Matches matches, std::uint32_t index) {
  for (const std::uint32_t match : matches)
    if (match == index) return true;
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::vector<Pattern> patterns = compile_all(input);
  static PatternSet::Scratch scratch;
  const PatternSet set(patterns);
  const auto found = set.match(input, scratch);
  const std::vector<std::uint32_t> together =
      found ? std::vector(found->begin(), found->end()) : std::vector<std::uint32_t>();

  static simdjson::dom::parser parser;
  simdjson::dom::element event;
  const simdjson::padded_string padded(input);
  const bool plain = parser.parse(padded).get(event) == simdjson::SUCCESS;
  if (!found) require(!plain || !event.is_object());
  // With numbers beyond 64 bits only the engine's own reading is there to ask.
  if (found && plain) {
    const testing::NaiveEvent naive(event);
    for (std::uint32_t i = 0; i < patterns.size(); ++i) {
      const bool matched = has(together, i);
      static PatternSet::Scratch alone;
      require(!PatternSet({&patterns[i], 1}).match(input, alone)->empty() == matched);
      const auto expected = testing::Naive(patterns[i], naive).matches(20'000);
      require(!expected || *expected == matched);
    }
  }

  const tidemill::Attribute header{"h", input};
  const EventView view{.id = "1",
                       .source = "source",
                       .type = input.substr(0, 8),
                       .subject = {},
                       .time = "2026-01-02T03:04:05Z",
                       .key = input,
                       .headers = {&header, 1},
                       .data = input,
                       .kind = EventView::Data::json_or_text};
  require(set.match(view, scratch).has_value());
  return 0;
}
