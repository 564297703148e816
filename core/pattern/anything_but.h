// The operator `anything-but`: what a value is not. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/pattern/complaints.h"
#include "core/pattern/pattern.h"
#include "core/pattern/syntax.h"

namespace tidemill::pattern {

struct AnythingBut {
  std::vector<Term> none_of;           ///< Empty where the operand is wrong.
  std::vector<std::string> wildcards;  ///< Those of the operand, as they are written.
};

/// What the operand of `anything-but` excludes; complains about what it cannot exclude.
AnythingBut read_anything_but(const Syntax& value, Complaints& complaints);

}  // namespace tidemill::pattern
