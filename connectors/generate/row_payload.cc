#include "row_payload.h"

#include <algorithm>

#include "template_text/dice.h"

namespace tidemill::generate {

using template_text::letter;
using template_text::mixed;
using template_text::put;

namespace {

constexpr std::size_t fields_bytes_max = 96;  // All but the text, with every number at its longest.
constexpr std::size_t text_variety = 4096;    // Pieces begin anywhere in the first so many letters.
constexpr std::uint64_t value_max = 1000;

}  // namespace

RowPayload::RowPayload(std::uint64_t seed, std::uint64_t bytes, std::uint32_t keys)
    : seed_(mixed(seed)), bytes_(bytes), keys_(keys) {
  text_.resize(text_variety + bytes);
  for (std::size_t i = 0; i < text_.size(); ++i) text_[i] = letter(mixed(seed_ + i));
}

std::size_t RowPayload::bytes_max() const { return std::max(bytes_, fields_bytes_max); }

template_text::Payload::Written RowPayload::write(std::uint64_t index, char* to) const {
  const std::uint64_t dice = mixed(seed_ ^ mixed(index));
  char* at = put(to, R"({"n":)");
  at = put(at, index);
  at = put(at, R"(,"key":")");
  char* const key = at;
  at = put(at, "key-");
  at = put(at, (dice >> 32) % keys_);
  const std::string_view written_key(key, static_cast<std::size_t>(at - key));
  at = put(at, R"(","value":)");
  at = put(at, dice % value_max);
  at = put(at, R"(,"text":")");
  constexpr std::string_view end = "\"}";
  const std::size_t used = static_cast<std::size_t>(at - to) + end.size();
  const std::size_t fill = bytes_ > used ? bytes_ - used : 0;
  at = put(at, std::string_view(text_).substr((dice >> 12) % text_variety, fill));
  at = put(at, end);
  return {std::string_view(to, static_cast<std::size_t>(at - to)), written_key};
}

}  // namespace tidemill::generate
