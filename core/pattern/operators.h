// The operators of the pattern language: what may stand in the array of a field. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/pattern/complaints.h"
#include "core/pattern/pattern.h"
#include "core/pattern/syntax.h"

namespace tidemill::pattern {

/// What the array of a field says; complains about what it cannot mean, and goes on behind that.
Alternatives read_alternatives(const Syntax& array, Complaints& complaints);

/// Whether `name` is that of an operator, or one of the words that AWS keeps for operators to come:
/// none of them names a field within `$or`.
bool is_reserved(std::string_view name);

}  // namespace tidemill::pattern
