// ExactSum: adds up numbers without ever rounding, so that a sum does not depend on the order of
// its addends, on how they were grouped into commits, or on what was added twice over by a crash
// and undone with it.
//
// Every finite double, and every 64-bit integer, is a whole multiple of 2^-1074. The sum is kept as
// one wide integer in that unit (a Kulisch accumulator); only who shows it rounds it, once. It has
// room for 2^64 addends of any size.
//
// A value: no allocation, no I/O.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/json_number.h"
#include "core/state/byte_codec.h"

namespace tidemill::state {

__extension__ typedef __int128 WideInteger;

/// As JSON writes it.
std::string shown(const JsonNumber& number);

class ExactSum {
 public:
  void add(const JsonNumber& number);
  void add(const ExactSum& other);

  /// The sum, where only integers were added.
  std::optional<WideInteger> integer() const;

  /// The double that is nearest; the largest one where the sum is beyond.
  double nearest() const;

  /// As JSON: an integer where only integers were added.
  std::string shown() const;

  /// integers:u8 first:u8 count:u8 limb:u64*: the limbs from `first` on, those above being all as
  /// the sign.
  void append(std::string& out) const;
  static std::optional<ExactSum> read(ByteReader& reader);

  friend bool operator==(const ExactSum&, const ExactSum&) = default;

 private:
  // 1074 bits below the point, 1024 above it, 64 for as many addends, and the sign.
  static constexpr std::size_t limbs_max = 34;
  static constexpr unsigned point = 1074;

  bool negative() const { return (limbs_.back() >> 63) != 0; }
  void add_shifted(std::uint64_t magnitude, unsigned shift, bool negative);
  void add_at(std::size_t limb, std::uint64_t value);
  void subtract_at(std::size_t limb, std::uint64_t value);

  std::array<std::uint64_t, limbs_max> limbs_{};  // The least first; two's complement.
  bool integers_ = true;                          // Nothing but integers was added.
};

}  // namespace tidemill::state
