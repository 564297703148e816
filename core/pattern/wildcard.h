// Wildcards: text in which * stands for any run of characters, the empty one included.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::pattern {

/// What a wildcard's text says, checked and taken apart at its stars. \* and \\ are the characters
/// themselves.
class Wildcard {
 public:
  /// A sentence about what is wrong, or nothing.
  static std::optional<std::string> problem(std::string_view text);

  /// `text` has no problem.
  explicit Wildcard(std::string_view text);

  /// The texts between the stars: one more than there are stars. The first is where a match begins,
  /// the last is where it ends, and both may be empty.
  std::span<const std::string> parts() const { return parts_; }

  /// Linear in `value`.
  bool matches(std::string_view value) const;

 private:
  std::vector<std::string> parts_;
};

/// How many beginnings of the wildcards of one field can match a value at the same time, in the
/// worst case; counts no further than to just above `limit`. This is what EventBridge bounds: it
/// decides how much work a hostile value can cause.
///
/// Each inner list is one alternative: the wildcards of one anything-but share what they begin
/// with.
std::size_t complexity(std::span<const std::vector<std::string>> alternatives, std::size_t limit);

/// EventBridge's own bound.
inline constexpr std::size_t complexity_max = 10;

}  // namespace tidemill::pattern
