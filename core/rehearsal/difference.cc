#include "core/rehearsal/difference.h"

#include "core/rehearsal/edit_script.h"
#include "core/rehearsal/expectation.h"
#include "core/rehearsal/yaml_text.h"

namespace tidemill::rehearsal {
namespace {

// Of equal lines between those that are not.
constexpr std::size_t context = 3;

// The first line says what it is about, and stays.
std::vector<std::string> near_changes(const std::vector<std::string>& lines) {
  std::vector<bool> kept(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].front() == ' ' && i > 0) continue;
    const std::size_t begin = i < context ? 0 : i - context;
    for (std::size_t j = begin; j < lines.size() && j <= i + context; ++j) kept[j] = true;
  }
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (kept[i]) {
      shown.push_back(lines[i]);
    } else if (i == 0 || kept[i - 1]) {
      shown.emplace_back("  ...");
    }
  }
  return shown;
}

}  // namespace

std::vector<std::string> difference(const Section& section) {
  const std::string& key = section.path.back();
  const auto wanted = yaml_lines(key, shown(*section.expected));
  const auto got = yaml_lines(key, shaped(*section.expected, section.actual));
  std::vector<std::string> lines;
  std::size_t i = 0, j = 0;
  for (const Edit edit : edit_script(wanted, got)) {
    if (edit == Edit::remove) {
      lines.push_back("- " + wanted[i++]);
    } else if (edit == Edit::insert) {
      lines.push_back("+ " + got[j++]);
    } else {
      lines.push_back("  " + wanted[i++]);
      ++j;
    }
  }
  return near_changes(lines);
}

}  // namespace tidemill::rehearsal
