// Digest: the names and bytes of many objects as one number, whatever their order. Two arms that
// did the same work have the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::bench {

struct Digest {
  std::uint64_t objects = 0;
  std::uint64_t sum = 0;

  void add(std::string_view name, std::string_view bytes);
  void add(const Digest& other);
  std::string text() const;
};

/// Of the files in `folder`, hidden ones left out.
Digest digest_of(const std::string& folder);

/// A whole file; ends the bench when it cannot be read.
std::string read_file(const std::string& path);

}  // namespace tidemill::bench
