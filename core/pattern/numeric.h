// The operator `numeric`: one number, or a range with one bound or two. Pure.
#pragma once

#include <optional>

#include "core/pattern/complaints.h"
#include "core/pattern/pattern.h"
#include "core/pattern/syntax.h"

namespace tidemill::pattern {

/// The term that the operand of `numeric` means; nothing, and a complaint, where it means none.
std::optional<Term> read_numeric(const Syntax& value, Complaints& complaints);

}  // namespace tidemill::pattern
