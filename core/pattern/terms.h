// Terms: how an operand becomes what values are compared with. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/pattern/complaints.h"
#include "core/pattern/pattern.h"
#include "core/pattern/syntax.h"

namespace tidemill::pattern {

/// A term that needs no more than a text, or nothing.
Term text_term(Op op, std::string text = {});

/// Op::number, or Op::digits where no double is exactly this number. `value` is a number.
Term number_term(const Syntax& value);

/// Op::wildcard, or Op::text where there is no star. `text` has no problem as a wildcard.
Term wildcard_term(const std::string& text);

/// Whether `value` is a string; a complaint that `name` takes one if not.
bool is_string(const Syntax& value, std::string_view name, Complaints& complaints);

/// The same for a string that is right as a wildcard.
bool is_wildcard(const Syntax& value, Complaints& complaints);

}  // namespace tidemill::pattern
