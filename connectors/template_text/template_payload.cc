#include "template_payload.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "dice.h"
#include "utc_text.h"

namespace tidemill::template_text {
namespace {

constexpr std::string_view known_names =
    "index, key, uuid, choice WORD..., random LOW HIGH, text LENGTH, time and time s|ms|us";
constexpr std::size_t bytes_max_limit = std::size_t{1024} * 1024;
constexpr std::uint64_t letters_max = bytes_max_limit;
constexpr std::size_t digits_max = 18;  // What surely fits 64 bits.

// Words between blanks; in double quotes a word may have blanks of its own. Empty: a quote is open.
std::optional<std::vector<std::string>> words_of(std::string_view text) {
  std::vector<std::string> words;
  constexpr std::string_view blanks = " \t\r\n";
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) return words;
    const bool quoted = text.front() == '"';
    if (quoted) text.remove_prefix(1);
    const std::size_t end = quoted ? text.find('"') : text.find_first_of(blanks);
    if (quoted && end == std::string_view::npos) return std::nullopt;
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end, text.size() - 1) + 1);
  }
}

struct Decimal {
  bool negative = false;
  std::string whole;
  std::string fraction;
};

std::optional<Decimal> decimal_of(std::string_view text) {
  Decimal decimal;
  decimal.negative = text.starts_with('-');
  if (decimal.negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  decimal.whole = text.substr(0, point);
  if (point != std::string_view::npos) decimal.fraction = text.substr(point + 1);
  const std::string digits = decimal.whole + decimal.fraction;
  const bool good = !decimal.whole.empty() && digits.size() <= digits_max &&
                    (point == std::string_view::npos || !decimal.fraction.empty()) &&
                    digits.find_first_not_of("0123456789") == std::string::npos;
  return good ? std::optional(decimal) : std::nullopt;
}

// The number times 10^decimals; empty if that does not fit.
std::optional<std::int64_t> scaled(const Decimal& decimal, std::size_t decimals) {
  std::string digits = decimal.whole + decimal.fraction;
  digits.append(decimals - decimal.fraction.size(), '0');
  if (digits.size() > digits_max) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return decimal.negative ? -value : value;
}

}  // namespace

Result<std::unique_ptr<TemplatePayload>> TemplatePayload::parse(std::string_view text,
                                                                const Terms& terms) {
  std::unique_ptr<TemplatePayload> made(new TemplatePayload(terms));
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    if (open > 0) {
      Piece& piece = made->pieces_.emplace_back();
      piece.text = text.substr(0, open);
    }
    if (open == std::string_view::npos) break;
    text.remove_prefix(open + 2);
    const std::size_t close = text.find("}}");
    if (close == std::string_view::npos)
      return fail(Fault::bad_config, "{{" + std::string(text.substr(0, 20)) + " has no closing }}");
    auto piece = made->placeholder(text.substr(0, close));
    if (!piece) return std::unexpected(piece.error());
    made->pieces_.push_back(std::move(*piece));
    text.remove_prefix(close + 2);
  }
  for (const Piece& piece : made->pieces_) made->bytes_max_ += bytes_max_of(piece);
  if (made->bytes_max_ > bytes_max_limit)
    return fail(Fault::bad_config, "more than " + std::to_string(bytes_max_limit) + " bytes");
  return made;
}

