// SinkBinding: where one output of a pipeline goes - a sink, or a table of the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/config/plan.h"
#include "core/dispatch/turnstile.h"
#include "core/expression/expression.h"
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

struct SinkBinding {
  std::string name;
  Sink* sink = nullptr;  ///< Null: the table below.
  TableId table;
  Takes takes = Takes::output;
  std::uint32_t output = 0;                   ///< Index among the function's outputs.
  std::optional<expression::Expression> key;  ///< Tables fed by events: see row_key().
  std::optional<Duration> expire;             ///< Tables: of their rows, from their last change.
  RetryPolicy retry;
  Delivery delivery = Delivery::wait;
  OutboxId outbox;  ///< Delivery::queue.
};

/// A binding at work: writes to a sink that takes one at a time queue up here.
struct Target {
  SinkBinding binding;
  std::unique_ptr<Turnstile> turnstile;
};

}  // namespace tidemill
