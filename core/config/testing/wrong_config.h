// A table of files with mistakes, for tests: what stands there, and what its author reads.
#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <vector>

#include "core/config/testing/fakes.h"

namespace tidemill::config::testing {

struct WrongConfig {
  const char* name;
  const char* text;
  std::vector<std::string> problems;  ///< `LINE:COL: sentence; fix`, all of them, in order.
};

inline void PrintTo(const WrongConfig& wrong, std::ostream* out) { *out << wrong.text; }

inline void expect_told(const WrongConfig& wrong) {
  Desk desk;
  EXPECT_THAT(desk.problems(wrong.text), ::testing::ElementsAreArray(wrong.problems));
}

inline std::string name_of(const ::testing::TestParamInfo<WrongConfig>& info) {
  return info.param.name;
}

}  // namespace tidemill::config::testing
