#include "core/pattern/numeric.h"

#include <limits>
#include <string>
#include <string_view>

#include "core/pattern/number.h"

namespace tidemill::pattern {
namespace {

using Kind = Syntax::Kind;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::string_view expected =
    R"(["=", 5], ["<", 5] or [">=", 0, "<", 5], also with "<=" and ">")";

bool is_one_of(const Syntax& item, std::string_view a, std::string_view b) {
  return item.is(Kind::string) && (item.text == a || item.text == b);
}

// What is wrong with the operators of `items`, which are two or four; nothing if they are right.
std::optional<SyntaxError> misplaced(const std::vector<Syntax>& items) {
  const bool equal = is_one_of(items[0], "=", "=");
  const bool low = is_one_of(items[0], ">", ">=");
  if (!equal && !low && !is_one_of(items[0], "<", "<="))
    return SyntaxError{items[0].offset,
                       R"(expected one of "=", "<", "<=", ">", ">=", not )" + items[0].described()};
  if (items.size() == 2) return std::nullopt;
  if (equal) return SyntaxError{items[2].offset, R"("=" takes one number and nothing else)"};
  if (!low)
    return SyntaxError{items[2].offset,
                       R"(the lower bound of a range comes first, as in [">", 0, "<", 5])"};
  if (!is_one_of(items[2], "<", "<="))
    return SyntaxError{
        items[2].offset,
        R"(the upper bound of a range begins with "<" or "<=", not )" + items[2].described()};
  return std::nullopt;
}

// A number to compare with; nothing and a complaint where it is none.
std::optional<double> bound(const Syntax& op, const Syntax& value, Complaints& complaints) {
  if (!value.is(Kind::number)) {
    complaints.add(value.offset,
                   "numeric: after \"" + op.text + "\" comes a number, not " + value.described());
    return std::nullopt;
  }
  const Number number = parse_number(value.text).value_or(Number{});
  if (number.exact) return number.value;
  complaints.add(value.offset,
                 "numeric: " + value.text +
                     " is more exact than a double; use at most 17 digits, or ask for "
                     "the number itself with [" +
                     value.text + "]");
  return std::nullopt;
}

}  // namespace

std::optional<Term> read_numeric(const Syntax& value, Complaints& complaints) {
  if (!value.is(Kind::array)) {
    complaints.add(value.offset, "numeric takes an array such as " + std::string(expected) +
                                     ", not " + value.described());
    return std::nullopt;
  }
  const auto& items = value.items;
  if (items.size() != 2 && items.size() != 4) {
    complaints.add(value.offset, "numeric: expected " + std::string(expected));
    return std::nullopt;
  }
  if (const auto error = misplaced(items)) {
    complaints.add(error->offset, "numeric: " + error->reason);
    return std::nullopt;
  }
  const auto first = bound(items[0], items[1], complaints);
  if (!first) return std::nullopt;
  Term term{.op = Op::range, .text = {}, .numbers = {-infinity, infinity}, .addresses = {}};
  if (items[0].text == "=") {
    term.op = Op::number;
    term.numbers = {*first, *first};
  } else if (items[0].text.starts_with('>')) {
    term.numbers.low = *first;
    term.numbers.low_open = items[0].text == ">";
  } else {
    term.numbers.high = *first;
    term.numbers.high_open = items[0].text == "<";
  }
  if (items.size() == 2) return term;
  const auto second = bound(items[2], items[3], complaints);
  if (!second) return std::nullopt;
  term.numbers.high = *second;
  term.numbers.high_open = items[2].text == "<";
  if (*first < *second) return term;
  complaints.add(
      value.offset,
      "numeric: no number is in this range; its lower bound is to be less than its upper");
  return std::nullopt;
}

}  // namespace tidemill::pattern
