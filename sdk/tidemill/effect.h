// Effect: one thing a function asked for. The engine, never the function, carries it out.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tidemill/effect_kind.h"
#include "tidemill/event.h"

namespace tidemill {

/// Of an effect that belongs to no output.
inline constexpr std::uint32_t no_output = 0xFFFFFFFF;

/// Views point into the response or the batch; both outlive the effect.
struct Effect {
  EffectKind kind = EffectKind::message;
  MergeKind merge = MergeKind::sum;
  std::uint32_t event = 0;    ///< Index in the batch of the event that caused it.
  std::uint32_t output = 0;   ///< Index among the function's declared outputs; replies: no_output.
  std::uint32_t ordinal = 0;  ///< Position among that event's effects: part of its message id.
  std::int64_t operand = 0;   ///< merge_row: the number folded in.
  std::string_view key;
  std::string_view content_type;
  std::string_view data;
  std::span<const Attribute> metadata;
};

}  // namespace tidemill
