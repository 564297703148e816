// The kinds of effects, merges and outputs. Their numbers are part of the C ABI and of the store's
// format.
#pragma once

#include <cstdint>

namespace tidemill {

enum class EffectKind : std::uint8_t {
  message = 0,        ///< Publish `data` under `key`.
  put_object = 1,     ///< Write `data` as the object `key`, with `content_type` and `metadata`.
  delete_object = 2,  ///< Remove the object `key`; removing a missing one succeeds.
  put_row = 3,        ///< Row `key` becomes `data`.
  delete_row = 4,     ///< Row `key` goes away.
  merge_row = 5,      ///< Fold `operand` into row `key`; needs no read and never conflicts.
  reply = 6,          ///< Answer whoever waits for the event: `operand` is the status, `data` the
                      ///< body, metadata the headers. Belongs to no output.
};

/// How a merge folds its operand into what is stored.
enum class MergeKind : std::uint8_t { sum = 1, count = 2, min = 3, max = 4, last = 5 };

/// What a function's output carries, and so which effects may name it.
enum class OutputKind : std::uint32_t {
  objects = 1,   ///< put_object, delete_object.
  rows = 2,      ///< put_row, delete_row, merge_row.
  messages = 3,  ///< message.
};

}  // namespace tidemill
