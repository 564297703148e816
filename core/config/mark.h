// Mark: a place in a user's file. A plain value.
#pragma once

#include <string>

namespace tidemill {

/// Lines and columns count from 1; 0 means "the file as a whole".
struct Mark {
  std::string file;
  int line = 0;
  int column = 0;
  friend auto operator<=>(const Mark&, const Mark&) = default;
};

}  // namespace tidemill
