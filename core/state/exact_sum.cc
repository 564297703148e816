#include "core/state/exact_sum.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace tidemill::state {
namespace {

constexpr unsigned limb_bits = 64;
constexpr unsigned mantissa_bits = 52;

}  // namespace

std::string shown(const JsonNumber& number) {
  return number.is_integer ? fmt::format("{}", number.integer) : fmt::format("{}", number.real);
}

void ExactSum::add(const JsonNumber& number) {
  if (number.is_integer) {
    const bool negative = number.integer < 0;
    const auto bits = static_cast<std::uint64_t>(number.integer);
    return add_shifted(negative ? 0 - bits : bits, point, negative);
  }
  integers_ = false;
  const auto bits = std::bit_cast<std::uint64_t>(number.real);
  const auto exponent = static_cast<unsigned>((bits >> mantissa_bits) & 0x7ff);
  std::uint64_t magnitude = bits & ((std::uint64_t{1} << mantissa_bits) - 1);
  // Subnormal numbers are in the unit already; the others have a bit that is not written.
  if (exponent != 0) magnitude |= std::uint64_t{1} << mantissa_bits;
  add_shifted(magnitude, exponent == 0 ? 0 : exponent - 1, (bits >> 63) != 0);
}

void ExactSum::add_shifted(std::uint64_t magnitude, unsigned shift, bool negative) {
  const std::size_t limb = shift / limb_bits;
  const unsigned within = shift % limb_bits;
  const std::uint64_t low = magnitude << within;
  const std::uint64_t high = within == 0 ? 0 : magnitude >> (limb_bits - within);
  if (negative) {
    subtract_at(limb, low);
    subtract_at(limb + 1, high);
  } else {
    add_at(limb, low);
    add_at(limb + 1, high);
  }
}

void ExactSum::add_at(std::size_t limb, std::uint64_t value) {
  for (; value != 0 && limb < limbs_max; ++limb) {
    limbs_[limb] += value;
    value = limbs_[limb] < value ? 1 : 0;
  }
}

void ExactSum::subtract_at(std::size_t limb, std::uint64_t value) {
  for (; value != 0 && limb < limbs_max; ++limb) {
    const std::uint64_t before = limbs_[limb];
    limbs_[limb] -= value;
    value = before < value ? 1 : 0;
  }
}

void ExactSum::add(const ExactSum& other) {
  integers_ = integers_ && other.integers_;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < limbs_max; ++i) {
    const std::uint64_t with_carry = other.limbs_[i] + carry;
    const bool wrapped = with_carry < carry;
    limbs_[i] += with_carry;
    carry = wrapped || limbs_[i] < with_carry ? 1 : 0;
  }
}

std::optional<WideInteger> ExactSum::integer() const {
  if (!integers_) return std::nullopt;
  // 2^64 addends of 64 bits: no more than the 128 bits above the point.
  constexpr std::size_t limb = point / limb_bits;
  constexpr unsigned within = point % limb_bits;
  const auto part = [&](std::size_t i) {
    return (limbs_[i] >> within) | (limbs_[i + 1] << (limb_bits - within));
  };
  __extension__ typedef unsigned __int128 WideUnsigned;
  return static_cast<WideInteger>((static_cast<WideUnsigned>(part(limb + 1)) << limb_bits) |
                                  part(limb));
}

double ExactSum::nearest() const {
  if (negative()) {
    ExactSum opposite;
    for (std::size_t i = 0; i < limbs_max; ++i) opposite.limbs_[i] = ~limbs_[i];
    opposite.add_at(0, 1);
    return -opposite.nearest();
  }
  std::size_t top = limbs_max;
  while (top > 0 && limbs_[top - 1] == 0) --top;
  if (top == 0) return 0;
  // The 64 bits from the highest one down; whether anything is below decides ties.
  const auto zeros = static_cast<unsigned>(std::countl_zero(limbs_[top - 1]));
  const std::uint64_t below = top > 1 ? limbs_[top - 2] : 0;
  std::uint64_t bits = limbs_[top - 1] << zeros;
  if (zeros != 0) bits |= below >> (limb_bits - zeros);
  bool sticky = zeros == 0 ? below != 0 : (below << zeros) != 0;
  for (std::size_t i = 0; i + 2 < top && !sticky; ++i) sticky = limbs_[i] != 0;

  // The highest bit stands for 2^exponent.
  const int exponent = static_cast<int>(top * limb_bits - zeros) - 1 - static_cast<int>(point);
  if (exponent < -1022) return std::ldexp(static_cast<double>(limbs_[0]), -static_cast<int>(point));
  constexpr unsigned dropped = limb_bits - mantissa_bits - 1;
  constexpr std::uint64_t half = std::uint64_t{1} << (dropped - 1);
  const std::uint64_t rest = bits & ((std::uint64_t{1} << dropped) - 1);
  std::uint64_t mantissa = bits >> dropped;
  if (rest > half || (rest == half && (sticky || (mantissa & 1) != 0))) ++mantissa;
  const double value =
      std::ldexp(static_cast<double>(mantissa), exponent - static_cast<int>(mantissa_bits));
  return std::isinf(value) ? std::numeric_limits<double>::max() : value;
}

std::string ExactSum::shown() const {
  if (const auto whole = integer()) return fmt::format("{}", *whole);
  return fmt::format("{}", nearest());
}

void ExactSum::append(std::string& out) const {
  const std::uint64_t sign = negative() ? ~std::uint64_t{0} : 0;
  std::size_t end = limbs_max;
  // The highest limb that is written has to show the sign.
  while (end > 0 && limbs_[end - 1] == sign &&
         (end == 1 ? sign == 0 : (limbs_[end - 2] >> 63) == (sign & 1)))
    --end;
  std::size_t begin = 0;
  while (begin < end && limbs_[begin] == 0) ++begin;
  append_byte(out, integers_ ? 1 : 0);
  append_byte(out, static_cast<std::uint8_t>(begin));
  append_byte(out, static_cast<std::uint8_t>(end - begin));
  for (std::size_t i = begin; i < end; ++i) append_big_endian(out, limbs_[i]);
}

std::optional<ExactSum> ExactSum::read(ByteReader& reader) {
  ExactSum sum;
  sum.integers_ = reader.byte() != 0;
  const std::size_t begin = reader.byte();
  const std::size_t end = begin + reader.byte();
  if (!reader.ok() || end > limbs_max) return std::nullopt;
  for (std::size_t i = begin; i < end; ++i) sum.limbs_[i] = reader.big_endian<std::uint64_t>();
  if (!reader.ok()) return std::nullopt;
  if (end > begin && (sum.limbs_[end - 1] >> 63) != 0)
    std::fill(sum.limbs_.begin() + static_cast<std::ptrdiff_t>(end), sum.limbs_.end(),
              ~std::uint64_t{0});
  return sum;
}

}  // namespace tidemill::state