Result<TemplatePayload::Piece> TemplatePayload::placeholder(std::string_view inside) const {
  const auto wrong = [&](std::string_view what) {
    return fail(Fault::bad_config, "{{" + std::string(inside) + "}}: " + std::string(what));
  };
  auto words = words_of(inside);
  if (!words) return wrong("a quote is not closed");
  if (words->empty()) return wrong("a placeholder has a name: " + std::string(known_names));
  const std::string name = std::move(words->front());
  words->erase(words->begin());
  Piece piece;
  if (name == "index" || name == "key" || name == "uuid") {
    piece.kind = name == "index" ? Kind::index : name == "key" ? Kind::key : Kind::uuid;
    if (!words->empty()) return wrong(name + " takes nothing");
  } else if (name == "choice") {
    if (words->empty()) return wrong("choice takes the words to choose from");
    piece.kind = Kind::choice;
    piece.words = std::move(*words);
  } else if (name == "random") {
    piece.kind = Kind::random;
    const auto low = words->size() == 2 ? decimal_of(words->front()) : std::nullopt;
    const auto high = words->size() == 2 ? decimal_of(words->back()) : std::nullopt;
    if (!low || !high) return wrong("random takes two numbers, as in random 1 100");
    const std::size_t decimals = std::max(low->fraction.size(), high->fraction.size());
    const auto from = scaled(*low, decimals);
    const auto to = scaled(*high, decimals);
    if (!from || !to) return wrong("these numbers have too many digits");
    if (*from > *to) return wrong("the first number is the lower one");
    piece.low = *from;
    piece.span = static_cast<std::uint64_t>(*to) - static_cast<std::uint64_t>(*from);
    piece.decimals = static_cast<std::uint32_t>(decimals);
  } else if (name == "text") {
    piece.kind = Kind::letters;
    const auto count = words->size() == 1 ? decimal_of(words->front()) : std::nullopt;
    const auto length = count ? scaled(*count, count->fraction.size()) : std::nullopt;
    if (!length || !count->fraction.empty() || count->negative ||
        static_cast<std::uint64_t>(*length) > letters_max)
      return wrong("text takes a length, up to " + std::to_string(letters_max));
    piece.count = static_cast<std::uint64_t>(*length);
  } else if (name == "time") {
    const std::string unit = words->empty() ? "" : words->front();
    piece.kind = words->empty() ? Kind::time : Kind::time_number;
    piece.count = unit == "s" ? 1'000'000 : unit == "ms" ? 1000 : unit == "us" ? 1 : 0;
    if (words->size() > 1 || (!words->empty() && piece.count == 0))
      return wrong("time takes nothing, or a unit to count in: s, ms or us");
  } else {
    return wrong("there is no such placeholder; there are " + std::string(known_names));
  }
  return piece;
}

std::size_t TemplatePayload::bytes_max_of(const Piece& piece) {
  constexpr std::size_t number_max = 20;
  switch (piece.kind) {
    case Kind::text:
      return piece.text.size();
    case Kind::choice:
      return std::ranges::max(piece.words, {}, &std::string::size).size();
    case Kind::letters:
      return piece.count;
    case Kind::key:
      return number_max + 4;
    case Kind::uuid:
      return 36;
    case Kind::random:
      return number_max + 2;
    case Kind::time:
      return utc_text_bytes;
    case Kind::index:
    case Kind::time_number:
      break;
  }
  return number_max;
}

Payload::Written TemplatePayload::write(std::uint64_t index, char* to) const {
  const std::uint64_t event_dice = mixed(mixed(terms_.seed) ^ mixed(index));
  char* at = to;
  std::string_view key;
  std::uint64_t number = 0;
  for (const Piece& piece : pieces_) {
    char* const from = at;
    at = write(piece, index, mixed(event_dice + ++number), at);
    if (piece.kind == Kind::key && key.empty()) key = {from, static_cast<std::size_t>(at - from)};
  }
  return {std::string_view(to, static_cast<std::size_t>(at - to)), key};
}

char* TemplatePayload::write(const Piece& piece, std::uint64_t index, std::uint64_t dice,
                             char* to) const {
  const std::uint64_t time = terms_.start_us + index * terms_.step_us;
  switch (piece.kind) {
    case Kind::text:
      return put(to, piece.text);
    case Kind::index:
      return put(to, index);
    case Kind::key:
      return put(put(to, "key-"), within(dice, terms_.keys - 1));
    case Kind::uuid:
      return put_uuid(to, dice);
    case Kind::choice:
      return put(to, piece.words[within(dice, piece.words.size() - 1)]);
    case Kind::random:
      return put_decimal(to,
                         static_cast<std::int64_t>(static_cast<std::uint64_t>(piece.low) +
                                                   within(dice, piece.span)),
                         piece.decimals);
    case Kind::letters:
      return put_letters(to, dice, piece.count);
    case Kind::time:
      return put_utc(to, time);
    case Kind::time_number:
      return put(to, time / piece.count);
  }
  return to;
}

}  // namespace tidemill::template_text
