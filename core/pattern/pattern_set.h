// PatternSet: which of many patterns does an event match? What filters, `when` and `tidemill match`
// ask.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/pattern/event_view.h"
#include "core/pattern/pattern.h"
#include "tidemill/event.h"
#include "tidemill/result.h"

namespace simdjson::dom {
class element;
}  // namespace simdjson::dom

namespace tidemill::pattern {

struct Program;

/// Immutable once made; all threads may match with one set, each with a Scratch of its own. The
/// patterns are matched all at once in one pass over the event, whose cost grows with how much of
/// the event they ask for and with how many of them match, hardly with their number.
class PatternSet {
 public:
  class Scratch;

  /// Indexes of the patterns that match, as they were given, in order; empty: none. They live in
  /// the scratch until its next use.
  using Matches = std::span<const std::uint32_t>;

  explicit PatternSet(std::span<const Pattern> patterns);

  std::size_t size() const;

  /// A whole event as JSON.
  ///
  /// Errors: bad_event where it is no JSON object.
  Result<Matches> match(std::string_view json, Scratch& scratch) const;

  /// An event by its parts.
  ///
  /// Errors: bad_event where its data should be JSON and is not, unless no pattern asks for any of
  /// the data: then nobody looks.
  Result<Matches> match(const EventView& event, Scratch& scratch) const;

  /// An event of the engine: `time` in RFC 3339, `id` the event's own or event_id(), extensions as
  /// headers, and data as its content type says (empty: JSON if it is JSON, else text).
  Result<Matches> match(const Event& event, Scratch& scratch) const;

  /// A whole event that has been parsed.
  Matches match(const simdjson::dom::element& event, Scratch& scratch) const;

  /// Whether any pattern asks for `field` (a name without points, such as "time") or for something
  /// below it.
  bool reads(std::string_view field) const;

 private:
  std::shared_ptr<const Program> program_;
  std::uint64_t id_;
};

/// What matching needs room for: the parser's buffers and the tally of one event. One thread, and
/// one event at a time; it may serve several sets in turn, but is quickest with one.
class PatternSet::Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

 private:
  friend class PatternSet;
  struct Rooms;

  std::unique_ptr<Rooms> rooms_;
};

}  // namespace tidemill::pattern
