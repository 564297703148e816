#include "core/pattern/terms.h"

#include <utility>

#include "core/pattern/number.h"
#include "core/pattern/wildcard.h"

namespace tidemill::pattern {

Term text_term(Op op, std::string text) {
  return {.op = op, .text = std::move(text), .numbers = {}, .addresses = {}};
}

Term number_term(const Syntax& value) {
  const Number number = parse_number(value.text).value_or(Number{});
  if (!number.exact) return text_term(Op::digits, value.text);
  return {.op = Op::number, .text = {}, .numbers = {number.value, number.value}, .addresses = {}};
}

Term wildcard_term(const std::string& text) {
  const Wildcard wildcard(text);
  if (wildcard.parts().size() == 1) return text_term(Op::text, wildcard.parts()[0]);
  return text_term(Op::wildcard, text);
}

bool is_string(const Syntax& value, std::string_view name, Complaints& complaints) {
  if (value.is(Syntax::Kind::string)) return true;
  complaints.add(value.offset, std::string(name) + " takes a string, not " + value.described());
  return false;
}

bool is_wildcard(const Syntax& value, Complaints& complaints) {
  if (!is_string(value, "wildcard", complaints)) return false;
  const auto problem = Wildcard::problem(value.text);
  if (problem) complaints.add(value.offset, "wildcard: " + *problem);
  return !problem;
}

}  // namespace tidemill::pattern
