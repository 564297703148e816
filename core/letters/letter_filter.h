// LetterFilter: which dead letters are meant - by pipeline, function, stage, code, time, number, or
// by a pattern over the event and what happened to it.
//
// The words are those of the admin API's query and of the command line's options:
//
//     pipeline=orders function=enrich stage=sink code=bad_event number=3,7
//     since=2h | since=2026-11-26T04:00:00Z          died then or later
//     where={"data":{"kind":["refund"]},"letter":{"attempts":[{"numeric":[">",1]}]}}
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/letters/letter_text.h"
#include "core/pattern/pattern_set.h"
#include "tidemill/result.h"

namespace tidemill::letters {

using Words = std::map<std::string, std::string, std::less<>>;

class LetterFilter {
 public:
  /// Means every letter.
  LetterFilter() = default;

  /// Words that are none of a filter are left alone.
  /// Errors: bad_config, with what was expected.
  static Result<LetterFilter> read(const Words& words, WallTime now);

  bool matches(const ShownLetter& shown);

  /// Leaves none out.
  bool everything() const;

  /// The only pipeline; empty: any.
  const std::string& pipeline() const { return pipeline_; }

 private:
  std::string pipeline_, function_, stage_, code_;
  WallTime since_;
  std::vector<std::uint64_t> numbers_;  // Ascending; empty: any.
  std::optional<pattern::PatternSet> where_;
  pattern::PatternSet::Scratch scratch_;
};

}  // namespace tidemill::letters
