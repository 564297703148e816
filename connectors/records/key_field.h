// KeyField: where in a JSON text the key of its event stands, as .user or .user.id.
//
// Parsed once, asked per line. A value; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemill::records {

class KeyField {
 public:
  /// Empty: no line has a key. Precondition: is_path(path) otherwise.
  explicit KeyField(std::string_view path);

  static bool is_path(std::string_view path);

  /// The key as it is written in `line`, which it is a part of: a string without its quotes and
  /// with its escapes, a number, true or false. Empty where there is none of these, or no JSON.
  std::string_view in(std::string_view line) const;

 private:
  std::vector<std::string> fields_;
};

}  // namespace tidemill::records
