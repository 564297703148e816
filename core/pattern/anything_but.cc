#include "core/pattern/anything_but.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/pattern/letter_case.h"
#include "core/pattern/terms.h"

namespace tidemill::pattern {
namespace {

using Kind = Syntax::Kind;
using Below = Complaints::Below;

constexpr std::string_view expected =
    "anything-but takes a string, a number, an array of either, or one of {\"prefix\": ...}, "
    "{\"suffix\": ...}, {\"equals-ignore-case\": ...} and {\"wildcard\": ...}";

std::optional<Term> plain_value(const Syntax& item, Complaints& complaints) {
  if (item.is(Kind::string)) return text_term(Op::text, item.text);
  if (item.is(Kind::number)) {
    Term term = number_term(item);
    if (term.op == Op::number) return term;
    complaints.add(item.offset, "anything-but: " + item.text +
                                    " is more exact than a double; use at most 17 digits");
  } else if (item.is(Kind::object) || item.is(Kind::array)) {
    complaints.add(item.offset, std::string(expected));
  } else {
    complaints.add(item.offset, "anything-but takes strings or numbers, not " + item.described());
  }
  return std::nullopt;
}

std::optional<Term> operand(const std::string& name, const Syntax& item, Complaints& complaints) {
  if (name == "wildcard") {
    if (!is_wildcard(item, complaints)) return std::nullopt;
    return wildcard_term(item.text);
  }
  if (!is_string(item, "anything-but with " + name, complaints)) return std::nullopt;
  if (name == "equals-ignore-case") return text_term(Op::any_case, folded(item.text));
  if (!item.text.empty()) return text_term(name == "prefix" ? Op::prefix : Op::suffix, item.text);
  complaints.add(item.offset,
                 "every string has the empty " + name + ", so nothing would be left; name one");
  return std::nullopt;
}

// The items of an array, or the one value.
template <class Read>
void each(const Syntax& value, Complaints& complaints, Read&& read) {
  if (!value.is(Kind::array)) {
    read(value);
    return;
  }
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const Below below(complaints, i);
    read(value.items[i]);
  }
}

void read_values(const Syntax& value, Complaints& complaints, AnythingBut& out) {
  each(value, complaints, [&](const Syntax& item) {
    if (auto term = plain_value(item, complaints)) out.none_of.push_back(std::move(*term));
  });
  const auto is_text = [](const Term& term) { return term.op == Op::text; };
  if (std::ranges::any_of(out.none_of, is_text) && !std::ranges::all_of(out.none_of, is_text))
    complaints.add(value.offset,
                   "anything-but takes strings or numbers, not both in one array; a value that is "
                   "none of either cannot be asked for");
}

void read_operation(const Syntax& value, Complaints& complaints, AnythingBut& out) {
  if (value.members.size() != 1) {
    complaints.add(value.offset, std::string(expected));
    return;
  }
  const auto& member = value.members[0];
  if (member.name != "prefix" && member.name != "suffix" && member.name != "wildcard" &&
      member.name != "equals-ignore-case") {
    complaints.add(member.offset,
                   "anything-but does not go with '" + member.name + "'; " + std::string(expected));
    return;
  }
  const Below below(complaints, member.name);
  each(member.value, complaints, [&](const Syntax& item) {
    auto term = operand(member.name, item, complaints);
    if (!term) return;
    out.none_of.push_back(std::move(*term));
    if (member.name == "wildcard") out.wildcards.push_back(item.text);
  });
}

}  // namespace

AnythingBut read_anything_but(const Syntax& value, Complaints& complaints) {
  AnythingBut out;
  const std::size_t before = complaints.count();
  if (value.is(Kind::object))
    read_operation(value, complaints, out);
  else
    read_values(value, complaints, out);
  if (complaints.count() != before) return {};
  if (out.none_of.empty())
    complaints.add(value.offset,
                   "anything-but needs something to exclude; for any value at all write "
                   "{\"exists\": true}");
  return out;
}

}  // namespace tidemill::pattern
