// Problems: what is wrong with a user's files, collected so that all of it is told at once.
//
// Every reader of this folder takes a Problems& and goes on after a mistake. Not thread-safe; one
// load owns one collection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/mark.h"

namespace tidemill::config {

struct Problem {
  Mark where;
  std::string what;  ///< One sentence, no trailing dot.
  std::string fix;   ///< What to do about it; may be empty.
  friend auto operator<=>(const Problem&, const Problem&) = default;
};

/// `FILE:LINE:COL: error: sentence; fix`, without what is unknown.
std::string to_string(const Problem& problem, std::string_view severity = "error");

/// A user's text for a message: in single quotes, control characters escaped, cut when long.
std::string shown(std::string_view text);

class Problems {
 public:
  void add(const Mark& where, std::string what, std::string fix = {});

  /// Something that works but not as its author may think.
  void warn(const Mark& where, std::string what, std::string fix = {});

  bool empty() const { return errors_.empty(); }
  std::size_t size() const { return errors_.size(); }

  /// In the order of files, lines and columns, each once.
  std::vector<Problem> errors() const;
  std::vector<Problem> warnings() const;

 private:
  std::vector<Problem> errors_;
  std::vector<Problem> warnings_;
};

}  // namespace tidemill::config
