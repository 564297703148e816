#include "thumbnail_key.h"

#include <algorithm>
#include <cctype>

namespace tidemill::thumbnail {
namespace {

struct Parts {
  std::string_view folder;  // Ends with '/', or is empty.
  std::string_view stem;
  std::string_view extension;  // Begins with '.', or is empty.
};

Parts split(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  const std::size_t name = slash == key.npos ? 0 : slash + 1;
  std::size_t dot = key.rfind('.');
  // A leading dot makes a hidden file, not an extension.
  if (dot == key.npos || dot <= name) dot = key.size();
  return {.folder = key.substr(0, name),
          .stem = key.substr(name, dot - name),
          .extension = key.substr(dot)};
}

bool fits(std::string_view extension, imaging::Format format) {
  std::string lower(extension);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower == imaging::extension(format) ||
         (format == imaging::Format::jpeg && lower == ".jpeg");
}

// A folder counts wherever it stands in the key, but only as a whole name.
bool in_folder(std::string_view key, std::string_view folder) {
  return key.starts_with(folder) || key.find("/" + std::string(folder)) != key.npos;
}

}  // namespace

std::string thumbnail_key(std::string_view key, const KeyRules& rules) {
  const Parts parts = split(key);
  std::string result = rules.prefix;
  result.append(parts.folder).append(parts.stem).append(rules.suffix).append(parts.extension);
  if (rules.format && !fits(parts.extension, *rules.format)) {
    result.append(imaging::extension(*rules.format));
  }
  return result;
}

bool is_thumbnail(std::string_view key, const KeyRules& rules) {
  const Parts parts = split(key);
  if (!rules.prefix.empty() && key.starts_with(rules.prefix)) return true;
  if (!rules.suffix.empty() && parts.stem.ends_with(rules.suffix)) return true;
  return std::ranges::any_of(rules.skip, [&](const std::string& mark) {
    if (mark.empty()) return false;
    return mark.ends_with('/') ? in_folder(key, mark) : parts.stem.ends_with(mark);
  });
}

}  // namespace tidemill::thumbnail
