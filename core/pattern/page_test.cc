// docs/reference/patterns.md, run: its patterns match the events they say they match, and no
// others.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/pattern/compile.h"
#include "core/pattern/pattern_set.h"

namespace tidemill::pattern {
namespace {

struct Block {
  std::string kind;  // what stands behind the fence
  std::vector<std::string> lines;

  std::string text() const {
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }
};

std::vector<Block> blocks() {
  std::ifstream page(TIDEMILL_SOURCE_DIR "/docs/reference/patterns.md");
  std::vector<Block> out;
  bool within = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) {
      within = !within;
      if (within) out.push_back({line.substr(3), {}});
    } else if (within) {
      out.back().lines.push_back(line);
    }
  }
  return out;
}

TEST(PatternsPage, ItsExamplesAreSo) {
  std::vector<Pattern> pattern;
  PatternSet::Scratch scratch;
  int events = 0;
  for (const Block& block : blocks()) {
    if (block.kind == "json pattern") {
      auto compiled = compile(block.text());
      ASSERT_TRUE(compiled.has_value()) << compiled.error().message << "\n" << block.text();
      pattern = {std::move(*compiled)};
    } else if (block.kind == "json matches" || block.kind == "json differs") {
      for (const std::string& event : block.lines) {
        const auto found = PatternSet(pattern).match(event, scratch);
        ASSERT_TRUE(found.has_value()) << found.error().message << "\n" << event;
        EXPECT_EQ(found->empty(), block.kind == "json differs") << event;
        ++events;
      }
    }
  }
  EXPECT_GE(events, 50);
}

TEST(PatternsPage, ItsMistakesAreToldSo) {
  std::string told;
  int mistakes = 0;
  for (const Block& block : blocks()) {
    if (block.kind == "json wrong") {
      std::ostringstream all;
      for (const Problem& problem : compile_pattern(block.text()).problems)
        all << problem.line << ":" << problem.column << ": " << problem.message << "\n";
      told = all.str();
    } else if (block.kind == "text") {
      EXPECT_EQ(block.text(), told);
      ++mistakes;
    }
  }
  EXPECT_EQ(mistakes, 1);
}

}  // namespace
}  // namespace tidemill::pattern
