// SinkBinding: where one output of a pipeline goes - a sink, or a table or stream of the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/config/plan.h"
#include "core/dispatch/aggregation.h"
#include "core/dispatch/stream_ports.h"
#include "core/dispatch/turnstile.h"
#include "core/expression/expression.h"
#include "core/pattern/pattern_set.h"
#include "core/state/store.h"
#include "tidemill/sink.h"

namespace tidemill {

/// What a binding takes.
enum class Takes : std::uint8_t {
  output,   ///< The effects of one output of the function.
  event,    ///< The events themselves.
  success,  ///< A record of every event that settled (`on_success`).
  failure,  ///< A record of every event that was given up (`on_failure`).
};

/// Records of what became of events, rather than what they caused.
constexpr bool is_record(Takes takes) { return takes == Takes::success || takes == Takes::failure; }

/// How events are put into the stage of an archive.
struct Archiving {
  std::optional<expression::Expression> time;  ///< Which hour an event is of; else its own time.
  bool attributes = false;                     ///< They keep their ids and attributes.
};

struct SinkBinding {
  std::string name;
  Sink* sink = nullptr;  ///< Null: a table or a stream.
  TableId table;
  Takes takes = Takes::output;
  std::uint32_t output = 0;                   ///< Index among the function's outputs.
  std::optional<pattern::PatternSet> when;    ///< What it takes, of these; else all.
  std::optional<expression::Expression> map;  ///< What it gets of each; else the thing itself.
  std::optional<expression::Expression> key;  ///< Tables fed by events: see row_key().
  std::optional<Duration> expire;             ///< Tables: of their rows, from their last change.
  RetryPolicy retry;
  Delivery delivery = Delivery::wait;
  bool transactional = false;  ///< It is written by the pipeline's Transactor.
  OutboxId outbox;             ///< Delivery::queue.
  bool is_stream = false;
  StreamOutlet* outlet = nullptr;  ///< Streams, and tables whose changes somebody reads.
  std::optional<expression::Expression> group;  ///< Streams: what keeps its order in a queue.
  std::optional<Archiving> archiving;           ///< Streams: it is the stage of an archive.
  Duration delay{0};                            ///< Streams: how long an entry is hidden at first.
  std::optional<Aggregation> aggregation{};     ///< Tables that are folded out of what is taken.
};

/// A binding at work: writes to a sink that takes one at a time queue up here.
struct Target {
  SinkBinding binding;
  std::unique_ptr<Turnstile> turnstile;
  pattern::PatternSet::Scratch scratch{};  ///< Of its `when`.
  std::string trouble{};                   ///< Why it cannot be written to; empty: it can.

  /// Does it fold into windows of event time?
  bool windowed() const { return binding.aggregation && binding.aggregation->windowing; }
};

}  // namespace tidemill
