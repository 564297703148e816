#include "core/pattern/compile.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <map>
#include <utility>
#include <variant>

#include "core/pattern/complaints.h"
#include "core/pattern/operators.h"
#include "core/pattern/syntax.h"

namespace tidemill::pattern {
namespace {

using Kind = Syntax::Kind;
using Below = Complaints::Below;

constexpr std::size_t combinations_max = 1000;
constexpr std::size_t fields_max = 500;

constexpr std::string_view or_word = "$or";

// The condition of each field, by its path. A field that comes again replaces what it said before.
using Fields = std::map<std::string, std::uint32_t>;

// Some events have a field named $or; only an array of objects of fields is the alternative.
bool is_or(const Syntax::Member& member) {
  const auto fields_only = [](const Syntax& branch) {
    return branch.is(Kind::object) && !branch.members.empty() &&
           std::ranges::none_of(branch.members,
                                [](const Syntax::Member& m) { return is_reserved(m.name); });
  };
  return member.name == or_word && member.value.is(Kind::array) && !member.value.items.empty() &&
         std::ranges::any_of(member.value.items, fields_only);
}

class Compiler {
 public:
  explicit Compiler(Complaints& complaints) : complaints_(complaints) {}

  std::optional<Pattern> compile(const Syntax& root) {
    const std::size_t before = complaints_.count();
    if (!root.is(Kind::object)) {
      complain(root, "a pattern is an object of fields such as {\"source\": [\"orders\"]}, not " +
                         root.described());
      return std::nullopt;
    }
    std::vector<Fields> combinations(1);
    object(root, "", false, combinations);
    for (const Fields& fields : combinations) {
      Combination& combination = out_.combinations.emplace_back();
      for (const auto& [path, condition] : fields) combination.push_back(condition);
    }
    if (complaints_.count() != before) return std::nullopt;
    std::ranges::sort(out_.combinations);
    out_.combinations.erase(std::ranges::unique(out_.combinations).begin(),
                            out_.combinations.end());
    return std::move(out_);
  }

 private:
  void complain(const Syntax& about, std::string message) {
    complaints_.add(about.offset, std::move(message));
  }

  void object(const Syntax& json, const std::string& path, bool within_or,
              std::vector<Fields>& combinations) {
    if (json.members.empty())
      complain(json, "an object without fields asks for nothing; name a field, or leave it out");
    for (const Syntax::Member& member : json.members) {
      if (full_) return;
      const Below below(complaints_, member.name);
      if (is_or(member)) {
        either(member.value, path, combinations);
        continue;
      }
      if (within_or && is_reserved(member.name))
        complaints_.add(member.offset, "'" + member.name +
                                           "' is a word for operators, which cannot name a field "
                                           "within $or");
      field(member, path.empty() ? member.name : path + "." + member.name, within_or, combinations);
    }
  }

  void field(const Syntax::Member& member, const std::string& path, bool within_or,
             std::vector<Fields>& combinations) {
    const Syntax& value = member.value;
    if (value.is(Kind::object)) {
      object(value, path, within_or, combinations);
    } else if (!value.is(Kind::array)) {
      const bool text = value.is(Kind::string);
      const std::string shown = text ? "\"" + value.text + "\"" : value.described();
      complain(value, "'" + member.name +
                          "' takes an array of values or an object of fields; write [" +
                          (text || value.text.empty() ? shown : value.text) + "]");
    } else if (value.items.empty()) {
      complain(value, "'" + member.name +
                          "' lists nothing, so no event could match; list a value, or "
                          "{\"exists\": false} for events without the field");
    } else {
      Alternatives alternatives = read_alternatives(value, complaints_);
      const auto condition = static_cast<std::uint32_t>(out_.conditions.size());
      out_.conditions.push_back({path, std::move(alternatives)});
      for (Fields& fields : combinations) fields[path] = condition;
      if (std::exchange(full_, std::ranges::any_of(combinations, too_many)) != full_)
        complaints_.add(member.offset, "a pattern takes at most " + std::to_string(fields_max) +
                                           " fields; use several patterns");
    }
  }

  static bool too_many(const Fields& fields) { return fields.size() > fields_max; }

  // Every combination so far, with each of the branches.
  void either(const Syntax& branches, const std::string& path, std::vector<Fields>& combinations) {
    if (branches.items.size() < 2)
      complain(branches,
               "$or chooses between two objects of fields or more; leave it out, or add one");
    const std::vector<Fields> before = std::move(combinations);
    combinations.clear();
    for (std::size_t i = 0; i < branches.items.size(); ++i) {
      const Syntax& branch = branches.items[i];
      const Below below(complaints_, i);
      if (!branch.is(Kind::object)) {
        complain(branch,
                 "$or chooses between objects of fields, and this is " + branch.described());
        continue;
      }
      std::vector<Fields> with_branch = before;
      object(branch, path, true, with_branch);
      if (combinations.size() + with_branch.size() > combinations_max) {
        complain(branch, "$or comes to more than " + std::to_string(combinations_max) +
                             " combinations; use fewer branches, or several patterns");
        break;
      }
      std::ranges::move(with_branch, std::back_inserter(combinations));
    }
    if (combinations.empty()) combinations.resize(1);  // all branches were wrong: go on checking
  }

  Complaints& complaints_;
  Pattern out_;
  bool full_ = false;
};

std::vector<Compiled> lone(Complaints& complaints) {
  std::vector<Compiled> out(1);
  out[0].problems = complaints.take();
  return out;
}

}  // namespace

Compiled compile_pattern(std::string_view json) {
  Complaints complaints(json);
  Compiled out;
  const auto syntax = parse_syntax(json);
  if (const auto* error = std::get_if<SyntaxError>(&syntax))
    complaints.add(error->offset, "not valid JSON: " + error->reason);
  else
    out.pattern = Compiler(complaints).compile(std::get<Syntax>(syntax));
  out.problems = complaints.take();
  return out;
}

std::vector<Compiled> compile_patterns(std::string_view json) {
  Complaints complaints(json);
  const auto syntax = parse_syntax(json);
  if (const auto* error = std::get_if<SyntaxError>(&syntax)) {
    complaints.add(error->offset, "not valid JSON: " + error->reason);
    return lone(complaints);
  }
  const Syntax& root = std::get<Syntax>(syntax);
  if (!root.is(Kind::array)) {
    complaints.add(root.offset, "expected an array of patterns, not " + root.described() +
                                    "; write [{...}], also for a single one");
    return lone(complaints);
  }
  std::vector<Compiled> out(root.items.size());
  for (std::size_t i = 0; i < root.items.size(); ++i) {
    const Below below(complaints, i);
    out[i].pattern = Compiler(complaints).compile(root.items[i]);
    out[i].problems = complaints.take();
  }
  return out;
}

Result<Pattern> compile(std::string_view json) {
  Compiled compiled = compile_pattern(json);
  if (compiled.pattern) return std::move(*compiled.pattern);
  const Problem& first = compiled.problems.front();
  return fail(Fault::bad_config, std::to_string(first.line) + ":" + std::to_string(first.column) +
                                     ": " + first.message);
}

Result<Pattern> compile(const boost::json::value& json) {
  Compiled compiled = compile_pattern(boost::json::serialize(json));
  if (compiled.pattern) return std::move(*compiled.pattern);
  const Problem& first = compiled.problems.front();
  return fail(Fault::bad_config,
              first.pointer.empty() ? first.message : first.pointer + ": " + first.message);
}

}  // namespace tidemill::pattern
