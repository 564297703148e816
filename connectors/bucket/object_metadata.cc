#include "object_metadata.h"

#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <optional>

#include "tidemill/posix.h"

namespace tidemill::bucket {
namespace {

constexpr std::string_view type_attribute = "user.tidemill.content-type";
constexpr std::string_view meta_prefix = "user.tidemill.meta.";

struct Ending {
  std::string_view ending;
  std::string_view type;
};
constexpr std::array endings{
    Ending{"avif", "image/avif"},
    Ending{"bmp", "image/bmp"},
    Ending{"csv", "text/csv"},
    Ending{"gif", "image/gif"},
    Ending{"gz", "application/gzip"},
    Ending{"heic", "image/heic"},
    Ending{"html", "text/html"},
    Ending{"jpeg", "image/jpeg"},
    Ending{"jpg", "image/jpeg"},
    Ending{"json", "application/json"},
    Ending{"mp4", "video/mp4"},
    Ending{"ndjson", "application/x-ndjson"},
    Ending{"parquet", "application/vnd.apache.parquet"},
    Ending{"pdf", "application/pdf"},
    Ending{"png", "image/png"},
    Ending{"svg", "image/svg+xml"},
    Ending{"tif", "image/tiff"},
    Ending{"tiff", "image/tiff"},
    Ending{"txt", "text/plain"},
    Ending{"webp", "image/webp"},
    Ending{"xml", "application/xml"},
    Ending{"yaml", "application/yaml"},
    Ending{"yml", "application/yaml"},
    Ending{"zip", "application/zip"},
    Ending{"zst", "application/zstd"},
};

std::optional<std::string> attribute_of(int fd, const std::string& name) {
  const ssize_t size = ::fgetxattr(fd, name.c_str(), nullptr, 0);
  if (size < 0) return std::nullopt;
  std::string value(static_cast<std::size_t>(size), '\0');
  const ssize_t got = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
  if (got < 0) return std::nullopt;
  value.resize(static_cast<std::size_t>(got));
  return value;
}

Result<Kept> write_attribute(int fd, const std::string& name, std::string_view value) {
  if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0) return Kept::yes;
  switch (errno) {
    case ENOTSUP:
      return Kept::no;
    case E2BIG:
    case ENOSPC:
    case ERANGE:
    case EINVAL:
      return fail_errno(Fault::bad_event, "the file system cannot hold the metadata " + name);
    default:
      return fail_errno(Fault::transient, "cannot write the metadata " + name);
  }
}

}  // namespace

std::string_view content_type_of(std::string_view key) {
  constexpr std::string_view unknown = "application/octet-stream";
  const auto dot = key.rfind('.');
  if (dot == key.npos) return unknown;
  std::string ending(key.substr(dot + 1));
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto found = std::ranges::find(endings, std::string_view(ending), &Ending::ending);
  return found == endings.end() ? unknown : found->type;
}

ObjectMetadata read_metadata(int fd, std::string_view key) {
  ObjectMetadata metadata;
  const ssize_t size = fd < 0 ? -1 : ::flistxattr(fd, nullptr, 0);
  if (size > 0) {
    std::string names(static_cast<std::size_t>(size), '\0');
    const ssize_t got = ::flistxattr(fd, names.data(), names.size());
    names.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    for (std::size_t start = 0; start < names.size();) {
      const std::string name = names.c_str() + start;
      start += name.size() + 1;
      if (name == type_attribute) metadata.content_type = attribute_of(fd, name).value_or("");
      if (!name.starts_with(meta_prefix)) continue;
      if (auto value = attribute_of(fd, name))
        metadata.named.emplace_back(name.substr(meta_prefix.size()), std::move(*value));
    }
    std::ranges::sort(metadata.named);
  }
  if (metadata.content_type.empty()) metadata.content_type = content_type_of(key);
  return metadata;
}

Result<Kept> write_metadata(int fd, std::string_view content_type,
                            std::span<const Attribute> metadata) {
  if (!content_type.empty()) {
    const auto kept = write_attribute(fd, std::string(type_attribute), content_type);
    if (!kept || *kept == Kept::no) return kept;
  }
  for (const auto& [name, value] : metadata) {
    const std::string attribute = std::string(meta_prefix) + std::string(name);
    if (name.empty() || name.find('\0') != name.npos)
      return fail(Fault::bad_event, "metadata needs a name without zero bytes");
    const auto kept = write_attribute(fd, attribute, value);
    if (!kept || *kept == Kept::no) return kept;
  }
  return Kept::yes;
}

}  // namespace tidemill::bucket
