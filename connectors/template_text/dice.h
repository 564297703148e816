// Dice: numbers that look random and are a function of where they are asked for; and the few ways
// in which payloads write. Any thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tidemill::template_text {

/// splitmix64: the next number of a well-mixed sequence, from any place in it.
constexpr std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

/// One of the 64 that need no escape anywhere.
constexpr char letter(std::uint64_t dice) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
  return letters[dice % letters.size()];
}

inline char* put(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

/// A number from 0 to `span`, each as likely.
std::uint64_t within(std::uint64_t dice, std::uint64_t span);

// Each writes to `to`, which has room for it, and returns where it ends.

/// A number of up to 20 digits.
inline char* put(char* to, std::uint64_t number) { return std::to_chars(to, to + 20, number).ptr; }

/// `value` / 10^decimals.
char* put_decimal(char* to, std::int64_t value, std::uint32_t decimals);

/// Version 4 by its form.
char* put_uuid(char* to, std::uint64_t dice);

char* put_letters(char* to, std::uint64_t dice, std::uint64_t count);

}  // namespace tidemill::template_text
