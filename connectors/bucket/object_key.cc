#include "object_key.h"

#include <algorithm>

namespace tidemill::bucket {
namespace {

constexpr std::size_t key_bytes_max = 1024;     // As on S3.
constexpr std::size_t segment_bytes_max = 255;  // NAME_MAX of Linux file systems.

std::string_view reason_against(std::string_view segment) {
  if (segment.empty()) return "it has an empty part";
  if (segment == "." || segment == "..") return "it would leave its folder";
  if (is_hidden(segment)) return "names that begin with '.' are hidden, and ours";
  if (segment.size() > segment_bytes_max) return "a part of it is longer than 255 bytes";
  return {};
}

}  // namespace

KeyParts split(std::string_view key) {
  const auto slash = key.rfind('/');
  if (slash == key.npos) return {{}, key};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

std::string join(std::string_view folder, std::string_view name) {
  std::string key(folder);
  if (!key.empty()) key += '/';
  return key += name;
}

Result<> check_key(std::string_view key) {
  std::string_view reason;
  if (key.empty()) reason = "it is empty";
  if (key.size() > key_bytes_max) reason = "it is longer than 1024 bytes";
  if (key.find('\0') != key.npos) reason = "it has a zero byte";
  for (std::string_view rest = key; reason.empty();) {
    const auto slash = rest.find('/');
    reason = reason_against(rest.substr(0, slash));
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (reason.empty()) return {};
  return fail(Fault::bad_event, "the object key cannot be a file's path, " + std::string(reason) +
                                    ": " + std::string(key.substr(0, 200)));
}

bool KeyFilter::matches(std::string_view key) const {
  const auto begins = [key](const std::string& prefix) { return key.starts_with(prefix); };
  const auto ends = [key](const std::string& suffix) { return key.ends_with(suffix); };
  return (prefixes_.empty() || std::ranges::any_of(prefixes_, begins)) &&
         (suffixes_.empty() || std::ranges::any_of(suffixes_, ends));
}

bool KeyFilter::may_match_below(std::string_view folder) const {
  if (prefixes_.empty() || folder.empty()) return true;
  const std::string below = std::string(folder) + '/';
  return std::ranges::any_of(prefixes_, [&below](const std::string& prefix) {
    return below.starts_with(prefix) || prefix.starts_with(below);
  });
}

}  // namespace tidemill::bucket
