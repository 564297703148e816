#include "core/rehearsal/recording.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <span>
#include <utility>

#include "core/config/node.h"
#include "core/rehearsal/expectation.h"
#include "core/rehearsal/payload.h"
#include "core/rehearsal/yaml_text.h"

namespace tidemill::rehearsal {
namespace {

namespace json = boost::json;
using config::Node;
using Lines = std::vector<std::string>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

std::size_t indentation_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

bool is_bare(std::string_view line) {
  const std::size_t begin = indentation_of(line);
  return begin == line.size() || line[begin] == '#' || line[begin] == '\r';
}

// Where the key stands first in its line, or behind the dash of its element.
bool begins_its_line(const Lines& lines, const Mark& key) {
  if (key.line < 1 || static_cast<std::size_t>(key.line) > lines.size()) return false;
  const std::string_view line = lines[static_cast<std::size_t>(key.line - 1)];
  const auto before = line.substr(0, static_cast<std::size_t>(key.column - 1));
  return before.find_first_not_of(" -") == std::string_view::npos;
}

// The line behind the last one of an entry whose key stands at this column of this line.
std::size_t end_of_entry(const Lines& lines, std::size_t first, std::size_t column, bool is_list) {
  std::size_t end = first + 1;
  for (std::size_t i = end; i < lines.size(); ++i) {
    if (is_bare(lines[i])) continue;
    const std::size_t in = indentation_of(lines[i]);
    // The elements of a list, and the end of a flow, may stand below the first letter of the key.
    const char c = lines[i][in];
    const bool belongs =
        in > column || (in == column && ((is_list && c == '-') || c == ']' || c == '}'));
    if (!belongs) break;
    end = i + 1;
  }
  return end;
}

json::value& at_path(json::value& root, std::span<const std::string> path) {
  json::value* at = &root;
  for (const std::string& key : path) {
    if (!at->is_object()) at->emplace_object();
    at = &at->get_object()[key];
  }
  return *at;
}

// A comment behind `key:` itself.
std::string comment_of(const std::string& line, const Node& entry) {
  if (entry.where.line == entry.key_where.line) return {};
  const auto begin = line.find(" #");
  return begin == std::string::npos ? std::string() : line.substr(begin);
}

class Recorder {
 public:
  Recorder(Lines lines, const Node& one) : lines_(std::move(lines)), case_(one) {}

  // False: there is no place for them in block style.
  bool record(const std::vector<Correction>& corrections) {
    const Node* expect = case_.find("expect");
    if (expect == nullptr) return insert(corrections);
    // By the line of the entry that is replaced: the innermost that stands on lines of its own.
    std::map<int, std::pair<const Node*, json::value>, std::greater<>> replaced;
    for (const Correction& correction : corrections) {
      const Node* entry = begins_its_line(lines_, expect->key_where) ? expect : nullptr;
      if (entry == nullptr) return false;
      std::size_t depth = 0;
      const Node* next = expect;
      for (std::size_t i = 0; i < correction.path.size(); ++i) {
        next = next->find(correction.path[i]);
        if (next == nullptr) break;
        if (!begins_its_line(lines_, next->key_where)) break;
        entry = next;
        depth = i + 1;
      }
      auto& [node, value] =
          replaced.try_emplace(entry->key_where.line, entry, shown(*entry)).first->second;
      at_path(value, std::span(correction.path).subspan(depth)) = correction.value;
    }
    for (const auto& [line, entry] : replaced) replace(*entry.first, entry.second);
    return true;
  }

  std::string text() const { return joined(lines_); }

 private:
  void replace(const Node& entry, const json::value& value) {
    const auto first = static_cast<std::size_t>(entry.key_where.line - 1);
    const auto column = static_cast<std::size_t>(entry.key_where.column - 1);
    const std::size_t end = end_of_entry(lines_, first, column, entry.is_sequence());
    Lines fresh = yaml_lines(entry.key, value, column);
    fresh.front() = lines_[first].substr(0, column) + fresh.front().substr(column);
    if (fresh.front().ends_with(':')) fresh.front() += comment_of(lines_[first], entry);
    const auto begin = lines_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto at = lines_.erase(begin, lines_.begin() + static_cast<std::ptrdiff_t>(end));
    lines_.insert(at, fresh.begin(), fresh.end());
  }

  bool insert(const std::vector<Correction>& corrections) {
    if (case_.children.empty()) return false;
    const Mark& key = case_.children.front().key_where;
    if (!begins_its_line(lines_, key)) return false;
    json::value expectation = json::object();
    for (const Correction& one : corrections) at_path(expectation, one.path) = one.value;
    const auto column = static_cast<std::size_t>(key.column - 1);
    std::size_t end = 0;
    for (const Node& child : case_.children)
      if (begins_its_line(lines_, child.key_where))
        end = std::max(end, end_of_entry(lines_, static_cast<std::size_t>(child.key_where.line - 1),
                                         column, child.is_sequence()));
    const Lines fresh = yaml_lines("expect", expectation, column);
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(end), fresh.begin(), fresh.end());
    return true;
  }

  Lines lines_;
  const Node& case_;
};

const Node* case_at(const Node& root, std::size_t index) {
  const Node* cases = root.find("cases");
  if (cases == nullptr || index >= cases->children.size()) return nullptr;
  return &cases->children[index];
}

// All of a file but one expectation.
std::optional<json::value> without_expectation(const Node& root, std::size_t index) {
  if (case_at(root, index) == nullptr) return std::nullopt;
  json::value all = json_of(root);
  all.at("cases").at(index).as_object().erase("expect");
  return all;
}

bool holds(const Node& expect, const std::vector<Correction>& corrections) {
  return std::ranges::all_of(corrections, [&](const Correction& correction) {
    const Node* at = &expect;
    for (const std::string& key : correction.path)
      if (at != nullptr) at = at->find(key);
    return at != nullptr && shown(*at) == correction.value;
  });
}

}  // namespace

std::optional<std::string> recorded(std::string_view text, const std::string& file,
                                    std::size_t index, const std::vector<Correction>& corrections,
                                    config::Problems& problems) {
  const auto before = config::parse_yaml(text, file, problems);
  if (!before || case_at(*before, index) == nullptr) return std::nullopt;
  const Node& one = *case_at(*before, index);
  Recorder recorder(lines_of(text), one);
  const bool placed = recorder.record(corrections);
  // Whatever the layout was, nothing else may have changed.
  config::Problems fresh_problems;
  const std::string fresh = recorder.text();
  const auto after = config::parse_yaml(fresh, file, fresh_problems);
  const bool good = placed && after && fresh_problems.empty() &&
                    without_expectation(*after, index) == without_expectation(*before, index) &&
                    case_at(*after, index)->find("expect") != nullptr &&
                    holds(*case_at(*after, index)->find("expect"), corrections);
  if (good) return fresh;
  problems.add(one.where, "what happened cannot be recorded here without touching more",
               "write the case and its `expect:` in block style, without aliases");
  return std::nullopt;
}

}  // namespace tidemill::rehearsal
