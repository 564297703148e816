#include "core/pattern/operators.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "core/pattern/anything_but.h"
#include "core/pattern/letter_case.h"
#include "core/pattern/numeric.h"
#include "core/pattern/terms.h"
#include "core/pattern/wildcard.h"

namespace tidemill::pattern {
namespace {

using Kind = Syntax::Kind;
using Below = Complaints::Below;

constexpr std::array<std::string_view, 9> operators = {
    "anything-but", "cidr",    "equals-ignore-case", "exactly", "exists", "numeric", "prefix",
    "suffix",       "wildcard"};

constexpr std::array<std::string_view, 15> reserved = {"=",
                                                       "<",
                                                       "<=",
                                                       ">",
                                                       ">=",
                                                       "regex",
                                                       "not-wildcard",
                                                       "not-equals-ignore-case",
                                                       "date-after",
                                                       "date-on-or-after",
                                                       "date-before",
                                                       "date-on-or-before",
                                                       "in-date-range",
                                                       "ip-address-in-range",
                                                       "ip-address-not-in-range"};

// Reads one array; a member for each operator.
class Reader {
 public:
  explicit Reader(Complaints& complaints) : complaints_(complaints) {}

  Alternatives read(const Syntax& array) {
    for (std::size_t i = 0; i < array.items.size(); ++i) {
      const Below below(complaints_, i);
      alternative(array.items[i]);
    }
    if (complexity(wildcards_, complexity_max) > complexity_max)
      complain(array,
               "these wildcards can match a value in too many ways at once for EventBridge, which "
               "allows " +
                   std::to_string(complexity_max) +
                   "; use fewer stars, fewer wildcards, or prefix and suffix where they do");
    std::ranges::sort(out_.any_of, less);
    out_.any_of.erase(std::ranges::unique(out_.any_of).begin(), out_.any_of.end());
    return std::move(out_);
  }

 private:
  static bool less(const Term& a, const Term& b) { return a < b; }

  void complain(const Syntax& about, std::string message) {
    complaints_.add(about.offset, std::move(message));
  }

  void any_of(Term term) { out_.any_of.push_back(std::move(term)); }

  void alternative(const Syntax& item) {
    switch (item.kind) {
      case Kind::string:
        any_of(text_term(Op::text, item.text));
        // A string that is an address means the address, however an event writes it.
        if (const auto address = parse_address(item.text))
          any_of({.op = Op::address, .text = {}, .numbers = {}, .addresses = {*address, *address}});
        return;
      case Kind::number:
        any_of(number_term(item));
        return;
      case Kind::boolean:
        any_of(text_term(item.text == "true" ? Op::yes : Op::no, {}));
        return;
      case Kind::null:
        any_of(text_term(Op::null, {}));
        return;
      case Kind::array:
        complain(item, "an array within the array of a field; list its values directly");
        return;
      case Kind::object:
        operation(item);
    }
  }

  void operation(const Syntax& item) {
    if (item.members.size() != 1) {
      complain(item,
               item.members.empty()
                   ? "an empty object is no operator; expected one such as {\"prefix\": \"a\"}"
                   : "an operator stands alone in its object; write {\"" + item.members[0].name +
                         "\": ...}, {\"" + item.members[1].name + "\": ...} to accept either");
      return;
    }
    const auto& [name, offset, value] = item.members[0];
    const Below below(complaints_, name);
    if (name == "anything-but")
      anything_but(value);
    else if (name == "cidr")
      cidr(value);
    else if (name == "equals-ignore-case")
      any_case(value, Op::any_case, name);
    else if (name == "exactly")
      exactly(value);
    else if (name == "exists")
      exists(value);
    else if (name == "numeric")
      numeric(value);
    else if (name == "prefix")
      affix(value, Op::prefix, Op::any_case_prefix, name);
    else if (name == "suffix")
      affix(value, Op::suffix, Op::any_case_suffix, name);
    else if (name == "wildcard")
      wildcard(value);
    else
      complaints_.add(offset, unknown(name));
  }

  static std::string unknown(std::string_view name) {
    const auto plain = [](std::string_view text) {
      std::string letters;
      for (const char c : folded(text))
        if (c >= 'a' && c <= 'z') letters += c;
      return letters;
    };
    std::string message = "unknown operator '" + std::string(name) + "'";
    for (const std::string_view known : operators)
      if (plain(known) == plain(name))
        return message + "; did you mean '" + std::string(known) + "'?";
    message += "; expected one of ";
    for (const std::string_view known : operators)
      message.append(known == operators.front() ? "" : ", ").append(known);
    return message;
  }

  void exactly(const Syntax& value) {
    if (is_string(value, "exactly", complaints_)) any_of(text_term(Op::text, value.text));
  }

  void any_case(const Syntax& value, Op op, std::string_view name) {
    if (is_string(value, name, complaints_)) any_of(text_term(op, folded(value.text)));
  }

  void affix(const Syntax& value, Op op, Op any_case_op, const std::string& name) {
    if (!value.is(Kind::object)) {
      if (value.is(Kind::array))
        complain(value, name + " takes one string, not an array; write an operator for each: {\"" +
                            name + "\": \"a\"}, {\"" + name + "\": \"b\"}");
      else if (is_string(value, name, complaints_))
        any_of(text_term(op, value.text));
      return;
    }
    if (value.members.size() != 1 || value.members[0].name != "equals-ignore-case") {
      complain(value, name + " takes a string or {\"equals-ignore-case\": \"...\"}");
      return;
    }
    const Below below(complaints_, value.members[0].name);
    any_case(value.members[0].value, any_case_op, "equals-ignore-case");
  }

  void wildcard(const Syntax& value) {
    if (!is_wildcard(value, complaints_)) return;
    wildcards_.push_back({value.text});
    any_of(wildcard_term(value.text));
  }

  void cidr(const Syntax& value) {
    if (!is_string(value, "cidr", complaints_)) return;
    const auto block = parse_cidr(value.text);
    if (const auto* problem = std::get_if<std::string>(&block)) {
      complain(value, "cidr: " + *problem);
      return;
    }
    any_of({.op = Op::address,
            .text = {},
            .numbers = {},
            .addresses = std::get<Interval<Address>>(block)});
  }

  void exists(const Syntax& value) {
    if (!value.is(Kind::boolean))
      complain(value, "exists takes true or false, not " + value.described());
    else if (value.text == "true")
      out_.present = true;
    else
      out_.absent = true;
  }

  void numeric(const Syntax& value) {
    if (auto term = read_numeric(value, complaints_)) any_of(std::move(*term));
  }

  void anything_but(const Syntax& value) {
    auto read = read_anything_but(value, complaints_);
    if (read.none_of.empty()) return;
    std::ranges::sort(read.none_of, less);
    read.none_of.erase(std::ranges::unique(read.none_of).begin(), read.none_of.end());
    out_.none_of.push_back(std::move(read.none_of));
    if (!read.wildcards.empty()) wildcards_.push_back(std::move(read.wildcards));
  }

  Complaints& complaints_;
  Alternatives out_;
  std::vector<std::vector<std::string>> wildcards_;  // of each alternative that has some
};

}  // namespace

Alternatives read_alternatives(const Syntax& array, Complaints& complaints) {
  return Reader(complaints).read(array);
}

bool is_reserved(std::string_view name) {
  return std::ranges::find(operators, name) != operators.end() ||
         std::ranges::find(reserved, name) != reserved.end();
}

}  // namespace tidemill::pattern
