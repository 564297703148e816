// Effect: one thing a function asked for. The engine, never the function, carries it out.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tidemill/event.h"

namespace tidemill {

enum class EffectKind : std::uint8_t {
  message,        ///< Publish `data` under `key`.
  put_object,     ///< Write `data` as the object `key`, with `content_type` and `metadata`.
  delete_object,  ///< Remove the object `key`; removing a missing one succeeds.
  put_row,        ///< Row `key` becomes `data`.
  delete_row,     ///< Row `key` goes away.
  merge_row,      ///< Fold `merge` into row `key`; needs no read and never conflicts.
};

/// How a merge folds its operand into what is stored. The numbers are in the store's format.
enum class MergeKind : std::uint8_t { sum = 1, count = 2, min = 3, max = 4, last = 5 };

/// Views point into the response or the batch; both outlive the effect.
struct Effect {
  EffectKind kind = EffectKind::message;
  MergeKind merge = MergeKind::sum;
  std::uint32_t event = 0;    ///< Index in the batch of the event that caused it.
  std::uint32_t output = 0;   ///< Index among the function's declared outputs.
  std::uint32_t ordinal = 0;  ///< Position among that event's effects: part of its message id.
  std::int64_t operand = 0;   ///< merge_row: the number folded in.
  std::string_view key;
  std::string_view content_type;
  std::string_view data;
  std::span<const Attribute> metadata;
};

}  // namespace tidemill
