// Taps: live events of a pipeline, for somebody who watches.
//
// A tap never holds the pipeline up. What it has taken and nobody has fetched is bounded, and so is
// the part of the event loop's time that it takes to look at events and to copy them: when either
// is used up, events go by unseen, and are counted. With no tap open a batch costs one branch.
//
// What a tap keeps is a line of JSON of its own, never a share in an event.
//
// Lives on one executor, the pipeline's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pattern/pattern_set.h"
#include "tidemill/async.h"
#include "tidemill/event.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill {

class PipelineTaps;

enum class TapPoint : std::uint8_t {
  source,    ///< As the source hands events over.
  function,  ///< What the function was given, after all steps, and what came of it.
  sinks,     ///< What was carried out and committed, effect by effect.
};

struct TapOptions {
  TapPoint at = TapPoint::source;
  std::optional<pattern::PatternSet> where{};  ///< Only what it matches.
  std::uint64_t sample = 1;                    ///< Only one in so many, by chance, is looked at.
  double rate = 0;                             ///< At most so many a second; 0: all.
  std::size_t data_bytes_max = 16 << 10;       ///< Of each payload; the rest is cut off.
};

class Tap {
 public:
  /// Lines that wait to be fetched; one may always.
  static constexpr std::size_t lines_max = 1000;
  static constexpr std::size_t bytes_max = 1 << 20;
  /// Of the time that passes, it takes at most one part in so many; it may save up for a moment.
  static constexpr int time_share = 50;
  static constexpr Duration time_saved_max = std::chrono::milliseconds(5);

  ~Tap();
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  const TapOptions& options() const { return options_; }

  /// Events, or effects, are about to be offered.
  void begin();

  /// `line_of(data_bytes_max)` is asked for a line if this one is wanted and there is room. `event`
  /// is what `where` sees.
  void offer(const Event& event, auto&& line_of) {
    if (!begins_to_look()) return;
    if (wants(event)) keep(line_of(options_.data_bytes_max));
    looked();
  }

  /// There are room and time for another look.
  bool may_look() const { return !closed_ && !full() && time_left_ > Duration(0); }

  /// Since begin(), or since this was asked last, time was spent on what is offered.
  void looked();

  /// So many went by that nobody could look at.
  void pass(std::uint64_t count) { dropped_ += count; }

  /// Takes a line out; nothing when there is none.
  std::optional<std::string> take();

  /// What went by unseen since the last time this was asked.
  std::uint64_t take_dropped() { return std::exchange(dropped_, 0); }
  bool has_news() const { return !lines_.empty(); }

  /// Nothing more will come; what is there can still be taken.
  void close();
  bool closed() const { return closed_; }

  /// Notified when there is something to take, and by close(). One waits.
  Signal& changed() { return changed_; }

 private:
  friend class TapBoard;
  Tap(Scheduler& scheduler, PipelineTaps& taps, TapOptions options);

  bool begins_to_look();
  bool wants(const Event& event);
  bool within_rate();
  void keep(std::string line);
  bool full() const { return lines_.size() >= lines_max || bytes_ >= bytes_max; }

  Scheduler& scheduler_;
  PipelineTaps& taps_;
  TapOptions options_;
  pattern::PatternSet::Scratch scratch_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;  // Of those.
  std::uint64_t dropped_ = 0;
  bool closed_ = false;
  Duration time_left_ = time_saved_max;  // Below zero: it has to pay back.
  Instant counted_;                      // Up to then it got its share.
  Instant look_began_;
  double lines_left_ = 1;  // Of the rate.
  Instant rated_;          // Up to then it got its lines.
  Signal changed_;
};

/// The taps of one pipeline.
class PipelineTaps {
 public:
  bool any(TapPoint at) const { return open_[static_cast<std::size_t>(at)] != 0; }

  /// Calls `visit(tap)` for each that is open there, after its begin().
  void each(TapPoint at, auto&& visit) {
    for (Tap* const tap : taps_) {
      if (tap->options().at != at) continue;
      tap->begin();
      visit(*tap);
    }
  }

 private:
  friend class Tap;
  friend class TapBoard;

  std::array<std::uint32_t, 3> open_{};
  std::vector<Tap*> taps_;
};

/// The taps of an engine. Outlives them, and the pipelines.
class TapBoard {
 public:
  /// More would be memory that no budget knows of.
  static constexpr std::size_t taps_max = 8;

  explicit TapBoard(Scheduler& scheduler) : scheduler_(scheduler) {}

  /// Where a pipeline looks for its taps. The same at each call, and for ever.
  PipelineTaps& of(const std::string& pipeline) { return pipelines_[pipeline]; }

  /// Opens a tap, which is closed by its end.
  ///
  /// Errors: bad_config (no such pipeline), throttled (as many are open as there may be).
  Result<std::unique_ptr<Tap>> open(std::string_view pipeline, TapOptions options);

  /// Closes all that are open; from then on there is none to be opened.
  void close();

 private:
  Scheduler& scheduler_;
  std::map<std::string, PipelineTaps, std::less<>> pipelines_;
  bool closed_ = false;
};

}  // namespace tidemill
