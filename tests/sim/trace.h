// Trace: FNV-1a over everything observable, in order. Equal hashes mean equal runs.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace tidemill::sim {

class Trace {
 public:
  /// Everything noted is printed too.
  static inline bool aloud = false;

  void note(std::string_view what) {
    if (aloud) std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
    for (const char c : what) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
    hash_ = (hash_ ^ 0xFF) * 0x100000001B3ull;
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325ull;
};

}  // namespace tidemill::sim
